"""`sheet`: draw a contact sheet of taps and their candidates, for inspecting a model's errors.

A row is a tap: the photo with the tap, the three candidates with predicted and true IoU (the preselected one framed), the ground
truth. Rows are drawn at random with a fixed seed and lie from the worst to the best. With several models, a row shows each
model's preselected mask instead of the candidates.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from tqdm import tqdm

from export.data.decoded import read_photo
from export.data.samples import ShardDataset, grouped, readable
from export.errors import ExportError
from export.evaluation import clicks
from export.evaluation.pictures import save
from export.messages import say
from export.models.predictor import Answer, Photo, Predictor, Prompt

CELL = 150  # pixels: a picture's longer side
CAPTION = 16
GAP = 4
COLUMNS = 2  # taps beside each other
SMALLEST = 16  # as in evaluate
CANDIDATE, TRUTH, TAP = (255, 90, 30), (40, 200, 90), (255, 0, 255)


@dataclass(frozen=True)
class Tap:
    """A point (x, y) in a photo and the mask (H, W) that it means."""

    name: str
    photo: np.ndarray
    target: np.ndarray
    point: tuple[float, float]


@dataclass(frozen=True)
class Row:
    """A tap with its answer."""

    tap: Tap
    answer: Answer
    ious: tuple[float, ...]

    @property
    def iou(self) -> float:
        return self.ious[self.answer.best]

    def shown(self) -> Iterator[tuple[np.ndarray, str, bool]]:
        """The three candidates: mask (H, W), caption, and whether it is the preselected one."""
        for number, (mask, predicted, iou) in enumerate(
            zip(self.answer.masks, self.answer.predicted, self.ious, strict=True)
        ):
            best = number == self.answer.best
            yield mask, f"says {predicted:.2f}, is {iou:.2f}{' *' if best else ''}", best


@dataclass(frozen=True)
class Comparison:
    """A tap with the answers of several models, by the models' names; the last one counts for the order."""

    tap: Tap
    rows: dict[str, Row]

    @property
    def iou(self) -> float:
        return list(self.rows.values())[-1].iou

    def shown(self) -> Iterator[tuple[np.ndarray, str, bool]]:
        """Each model's preselected mask (H, W), its caption, and whether it is the best of them."""
        best = max(row.iou for row in self.rows.values())
        for name, row in self.rows.items():
            yield row.answer.masks[row.answer.best], f"{name}: {row.iou:.2f}", row.iou == best


def sampled(sources: Sequence[str], count: int, seed: int) -> Iterator[Tap]:
    """`count` taps from data sets, evenly over the sets, one mask a photo; the tap is `evaluate`'s first click."""
    groups = grouped(sources)
    for number, (name, parts) in enumerate(groups.items()):
        samples, rng = ShardDataset(parts, skip=True), np.random.default_rng([seed, number])
        share = count // len(groups) + (number < count % len(groups))
        for index, sample in readable(samples, rng.permutation(len(samples))[:share].tolist(), []):
            masks = [mask for mask in sample.masks() if np.count_nonzero(mask) >= SMALLEST]
            if masks:
                target = masks[rng.integers(len(masks))]
                x, y, _ = clicks.next_click(target, np.zeros_like(target))
                yield Tap(f"{name} {index}", sample.photo, target, (x, y))


def listed(truth: Path, photos: Path) -> Iterator[Tap]:
    """Taps on plain photos, from a folder of JSON files.

    Each file: `{"photo": name, "objects": [{"name": …, "point": [x, y], "polygons": [[[x, y], …], …]}]}` in photo pixels, where
    pixel i covers i … i + 1.
    """
    files = sorted(truth.glob("*.json"))
    if not files:
        raise ExportError(f"No JSON file with taps in {truth}.")
    for file in files:
        try:
            content = json.loads(file.read_text())
            photo = read_photo(photos / content["photo"])
            for item in content["objects"]:
                x, y = item["point"]
                yield Tap(f"{file.stem}: {item['name']}", photo, _filled(item["polygons"], photo.shape[:2]), (x, y))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ExportError(f"Cannot use {file}: {type(error).__name__}: {error}") from error


