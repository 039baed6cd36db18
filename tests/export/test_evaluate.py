"""The figures of `evaluate`: clicks to a goal, unreadable photos, several processes, the pictures."""

import json
import os
import socket
import subprocess
import sys
from datetime import timedelta

import numpy as np
import onnx
import pytest
import torch
from PIL import Image

from export.data.drawn import scene, write_folder
from export.errors import ExportError
from export.evaluation.evaluate import MAX_CLICKS, Measured, Plan, figures, measure
from export.models import checkpoint as checkpoints
from export.models.predictor import Answer, OnnxPredictor, Photo, Prompt, TorchPredictor
from export.models.promptable import Config, Promptable
from export.training.distributed import gather, setup
from tests.export.conftest import refuse, run

CONFIG = Config("mobilenetv4_conv_small_050", 32, 32, 16, input_size=64)


def student(seed: int = 0) -> Promptable:
    torch.manual_seed(seed)
    return Promptable(CONFIG).eval()


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "student.pt"
    checkpoints.save(path, {"config": CONFIG.as_dict(), "average": student().state_dict()})
    return path


@pytest.fixture(scope="module")
def exported_pair(weights):
    run("onnx", "student", "--checkpoint", weights, "--out", weights.parent / "pair")
    return weights.parent / "pair"


@pytest.fixture
def photos(tmp_path):
    return write_folder(tmp_path / "photos", 4)


class Improving:
    """Answers with the first rows of a full-height target, `rows` more with each click, whatever was clicked."""

    def __init__(self, target: np.ndarray, rows: int) -> None:
        self.target, self.rows, self.asked = target, rows, []

    def answers(self, prompts: list[Prompt], all_candidates: bool = False) -> list[Answer]:
        self.asked += prompts
        masks = []
        for prompt in prompts:
            mask = self.target.copy()
            mask[len(prompt.points) * self.rows :] = False
            masks.append(mask)
        return [Answer(mask[None], 0, (1.0,), np.zeros((4, 4), np.float32)) for mask in masks]


def target(height: int = 100) -> np.ndarray:
    return np.ones((height, 20), bool)


def summary(*masks) -> dict:
    return figures([Measured(0, list(masks))], Plan(open=lambda pixels: Improving(pixels, 1)))


def test_noc_is_the_first_click_that_reaches_the_goal():
    opened = Improving(target(), rows=10)  # 0.1, 0.2, … IoU
    (mask,) = measure(opened, [target()], MAX_CLICKS)
    assert mask.ious == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9])
    found = summary(mask)
    assert (found["noc85"], found["noc90"]) == (9, 9)
    assert (found["failures20"], found["failures20_85"]) == (0, 0)
    assert found["noc90_histogram"][8] == 1
    assert "0.90" in found["noc_rule"]


def test_the_curve_always_has_five_clicks_and_clicking_stops_at_the_goal():
    opened = Improving(target(), rows=95)
    (mask,) = measure(opened, [target()], MAX_CLICKS)
    assert len(mask.ious) == 5
    assert summary(mask)["noc90"] == 1
    assert [len(prompt.points) for prompt in opened.asked] == [1, 2, 3, 4, 5, 0]  # and the box
    assert opened.asked[0].mask is None
    assert all(prompt.mask is not None for prompt in opened.asked[1:5]), "earlier logits are given as mask prompt"


def test_unreached_mask_counts_twenty_clicks_and_a_failure():
    easy, hard = (measure(Improving(target(), rows), [target()], MAX_CLICKS)[0] for rows in (44, 3))
    found = summary(easy, hard)
    assert len(hard.ious) == MAX_CLICKS
    assert (found["noc85"], found["noc90"]) == ((2 + 20) / 2, (3 + 20) / 2)
    assert (found["failures20"], found["failures20_85"], found["masks"]) == (1, 1, 2)


def test_masks_of_one_photo_are_measured_independently():
    pixels, ids = scene(1)
    opened = Photo(TorchPredictor(student()), pixels)
    both = measure(opened, [ids == 1, ids == 2], 6)
    for mask, number in zip(both, (1, 2), strict=True):
        (alone,) = measure(opened, [ids == number], 6)
        assert mask.ious == pytest.approx(alone.ious, abs=0.02)
        assert mask.box == pytest.approx(alone.box, abs=0.02)


