import { expect, it } from "vitest";
import { stem } from "../../src/state/photo";

it.each([
  ["cup.jpg", "cup"],
  ["C:\\Users\\me\\cup.jpeg", "cup"],
  ["../../etc/passwd", "passwd"],
  ["cup.tar.gz", "cup.tar"],
  [".jpg", "photo"],
  ["", "photo"],
  ["/", "photo"],
  ["a\u202Egnp.exe.png", "agnp.exe"],
  ["line\nbreak\u0000.png", "linebreak"],
  ["صورة.png", "صورة"],
])("the photo %j is called %s", (name, expected) => expect(stem(name)).toBe(expected));
