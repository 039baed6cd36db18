"""`edges`: its pictures are what they say, and the page's soft edges fit them better than hard ones."""

import json
import tarfile

import numpy as np
import pytest
from click.testing import CliRunner

from bench import edges
from bench.composites import Composite
from export.__main__ import main
from export.data.shards import add_sample


@pytest.fixture
def shard(tmp_path):
    rng = np.random.default_rng(5)
    y, x = np.mgrid[:120, :160]
    path = tmp_path / "photos.tar"
    with tarfile.open(path, "w") as tar:
        for number in range(4):
            photo = np.kron(rng.integers(0, 256, (12, 16, 3), np.uint8), np.ones((10, 10, 1), np.uint8))
            disc = (np.hypot(x - 80, y - 60) < 35 + number).astype(np.uint8)
            add_sample(tar, f"photo-{number}", photo, [disc])
    return path


def test_what_is_right_has_no_error():
    alpha = np.zeros((40, 60), np.float32)
    alpha[:, 20:30] = np.linspace(0, 1, 10)
    alpha[:, 30:] = 1
    colour = np.full((40, 60, 3), (200, 30, 40), np.float32)
    truth = Composite("one", "drawn", alpha, colour, colour.astype(np.uint8))
    right = np.dstack([colour.astype(np.uint8), np.round(alpha * 255).astype(np.uint8)])
    assert max(edges.compare(right, truth).values()) < 1
    hard = right.copy()
    hard[..., 3] = np.where(alpha > 0.5, 255, 0)
    figures = edges.compare(hard, truth)
    assert figures["sad"] == pytest.approx(np.abs((alpha > 0.5) - alpha).sum() / 1000, abs=1e-3)
    assert figures["black"] > 10


def test_soft_edges_fit_better_than_hard_ones(shard, tmp_path, monkeypatch):
    monkeypatch.setattr(edges, "SIZE", (400, 300))
    out = tmp_path / "figures.json"
    run = CliRunner().invoke(main, ["edges", "--data", str(shard), "--count", "1", "--grid", "64", "--out", str(out)])
    assert run.exit_code == 0, run.output
    assert "| hair | soft |" in run.output
    mse = {way: figures["all"]["mse"] for way, figures in json.loads(out.read_text()).items()}
    assert mse["soft"] < 0.8 * mse["hard"]