def _filled(polygons: list[list[tuple[float, float]]], shape: tuple[int, int], fine: int = 4) -> np.ndarray:
    canvas = Image.new("L", (shape[1] * fine, shape[0] * fine))
    for polygon in polygons:
        ImageDraw.Draw(canvas).polygon([(x * fine, y * fine) for x, y in polygon], fill=255)
    return np.asarray(canvas.reduce(fine)) >= 128


def answered(predictor: Predictor, taps: Sequence[Tap]) -> list[Row]:
    """The model's answers to the taps, the worst first."""
    rows = [_answer(predictor, tap) for tap in tqdm(taps, desc="sheet", unit="tap")]
    return sorted(rows, key=lambda row: row.iou)


def compared(predictors: dict[str, Predictor], taps: Sequence[Tap]) -> list[Comparison]:
    """Several models' answers to the same taps; the worst of the last model first."""
    rows = [
        Comparison(tap, {name: _answer(predictor, tap) for name, predictor in predictors.items()})
        for tap in tqdm(taps, desc="sheet", unit="tap")
    ]
    return sorted(rows, key=lambda row: row.iou)


def _answer(predictor: Predictor, tap: Tap) -> Row:
    (answer,) = Photo(predictor, tap.photo).answers([Prompt((tap.point,), (1,))], all_candidates=True)
    return Row(tap, answer, tuple(clicks.iou(mask, tap.target) for mask in answer.masks))


def drawn(rows: Sequence[Row | Comparison]) -> np.ndarray:
    """The sheet as (H, W, 3) uint8; rows run down the first column, then down the next."""
    high = -(-len(rows) // COLUMNS)
    pictures = 2 + max(len(list(row.shown())) for row in rows)
    tall, wide = CELL + CAPTION + GAP, pictures * (CELL + GAP) + 3 * GAP
    sheet = Image.new("RGB", (COLUMNS * wide, high * tall), "white")
    for number, row in enumerate(rows):
        column, line = divmod(number, high)
        for place, (picture, caption, framed) in enumerate(_cells(row)):
            left, top = column * wide + place * (CELL + GAP), line * tall
            sheet.paste(picture, (left, top + CAPTION))
            pen = ImageDraw.Draw(sheet)
            pen.text((left, top + 2), caption, fill="black", font=ImageFont.load_default(11))
            if framed:
                right, bottom = left + picture.width - 1, top + CAPTION + picture.height - 1
                pen.rectangle((left, top + CAPTION, right, bottom), outline=CANDIDATE, width=2)
    return np.asarray(sheet)


def _cells(row: Row | Comparison) -> Iterator[tuple[Image.Image, str, bool]]:
    tap = row.tap
    plain = Image.fromarray(tap.photo)
    plain.thumbnail((CELL, CELL))
    factor = plain.width / tap.photo.shape[1]
    x, y = ((value + 0.5) * factor for value in tap.point)
    ImageDraw.Draw(plain).ellipse((x - 4, y - 4, x + 4, y + 4), fill=TAP, outline="white")
    yield plain, tap.name[:26], False
    for mask, caption, framed in row.shown():
        yield _painted(tap.photo, mask, CANDIDATE), caption, framed
    yield _painted(tap.photo, tap.target, TRUTH), "ground truth", False


def _painted(photo: np.ndarray, mask: np.ndarray, colour: tuple[int, int, int]) -> Image.Image:
    pixels = photo * np.float32(0.6)
    pixels[mask] = 0.45 * photo[mask] + 0.55 * np.array(colour, np.float32)
    picture = Image.fromarray(pixels.astype(np.uint8))
    picture.thumbnail((CELL, CELL))
    return picture


def sheet(predictors: dict[str, Predictor], taps: Sequence[Tap], out: Path) -> None:
    """Draw a contact sheet of taps: one model's candidates, or the preselected masks of several, with ground truth."""
    taps = list(taps)
    if not taps:
        raise ExportError(f"No mask of {SMALLEST} pixels or more in the data.")
    rows: Sequence[Row | Comparison]
    if len(predictors) == 1:
        (predictor,) = predictors.values()
        rows, name = answered(predictor, taps), "the preselected masks"
    else:
        rows, name = compared(predictors, taps), f"the masks that {list(predictors)[-1]} preselects"
    save(drawn(rows), out)
    mean = np.mean([row.iou for row in rows])
    say(f"Wrote {out}: {len(rows)} taps, worst first; mean IoU of {name} {mean:.3f}.")
