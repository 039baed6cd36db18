"""One tiny model, trained a few steps on synthetic scenes, exported once for all tests of the pipeline."""

from pathlib import Path

import pytest
import torch
from click.testing import CliRunner

from export.__main__ import main
from export.data.drawn import write_folder

TINY = ["--backbone", "mobilenetv4_conv_small_050", "--dim", "32", "--input-size", "64", "--batch", "4"]
QUICK = ["--workers", "0", "--holdout", "2", "--device", "cpu", "--warmup-photos", "8", "--memory", "20"]


def run(*arguments: object) -> str:
    """Run `python -m export …` in this process; returns what it printed, fails with it."""
    result = CliRunner().invoke(main, [str(a) for a in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def refuse(*arguments: object) -> str:
    """Run a command that must end with a clear word; returns it."""
    result = CliRunner().invoke(main, [str(a) for a in arguments], catch_exceptions=False)
    assert result.exit_code != 0, result.output
    return result.output


@pytest.fixture(autouse=True)
def _one_thread():
    torch.set_num_threads(1)  # models this small only wait for a second one


@pytest.fixture(scope="session")
def scenes(tmp_path_factory) -> Path:
    return write_folder(tmp_path_factory.mktemp("scenes"), 14)


@pytest.fixture(scope="session")
def checkpoint(scenes, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("run")
    run("train", "--data", scenes, "--out", out, *TINY, *QUICK, "--samples", 16, "--measure-every", 8)
    return out / "checkpoint.pt"


@pytest.fixture(scope="session")
def exported(checkpoint, tmp_path_factory) -> Path:
    """A folder with fp32, fp16 and int8 pairs; copy it before changing anything."""
    folder = tmp_path_factory.mktemp("exported")
    run("onnx", "student", "--checkpoint", checkpoint, "--out", folder / "fp32")
    run("quantize", folder)
    return folder
