"""What `npm pack` packs, used as strangers use it: from a static folder, through a bundler, and by the TypeScript compiler."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect

import server
from tests.e2e.app import PATIENCE, App
from tests.e2e.conftest import Visits
from tests.e2e.expected import Expected, iou
from tests.e2e.models import FINEST
from tests.e2e.serving import Site, serve
from tests.e2e.truth import ROOT, SAMPLES

pytestmark = pytest.mark.real_model(FINEST)

EXAMPLE = ROOT / "examples" / "engine" / "index.html"
PLACE = "package/web/package/dist"
ISOLATION = {name: value for name, value in server.HEADERS.items() if name.startswith("Cross-Origin-")}
PHOTO = SAMPLES / "coffee.jpg"
CUP = (290, 60)
SAME_ANSWER = 0.97
CONSUMER = """
import { contour, EngineError, sampleMask, Segmenter, type EncodedImage, type Provider, type Segmentation } from "tapmask";
import { maskBounds, type Rect } from "tapmask/mask";

export async function cut(photo: ImageBitmap, signal: AbortSignal): Promise<Uint8Array> {
  const providers: Provider[] = ["wasm"];
  const segmenter: Segmenter = await Segmenter.load("models/manifest.json", { providers, signal });
  const image: EncodedImage = await segmenter.encode(photo, { transfer: true });
  const answer: Segmentation = await image.segment({ points: [{ x: 1, y: 2, label: 1 }] }, { kind: "hover" });
  const grid = answer.masks[answer.best]!;
  const bounds: Rect | null = maskBounds(grid, image, segmenter.info.model.input_size);
  if (!bounds) throw new EngineError("bad-input", `${contour(grid, image, 256).length} outlines`);
  // @ts-expect-error: a label is 0 or 1
  void image.segment({ points: [{ x: 1, y: 2, label: 7 }] });
  // @ts-expect-error: there is no such provider
  void Segmenter.load("models/manifest.json", { providers: ["cpu"] });
  return sampleMask(grid, image, segmenter.info.model.input_size);
}
"""


def run(*command: str | Path, cwd: Path) -> str:
    """What a program says; it must succeed."""
    done = subprocess.run([str(part) for part in command], cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


def node(tool: str, *arguments: str | Path, cwd: Path) -> str:
    """A command-line tool of the repository's node_modules."""
    return run(shutil.which("node") or "node", ROOT / "node_modules" / tool, *arguments, cwd=cwd)


