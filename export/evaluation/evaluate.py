"""`evaluate`: click and box IoU against ground truth, at the photo's own resolution.

For each mask of each photo: up to twenty clicks (rule in clicks.py), and its tight box; on request also the automatic masks and
the agreement with a teacher. The same code runs a checkpoint in PyTorch, any ONNX pair in onnxruntime, and FastSAM's
graph. Under `torchrun` the photos are shared out among the processes; the figures are the same. docs/evaluation.md explains them.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from export.data.boxes import tight_box
from export.data.parts import SampleError
from export.data.samples import Sample, ShardDataset, grouped, readable
from export.errors import ExportError
from export.evaluation import align, clicks, everything, recall
from export.evaluation.plot import plot_evaluations
from export.files import write_json
from export.messages import say
from export.models import selection
from export.models.look_again import Region, region_around
from export.models.predictor import Opened, Photo, Prompt
from export.training.distributed import gather, is_main, world

CLICKS = 5  # of the curve
MAX_CLICKS = 20  # of NoC
GOALS = (0.85, 0.90)  # IoU to reach
SMALLEST = 16  # pixels; smaller masks are labelling dust
SIZES = (0.01, 0.04, 0.16, 1.0)  # upper bounds of the mask's share of the photo, for the figures by size
RULES = {
    "click_rule": clicks.RULE,
    "box_rule": "the mask's tight box",
    "choice": selection.RULE,
    "oracle": "best IoU of the three candidates of the first click",
    "resolution": "the photo's own; logits upsampled bilinearly, threshold 0",
    "mean": "over masks",
}
NOC_RULE = (
    f"NoC@t: number of the first click whose IoU is at least t, {MAX_CLICKS} where none of {MAX_CLICKS} is; "
    f"failures20 and failures20_85: how many of the masks stay below 0.90 and below 0.85 in all {MAX_CLICKS} clicks; "
    "ignored pixels count for nothing"
)

Open = Callable[[np.ndarray], Opened]


@dataclass
class Mask:
    """Results for one mask: IoU after each click, the best first candidate's, the box's, and its share of the photo."""

    share: float
    ious: list[float] = field(default_factory=list)
    oracle: float = 0.0
    box: float = 0.0


@dataclass
class Measured:
    """Results for one photo."""

    index: int
    masks: list[Mask]
    recall: tuple[np.ndarray, int, int] | None = None
    align: dict[str, list[float]] | None = None


@dataclass(frozen=True)
class Plan:
    """What to measure: up to `max_clicks` clicks; optionally automatic masks and agreement with a teacher.

    zoomed: the side of each prompt's view, by the longer side of the mask's box; None: prompts have no view.
    """

    open: Open
    max_clicks: int = MAX_CLICKS
    automatic: everything.Settings | None = None
    teacher: Open | None = None
    rules: dict[str, str] = field(default_factory=lambda: RULES)
    zoomed: float | None = None


@dataclass
class _Course:
    """State of one mask's click sequence: the clicks so far and the latest answer."""

    target: np.ndarray
    mask: Mask
    current: np.ndarray
    points: list[tuple[float, float]] = field(default_factory=list)
    labels: list[int] = field(default_factory=list)
    earlier: np.ndarray | None = None
    region: Region | None = None
    view: Region | None = None

    def prompt(self, ignore: np.ndarray | None) -> Prompt:
        x, y, label = clicks.next_click(self.target, self.current, ignore)
        self.points.append((x, y))
        self.labels.append(label)
        return Prompt(tuple(self.points), tuple(self.labels), mask=self.earlier, region=self.region, view=self.view)

    def going(self, number: int) -> bool:
        """Whether click `number` (from 0) is needed: for the curve always, after it until the highest goal is reached."""
        return number < CLICKS or max(self.mask.ious) < max(GOALS)


