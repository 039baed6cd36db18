"""`everything`: all masks of a photo without a prompt: taps all over it, the good answers kept, duplicates dropped.

The method is SAM's automatic mask generator, with two differences. That one taps a grid; here few places of it are tapped,
round by round, where the answers so far say (places.py). And the generator of `segment_anything` enlarges every mask of every
tap to the photo before it looks at it; here quality, stability, boxes and duplicates are judged on the low-res logits, and
only what is left is enlarged. web/src/engine/core/everything.ts follows the same rules;
tests/golden/everything.json holds both to them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageFilter
from segment_anything.utils.amg import calculate_stability_score, mask_to_rle_pytorch
from torchvision.ops import nms
from tqdm import tqdm

from export.data.decoded import read_photo
from export.data.parts import SampleError
from export.errors import ExportError
from export.evaluation import places
from export.evaluation.pictures import colours
from export.evaluation.results import Results, image_id
from export.files import sha256
from export.messages import note, say
from export.models.geometry import LOW_RES_STRIDE
from export.models.predictor import Photo, Predictor, Prompt, stacked

MOST_OBJECTS = 100_000  # of one photo: their ids follow each other
ENLARGED = 32  # masks brought to the photo's size at once


@dataclass(frozen=True)
class Bar:
    """How good a mask must be: more than this predicted IoU, and at least this stability."""

    predicted_iou: float
    stability: float


# segment-anything's thresholds, and how they are lowered for a model that finds next to nothing with them: a small model
# predicts a low IoU even for masks that are right.
LADDER = (
    Bar(0.88, 0.95),
    Bar(0.8, 0.9),
    Bar(0.7, 0.85),
    Bar(0.6, 0.8),
    Bar(0.5, 0.7),
    Bar(0.4, 0.6),
    Bar(0.35, 0.6),
)
LEAD = Bar(0.2, 0.5)  # a mask as good as this tells where to tap next, whether or not it is kept


@dataclass(frozen=True)
class Settings:
    """At most `taps` of `points` × `points` places are tapped, chosen by places.py.

    What is kept: the least predicted IoU and stability, and one of boxes with more IoU than `overlap`.
    With neither threshold, segment-anything's are lowered step by step until `enough` masks are left, or to the last step of
    `LADDER`; 0: never. With one of them, the other is segment-anything's.
    """

    points: int = 32
    predicted_iou: float | None = None
    stability: float | None = None
    offset: float = 1.0  # stability: IoU of the masks at threshold ± this many logits
    overlap: float = 0.7
    enough: int = 8
    taps: int = 204  # a fifth of 32 × 32

    def bars(self) -> tuple[Bar, ...]:
        """The thresholds to try, strictest first."""
        first = LADDER[0]
        if self.predicted_iou is None and self.stability is None and self.enough:
            return LADDER
        predicted_iou = first.predicted_iou if self.predicted_iou is None else self.predicted_iou
        return (Bar(predicted_iou, first.stability if self.stability is None else self.stability),)

    def rule(self, bar: Bar | None = None) -> str:
        """Describe the settings in words, for the output files; `bar` is the one that was used."""
        bars = self.bars()
        bar = bar or bars[0]
        grid = f"{self.points} × {self.points}"
        if self.points**2 > self.taps:
            grid = f"at most {self.taps} of {grid}"
        lowered = f", lowered until {self.enough} masks were left" if len(bars) > 1 else ""
        return (
            f"{grid} taps, tokens 1-3 of each; kept where predicted IoU > {bar.predicted_iou} and "
            f"stability >= {bar.stability} (low-res logits at ±{self.offset}){lowered}; "
            f"box NMS at IoU {self.overlap}, best predicted IoU first"
        )


@dataclass(frozen=True)
class Found:
    """The masks of a photo, best predicted IoU first: low-res logits (N, G, G), and for each (N,) its scores and its tap (N, 2).

    bar: how good they had to be.
    """

    photo: Photo
    bar: Bar
    logits: torch.Tensor
    predicted: np.ndarray
    stability: np.ndarray
    points: np.ndarray

    def __len__(self) -> int:
        return len(self.logits)

    def masks(self) -> Iterator[np.ndarray]:
        """Yield (H, W) bool at the photo's own resolution, a few of them being in memory at a time."""
        for start in range(0, len(self), ENLARGED):
            yield from self.photo.full_size(self.logits[start : start + ENLARGED].numpy())


