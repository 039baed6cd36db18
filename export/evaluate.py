"""`evaluate`: what a tap answers, measured against ground truth at the photo's own resolution.

For each mask of each photo: one to five clicks (rule in clicks.py), and its tight box. IoU is averaged over masks. The
same code runs a checkpoint in PyTorch and any variant of a manifest in onnxruntime.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click
import numpy as np
from tqdm import tqdm

from export import clicks, selection
from export.checkpoint import load_model
from export.data.samples import Samples, name_of
from export.files import write_json
from export.manifest import open_variant
from export.predictor import Photo, Predictor, Prompt, TorchPredictor

CLICKS = 5
SMALLEST = 16  # pixels; smaller masks are labelling dust
RULES = {
    "click_rule": clicks.RULE,
    "box_rule": "the mask's tight box",
    "choice": selection.RULE,
    "oracle": "best IoU of the three candidates of the first click",
    "resolution": "the photo's own; logits upsampled bilinearly, threshold 0",
    "mean": "over masks",
}


def click_curve(photo: Photo, target: np.ndarray) -> tuple[list[float], float]:
    """IoU after 1…CLICKS clicks with the preselected mask, and the best candidate's after the first."""
    points: list[tuple[float, float]] = []
    labels: list[int] = []
    ious: list[float] = []
    oracle, earlier = 0.0, None
    current = np.zeros_like(target)
    for number in range(CLICKS):
        x, y, label = clicks.next_click(target, current)
        points.append((x, y))
        labels.append(label)
        low_res, predicted = photo.answer(Prompt(tuple(points), tuple(labels), mask=earlier))
        tokens, best = selection.candidates(predicted, lone_point=number == 0)
        if number == 0:
            masks = photo.full_size(low_res[tokens])
            oracle = max(clicks.iou(mask, target) for mask in masks)
            current = masks[best]
        else:
            current = photo.full_size(low_res[tokens[best]][None])[0]
        earlier = low_res[tokens[best]]
        ious.append(clicks.iou(current, target))
    return ious, oracle


def box_iou(photo: Photo, target: np.ndarray) -> float:
    """IoU of the preselected answer to the mask's tight box."""
    low_res, predicted = photo.answer(Prompt(box=clicks.tight_box(target)))
    tokens, best = selection.candidates(predicted, lone_point=False)
    return clicks.iou(photo.full_size(low_res[tokens[best]][None])[0], target)


def evaluate_set(predictor: Predictor, samples: Samples, limit: int | None, title: str) -> dict[str, Any]:
    """Measure one data set; `limit` photos at most."""
    count = min(len(samples), limit or len(samples))
    curves, oracles, boxes = [], [], []
    for index in tqdm(range(count), desc=title, unit="photo"):
        sample = samples[index]
        photo = Photo(predictor, sample.photo)
        for target in _targets(sample.masks()):
            ious, oracle = click_curve(photo, target)
            curves.append(ious)
            oracles.append(oracle)
            boxes.append(box_iou(photo, target))
    if not curves:
        raise click.ClickException(f"{title} has no mask of {SMALLEST} pixels or more.")
    mean = np.mean(curves, axis=0)
    return {
        "images": count,
        "masks": len(curves),
        "click1_miou": round(float(mean[0]), 4),
        "click1_oracle_miou": round(float(np.mean(oracles)), 4),
        "click_miou": [round(float(value), 4) for value in mean],
        "box_miou": round(float(np.mean(boxes)), 4),
        **RULES,
    }


def _targets(masks: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
    return (mask for mask in masks if np.count_nonzero(mask) >= SMALLEST)


def _grouped(sources: Sequence[str]) -> dict[str, list[str]]:
    """Shards of one data set are measured together: {name: sources}."""
    groups: dict[str, list[str]] = {}
    for source in sources:
        groups.setdefault(name_of(source), []).append(source)
    return groups


@click.command()
@click.option("--manifest", type=click.Path(path_type=Path), help="A manifest.json; its ONNX files are measured.")
@click.option("--model", "model_id", help="Which model of the manifest (default: its default).")
@click.option("--variant", help="fp32, fp16 or int8 (default: the model's default).")
@click.option("--checkpoint", type=click.Path(path_type=Path), help="Measure a checkpoint in PyTorch instead.")
@click.option("--data", multiple=True, required=True, help="Shard, folder or pattern; several of one set are joined.")
@click.option("--limit", type=click.IntRange(min=1), help="Photos a set at most.")
@click.option("--json", "out", type=click.Path(path_type=Path), help="Write the figures here.")
def evaluate(manifest, model_id, variant, checkpoint, data, limit, out) -> None:  # type: ignore[no-untyped-def]
    """Measure one-click and box mIoU and the 1-5 click curve."""
    if (manifest is None) == (checkpoint is None):
        raise click.UsageError("Give either --manifest (ONNX) or --checkpoint (PyTorch).")
    predictor: Predictor
    predictor = TorchPredictor(load_model(checkpoint)) if checkpoint else open_variant(manifest, model_id, variant)
    results = {}
    for name, sources in _grouped(data).items():
        figures = results[name] = evaluate_set(predictor, Samples(sources), limit, name)
        curve = " ".join(f"{value:.3f}" for value in figures["click_miou"])
        click.echo(
            f"{name}: {figures['masks']} masks in {figures['images']} photos · clicks 1-{CLICKS}: {curve} · "
            f"best of three: {figures['click1_oracle_miou']:.3f} · box: {figures['box_miou']:.3f}"
        )
    if out:
        write_json(out, results)
        click.echo(f"Wrote {out}.")
