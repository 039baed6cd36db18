"""`evaluate`, `plots`, `sheet`, `everything` and `label`: what a model answers, measured, drawn and kept."""

from functools import partial
from pathlib import Path
from typing import Any

import click

from export.cli.options import PATH, model_options, open_model, open_named
from export.cli.paths import OUT_FILE, OUT_FOLDER
from export.cli.steps import command
from export.errors import UsageError
from export.evaluation import everything, fastsam
from export.evaluation.evaluate import CLICKS, MAX_CLICKS, RULES, Open, Plan, evaluate
from export.evaluation.label import Wanted, label
from export.evaluation.plots import plots
from export.evaluation.sheet import listed, sampled, sheet
from export.models.closer import CloserPhoto
from export.models.look_again import RULE, VIEW_RULE
from export.models.predictor import Photo
from export.training.distributed import setup


@command("evaluate")
@model_options
@click.option("--fastsam", "fastsam_file", type=PATH, help="Measure FastSAM's exported ONNX file instead.")
@click.option("--data", multiple=True, required=True, help="Shard, folder or pattern; several of one set are joined.")
@click.option("--limit", type=click.IntRange(min=1), help="Photos a set at max_clicks.")
@click.option(
    "--noc/--no-noc", default=True, help=f"Up to {MAX_CLICKS} clicks for NoC, or {CLICKS} for the curve only."
)
@click.option("--look-again", is_flag=True, help="Small things are looked at again, in a region of their own.")
@click.option(
    "--zoomed",
    type=click.FloatRange(min=1),
    metavar="FACTOR",
    help="--look-again: as if the person had zoomed in on each mask, to FACTOR times the longer side of its box.",
)
@click.option("--everything", "automatic", is_flag=True, help="Also the recall of the automatic masks.")
@click.option(
    "--points", type=click.IntRange(1, 256), default=32, show_default=True, help="--everything: places a side."
)
@click.option(
    "--taps", type=click.IntRange(1), default=204, show_default=True, help="--everything: how many are tapped."
)
@click.option("--enough", type=click.IntRange(0), default=0, show_default=True,
              help="--everything: lower the thresholds until so many masks are left, as `everything` does; 0: never.")  # fmt: skip
@click.option("--predicted-iou", type=float, help="--everything: least predicted IoU; 0.88 unless given.")
@click.option("--stability", type=float, help="--everything: least stability score; 0.95 unless given.")
@click.option(
    "--align", "teacher", metavar="TEACHER", help="Also the agreement with a checkpoint, or manifest.json#id."
)
@click.option("--json", "out", type=OUT_FILE, help="Write the figures here.")
@click.option("--plots", type=OUT_FOLDER, help="Draw the figures into this folder.")
def evaluate_command(  # type: ignore[no-untyped-def]
    fastsam_file,
    data,
    limit,
    noc,
    look_again,
    zoomed,
    automatic,
    points,
    taps,
    enough,
    predicted_iou,
    stability,
    teacher,
    out,
    plots,
    **model,
) -> None:
    """Measure one-click and box mIoU, the click curve and NoC; automatic masks and agreement with a teacher on request."""
    if zoomed and not look_again:
        raise UsageError("--zoomed needs --look-again: a view is for looking again.")
    with setup():
        max_clicks = MAX_CLICKS if noc else CLICKS
        teaching = _teacher(teacher, model["manifest"])
        if fastsam_file:
            if automatic or look_again or any(value is not None for value in model.values()):
                raise UsageError("--fastsam stands alone: no other model option, no --everything, no --look-again.")
            plan = Plan(fastsam.FastSam(fastsam_file).open, max_clicks, None, teaching, RULES | fastsam.RULES)
        else:
            if automatic and look_again:
                raise UsageError(
                    "--look-again is about prompts, --everything has none: measure them one after the other."
                )
            predictor = open_model(**model)
            settings = (
                everything.Settings(points, predicted_iou, stability, enough=enough, taps=taps) if automatic else None
            )
            open_photo: Open = partial(CloserPhoto if look_again else Photo, predictor)
            rules = RULES | ({"look_again_rule": RULE} if look_again else {})
            rules |= {"view_rule": VIEW_RULE.format(factor=zoomed)} if zoomed else {}
            plan = Plan(open_photo, max_clicks, settings, teaching, rules, zoomed)
        evaluate(plan, data, limit, out, plots)


def _teacher(text: str | None, manifest: Path | None) -> Open | None:
    if text is None:
        return None
    predictor = open_named(text, manifest)
    return lambda pixels: Photo(predictor, pixels)


