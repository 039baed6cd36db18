/**
 * Tells a document that was stored from something else: storage or a file may be damaged, or be of another version of
 * the page.
 */
import type { Document } from "./document";
import { isPostprocessing } from "../postprocess/postprocess";

/**
 * Checks what every part of the page relies on. Fields that an object has beside those are left alone.
 *
 * @returns False for anything that would break the page, not only what is malicious.
 */
export function isDocument(value: unknown): value is Document {
  if (!isRecord(value) || !Array.isArray(value.steps)) return false;
  const { steps, index } = value;
  return isCount(index) && index < steps.length && steps.every(isStep);
}

function isStep(value: unknown): boolean {
  if (!isRecord(value) || !Array.isArray(value.objects) || !value.objects.length) return false;
  if (
    !value.objects.every(isObject) ||
    new Set(value.objects.map(({ id }: { id: unknown }) => id)).size < value.objects.length
  )
    return false;
  return value.objects.some((object: { id: unknown }) => object.id === value.active);
}

function isObject(value: unknown): boolean {
  if (!isRecord(value)) return false;
  const { id, name, colour, hidden, revision, points, box, mask, view, candidate, finish, strokes, model } = value;
  return (
    isCount(id) &&
    typeof name === "string" &&
    isCount(colour) &&
    typeof hidden === "boolean" &&
    isCount(revision) &&
    Array.isArray(points) &&
    points.every(isPoint) &&
    (box === null || isBox(box)) &&
    (mask === null || isMask(mask)) &&
    (candidate === null || isCount(candidate)) &&
    // Documents of before there were any lack these four.
    (view === undefined || view === null || isRegion(view)) &&
    (model === undefined || model === null || typeof model === "string") &&
    (finish === undefined || isPostprocessing(finish)) &&
    (strokes === undefined || (Array.isArray(strokes) && strokes.every(isStroke)))
  );
}

const isPoint = (value: unknown): boolean =>
  isRecord(value) && areFinite([value.x, value.y]) && (value.label === 0 || value.label === 1);

const isBox = (value: unknown): boolean => isRecord(value) && areFinite([value.x1, value.y1, value.x2, value.y2]);

const isMask = (value: unknown): boolean =>
  isRecord(value) &&
  isCount(value.size) &&
  value.logits instanceof Float32Array &&
  value.logits.length === value.size ** 2 &&
  (value.region === undefined || value.region === null || isRegion(value.region));

const isRegion = (value: unknown): boolean =>
  isRecord(value) && isCount(value.x) && isCount(value.y) && isCount(value.side) && value.side > 0;

const isStroke = (value: unknown): boolean =>
  isRecord(value) &&
  Array.isArray(value.points) &&
  value.points.length > 0 &&
  value.points.every((point) => isRecord(point) && areFinite([point.x, point.y])) &&
  areFinite([value.radius]) &&
  typeof value.erase === "boolean";

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

const areFinite = (values: readonly unknown[]): boolean => values.every(Number.isFinite);
