"""`everything`: all masks of a photo without a prompt: a grid of taps, the good answers kept, duplicates dropped.

The method is SAM's automatic mask generator. The difference is where it works: the generator of `segment_anything` enlarges
every mask of every tap to the photo before it looks at it; here quality, stability, boxes and duplicates are judged on
the low-res logits, and only what is left is enlarged. web/src/engine/core/everything.ts follows the same rules;
tests/golden/everything.json holds both to them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageFilter
from segment_anything.utils.amg import build_point_grid, calculate_stability_score, mask_to_rle_pytorch
from torchvision.ops import nms
from tqdm import tqdm

from export.data.decoded import read_photo
from export.data.parts import SampleError
from export.errors import ExportError
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


@dataclass(frozen=True)
class Settings:
    """`points` taps a side; what is kept: the least predicted IoU and stability, and one of boxes with more IoU than `overlap`.

    With neither threshold, segment-anything's are lowered step by step until `enough` masks are left, or to the last step of
    `LADDER`; 0: never. With one of them, the other is segment-anything's.
    """

    points: int = 32
    predicted_iou: float | None = None
    stability: float | None = None
    offset: float = 1.0  # stability: IoU of the masks at threshold ± this many logits
    overlap: float = 0.7
    enough: int = 8

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
        lowered = f", lowered until {self.enough} masks were left" if len(bars) > 1 else ""
        return (
            f"{self.points} × {self.points} taps, tokens 1-3 of each; kept where predicted IoU > {bar.predicted_iou} and "
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


def find(photo: Photo, settings: Settings) -> Found:
    """Find the masks of a photo from a grid of taps. If none is good enough, the result is empty, not an error."""
    box = photo.letterbox
    taps = build_point_grid(settings.points) * [box.width, box.height]
    rows, columns = _cells(box.new_height), _cells(box.new_width)
    bars = settings.bars()
    kept: list[tuple[torch.Tensor, ...]] = []
    for start in range(0, len(taps), photo.predictor.batch):
        part = taps[start : start + photo.predictor.batch]
        prompts = [Prompt(((float(x), float(y)),), (1,)) for x, y in part]
        logits, ious = photo.predictor.decode_many(photo.features, stacked(prompts, box))
        first = 1 if ious.shape[1] > 1 else 0  # token 0 is for prompts of more than a point, unless there is no other
        good = ious[:, first:] > bars[-1].predicted_iou
        candidates = torch.from_numpy(logits[:, first:][good])
        inside = candidates[:, :rows, :columns]
        stability = calculate_stability_score(inside, 0.0, settings.offset)
        stable = (stability >= bars[-1].stability) & (inside > 0).flatten(1).any(1)
        which = torch.from_numpy(np.nonzero(good)[0] + start)
        predicted = torch.from_numpy(ious[:, first:][good])
        kept.append((candidates[stable], predicted[stable], stability[stable], which[stable]))
    logits_, predicted_, stability_, which_ = (torch.cat(column) for column in zip(*kept, strict=True))
    scores = (boxes(logits_[:, :rows, :columns]), predicted_, stability_)
    chosen, bar = select(*scores, bars, settings.enough, settings.overlap)
    return Found(
        photo,
        bar,
        logits_[chosen],
        predicted_[chosen].numpy(),
        stability_[chosen].numpy(),
        taps[which_[chosen].numpy()],
    )


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
