"""Two processes do what one does: the same cache, the same student; and when one dies, the other says so."""

import os
import socket
import subprocess
import sys

import torch

from export.data.embeddings import Embeddings
from export.models import checkpoint as checkpoints
from tests.export.conftest import run

PATIENCE = 180  # seconds, for a machine that does other things too
DYING = """
import os, export.training.trainer as trainer
step, calls = trainer.Trainer.step, []
def dying(self, batch):
    calls.append(1)
    if os.environ["RANK"] == "1" and len(calls) == 3:
        os._exit(9)
    return step(self, batch)
trainer.Trainer.step = dying
"""


def together(commands: list[list[str]], before: str = "") -> list[tuple[int, str]]:
    """Run `python -m export` commands, one after the other, in two processes at once, as torchrun would start them."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    calls = [
        f"main({command!r}, standalone_mode={number + 1 == len(commands)})" for number, command in enumerate(commands)
    ]
    script = "\n".join([before, "from export.__main__ import main", *calls])
    common = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "OMP_NUM_THREADS": "1"}
    started = [
        subprocess.Popen(
            [sys.executable, "-c", script],
            env={**os.environ, **common, "RANK": str(rank), "LOCAL_RANK": str(rank)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for rank in range(2)
    ]
    return [(process.wait(), words) for process in started for words in [process.communicate(timeout=PATIENCE)[0]]]


def commands(scenes, teacher, out):
    cache = ["cache", "--data", scenes, "--teacher", teacher, "--out", out / "cache", "--shard", 3, "--workers", 0]
    distill = ["distill", "--data", scenes, "--teacher", teacher, "--cache", out / "cache", "--out", out / "run",
               "--backbone", "lcnet_050", "--workers", 0, "--holdout", 2, "--batch", 4, "--samples", 16, "--rate", 1e-4,
               "--mode", "coupled", "--freeze-batchnorm", "--device", "cpu"]  # fmt: skip
    return [[str(word) for word in command] for command in (cache, distill)]


def test_two_processes_give_the_cache_and_the_student_of_one(scenes, checkpoint, tmp_path):
    for status, words in together(commands(scenes, checkpoint, tmp_path / "two")):
        assert status == 0, words
    torch.set_num_threads(1)
    for command in commands(scenes, checkpoint, tmp_path / "one"):
        run(*command)
    one, two = (Embeddings(tmp_path / name / "cache") for name in ("one", "two"))
    assert list(one.rows()) == list(two.rows())
    for row in one.rows():
        assert all(
            torch.allclose(one.read(*row)[m].float(), two.read(*row)[m].float(), atol=2e-3) for m in one.meta.maps
        )
    a, b = (checkpoints.load(tmp_path / name / "run" / "checkpoint.pt") for name in ("one", "two"))
    assert a["seen"] == b["seen"] == 16
    for part in ("model", "average"):
        for name, value in a[part].items():
            assert torch.allclose(value.float(), b[part][name].float(), atol=5e-5), name


def test_dead_process_ends_the_others_with_an_error_and_the_run_resumes(scenes, checkpoint, tmp_path):
    cache, distill = commands(scenes, checkpoint, tmp_path)
    run(*cache)
    (first, words), (second, _) = together([[*distill, "--save-minutes", "0"]], DYING)
    assert (first, second) == (1, 9)
    assert "rank died; run the same command again: it resumes" in words
    assert "at 8 of 16" in run(*distill)
    assert checkpoints.load(tmp_path / "run" / "checkpoint.pt")["seen"] == 16
