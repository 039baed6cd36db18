"""`python -m export`: one click group, one subcommand a step."""

import importlib

import click

STEPS = {  # name: (module, whose last part is the function, what it does), in the order of the pipeline
    "models": ("export.cli.catalogue", "List the official models that are known by name."),
    "fetch": ("export.models.fetch", "Get an official checkpoint by name, and check its sum."),
    "train": ("export.training.train", "Train a promptable model on photos with masks."),
    "cache": ("export.training.cache", "Compute the embeddings of a teacher for photos, once."),
    "distill": (
        "export.training.distill",
        "Distil a teacher into a light student: decoupled, semi-coupled or coupled.",
    ),
    "finetune": ("export.training.finetune", "Fine-tune a student with the prompts in the loop."),
    "judge": ("export.training.judge", "Fit how a student judges its own masks, and change nothing else."),
    "scale": ("export.training.scale", "Say what a share of SA-1B costs, from measured rates."),
    "heldout": ("export.data.heldout", "Write the photos that `train` set aside into a shard."),
    "compose": ("export.data.compose", "Write a shard of photos with two objects that touch."),
    "evaluate": (
        "export.evaluation.evaluate",
        "Measure one-click and box mIoU, the click curve, NoC, alignment with a teacher.",
    ),
    "plots": ("export.evaluation.plots", "Draw the figures of one or more evaluations."),
    "sheet": ("export.evaluation.sheet", "Draw a contact sheet of taps and their answers."),
    "everything": ("export.evaluation.everything", "Find all masks of photos, without a prompt."),
    "onnx": ("export.onnx.to_onnx", "Export a checkpoint to ONNX (fp32)."),
    "quantize": ("export.onnx.quantize", "Make the smaller variants: fp16 and int8 weights."),
    "verify": ("export.onnx.verify", "Compare every variant with PyTorch, on photos."),
    "publish": ("export.publish.publish", "Put verified variants into the page's manifest."),
    "bench": ("bench", "Measure the app against the plain recipe, in a browser."),
}


class Steps(click.Group):
    """Loads a step's module when it is asked for, so that `--help` does not wait for torch."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(STEPS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in STEPS:
            return None
        module = STEPS[cmd_name][0]
        command: click.Command = getattr(importlib.import_module(module), module.rpartition(".")[2])
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Steps, in order"):
            formatter.write_dl([(name, text) for name, (_, text) in STEPS.items()])


@click.command(cls=Steps)
def main() -> None:
    """Distil, train, evaluate and export promptable segmentation models for the browser."""


if __name__ == "__main__":
    main(prog_name="python -m export")
