"""Compare ways to distil a teacher, in small: the paper's Tables 2, 4 and 7, prompts in the loop on top, smaller frames.

    .venv/bin/python scripts/experiment.py --data 'TRAIN/*.tar' --held 'TRAIN/duts-tr-007.tar' --out runs/experiment

Every student sees as many photos, in as many steps, unless its row says otherwise. Each run is a folder of --out; run again,
the script goes on where it stopped. It writes results.json, results.md and results.png: teacher alignment (`evaluate --align`)
and ground truth, on photos that no student was trained on.
"""

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click
import matplotlib
import torch
from torch.utils.flop_counter import FlopCounterMode

matplotlib.use("Agg")
import matplotlib.pyplot as plt

from export.data.dataset import found
from export.files import write_json, write_whole
from export.training.teacher import load_teacher

FIGURES = {
    "align_two": "teacher, two points",
    "align_one": "teacher, one point",
    "click1": "truth, one click",
    "box": "truth, box",
}
TEACHER = "teacher"
TABLES = ("modes", "loop", "budget", "frames")


@dataclass(frozen=True)
class Run:
    """One student: its folder, what it shows, its command, and how many photos it sees (its start's photos not counted)."""

    name: str
    title: str
    command: list[str]
    seen: int
    start: str | None = None
    tables: tuple[str, ...] = field(default_factory=tuple)