@dataclass(frozen=True)
class Spotted:
    """Masks that are good enough to be looked at: low-res logits (N, G, G), and for each (N,) its scores and its place.

    boxes: (N, 4) in low-res cells. held: (N, points²) bool, the places that lie in it.
    """

    logits: torch.Tensor
    predicted: torch.Tensor
    stability: torch.Tensor
    place: torch.Tensor
    boxes: torch.Tensor
    held: torch.Tensor

    @classmethod
    def joined(cls, parts: Sequence["Spotted"]) -> "Spotted":
        """Put parts together, by place: of equals the first is kept, as if all had been tapped row by row."""
        order = torch.argsort(torch.cat([part.place for part in parts]), stable=True)
        return cls(*(torch.cat([getattr(part, column.name) for part in parts])[order] for column in fields(cls)))


def find(photo: Photo, settings: Settings) -> Found:
    """Find the masks of a photo from taps all over it. If none is good enough, the result is empty, not an error."""
    bars = settings.bars()
    least = Bar(min(LEAD.predicted_iou, bars[-1].predicted_iou), min(LEAD.stability, bars[-1].stability))
    wanted = places.start(settings.points, settings.taps)
    tapped = list(wanted)
    spotted = _spot(photo, wanted, settings, least)
    while left := min(settings.taps, settings.points**2) - len(tapped):
        scores = (spotted.boxes, spotted.predicted, spotted.stability)
        leads, _ = select(*scores, [LEAD], 0, settings.overlap)
        wanted = places.further(spotted.held[leads].numpy(), tapped, settings.points, left)
        tapped += wanted
        spotted = Spotted.joined([spotted, _spot(photo, wanted, settings, least)])
    scores = (spotted.boxes, spotted.predicted, spotted.stability)
    chosen, bar = select(*scores, bars, settings.enough, settings.overlap)
    return Found(
        photo,
        bar,
        spotted.logits[chosen],
        spotted.predicted[chosen].numpy(),
        spotted.stability[chosen].numpy(),
        _points(spotted.place[chosen].numpy(), photo, settings.points),
    )


def _points(place: np.ndarray, photo: Photo, side: int) -> np.ndarray:
    """Where places (N,) lie, (N, 2) in photo pixels."""
    row, column = np.divmod(place, side)
    return (np.stack([column, row], 1) + 0.5) / side * [photo.letterbox.width, photo.letterbox.height]


def _spot(photo: Photo, wanted: Sequence[int], settings: Settings, least: Bar) -> Spotted:
    """Tap places; what of the answers is at least as good as a bar, in order."""
    box = photo.letterbox
    rows, columns = _cells(box.new_height), _cells(box.new_width)
    prompts = [Prompt(((float(x), float(y)),), (1,)) for x, y in _points(np.array(wanted), photo, settings.points)]
    found: list[Spotted] = []
    for start in range(0, len(prompts), photo.predictor.batch):
        part = prompts[start : start + photo.predictor.batch]
        logits, ious = photo.predictor.decode_many(photo.features, stacked(part, box))
        first = 1 if ious.shape[1] > 1 else 0  # token 0 is for prompts of more than a point, unless there is no other
        good = ious[:, first:] > least.predicted_iou
        candidates = torch.from_numpy(logits[:, first:][good])
        inside = candidates[:, :rows, :columns]
        stability = calculate_stability_score(inside, 0.0, settings.offset)
        stable = (stability >= least.stability) & (inside > 0).flatten(1).any(1)
        place = torch.tensor(wanted)[np.nonzero(good)[0] + start]
        predicted = torch.from_numpy(ious[:, first:][good])
        inside = inside[stable]
        found.append(
            Spotted(
                candidates[stable],
                predicted[stable],
                stability[stable],
                place[stable],
                boxes(inside),
                torch.from_numpy(places.held(inside, settings.points)),
            )
        )
    return Spotted.joined(found)


def select(
    boxes: torch.Tensor,
    predicted: torch.Tensor,
    stability: torch.Tensor,
    bars: Sequence[Bar],
    enough: int,
    overlap: float,
) -> tuple[torch.Tensor, Bar]:
    """What is left of N masks at the first of several bars, strictest first, that leaves at least `enough`; else at the last.

    boxes (N, 4), predicted (N,), stability (N,). Returns indices, best predicted IoU first, and the bar.
    """
    for bar in bars:
        good = ((predicted > bar.predicted_iou) & (stability >= bar.stability)).nonzero()[:, 0]
        chosen = good[nms(boxes[good], predicted[good], overlap)]
        if len(chosen) >= enough:
            break
    return chosen, bar


