import { describe, expect, it } from "vitest";
import { outlinesOf, type Polygon, type Ring } from "../../src/formats/polygon";
import { pathData, svgOf } from "../../src/formats/svg";

const rect = { x: 10, y: 20, width: 60, height: 40 };

/** Opacity of a disc with a hole, in the pixels of `rect`. */
const ring = Uint8Array.from({ length: rect.width * rect.height }, (_, i) => {
  const distance = Math.hypot((i % rect.width) + 0.5 - 30, Math.floor(i / rect.width) + 0.5 - 20);
  return distance < 18 && distance > 6 ? 255 : 0;
});

const area = (line: Ring): number =>
  line.reduce(
    (sum, [x, y], i) => sum + (x * line[(i + 1) % line.length]![1] - y * line[(i + 1) % line.length]![0]) / 2,
    0,
  );

/** Even-odd, at the middle of a pixel. */
const inside = (polygons: readonly Polygon[], x: number, y: number): boolean =>
  polygons.flat().reduce(
    (odd, line) =>
      line.reduce((is, [ax, ay], i) => {
        const [bx, by] = line[(i + 1) % line.length]!;
        return ay > y !== by > y && x < ax + ((y - ay) / (by - ay)) * (bx - ax) ? !is : is;
      }, odd),
    false,
  );

describe("outlinesOf", () => {
  it("follows a disc and its hole, in pixels of the photo", () => {
    const polygons = outlinesOf(ring, rect);
    expect(polygons).toHaveLength(1);
    expect(polygons[0]).toHaveLength(2);
    expect(Math.abs(area(polygons[0]![0]!))).toBeCloseTo(Math.PI * 18 ** 2, -2);
    const wrong = [...ring].filter(
      (alpha, i) =>
        inside(polygons, rect.x + (i % rect.width) + 0.5, rect.y + Math.floor(i / rect.width) + 0.5) !== alpha > 127,
    );
    expect(wrong.length / ring.length).toBeLessThan(0.01);
    // A pixel's corner in every pixel would be about 200.
    expect(polygons.flat(2).length).toBeLessThan(80);
  });

  it("runs along the border of what is full, and finds nothing in what is empty", () => {
    const full = { x: 0, y: 0, width: 40, height: 30 };
    const [[outside, ...holes] = []] = outlinesOf(new Uint8Array(1200).fill(255), full);
    expect(holes).toEqual([]);
    expect(Math.abs(area(outside!))).toBeGreaterThan(1180);
    expect(outlinesOf(new Uint8Array(1200), full)).toEqual([]);
  });
});

describe("svgOf", () => {
  const polygons: Polygon[] = [
    [
      [
        [0, 0],
        [4.5, 0],
        [4.5, 3],
      ],
      [
        [1, 1],
        [2, 1],
        [2, 2],
      ],
    ],
  ];
  const photo = { width: 640, height: 480 };

  it("closes every ring of an even-odd path", () => {
    expect(pathData(polygons)).toBe("M0 0L4.5 0L4.5 3ZM1 1L2 1L2 2Z");
    expect(svgOf(photo, "photo", [{ name: "Cup", colour: "#ff0000", polygons }])).toContain('fill-rule="evenodd"');
  });

  it("is as large as the photo and named after the object", () => {
    const svg = svgOf(photo, "photo", [{ name: 'Cup & "saucer" <2>\u0001', colour: "#ff0000", polygons }]);
    expect(svg).toContain('viewBox="0 0 640 480"');
    expect(svg).toContain("<title>Cup &amp; &quot;saucer&quot; &lt;2&gt; </title>");
  });

  it("names several objects one by one", () => {
    const svg = svgOf(photo, "photo", [
      { name: "Cup", colour: "#ff0000", polygons },
      { name: "Saucer", colour: "#00ff00", polygons },
    ]);
    expect([...svg.matchAll(/<title>(\w+)/g)].map((match) => match[1])).toEqual(["photo", "Cup", "Saucer"]);
  });
});