@pytest.fixture(scope="module")
def static(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the example page, and beside it what was packed."""
    folder = tmp_path_factory.mktemp("static")
    run(shutil.which("npm") or "npm", "pack", "--pack-destination", folder, cwd=ROOT)
    [packed] = folder.glob("*.tgz")
    with tarfile.open(packed) as archive:
        archive.extractall(folder, filter="data")
    packed.unlink()
    shutil.copy(EXAMPLE, folder)
    return folder


@pytest.fixture(scope="module")
def consumer(static: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of its own that has the package installed, and the model in its public folder."""
    folder = tmp_path_factory.mktemp("consumer")
    (folder / "node_modules").mkdir()
    shutil.copytree(static / "package", folder / "node_modules" / "tapmask")
    shutil.copytree(static / PLACE / "models", folder / "public" / "models")
    (folder / "package.json").write_text('{ "type": "module" }')
    page = EXAMPLE.read_text().replace(f"./{PLACE}/index.js", "tapmask").replace(f"{PLACE}/models", "models")
    head, _, rest = page.partition('<script type="module">')
    code, _, foot = rest.partition("</script>")
    (folder / "index.html").write_text(f'{head}<script type="module" src="./main.js"></script>{foot}')
    (folder / "main.js").write_text(code)
    return folder


@pytest.fixture(scope="module")
def bundled(consumer: Path) -> Path:
    """That project, built by Vite with nothing configured."""
    node("vite/bin/vite.js", "build", "--target", "es2022", cwd=consumer)
    return consumer / "dist"


@pytest.fixture(params=[{}, ISOLATION], ids=["plain", "isolated"])
def headers(request: pytest.FixtureRequest) -> dict[str, str]:
    return dict(request.param)


@pytest.fixture(params=["static", "bundled"])
def example(request: pytest.FixtureRequest, headers: dict[str, str]) -> Iterator[Site]:
    """The example page on a host that does or does not isolate it."""
    site = serve(headers, request.getfixturevalue(request.param))
    yield site
    site.stop()


def tapped(app: App) -> np.ndarray:
    """The mask that the example page shows after a tap on the cup: (height, width) bool."""
    page = app.page
    app.complaints.allow("favicon")  # the example has none, and browsers ask
    page.goto(app.url)
    expect(page.get_by_label("Photo")).to_be_enabled(timeout=PATIENCE)
    page.get_by_label("Photo").set_input_files(PHOTO)
    page.wait_for_function("() => document.querySelector('canvas').onclick", timeout=PATIENCE)
    page.locator("canvas").click(position={"x": CUP[0] + 0.5, "y": CUP[1] + 0.5})
    faded = """() => {
      const { width, height } = document.querySelector('canvas');
      const { data } = document.querySelector('canvas').getContext('2d').getImageData(0, 0, width, height);
      const alphas = Array.from({ length: width * height }, (_, i) => data[4 * i + 3]);
      return alphas.some((alpha) => alpha < 255) && { width, height, alphas };
    }"""
    shown = page.wait_for_function(faded, timeout=PATIENCE).json_value()
    return np.array(shown["alphas"]).reshape(shown["height"], shown["width"]) == 255


def test_a_tap_on_the_example_page_finds_what_python_finds(
    visit: Visits, example: Site, headers: dict[str, str], expected: Expected
) -> None:
    app = visit(url=example.url)
    mask = tapped(app)
    assert app.page.evaluate("crossOriginIsolated") == bool(headers)
    assert iou(mask, expected.read(PHOTO).tap(*CUP)) >= SAME_ANSWER


def test_isolation_brings_threads_to_the_package_too(visit: Visits, static: Path) -> None:
    site = serve(ISOLATION, static)
    app = visit(url=site.url)
    app.complaints.allow("favicon")
    app.page.goto(f"{site.url}{PLACE}/models/manifest.schema.json")  # a page of that origin that does nothing itself
    load = """(place) => import(`/${place}/index.js`)
      .then(({ Segmenter }) => Segmenter.load(`/${place}/models/manifest.json`, { providers: ['wasm-threads'] }))
      .then(({ info }) => info.provider)"""
    try:
        assert app.page.evaluate(load, PLACE) == "wasm-threads"
    finally:
        site.stop()


@pytest.mark.parametrize(("module", "resolution"), [("ESNext", "bundler"), ("NodeNext", "NodeNext")])
def test_its_types_compile_in_a_strict_project(consumer: Path, module: str, resolution: str) -> None:
    (consumer / "consumer.ts").write_text(CONSUMER)
    lib = ["ES2022", "DOM", "DOM.Iterable"]
    options = {
        "module": module,
        "moduleResolution": resolution,
        "lib": lib,
        "types": [],
        "strict": True,
        "noEmit": True,
    }
    (consumer / "tsconfig.json").write_text(json.dumps({"compilerOptions": options, "files": ["consumer.ts"]}))
    node("typescript/bin/tsc", "-p", ".", cwd=consumer)


def test_the_mask_functions_run_in_node(consumer: Path) -> None:
    code = """import { sampleMask } from "tapmask/mask";
    const logits = Float32Array.of(1, -1, 1, -1);
    console.log(sampleMask({ logits, size: 2 }, { width: 4, height: 2 }, 8).join(""));"""
    node_path = shutil.which("node") or "node"
    assert run(node_path, "--input-type=module", "--eval", code, cwd=consumer) == "11001100\n"


def test_it_brings_all_it_needs_and_nothing_else(static: Path) -> None:
    package = json.loads((static / "package" / "package.json").read_text())
    assert not package.get("dependencies"), "what the package needs is bundled: list it under devDependencies"
    assert package["private"], "nobody publishes it by accident"
    top = {path.name for path in (static / PLACE).iterdir()}
    assert {"index.js", "mask.js", "worker.js", "licences.md", "models", "types"} <= top
    files = {path.relative_to(static / "package") for path in (static / "package").rglob("*") if path.is_file()}
    outside = {str(path) for path in files if not path.is_relative_to("web/package/dist")}
    assert outside == {"package.json", "README.md", "LICENSE"}
    manifest = json.loads((static / PLACE / "models" / "manifest.json").read_text())
    assert {model["id"] for model in manifest["models"]} == {
        manifest["default"],
        manifest.get("instant", manifest["default"]),
    }
    text = "".join(path.read_text() for path in (static / PLACE).glob("*.js"))
    assert os.fspath(ROOT) not in text, "no paths of the machine that built it"
