"""`train`, `cache`, `distill`, `finetune`, `calibrate` and `scale`."""

from pathlib import Path
from typing import Any

import click

from export.cli.paths import OUT_FILE, OUT_FOLDER
from export.cli.steps import command
from export.cli.training_options import (
    cache_option,
    device_option,
    half_option,
    memory_option,
    parted,
    run_options,
    teacher_options,
    unpadded_option,
)
from export.training.blend import blend
from export.training.cache import cache
from export.training.calibrate import calibrate
from export.training.distill import LEARNS, distill
from export.training.finetune import finetune
from export.training.recipe import DistillRecipe, FinetuneRecipe, TrainRecipe
from export.training.scale import scale
from export.training.train import train
from export.training.trainer import LEARN


@command("cache")
@click.option("--data", multiple=True, help="Shard, folder or pattern with photos; masks beside them are not read.")
@teacher_options(required=False)
@click.option("--out", type=OUT_FOLDER, required=True, help="Folder of the cache.")
@click.option("--limit", type=click.IntRange(min=1), help="That many of the photos, evenly spread.")
@click.option("--flip", is_flag=True, help="Also the mirrored photos: twice the photos, twice the disk.")
@click.option("--shard", default=128, show_default=True, help="Photos a shard.")
@click.option("--batch", default=8, show_default=True, help="Photos the teacher sees at once.")
@click.option("--workers", default=1, show_default=True, help="Processes that decode photos.")
@half_option
@click.option(
    "--compile", "compiled", is_flag=True, help="Compile the teacher first (torch.compile): needs a C++ compiler."
)
@device_option
@click.option("--check", is_flag=True, help="Read the cache in --out back and verify it; compute nothing.")
def cache_command(**options: Any) -> None:
    """Compute a teacher's embeddings of photos once, as fp16 shards."""
    cache(**options)


@command("blend")
@click.argument("first", type=click.Path(path_type=Path))
@click.argument("second", type=click.Path(path_type=Path))
@click.option(
    "--share",
    type=click.FloatRange(0, 1),
    default=0.6,
    show_default=True,
    help="How far from FIRST's encoder to SECOND's.",
)
@click.option("--half", is_flag=True, help="Keep the weights in half precision.")
@click.option("--out", type=OUT_FILE, required=True, help="The checkpoint to write.")
def blend_command(**options: Any) -> None:
    """Write the student between FIRST, which was distilled, and SECOND, which was tuned from it."""
    blend(**options)


@command("calibrate")
@click.option("--data", multiple=True, required=True, help="As given to `train`, in the same order.")
@click.option("--checkpoint", "path", type=click.Path(path_type=Path), required=True, help="A student of ours.")
@click.option("--out", type=OUT_FILE, required=True, help="The checkpoint to write.")
@click.option(
    "--certainty", default=1.5, show_default=True, help="What a mask's certainty counts, the head's figure counting 1."
)
@click.option("--samples", default=3_200, show_default=True, help="Photos to ask about.")
@click.option("--masks", default=2, show_default=True, help="Clicks for each photo.")
@click.option("--batch", default=32, show_default=True)
@click.option("--holdout", default=300, show_default=True, help="As given to `train`: these photos take no part.")
@click.option("--workers", default=1, show_default=True, help="Processes that decode and augment.")
@memory_option(3_000, old="--cache")
@click.option("--seed", default=0, show_default=True, help="As given to `train`.")
@device_option
def calibrate_command(**options: Any) -> None:
    """Fit how a model rates its own masks."""
    calibrate(**options)


@command("scale")
@click.option("--teacher-rate", type=float, required=True, help="Photos/s that one process caches, as `cache` printed.")
@click.option("--student-rate", type=float, required=True, help="Photos/s that one process distils, as its bar shows.")
@click.option(
    "--cache",
    type=click.Path(path_type=Path),
    help="Folder that `cache` wrote, for the size of its rows (default: SAM's).",
)
@click.option("--epochs", default=8.0, show_default=True)
@click.option("--processes", default=1, show_default=True, help="GPUs, or CPU processes, of `torchrun`.")
def scale_command(**options: Any) -> None:
    """Say what 1 %, 10 % and 100 % of SA-1B cost at measured rates."""
    scale(**options)