def boxes(logits: torch.Tensor) -> torch.Tensor:
    """Boxes (N, 4) as x1, y1, x2, y2 in cells of where bilinearly read logits (N, h, w) are positive; none may be empty.

    The edge lies between a positive and a negative cell, where the line between the two crosses 0: to fractions of a cell, so
    that small masks are told apart as well as on the enlarged mask.
    """
    sides = []
    for turned in (logits, logits.transpose(1, 2)):  # columns, then rows
        low, high = _first(turned), turned.shape[2] - _first(turned.flip(2))
        sides.append((low, high))
    (x1, x2), (y1, y2) = sides
    return torch.stack([x1, y1, x2, y2], dim=1)


def _first(logits: torch.Tensor) -> torch.Tensor:
    """Where along the last axis (N, h, w) anything becomes positive, cell i covering i … i + 1."""
    count = torch.arange(len(logits))
    first = (logits > 0).any(1).float().argmax(1)
    here, before = logits[count, :, first], logits[count, :, (first - 1).clamp(min=0)]
    share = torch.where(here > 0, here / (here - before).clamp(min=1e-6), 0).amax(
        1
    )  # of the step back, to the crossing
    return torch.where(first == 0, 0.0, first + 0.5 - share)


def _cells(pixels: int) -> int:
    """How many low-res cells have their centre inside `pixels` of the model frame."""
    return max(1, (pixels + LOW_RES_STRIDE // 2 - 1) // LOW_RES_STRIDE)


def annotations(found: Found) -> Iterator[dict[str, Any]]:
    """COCO annotations: RLE (uncompressed, column by column), area, box [x, y, width, height]; and how each mask was found."""
    details = zip(found.masks(), found.predicted, found.stability, found.points, strict=True)
    for number, (mask, predicted, stability, point) in enumerate(details, start=1):
        rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
        if not len(rows):
            continue  # a mask of less than a pixel
        x, y, right, bottom = (int(v) for v in (columns[0], rows[0], columns[-1], rows[-1]))
        yield {
            "id": number,
            "category_id": 1,
            "iscrowd": 0,
            "segmentation": mask_to_rle_pytorch(torch.from_numpy(mask)[None])[0],
            "area": int(np.count_nonzero(mask)),
            "bbox": [x, y, right - x + 1, bottom - y + 1],
            "predicted_iou": round(float(predicted), 4),
            "stability_score": round(float(stability), 4),
            "point": [round(float(v), 2) for v in point],
        }


def overlay(photo: np.ndarray, masks: list[np.ndarray], opacity: float = 0.55) -> np.ndarray:
    """Paint masks over a photo (H, W, 3), the largest first, so that what lies inside another stays visible."""
    painted = photo.astype(np.float32)
    order = sorted(range(len(masks)), key=lambda i: -np.count_nonzero(masks[i]))
    for colour, index in zip(colours(len(masks)), order, strict=True):
        mask = masks[index]
        painted[mask] = (1 - opacity) * photo[mask] + opacity * colour
        inner = np.asarray(Image.fromarray(mask.astype(np.uint8)).filter(ImageFilter.MinFilter(3)), bool)
        painted[mask & ~inner] = colour
    return painted.round().astype(np.uint8)


def everything(predictor: Predictor, photos: Sequence[Path], out: Path, settings: Settings) -> None:
    """Find all masks of photos: for each a coloured picture and a COCO file in `out`. No result takes another's place."""
    photos = list(dict.fromkeys(photos))
    skipped, results = [], Results(out)
    for path in tqdm(photos, desc="everything", unit="photo"):
        try:
            pixels = read_photo(path)
        except SampleError as error:
            skipped.append(str(path))
            note(f"Skipped: {error.message}")
            continue
        name = results.name(path)
        found = find(Photo(predictor, pixels), settings)
        items = list(annotations(found))
        results.write(
            name, overlay(pixels, list(found.masks())), _coco(path, name, pixels.shape, items, settings, found.bar)
        )
        say(f"{path}: {len(items)} masks in {out / name}.everything.json")
    if len(skipped) == len(photos):
        raise ExportError(f"None of the photos can be read: {', '.join(skipped)}")
    say(f"Wrote {out}; {len(skipped)} of {len(photos)} photos skipped.")


def _coco(
    path: Path, name: str, shape: tuple[int, ...], items: list[dict[str, Any]], settings: Settings, bar: Bar | None
) -> dict[str, Any]:
    """A COCO file of one photo, whose ids are not those of another: the files of several can be put into one."""
    image = image_id(name, shape[1], shape[0])
    photo = {"id": image, "file_name": path.name, "width": shape[1], "height": shape[0], "sha256": sha256(path)}
    return {
        "info": {"description": "Automatic masks", "rule": settings.rule(bar), "settings": asdict(settings)},
        "images": [photo],
        "categories": [{"id": 1, "name": "object"}],
        "annotations": [{**item, "id": image * MOST_OBJECTS + item["id"], "image_id": image} for item in items],
    }
