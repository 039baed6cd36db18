"""make mobilesam, make sam-vit-b: from weights to an entry of the page's manifest, or one clear line and nothing changed.

With TAPMASK_DATA set to a folder that contains `reference/`, the weights are its; the sizes are always the real ones, the frame
is smaller.
"""

import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import official
import pytest
import torch
from click.testing import CliRunner

from export.__main__ import main
from export.models.mobile_sam import MobileSam, official_name
from export.models.predictor import OnnxPredictor
from export.publish import manifest as contract
from export.publish.publish import self_test

ROOT = Path(__file__).resolve().parent.parent
REFERENCE = Path(os.environ.get("TAPMASK_DATA", "/nowhere")) / "reference"
MANIFEST = Path("web/public/models/manifest.json")


@pytest.fixture(autouse=True)
def _two_threads():
    torch.set_num_threads(2)


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A folder laid out like the repository, with one photo and the published manifest."""
    monkeypatch.chdir(tmp_path)
    MANIFEST.parent.mkdir(parents=True)
    shutil.copy(ROOT / MANIFEST, MANIFEST)
    samples = Path("web/public/samples")
    samples.mkdir()
    shutil.copy(ROOT / samples / "cat.jpg", samples)
    return tmp_path


@pytest.fixture
def weights(project):
    """A file with all of the official checkpoint's keys and weights that nobody has trained."""
    path = project / "mine.pt"
    if REFERENCE.is_dir():
        spec = importlib.util.spec_from_file_location("fill", REFERENCE / "fill.py")
        fill = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(fill)
        keys = json.loads((REFERENCE / "mobile_sam.keys.json").read_text())
        content = {key: torch.from_numpy(value) for key, value in fill.weights(keys, 1).items()}
    else:
        torch.manual_seed(0)
        content = {official_name(name): value for name, value in MobileSam().state_dict().items()}
    torch.save(content, path)
    return path


def run(command):
    result = CliRunner().invoke(main, command, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_weights_of_one_s_own_become_a_model_of_the_page(project, weights, monkeypatch):
    monkeypatch.setattr("export.models.mobile_sam.INPUT_SIZE", 128)
    told = [run(command) for command in official.commands("mobile_sam", weights, True, None)]
    assert "left at zero" in told[1], "which attention biases count is told when it is exported"
    manifest = contract.read(MANIFEST)
    entry = manifest["models"][-1]
    assert manifest["default"] != entry["id"] == "mobile-sam-custom"
    assert (entry["title"], entry["licence"], entry["input_size"]) == ("MobileSAM (own weights)", "not stated", 128)
    assert list(entry["variants"]) == ["fp16", "int8"]
    assert entry["variants"]["int8"]["wasm"].keys() == {"encoder", "decoder", "self_test"}
    for variant in entry["variants"].values():
        files = [MANIFEST.parent / variant[part]["file"] for part in ("encoder", "decoder")]
        for path, part in zip(files, ("encoder", "decoder"), strict=True):
            assert hashlib.sha256(path.read_bytes()).hexdigest() == variant[part]["sha256"]
        outputs = {tensor["name"]: tensor["shape"] for tensor in variant["encoder"]["outputs"]}
        assert outputs["image_embeddings"] == [1, 256, 8, 8]
        assert outputs.keys() <= {tensor["name"] for tensor in variant["decoder"]["inputs"]}
        answer = self_test(OnnxPredictor(*files))
        assert np.allclose(answer["iou_predictions"], variant["self_test"]["iou_predictions"], atol=0.05)
    assert not list(Path("runs").rglob("*.part"))


def test_the_published_weights_get_the_plain_id():
    fetch, *_, publish = official.commands("mobile_sam", None, False, None)
    assert fetch == ["fetch", "mobile_sam", "--to", "runs/official"]
    assert publish[:6] == ["publish", "runs/mobile-sam", "--id", "mobile-sam", "--title", "MobileSAM"]
    assert publish[-1] == "--no-default"
    onnx, quantize, verify = official.commands("sam_vit_b", None, False, True)[1:4]
    assert onnx[-4:] == ["--attention-biases", "--out", "runs/sam-vit-b/fp32", "--split"]
    assert quantize == ["quantize", "runs/sam-vit-b", "--variant", "int8"]
    assert "--attention-biases" in verify


@pytest.fixture
def clone(tmp_path):
    """A project whose virtual environment is there already, and whose Python only notes what it is asked to do."""
    shutil.copytree(ROOT / "scripts", tmp_path / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "export" / "models").mkdir(parents=True)
    for name in ("export/__init__.py", "export/models/__init__.py", "export/models/registry.py", "Makefile"):
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def steps(clone, *arguments, failing="nothing"):
    """Run the script; returns its status, what it printed and the steps that it took."""
    python = clone / "python"
    python.write_text(
        f'#!/bin/sh\necho "$3" >> steps.log\n[ "$3" != {failing} ] || {{ echo "Error: why" >&2; exit 1; }}\n'
    )
    python.chmod(0o755)
    code = (
        "import pathlib, setup, official; setup.python_packages = lambda extras: None; "
        f"setup.VENV_PYTHON = pathlib.Path({str(python)!r}); official.main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=clone / "scripts", capture_output=True, text=True, timeout=60
    )
    log = clone / "steps.log"
    return done, log.read_text().split() if log.exists() else []


def test_every_step_is_taken_in_order(clone):
    done, taken = steps(clone, "sam_vit_b")
    assert done.returncode == 0, done.stderr
    assert taken == ["fetch", "onnx", "quantize", "verify", "publish"]
    assert done.stdout.endswith("add ?model=sam-vit-b to the address.\n")


@pytest.mark.parametrize(("failing", "taken"), [("fetch", 1), ("verify", 5)])
def test_failing_step_is_the_last_and_prints_its_error(clone, failing, taken):
    done, log = steps(clone, "mobile_sam", failing=failing)
    assert done.returncode == 1
    assert done.stderr == "Error: why\n"
    assert len(log) == taken


def test_without_network_earlier_exports_stay(clone):
    old = clone / "runs" / "mobile-sam" / "fp16" / "encoder.onnx"
    old.parent.mkdir(parents=True)
    old.write_bytes(b"old")
    steps(clone, "mobile_sam", failing="fetch")
    assert old.exists()
    steps(clone, "mobile_sam", failing="onnx")
    assert not old.exists()


def test_a_file_that_is_not_there_is_named(clone):
    done, taken = steps(clone, "mobile_sam", "--from", "absent.pt")
    assert (done.returncode, done.stderr, taken) == (1, "There is no file or folder absent.pt.\n", [])
    done, taken = steps(clone, "mobile_sam", "--any-weights")
    assert done.returncode == 2
    assert "--from FILE" in done.stderr


@pytest.mark.parametrize(
    ("goal", "command"),
    [
        (["mobilesam"], "scripts/official.py mobile_sam"),
        (
            ["sam-vit-b", "FILE=a b.pth", "ANY_WEIGHTS=1"],
            'scripts/official.py sam_vit_b --from "a b.pth" --any-weights',
        ),
    ],
)
def test_make_passes_on_what_it_is_given(goal, command):
    if not shutil.which("make"):
        pytest.skip("there is no make")
    alone = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    done = subprocess.run(["make", "-n", *goal], cwd=ROOT, env=alone, capture_output=True, text=True)
    assert " ".join(done.stdout.replace("\\\n", " ").split()) == f"scripts/python.sh {command}"