@command("plots")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--out", type=OUT_FOLDER, required=True, help="Folder for the pictures.")
def plots_command(**options: Any) -> None:
    """Draw FILES, written by `evaluate --json`: click curve, NoC histogram, IoU by size, alignment."""
    plots(**options)


@command("sheet")
@model_options
@click.option("--data", multiple=True, help="Shard, folder or pattern; the taps are spread over the sets.")
@click.option("--truth", type=PATH, help="A folder of JSON files with taps and polygons; all of them are drawn.")
@click.option("--photos", type=PATH, help="With --truth: the folder of the photos that they name.")
@click.option(
    "--count",
    type=click.IntRange(min=1),
    default=60,
    show_default=True,
    help="Taps in all: --data gives what --truth leaves.",
)
@click.option("--seed", type=int, default=0, show_default=True)
@click.option(
    "--beside", multiple=True, metavar="MODEL", help="Also this model, an id of --manifest or a checkpoint; repeatable."
)
@click.option("--out", type=OUT_FILE, required=True, help="The picture, a PNG.")
def sheet_command(data, truth, photos, count, seed, beside, out, **model) -> None:  # type: ignore[no-untyped-def]
    """Draw a contact sheet of taps: photo, three candidates with predicted and true IoU, ground truth.

    With --beside, what each model preselects stands where the candidates do.
    """
    if not (data or truth) or (truth is None) != (photos is None):
        raise UsageError("Give --data, or --truth with --photos, or all three.")
    taps = list(listed(truth, photos)) if truth else []
    if data:
        taps += sampled(data, max(count - len(taps), 0), seed)
    own = model["model"] or (str(model["checkpoint"].stem) if model["checkpoint"] else "default")
    others = {name.rpartition("#")[2]: open_named(name, model["manifest"]) for name in beside}
    sheet(others | {own: open_model(**model)}, taps, out)


@command("everything")
@click.argument("photos", nargs=-1, required=True, type=click.Path(path_type=Path))
@model_options
@click.option("--out", type=OUT_FOLDER, required=True, help="Folder for <photo>.everything.png and .json.")
@click.option("--points", type=click.IntRange(1, 256), default=32, show_default=True, help="Places a side.")
@click.option("--taps", type=click.IntRange(1), default=204, show_default=True,
              help="How many of them are tapped, where the answers so far say; all: --points squared.")  # fmt: skip
@click.option("--predicted-iou", type=float, help="Least predicted IoU; 0.88 with --stability alone.")
@click.option("--stability", type=float, help="Least stability score; 0.95 with --predicted-iou alone.")
@click.option("--enough", type=click.IntRange(0), default=8, show_default=True,
              help="Without both, these are lowered until so many masks are left, as in the page; 0: never.")  # fmt: skip
@click.option("--overlap", type=float, default=0.7, show_default=True, help="Boxes with more IoU than this are one.")
def everything_command(  # type: ignore[no-untyped-def]
    photos, out, points, taps, predicted_iou, stability, enough, overlap, **model
) -> None:
    """Find all masks of PHOTOS: a coloured picture and a COCO file each."""
    settings = everything.Settings(points, predicted_iou, stability, overlap=overlap, enough=enough, taps=taps)
    everything.everything(open_model(**model), photos, out, settings)


@command("label")
@model_options
@click.option(
    "--data", multiple=True, required=True, help="Shard, folder or pattern of photos; their own masks are not read."
)
@click.option("--out", type=PATH, required=True, help="The shard to write, a .tar.")
@click.option("--limit", type=click.IntRange(min=1), help="Photos to draw from --data.")
@click.option("--points", type=click.IntRange(1, 256), default=12, show_default=True, help="Taps a side.")
@click.option("--predicted-iou", type=float, default=0.86, show_default=True, help="Least predicted IoU.")
@click.option("--stability", type=float, default=0.92, show_default=True, help="Least stability score.")
@click.option("--min-share", type=float, default=0.0007, show_default=True, help="Least share of the photo.")
@click.option("--max-share", type=float, default=0.03, show_default=True, help="Largest share of the photo.")
@click.option(
    "--min-masks", type=click.IntRange(min=1), default=2, show_default=True, help="Photos with fewer are left out."
)
@click.option("--seed", type=int, default=0, show_default=True)
def label_command(  # type: ignore[no-untyped-def]
    data, out, limit, points, predicted_iou, stability, min_share, max_share, min_masks, seed, **model
) -> None:
    """Write a shard of photos whose objects are the small things that a model finds by itself.

    For `finetune --target truth`: a teacher's masks for photos in which few small things are outlined.
    """
    settings = everything.Settings(points, predicted_iou, stability, taps=points**2)
    label(open_model(**model), data, out, limit, settings, Wanted(min_share, max_share, min_masks), seed)