def test_ignored_pixels_do_not_count():
    whole, ignore = target(), np.zeros((100, 20), bool)
    ignore[30:] = True
    (mask,) = measure(Improving(whole, rows=10), [whole], MAX_CLICKS, ignore)
    assert mask.ious == pytest.approx([1 / 3, 2 / 3, 1, 1, 1])


def test_figures_carry_noc_sizes_and_rules(weights, photos, tmp_path):
    out = tmp_path / "figures.json"
    printed = run("evaluate", "--checkpoint", weights, "--data", photos, "--limit", 1, "--json", out)
    found = json.loads(out.read_text())["photos"]
    assert {"noc85", "noc90", "failures20", "failures20_85", "click1_miou", "box_miou"} <= set(found)
    assert 1 <= found["noc85"] <= found["noc90"] <= 20
    assert sum(row["masks"] for row in found["by_size"]) == found["masks"] == 2
    for word in ("NoC@90", "farthest", "lone point", "own; logits"):
        assert word in printed, word
    short = tmp_path / "short.json"
    run("evaluate", "--checkpoint", weights, "--data", photos, "--limit", 1, "--no-noc", "--json", short)
    without = json.loads(short.read_text())["photos"]
    assert without["click_miou"] == found["click_miou"]
    assert "noc90" not in without


def test_exported_pair_scores_like_its_checkpoint(weights, exported_pair, photos, tmp_path):
    pair = ("--encoder", exported_pair / "encoder.onnx", "--decoder", exported_pair / "decoder.onnx")
    for name, model in (("onnx", pair), ("torch", ("--checkpoint", weights))):
        run("evaluate", *model, "--data", photos, "--limit", 1, "--no-noc", "--json", tmp_path / f"{name}.json")
    a, b = (json.loads((tmp_path / f"{name}.json").read_text())["photos"] for name in ("onnx", "torch"))
    assert a["click_miou"] == pytest.approx(b["click_miou"], abs=0.02)
    assert a["masks"] == b["masks"]


def test_conflicting_model_options_are_refused(weights, photos, tmp_path):
    data = ("--data", photos)
    assert "one of --manifest" in refuse("evaluate", *data)
    assert "go together" in refuse("evaluate", "--encoder", tmp_path / "e.onnx", *data)
    assert "--variant" in refuse("evaluate", "--checkpoint", weights, "--variant", "fp16", *data)


def test_an_unreadable_photo_is_skipped_counted_and_named(weights, photos, tmp_path):
    (photos / "scene001.webp").write_bytes(b"not an image")
    out = tmp_path / "figures.json"
    printed = run("evaluate", "--checkpoint", weights, "--data", photos, "--no-noc", "--json", out)
    found = json.loads(out.read_text())["photos"]
    assert (found["images"], found["masks"], found["skipped"]) == (3, 6, 1)
    assert "scene001" in found["skipped_photos"][0]
    assert printed.count("Skipped") == 1


def test_unreadable_shard_is_skipped_unless_it_is_the_only_one(weights, photos, tmp_path):
    (tmp_path / "photos-001.tar").write_bytes(b"\x01" * 700)
    both = ("--data", photos, "--data", tmp_path / "photos-001.tar")
    out = tmp_path / "figures.json"
    run("evaluate", "--checkpoint", weights, *both, "--limit", 1, "--no-noc", "--json", out)
    assert "photos-001.tar" in json.loads(out.read_text())["photos"]["skipped_photos"][0]
    for path in photos.glob("*.webp"):
        path.write_bytes(b"")
    assert "can be read" in refuse("evaluate", "--checkpoint", weights, "--data", photos)
    assert "photos-001.tar" in refuse("evaluate", "--checkpoint", weights, "--data", tmp_path / "photos-001.tar")


