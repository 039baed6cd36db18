"""`make mobilesam`, `make sam-vit-b`: an official model, from its published weights to the page.

    scripts/python.sh scripts/official.py mobile_sam|sam_vit_b [--from PATH [--any-weights]] [--[no-]attention-biases]

Fetch, onnx, quantize, verify, publish; the first step that fails has named its reason and ends it, and the page offers what
it offered before. Runs on the bare Python of the machine, so: standard library only.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import setup

sys.path.append(str(setup.ROOT))


@dataclass(frozen=True)
class Page:
    """Under which id the page offers a model, and in which variants; the first is the default one."""

    id: str
    variants: tuple[str, ...]
    arithmetic: str = "float32"  # of int8


PAGES = {
    "mobile_sam": Page("mobile-sam", ("fp16", "int8"), arithmetic="int8"),
    "sam_vit_b": Page("sam-vit-b", ("int8",)),  # fp16 would be 190 MB to download before the first tap
}


def commands(name: str, source: Path | None, any_weights: bool, biases: bool | None) -> list[list[str]]:
    """What `python -m export` is asked for, in order. Weights of one's own get an id and a folder of their own."""
    from export.models.registry import OFFICIAL  # standard library only, like this file

    official, page = OFFICIAL[name], PAGES[name]
    model_id = f"{page.id}-custom" if any_weights else page.id
    title = f"{official.title} (own weights)" if any_weights else official.title
    licence = "not stated" if any_weights else official.licence
    folder = Path("runs") / model_id
    weights = folder / "weights" if any_weights else Path("runs/official")  # where `fetch` puts it when left alone
    variants = [word for variant in page.variants for word in ("--variant", variant)]
    given = ["--from", str(source.resolve())] if source else []
    own = ["--any-weights"] if any_weights else []
    model = ["--checkpoint", str(weights / official.file)]
    if biases is not None:
        model.append("--attention-biases" if biases else "--no-attention-biases")
    story = ["--id", model_id, "--title", title, "--source", official.source, "--licence", licence]
    return [
        ["fetch", name, "--to", str(weights), *given, *own],
        ["onnx", name, *model, "--out", str(folder / "fp32"), "--split"],
        ["quantize", str(folder), *variants],
        *(
            [["quantize", str(folder), "--variant", "int8", "--arithmetic", "int8"]]
            if page.arithmetic == "int8"
            else []
        ),
        ["verify", str(folder), "--model", name, *model],
        ["publish", str(folder), *story, *variants, "--no-default"],
    ]


def step(command: list[str]) -> None:
    """Run one step, or end with its status: it has said what was wrong."""
    setup.say(" ".join(command[:2]))
    done = subprocess.run([str(setup.VENV_PYTHON), "-m", "export", *command], cwd=setup.ROOT, check=False)
    if done.returncode:
        sys.exit(done.returncode)


def main() -> None:
    """Set up the export tools, then every step."""
    parser = argparse.ArgumentParser(description="Put an official model into the page.")
    parser.add_argument("name", choices=PAGES)
    parser.add_argument("--from", dest="source", type=Path, metavar="PATH", help="weights that are here already")
    parser.add_argument("--any-weights", action="store_true", help="they are your own, for this model")
    parser.add_argument("--attention-biases", action=argparse.BooleanOptionalAction, help="MobileSAM only")
    options = parser.parse_args()
    if options.any_weights and not options.source:
        parser.error("--any-weights is for a file of your own: give it with --from FILE.")
    if options.source and not options.source.exists():
        sys.exit(f"There is no file or folder {options.source}.")
    setup.python_packages(("export",))
    fetch, *rest = commands(options.name, options.source, options.any_weights, options.attention_biases)
    step(fetch)
    for old in ("fp32", *PAGES[options.name].variants):
        shutil.rmtree(setup.ROOT / rest[1][1] / old, ignore_errors=True)  # of other weights, they would fail
    for command in rest:
        step(command)
    setup.say(f"The page offers it: make demo, then add ?model={rest[-1][3]} to the address.")


if __name__ == "__main__":
    main()