@command("train")
@click.option("--data", multiple=True, required=True, help="Shard, folder or pattern; twice = drawn twice as often.")
@click.option("--out", type=OUT_FOLDER, required=True, help="Run folder: checkpoint, log, plot.")
@click.option("--init", type=click.Path(path_type=Path), help="Start from another run's checkpoint.")
@click.option(
    "--backbone", default=TrainRecipe.backbone, show_default=True, help="Any timm model with strides 4, 8, 16."
)
@click.option("--dim", default=TrainRecipe.dim, show_default=True, help="Channels of the embedding (SAM: 256).")
@click.option(
    "--input-size", default=TrainRecipe.input_size, show_default=True, help="Model frame, long side in pixels."
)
@click.option("--samples", default=TrainRecipe.samples, show_default=True, help="Photos to see in all.")
@click.option("--batch", default=TrainRecipe.batch, show_default=True)
@click.option("--masks", default=TrainRecipe.masks, show_default=True, help="Prompts decoded for each photo.")
@run_options(TrainRecipe, memory_option(20_000, old="--cache"), measure_every=8_000)
def train_command(**options: Any) -> None:
    """Train a promptable model on photos with masks."""
    train(*parted(TrainRecipe, options))


@command("distill")
@click.option("--data", multiple=True, required=True, help="Shard, folder or pattern with photos; no masks are needed.")
@teacher_options(required=True)
@cache_option
@unpadded_option
@click.option("--out", type=OUT_FOLDER, required=True, help="Run folder: checkpoint, log, plot.")
@click.option("--mode", type=click.Choice(list(LEARNS)), default=DistillRecipe.mode, show_default=True)
@click.option("--backbone", default=DistillRecipe.backbone, show_default=True, help="The paper's, or any timm model.")
@click.option("--decoder", type=click.Choice(["teacher", "fresh"]), default=DistillRecipe.decoder, show_default=True,
              help="What `coupled` starts its decoder from.")  # fmt: skip
@click.option("--init", type=click.Path(path_type=Path), help="Start from another run's student.")
@click.option(
    "--epochs", default=DistillRecipe.epochs, show_default=True, help="Times to see every photo (the paper: 8)."
)
@click.option("--samples", type=int, help="Photos to see in all, instead of --epochs.")
@click.option("--batch", default=DistillRecipe.batch, show_default=True,
              help="Photos a step, all processes together (the paper: 8).")  # fmt: skip
@click.option("--prompts", default=DistillRecipe.prompts, show_default=True,
              help="Random prompts a photo, for the coupled modes.")  # fmt: skip
@run_options(DistillRecipe, memory_option(5_000), measure_every=4_000)
def distill_command(**options: Any) -> None:
    """Distil a teacher's encoder into a light one: decoupled, semi-coupled or coupled."""
    distill(*parted(DistillRecipe, options))


@command("finetune")
@click.option("--data", multiple=True, required=True, help="Shard, folder or pattern, of ours or of SA-1B, with masks.")
@click.option("--student", type=click.Path(path_type=Path), required=True, help="The checkpoint to fine-tune.")
@teacher_options(required=False)
@cache_option
@unpadded_option
@click.option("--out", type=OUT_FOLDER, required=True, help="Run folder: checkpoint, log, plot.")
@click.option("--target", type=click.Choice(["teacher", "truth"]), default=FinetuneRecipe.target, show_default=True)
@click.option("--learn", type=click.Choice(LEARN), default=FinetuneRecipe.learn, show_default=True)
@click.option("--loops", default=FinetuneRecipe.loops, show_default=True,
              help="Points added where student and teacher disagree.")  # fmt: skip
@click.option("--embedding-weight", default=FinetuneRecipe.embedding_weight, show_default=True,
              help="Of the embedding's squared error beside the masks' loss, with --target teacher.")  # fmt: skip
@click.option("--masks", default=FinetuneRecipe.masks, show_default=True,
              help="Objects prompted in each photo (EdgeSAM: 16).")  # fmt: skip
@click.option(
    "--epochs", default=FinetuneRecipe.epochs, show_default=True, help="Times to see every photo (EdgeSAM: 5)."
)
@click.option("--samples", type=int, help="Photos to see in all, instead of --epochs.")
@click.option("--batch", default=FinetuneRecipe.batch, show_default=True, help="Photos a step, all processes together.")
@run_options(FinetuneRecipe, memory_option(2_000), measure_every=4_000)
def finetune_command(**options: Any) -> None:
    """Fine-tune a student with prompts in the loop, against its teacher's masks or the photos' own."""
    finetune(*parted(FinetuneRecipe, options))