def measure(
    opened: Opened,
    targets: Sequence[np.ndarray],
    max_clicks: int,
    ignore: np.ndarray | None = None,
    zoomed: float | None = None,
) -> list[Mask]:
    """Click and box every mask (H, W) of one photo; the masks are clicked side by side, so that prompts are decoded together.

    zoomed: as in `Plan`.
    """
    courses = [_Course(t, Mask(float(t.mean())), np.zeros_like(t), view=_view(t, zoomed)) for t in targets]
    for number in range(max_clicks):
        live = [course for course in courses if course.going(number)]
        found = opened.answers([course.prompt(ignore) for course in live], all_candidates=number == 0)
        for course, answer in zip(live, found, strict=True):
            if number == 0:
                course.mask.oracle = max(clicks.iou(mask, course.target, ignore) for mask in answer.masks)
            course.current, course.earlier, course.region = answer.mask, answer.low_res, answer.region
            course.mask.ious.append(clicks.iou(answer.mask, course.target, ignore))
    boxed = opened.answers([Prompt(box=tight_box(course.target), view=course.view) for course in courses])
    for course, answer in zip(courses, boxed, strict=True):
        course.mask.box = clicks.iou(answer.mask, course.target, ignore)
    return [course.mask for course in courses]


def _view(target: np.ndarray, zoomed: float | None) -> Region | None:
    """What a person sees who has zoomed in on a mask (H, W): `zoomed` times the longer side of its box; None: most of the photo."""
    height, width = target.shape
    return region_around(tight_box(target), width, height, zoomed) if zoomed else None


def measure_photo(plan: Plan, sample: Sample, index: int) -> Measured:
    """Measure one photo as the plan says."""
    opened = plan.open(sample.photo)
    targets = list(_targets(sample))
    result = Measured(index, measure(opened, targets, plan.max_clicks, sample.ignore, plan.zoomed))
    if plan.automatic and isinstance(opened, Photo):
        found = everything.find(opened, plan.automatic)
        truths = np.array(targets).reshape(-1, *sample.photo.shape[:2])
        tops = (mask for mask, _ in zip(found.masks(), range(max(recall.TOPS)), strict=False))
        ious = [recall.iou_matrix(mask[None], truths)[0] for mask in tops]
        result.recall = (recall.matched(np.array(ious).reshape(-1, len(targets))), len(targets), len(found))
    if plan.teacher:
        height, width = sample.photo.shape[:2]
        result.align = align.alignment(opened, plan.teacher(sample.photo), width, height, index)
    return result


def evaluate_set(plan: Plan, sources: Sequence[str], limit: int | None, title: str) -> dict[str, Any]:
    """Measure one dataset, `limit` photos at most. The work is divided among processes; all return the figures of the whole set."""
    samples = ShardDataset(sources, skip=True)
    count = min(len(samples), limit or len(samples))
    rank, size = world()
    skipped: list[str] = []
    mine = tqdm(range(rank, count, size), desc=title, unit="photo", disable=not is_main())
    measured = [measure_photo(plan, sample, index) for index, sample in readable(samples, mine, skipped)]
    parts = gather((measured, skipped))
    photos = sorted((photo for part, _ in parts for photo in part), key=lambda photo: photo.index)
    unread = samples.broken + sorted(name for _, names in parts for name in names)
    if not photos:
        raise SampleError(f"{title}: none of {count} photos can be read. First: {unread[0]}")
    if not any(photo.masks for photo in photos):
        raise ExportError(f"{title} has no mask of {SMALLEST} pixels or more.")
    return {**figures(photos, plan), "skipped": len(unread), "skipped_photos": unread}


def figures(photos: list[Measured], plan: Plan) -> dict[str, Any]:
    """The means over all masks, and the rules they follow."""
    masks = [mask for photo in photos for mask in photo.masks]
    curve = np.mean([mask.ious[:CLICKS] for mask in masks], axis=0)
    result: dict[str, Any] = {
        "images": len(photos),
        "masks": len(masks),
        "click1_miou": _rounded(curve[0]),
        "click1_oracle_miou": _rounded(np.mean([mask.oracle for mask in masks])),
        "click_miou": [_rounded(value) for value in curve],
        "box_miou": _rounded(np.mean([mask.box for mask in masks])),
        "by_size": _by_size(masks),
    }
    rules = dict(plan.rules)
    if plan.max_clicks == MAX_CLICKS:
        result |= _noc(masks)
        rules["noc_rule"] = NOC_RULE
    if recalls := [photo.recall for photo in photos if photo.recall]:
        result |= recall.summary(recalls)
        rules |= {"everything_recall": recall.RULE}
        rules |= {"everything_rule": plan.automatic.rule()} if plan.automatic else {}
    if aligned := [photo.align for photo in photos if photo.align]:
        result |= align.summary(aligned)
        rules |= align.RULES
    return {**result, **rules}


