"""The whole way, from photos to a manifest that the page can load, in one script.

    .venv/bin/python scripts/pipeline.py --out runs/pipeline

By default it draws a few dozen scenes and runs at a toy size, in a few minutes on a CPU: what it shows is the order of the
steps, not a good model. With --data DATA --held HELD, --input-size 256 and larger counts it is the real thing. Every step is a
command, `python -m export STEP …`; run again, long ones resume.
"""

from pathlib import Path

import click

from export.__main__ import main as export
from export.data.drawn import write_folder

ROOT = Path(__file__).resolve().parent.parent
TEACHER = 5  # times the photos that the student's stages see


def step(name: str, *arguments: object) -> None:
    """Run one step in this process, and show its command."""
    words = [name, *map(str, arguments)]
    click.echo(f"\n$ python -m export {' '.join(words)}")
    export(words, prog_name="python -m export", standalone_mode=False)


@click.command(help=__doc__)
@click.option("--data", multiple=True, help="Photos with masks to train on (default: drawn ones).")
@click.option("--held", multiple=True, help="Photos with masks to measure on.")
@click.option("--out", type=click.Path(path_type=Path), default=Path("runs/pipeline"), show_default=True)
@click.option(
    "--teacher", type=click.Path(path_type=Path), help="A checkpoint; without one, a small teacher is trained."
)
@click.option("--backbone", default="mobilenetv4_conv_small_050", show_default=True, help="The student's.")
@click.option("--input-size", default=64, show_default=True)
@click.option(
    "--samples", default=320, show_default=True, help="Photos a stage sees; the teacher sees five times as many."
)
@click.option("--variant", "variants", multiple=True, default=("fp16", "int8"), show_default=True)
@click.option("--photos", default="", help="Photos that `verify` compares on (default: those of --held).")
def main(data, held, out, teacher, backbone, input_size, samples, variants, photos) -> None:  # type: ignore[no-untyped-def]
    """Photos → teacher → cache → student → fine-tuned → measured → ONNX → quantised → verified → published."""
    if not data:
        data = [write_folder(out / "photos", 32)]
        held = [write_folder(out / "held", 6, first=32)]
    sources = [word for source in data for word in ("--data", source)]
    held_out = [word for source in held for word in ("--data", source)]
    usual = ["--workers", 0, "--holdout", 4, "--measure-every", samples]
    distilled = [*usual, "--samples", samples]
    if teacher is None:
        small = ["--backbone", "mobilenetv4_conv_small_050", "--dim", 32, "--input-size", input_size, "--batch", 8]
        step(
            "train",
            *sources,
            "--out",
            out / "teacher",
            *small,
            *usual,
            "--warmup-photos",
            samples // 4,
            "--samples",
            TEACHER * samples,
        )
        teacher = out / "teacher" / "checkpoint.pt"
    taught = ["--teacher", teacher, "--cache", out / "cache"]
    step("cache", *sources, "--teacher", teacher, "--out", out / "cache", "--workers", 0, "--input-size", input_size)
    step("cache", "--check", "--out", out / "cache")
    step("distill", *sources, *taught, "--out", out / "distilled", "--backbone", backbone, *distilled,
         "--input-size", input_size)  # fmt: skip
    student = out / "distilled" / "checkpoint.pt"
    step("finetune", *sources, *taught, "--student", student, "--out", out / "student", *distilled)
    student = out / "student" / "checkpoint.pt"
    model, chosen = out / "onnx", [word for variant in variants for word in ("--variant", variant)]
    step("onnx", "student", "--checkpoint", student, "--out", model / "fp32")
    step("quantize", model, *chosen)
    step("verify", model, "--checkpoint", student, "--photos", photos or held[0])
    for variant in variants:
        pair = ["--encoder", model / variant / "encoder.onnx", "--decoder", model / variant / "decoder.onnx"]
        step("evaluate", *pair, *held_out, "--align", teacher, "--no-noc", "--json", model / f"{variant}.evaluate.json")
    card = out / "model-card.md"
    card.write_text(
        "# A student\n\nMade by `scripts/pipeline.py`.\n\n<!-- figures -->\n<!-- /figures -->\n", encoding="utf-8"
    )
    step(
        "publish", model, "--id", "student", "--title", "A student", *chosen, "--to", out / "published", "--card", card
    )
    click.echo(
        f"\nDone: {out / 'published' / 'manifest.json'}. Put its folder where the page looks: web/public/models."
    )


if __name__ == "__main__":
    main()
