"""`edges`: how well cut-outs fit, on pictures whose opacity and foreground colour are known: with hard and with soft edges.

The page's own code refines the masks: `web/bench/edges.mjs` runs it in Node.
"""

import json
import subprocess
import tempfile
from collections import defaultdict
from pathlib import Path

import click
import numpy as np
from scipy import ndimage

from bench.composites import Composite, composites
from bench.site import ROOT
from export.cli.steps import command
from export.data.samples import ShardDataset
from export.errors import ExportError
from export.files import write_json

SIZE = (1200, 900)
GROUNDS = {"black": (0, 0, 0), "white": (255, 255, 255), "green": (0, 200, 80)}
Figures = dict[str, float]


@command("edges")
@click.option("--data", multiple=True, required=True, help="A shard of photos with masks; may be given again.")
@click.option("--count", type=click.IntRange(1), default=4, show_default=True, help="Pictures of each kind.")
@click.option(
    "--grid", type=click.IntRange(32), default=128, show_default=True, help="Cells on the mask's longer side."
)
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--work", type=click.Path(path_type=Path), help="Keep what was made there, pictures included.")
@click.option("--out", type=click.Path(path_type=Path), help="The figures as JSON.")
def edges_command(data: tuple[str, ...], count: int, grid: int, seed: int, work: Path | None, out: Path | None) -> None:
    """Measure the opacity and the colours of cut-outs along their edges."""
    with tempfile.TemporaryDirectory(prefix="tapmask") as aside:
        folder = work or Path(aside)
        folder.mkdir(parents=True, exist_ok=True)
        figures = measure(ShardDataset(data), folder, count, grid, seed)
    for line in table(figures):
        click.echo(line)
    if out:
        write_json(out, figures)


def measure(photos: ShardDataset, folder: Path, count: int, grid: int, seed: int) -> dict[str, dict[str, Figures]]:
    """The figures of each way of cutting out and kind of picture: {way: {kind: figures}}; "all" is the kinds' mean."""
    truths = {}
    for composite in composites(photos, count, SIZE, seed):
        truths[composite.name] = composite
        rgba = np.dstack([composite.photo, np.full(composite.alpha.shape, 255, np.uint8)])
        rgba.tofile(folder / f"{composite.name}.rgba")
        logits = coarse_logits(composite.alpha, grid, np.random.default_rng([seed, len(truths)]))
        logits.tofile(folder / f"{composite.name}.logits")
    write_json(folder / "cases.json", {"width": SIZE[0], "height": SIZE[1], "grid": grid, "names": list(truths)})
    script = ROOT / "web" / "bench" / "edges.mjs"
    run = subprocess.run(["node", script, folder.resolve()], check=False, capture_output=True, text=True)
    if run.returncode:
        raise ExportError(f"The page's code could not refine the masks:\n{run.stderr}")
    ways = json.loads(run.stdout)["ways"]
    return {way: _by_kind(folder, way, truths) for way in ways}


def _by_kind(folder: Path, way: str, truths: dict[str, Composite]) -> dict[str, Figures]:
    found: dict[str, list[Figures]] = defaultdict(list)
    for name, truth in truths.items():
        cutout = np.fromfile(folder / f"{name}.{way}.rgba", np.uint8).reshape(*truth.alpha.shape, 4)
        found[truth.kind].append(compare(cutout, truth))
    kinds = {kind: _mean(figures) for kind, figures in found.items()}
    return {**kinds, "all": _mean(list(kinds.values()))}


def _mean(figures: list[Figures]) -> Figures:
    return {key: float(np.mean([one[key] for one in figures])) for key in figures[0]}


def coarse_logits(alpha: np.ndarray, grid: int, rng: np.random.Generator) -> np.ndarray:
    """(grid, grid) float32: what a decoder says of a thing: its outline wanders by up to a cell, and thin parts are lost."""
    height, width = alpha.shape
    step = max(width, height) / grid
    y, x = np.mgrid[:height, :width].astype(np.float32)
    wobble = ndimage.zoom(rng.normal(0, 0.5 * step, (2, 14, 14)), (1, height / 14, width / 14), order=1)
    places = [y + wobble[0, :height, :width], x + wobble[1, :height, :width]]
    moved = ndimage.map_coordinates(alpha, places, order=1, mode="nearest")
    blurred = ndimage.gaussian_filter(moved, 0.9 * step, mode="nearest")
    rows, columns = ((np.arange(grid) + 0.5) * step - 0.5 for _ in range(2))
    cells = ndimage.map_coordinates(blurred, np.meshgrid(rows, columns, indexing="ij"), order=1, mode="nearest")
    return (12 * (cells - 0.5)).astype(np.float32)


def compare(cutout: np.ndarray, truth: Composite) -> Figures:
    """Errors of a straight-alpha cut-out (H, W, 4) uint8.

    sad: sum of the differences in opacity, in thousands of pixels. mse: mean squared difference in opacity, times a
    thousand, over the pixels within 30 of a place that is neither opaque nor transparent. For each ground: the mean
    squared difference of the composite's 8-bit values, over the same pixels.
    """
    alpha = cutout[..., 3].astype(np.float32) / 255
    edge = (truth.alpha > 0.02) & (truth.alpha < 0.98)
    near = ndimage.distance_transform_edt(~edge) < 30
    off = alpha - truth.alpha
    figures = {"sad": float(np.abs(off).sum() / 1000), "mse": float((off[near] ** 2).mean() * 1000)}
    seen, wanted = alpha[near][:, None], truth.alpha[near][:, None]
    for name, ground in GROUNDS.items():
        colour = np.asarray(ground, np.float32)
        made = seen * cutout[near][:, :3] + (1 - seen) * colour
        figures[name] = float(((made - wanted * truth.foreground[near] - (1 - wanted) * colour) ** 2).mean())
    return figures


def table(figures: dict[str, dict[str, Figures]]) -> list[str]:
    """Markdown."""
    lines = [
        "| pictures | way | alpha SAD | alpha MSE ×1000 | on black | on white | on green |",
        "|---|---|---|---|---|---|---|",
    ]
    kinds = next(iter(figures.values()))
    for kind in kinds:
        for way, found in figures.items():
            one = found[kind]
            grounds = " | ".join(f"{one[ground]:.0f}" for ground in GROUNDS)
            lines.append(f"| {kind} | {way} | {one['sad']:.2f} | {one['mse']:.1f} | {grounds} |")
    return lines