def first_reaching(ious: Sequence[float], goal: float) -> int | None:
    """Number (from 1) of the first click with this IoU or better."""
    return next((number for number, value in enumerate(ious, start=1) if value >= goal), None)


def _noc(masks: Sequence[Mask]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for goal, failures in zip(GOALS, ("failures20_85", "failures20"), strict=True):
        reached = [first_reaching(mask.ious, goal) for mask in masks]
        name = f"noc{round(goal * 100)}"
        result[name] = _rounded(np.mean([number or MAX_CLICKS for number in reached]))
        result[failures] = reached.count(None)
        result[f"{name}_histogram"] = [reached.count(number) for number in range(1, MAX_CLICKS + 1)]
    return result


def _by_size(masks: Sequence[Mask]) -> list[dict[str, Any]]:
    """Means for masks that cover up to 1, 4, 16 and 100 % of their photo."""
    rows, smallest = [], 0.0
    for largest in SIZES:
        part = [mask for mask in masks if smallest < mask.share <= largest]
        row: dict[str, Any] = {"share_up_to": largest, "masks": len(part)}
        if part:
            row["click1_miou"] = _rounded(np.mean([mask.ious[0] for mask in part]))
            row["click1_oracle_miou"] = _rounded(np.mean([mask.oracle for mask in part]))
            row["click5_miou"] = _rounded(np.mean([mask.ious[CLICKS - 1] for mask in part]))
            row["box_miou"] = _rounded(np.mean([mask.box for mask in part]))
        rows.append(row)
        smallest = largest
    return rows


def _rounded(value: Any) -> float:
    return round(float(value), 4)


def _targets(sample: Sample) -> Iterator[np.ndarray]:
    for mask in sample.masks():
        if np.count_nonzero(mask if sample.ignore is None else mask & ~sample.ignore) >= SMALLEST:
            yield mask


def table(results: dict[str, dict[str, Any]]) -> str:
    """The figures of each set in a row, for people."""
    columns: dict[str, Callable[[dict[str, Any]], Any]] = {
        "photos": lambda f: f["images"],
        "masks": lambda f: f["masks"],
        "skipped": lambda f: f["skipped"],
        **{f"{n + 1} click{'s' if n else ''}": lambda f, n=n: f["click_miou"][n] for n in range(CLICKS)},  # type: ignore[misc]
        "best of 3": lambda f: f["click1_oracle_miou"],
        "box": lambda f: f["box_miou"],
        "NoC@85": lambda f: f.get("noc85"),
        "NoC@90": lambda f: f.get("noc90"),
        f">{MAX_CLICKS}@90": lambda f: f.get("failures20"),
        **{f"AR@{top}": lambda f, top=top: f.get(f"everything_ar{top}") for top in recall.TOPS},  # type: ignore[misc]
        "1 pt": lambda f: f.get("align_one_point_miou"),
        **{f"{d} px": lambda f, d=d: f.get("align_miou", {}).get(str(d)) for d in align.DISTANCES},  # type: ignore[misc]
    }
    cells = [["set", *columns], *([name, *(get(f) for get in columns.values())] for name, f in results.items())]
    used = [column for column in zip(*cells, strict=True) if any(value is not None for value in column[1:])]
    texts = [[f"{v:.3f}" if isinstance(v, float) else "-" if v is None else str(v) for v in column] for column in used]
    widths = [max(map(len, column)) for column in texts]
    rows = zip(*texts, strict=True)
    return "\n".join("  ".join(text.rjust(width) for text, width in zip(row, widths, strict=True)) for row in rows)


def evaluate(plan: Plan, data: Sequence[str], limit: int | None, out: Path | None, plots: Path | None) -> None:
    """Measure the datasets that `data` names (`limit` photos each at most), print a table, write and draw the figures."""
    results = {name: evaluate_set(plan, sources, limit, name) for name, sources in grouped(data).items()}
    if not is_main():
        return
    say(table(results))
    for name, rule in next(iter(results.values())).items():
        if isinstance(rule, str):
            say(f"{name}: {rule}")
    if out:
        write_json(out, results)
        say(f"Wrote {out}.")
    if plots:
        plot_evaluations({(out.stem if out else "this model"): results}, plots)
        say(f"Drew {plots}.")