def test_plots_overlay_several_evaluations(weights, photos, tmp_path):
    options = ("--checkpoint", weights, "--data", photos, "--limit", 1, "--align", weights)
    run("evaluate", *options, "--json", tmp_path / "one.json", "--plots", tmp_path / "one")
    (tmp_path / "two.json").write_bytes((tmp_path / "one.json").read_bytes())
    run("plots", tmp_path / "one.json", tmp_path / "two.json", "--out", tmp_path / "both")
    names = {"clicks.png", "noc.png", "sizes.png", "alignment.png"}
    for folder in ("one", "both"):
        assert {path.name for path in (tmp_path / folder).iterdir()} == names
        for path in (tmp_path / folder).iterdir():
            assert np.asarray(Image.open(path).convert("L")).std() > 5
    (tmp_path / "other.json").write_text('{"models": []}')
    assert "other.json" in refuse("plots", tmp_path / "other.json", "--out", tmp_path / "none")


def test_two_processes_give_the_figures_of_one(weights, photos, tmp_path):
    (photos / "scene002.webp").write_bytes(b"not an image")
    options = ["evaluate", "--checkpoint", str(weights), "--data", str(photos), "--json"]
    run(*options, tmp_path / "alone.json")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    shared = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "OMP_NUM_THREADS": "1"}
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "export", *options, str(tmp_path / "shared.json")],
            env={**os.environ, **shared, "RANK": str(rank), "LOCAL_RANK": str(rank), "CUDA_VISIBLE_DEVICES": ""},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for rank in range(2)
    ]
    printed = [process.communicate(timeout=240)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0], printed
    alone, both = (json.loads((tmp_path / f"{name}.json").read_text())["photos"] for name in ("alone", "shared"))
    assert alone == both
    assert both["skipped"] == 1
    assert "Wrote" in printed[0]
    assert "Wrote" not in printed[1]


def test_one_process_needs_no_group():
    with setup():
        assert gather("alone") == ["alone"]


def test_missing_process_is_named(monkeypatch):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    given = {"RANK": "0", "LOCAL_RANK": "0", "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    with (
        pytest.raises(ExportError, match=r"rank died; run the same command again"),
        setup(timedelta(seconds=1)),
    ):
        pytest.fail("the other process never came")


def test_decoder_with_batch_size_one_answers_many_prompts(tmp_path):
    class One(OnnxPredictor):
        def __init__(self) -> None:
            self._shapes = {"point_coords": [1, "n", 2], "point_labels": [1, "n"]}
            self._shapes |= {"mask_input": [1, 1, 4, 4], "has_mask_input": [1]}

        def _run(self, features, feeds):
            assert {len(value) for value in feeds.values()} == {1}
            value = feeds["point_coords"][:, 0, 0] + feeds["mask_input"].mean((1, 2, 3))
            return np.tile(value[:, None, None, None], (1, 4, 2, 2)), np.tile(value[:, None], (1, 4))

    feeds = {"point_coords": np.arange(12.0).reshape(3, 2, 2), "point_labels": np.ones((3, 2))}
    feeds |= {"mask_input": np.zeros((1, 1, 4, 4)), "has_mask_input": np.zeros(1)}
    assert One().decode_many({}, feeds)[1][:, 0].tolist() == [0, 4, 8]
    feeds["mask_input"] = np.arange(3.0).reshape(3, 1, 1, 1) + np.zeros((3, 1, 4, 4))
    assert One().decode_many({}, feeds)[1][:, 0].tolist() == [0, 5, 10]


def test_a_decoder_of_another_encoder_is_refused(exported_pair, tmp_path):
    graph = onnx.load(exported_pair / "decoder.onnx")
    for value in graph.graph.input:
        value.name = value.name.replace("fine_8", "other")
    for node in graph.graph.node:
        node.input[:] = [name.replace("fine_8", "other") for name in node.input]
    onnx.save(graph, tmp_path / "other.onnx")
    pair = ("--encoder", exported_pair / "encoder.onnx", "--decoder", tmp_path / "other.onnx")
    message = refuse("evaluate", *pair, "--data", tmp_path)
    assert "other.onnx does not go with" in message
    assert "fine_8" in message
