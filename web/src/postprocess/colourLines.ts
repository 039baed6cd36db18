/**
 * The guided filter on colours: around every sample, opacity as a straight line over red, green and blue, so that it turns where the
 * photo does. Where one line is right for a neighbourhood, it is right for every pixel of it, however fine.
 */
import { boxMean } from "./blur";
import type { Size } from "../engine/core/geometry";

/** Three planes of one value for each sample. */
export type Planes = readonly [Float32Array, Float32Array, Float32Array];

/** The planes of slopes over red, green and blue, and the offset. */
export type ColourLines = readonly [Float32Array, Float32Array, Float32Array, Float32Array];

/** What does not depend on the opacity: means of colours, and the inverse of their covariances. */
export class Neighbourhoods {
  private readonly means: Planes;
  /** Upper triangles: rr, rg, rb, gg, gb, bb. */
  private readonly inverse: readonly Float32Array[];

  /**
   * @param colours 0 to 1.
   * @param radius Of a neighbourhood, in samples.
   * @param tolerance The variance of colours under which the photo counts as flat.
   */
  constructor(
    private readonly colours: Planes,
    private readonly size: Size,
    private readonly radius: number,
    tolerance: number,
  ) {
    const mean = (values: Float32Array) => boxMean(values, size, radius);
    const [r, g, b] = colours;
    const means = (this.means = [mean(r), mean(g), mean(b)]);
    const covariance = (i: number, j: number): Float32Array => {
      const product = mean(times(colours[i]!, colours[j]!));
      const [a, b] = [means[i]!, means[j]!];
      for (let k = 0; k < product.length; k++) product[k]! -= a[k]! * b[k]!;
      return product;
    };
    const planes = [
      covariance(0, 0),
      covariance(0, 1),
      covariance(0, 2),
      covariance(1, 1),
      covariance(1, 2),
      covariance(2, 2),
    ];
    invert(planes, tolerance);
    this.inverse = planes;
  }

  /** The lines that fit an opacity best. */
  lines(opacity: Float32Array): ColourLines {
    const { colours, means, inverse, size, radius } = this;
    const mean = (values: Float32Array) => boxMean(values, size, radius);
    const level = mean(opacity);
    const out = colours.map((plane) => mean(times(plane, opacity)));
    const offset = new Float32Array(level.length);
    const [rr, rg, rb, gg, gb, bb] = inverse as readonly [
      Float32Array,
      Float32Array,
      Float32Array,
      Float32Array,
      Float32Array,
      Float32Array,
    ];
    const [r, g, b] = out as [Float32Array, Float32Array, Float32Array];
    for (let i = 0; i < level.length; i++) {
      const p = level[i]!;
      const [mr, mg, mb] = [means[0][i]!, means[1][i]!, means[2][i]!];
      const [x, y, z] = [r[i]! - mr * p, g[i]! - mg * p, b[i]! - mb * p];
      r[i] = rr[i]! * x + rg[i]! * y + rb[i]! * z;
      g[i] = rg[i]! * x + gg[i]! * y + gb[i]! * z;
      b[i] = rb[i]! * x + gb[i]! * y + bb[i]! * z;
      offset[i] = p - r[i]! * mr - g[i]! * mg - b[i]! * mb;
    }
    return [mean(r), mean(g), mean(b), mean(offset)];
  }

  /** What lines say of the samples' own colours. */
  read([r, g, b, offset]: ColourLines): Float32Array {
    const { colours } = this;
    const out = new Float32Array(offset.length);
    for (let i = 0; i < out.length; i++)
      out[i] = r[i]! * colours[0][i]! + g[i]! * colours[1][i]! + b[i]! * colours[2][i]! + offset[i]!;
    return out;
  }
}

/** Symmetric matrices, each given by a value of six planes; in place. */
function invert(planes: readonly Float32Array[], tolerance: number): void {
  const [rr, rg, rb, gg, gb, bb] = planes as [
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  for (let i = 0; i < rr.length; i++) {
    const [a, b, c] = [Math.max(0, rr[i]!) + tolerance, rg[i]!, rb[i]!];
    const [d, e, f] = [Math.max(0, gg[i]!) + tolerance, gb[i]!, Math.max(0, bb[i]!) + tolerance];
    const [ca, cb, cc] = [d * f - e * e, c * e - b * f, b * e - c * d];
    const scale = 1 / Math.max(a * ca + b * cb + c * cc, 1e-12);
    rr[i] = ca * scale;
    rg[i] = cb * scale;
    rb[i] = cc * scale;
    gg[i] = (a * f - c * c) * scale;
    gb[i] = (b * c - a * e) * scale;
    bb[i] = (a * d - b * b) * scale;
  }
}

function times(a: Float32Array, b: Float32Array): Float32Array {
  const out = new Float32Array(a.length);
  for (let i = 0; i < out.length; i++) out[i] = a[i]! * b[i]!;
  return out;
}