def plan(options: dict[str, Any], photos: int) -> list[Run]:
    """The runs of the tables asked for, in an order in which each one's start comes before it."""
    batch, epochs = options["batch"], options["epochs"]

    common = ["--half", options["half"]] if options["half"] else []
    common += ["--freeze-batchnorm"] if options["freeze_batchnorm"] else []

    def distil(
        name: str,
        title: str,
        mode: str,
        tables: tuple[str, ...],
        batch: int,
        epochs: float,
        *more: str,
        backbone: str = "",
    ) -> Run:
        seen = int(photos * epochs) // batch * batch
        command = ["distill", "--mode", mode, "--backbone", backbone or options["backbone"], "--batch", str(batch)]
        command += ["--samples", str(seen), "--prompts", str(options["prompts"]), "--rate", str(options["rate"]), *more]
        return Run(name, title, command + common, seen, tables=tables)

    usual = (batch, epochs)
    extra = options["extra"] // batch * batch
    runs = [
        distil("decoupled", "decoupled", "decoupled", ("modes", "loop", "budget"), *usual),
        distil("semi-coupled", "semi-coupled", "semi-coupled", ("modes",), *usual),
        distil("coupled", "coupled", "coupled", ("modes",), *usual),
    ]
    if options["fresh"]:
        runs.append(
            distil("coupled-fresh", "coupled, fresh decoder", "coupled", ("modes",), *usual, "--decoder", "fresh")
        )
    longer = ["distill", "--mode", "decoupled", "--backbone", options["backbone"], "--batch", str(batch)]
    longer += ["--samples", str(extra), "--rate", str(options["tune_rate"]), "--init", "START", *common]
    runs.append(Run("longer", "decoupled + as much again, decoupled", longer, extra, "decoupled", ("loop",)))
    for learn in ("encoder", "both"):
        command = ["finetune", "--student", "START", "--learn", learn, "--batch", str(batch), "--masks", "2"]
        command += ["--samples", str(extra), "--rate", str(options["tune_rate"]), *common]
        runs.append(
            Run(f"loop-{learn}", f"decoupled + prompts in the loop ({learn})", command, extra, "decoupled", ("loop",))
        )
    half, double = max(1, batch // 2), epochs * 2
    runs += [
        distil(f"batch{half}", f"batch {half}, {epochs / 2:g} epochs", "decoupled", ("budget",), half, epochs / 2),
        distil("epochs", f"batch {batch}, {double:g} epochs", "decoupled", ("budget",), batch, double),
    ]
    runs += [
        distil(name, f"decoupled, {name}", "decoupled", ("frames",), *usual, backbone=name)
        for name in options["frames"]
    ]
    return [run for run in runs if not set(run.tables).isdisjoint(options["tables"])]


class Experiment:
    """Carries a plan out in a folder."""

    def __init__(
        self, out: Path, teacher: Path, data: Sequence[str], held: Sequence[str], options: dict[str, Any]
    ) -> None:
        self.out, self.teacher, self.options = out, teacher, options
        kept = {path.resolve() for path in found(held)}
        self.data = [str(path) for path in found(data) if path.resolve() not in kept]
        self.held = list(held)
        if not self.data:
            raise click.ClickException("Nothing is left to train on: --data names only what --held names.")

    def step(self, *command: str, log: Path) -> float:
        """Run `python -m export …`, its words into `log`; returns the seconds it took."""
        log.parent.mkdir(parents=True, exist_ok=True)
        begun = time.monotonic()
        with log.open("a") as words:
            words.write(f"$ python -m export {' '.join(command)}\n")
            words.flush()
            done = subprocess.run([sys.executable, "-m", "export", *command], stdout=words, stderr=words, check=False)
        if done.returncode:
            last = [line for line in log.read_text().replace("\r", "\n").splitlines() if line.strip()][-1]
            raise click.ClickException(f"`{command[0]}` ended with status {done.returncode}: {last}\nSee {log}.")
        return time.monotonic() - begun

    def sources(self) -> list[str]:
        return [part for path in self.data for part in ("--data", path)]

    def cache(self) -> int:
        """The teacher's embeddings; returns of how many photos."""
        folder, photos = self.out / "cache", str(self.options["photos"])
        arguments = ["--teacher", str(self.teacher), "--out", str(folder), "--limit", photos, *self.common()]
        if not (folder / "complete").exists():
            self.step("cache", *self.sources(), *arguments, log=self.out / "cache.log")
            self.step("cache", "--check", "--out", str(folder), log=self.out / "cache.log")
            write_whole(folder / "complete", b"")
        return int(json.loads((folder / "cache.json").read_text())["count"])

    def common(self) -> list[str]:
        size = self.options["input_size"]
        return [*(["--input-size", str(size)] if size else []), "--workers", str(self.options["workers"])]

    def train(self, run: Run) -> dict[str, Any]:
        """One student, trained and measured; what was done already is not done again."""
        folder = self.out / run.name
        checkpoint, note = folder / "checkpoint.pt", folder / "seconds.json"
        if not note.exists():
            start = str(self.out / (run.start or "") / "checkpoint.pt")
            command = [start if word == "START" else word for word in run.command]
            command += ["--teacher", str(self.teacher), "--cache", str(self.out / "cache"), "--out", str(folder)]
            command += ["--holdout", "0", "--seed", str(self.options["seed"]), *self.common(), *self.sources()]
            write_json(note, {"seconds": round(self.step(*command, log=folder / "log.txt"), 1)})
        return {
            "name": run.name,
            "title": run.title,
            "tables": run.tables,
            "photos_seen": run.seen,
            "started_from": run.start,
            **json.loads(note.read_text()),
            **self.measure(folder, checkpoint),
        }

    def measure(self, folder: Path, checkpoint: Path) -> dict[str, Any]:
        """Alignment and truth on the held-out photos, averaged over the sets by their masks and prompts."""
        report, cost = folder / "evaluate.json", folder / "cost.json"
        if not cost.exists():
            write_json(cost, {"gmacs": multiplications(checkpoint)})
        if not report.exists():
            held = [part for source in self.held for part in ("--data", source)]
            arguments = ["--checkpoint", str(checkpoint), "--align", str(self.teacher), "--no-noc", *held]
            arguments += ["--limit", str(self.options["limit"]), "--json", str(report)]
            self.step("evaluate", *arguments, log=folder / "log.txt")
        sets = json.loads(report.read_text())
        own = json.loads(cost.read_text())
        return {**own, **figures(sets), "sets": {name: _short(one) for name, one in sets.items()}}


def multiplications(checkpoint: Path) -> float:
    """What the encoder of a checkpoint multiplies for one photo, in billions."""
    model = load_teacher(checkpoint)
    photo = torch.zeros(1, 3, model.input_size, model.input_size)
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        model.image_encoder(photo)
    return round(counter.get_total_flops() / 2e9, 2)


def figures(sets: dict[str, dict[str, Any]]) -> dict[str, float]:
    """`evaluate`'s report → the four figures, each a mean over all masks or prompts of all sets."""

    def mean(pairs: list[tuple[float, int]]) -> float:
        return round(sum(value * count for value, count in pairs) / max(1, sum(count for _, count in pairs)), 4)

    two = [
        (value, one["align_prompts"][distance])
        for one in sets.values()
        for distance, value in one["align_miou"].items()
        if value is not None
    ]
    return {
        "align_two": mean(two),
        "align_one": mean([(one["align_one_point_miou"], one["align_prompts"]["1"]) for one in sets.values()]),
        "click1": mean([(one["click1_miou"], one["masks"]) for one in sets.values()]),
        "box": mean([(one["box_miou"], one["masks"]) for one in sets.values()]),
    }


def _short(one: dict[str, Any]) -> dict[str, Any]:
    wanted = ("images", "masks", "click1_miou", "box_miou", "align_one_point_miou", "align_miou", "align_prompts")
    return {name: one[name] for name in wanted}


def table(rows: Sequence[dict[str, Any]]) -> str:
    """Markdown."""
    heads = ["student", "photos seen", "seconds", "encoder, billion multiplications", *FIGURES.values()]
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for row in rows:
        values = " | ".join(f"{row[name]:.3f}" for name in FIGURES)
        lines.append(
            f"| {row['title']} | {row['photos_seen'] or '–'} | {row['seconds'] or '–'} | {row['gmacs']} | {values} |"
        )
    return "\n".join(lines) + "\n"


def draw(rows: Sequence[dict[str, Any]], path: Path) -> None:
    """Bars: one group a student, one bar a figure."""
    plot, axis = plt.subplots(figsize=(11, 0.55 * len(rows) + 1.5))
    for number, (name, title) in enumerate(FIGURES.items()):
        places = [len(rows) - i - 0.2 * (number - 1.5) for i in range(len(rows))]
        bars = axis.barh(places, [row[name] for row in rows], height=0.19, label=title)
        axis.bar_label(bars, fmt="%.3f", fontsize=6, padding=2)
    axis.set_yticks(range(len(rows), 0, -1), [row["title"] for row in rows])
    axis.set(xlabel="mean IoU on held-out photos", xlim=(0, 1.05))
    axis.legend(fontsize=7, loc="lower right")
    plot.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    plot.savefig(path, dpi=110)
    plt.close(plot)


@click.command(help=__doc__)
@click.option("--data", multiple=True, required=True, help="Shards to train on; those of --held are left out.")
@click.option("--held", multiple=True, required=True, help="Shards to measure on.")
@click.option("--out", type=click.Path(path_type=Path), default=Path("runs/experiment"), show_default=True)
@click.option(
    "--teacher", type=click.Path(path_type=Path), default=Path("export/weights/tapmask-tiny.pt"), show_default=True
)
@click.option("--backbone", default="mobilenetv4_conv_small_050", show_default=True, help="Of the students.")
@click.option("--input-size", type=int, help="Model frame in pixels (default: the teacher's).")
@click.option("--photos", default=600, show_default=True, help="Photos to distil on.")
@click.option("--epochs", default=4.0, show_default=True)
@click.option("--batch", default=8, show_default=True)
@click.option("--prompts", default=2, show_default=True, help="Random prompts a photo, in the coupled modes.")
@click.option("--rate", default=1e-3, show_default=True, help="Learning rate of distilling.")
@click.option("--extra", default=1200, show_default=True, help="Photos of a second stage.")
@click.option("--tune-rate", default=2e-4, show_default=True, help="Learning rate of a second stage.")
@click.option("--half", type=click.Choice(["bf16", "fp16"]), help="Train in half precision.")
@click.option(
    "--frames",
    multiple=True,
    help="Also a student with this backbone, a form of MobileSAM's that sees less of the frame: tiny_vit_5m_768.",
)
@click.option(
    "--freeze-batchnorm", is_flag=True, help="As in `distill`: for students that begin with MobileSAM's own weights."
)
@click.option(
    "--tables",
    type=click.Choice(TABLES),
    multiple=True,
    default=TABLES,
    help="What to compare: ways to distil, prompts in the loop on top (with modes), batch and length, frames. Default: all.",
)
@click.option("--fresh", is_flag=True, help="Also coupled with a decoder from scratch, as in the paper.")
@click.option("--limit", default=60, show_default=True, help="Held-out photos a set.")
@click.option("--workers", default=0, show_default=True)
@click.option("--seed", default=0, show_default=True)
def main(data, held, out, teacher, **options) -> None:  # type: ignore[no-untyped-def]
    """Carry the plan out and report."""
    settings = json.loads(json.dumps({**options, "teacher": str(teacher), "held": held, "data": data}))
    kept = out / "settings.json"
    if kept.exists() and json.loads(kept.read_text()) != settings:
        raise click.ClickException(f"{out} was begun with other settings (see {kept}); choose another --out.")
    write_json(kept, settings)
    experiment = Experiment(out, teacher, data, held, options)
    rows: list[dict[str, Any]] = [
        {"name": TEACHER, "title": "the teacher itself", "tables": [], "photos_seen": None, "seconds": None}
    ]
    photos = experiment.cache()
    rows[0] |= experiment.measure(out / TEACHER, teacher)
    for run in plan(options, photos):
        click.echo(f"{time.strftime('%H:%M:%S')} {run.title}")
        rows.append(experiment.train(run))
        write_json(out / "results.json", {"settings": settings, "photos": photos, "runs": rows})
        write_whole(out / "results.md", table(rows).encode())
        draw(rows, out / "results.png")
    click.echo(table(rows) + f"Wrote {out / 'results.json'}, results.md and results.png.")


if __name__ == "__main__":
    main()
