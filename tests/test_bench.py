"""The bench: its plain graphs are segment-anything's, its table tells the truth, and it runs in a browser."""

import json
import os
import shutil
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import onnxruntime
import pytest
import torch
from segment_anything.utils.onnx import SamOnnxModel

from bench import browser, report, site
from export.data.drawn import scene
from export.models.encoder import normalise
from export.models.mobile_sam import MobileSam
from export.onnx.graphs import write
from export.onnx.stock import plain_encoder, stock_decoder

SIZE = 256  # of the model frame: what is tested does not depend on it
MODELS = site.ROOT / "web" / "public" / "models" / "manifest.json"


@pytest.fixture(scope="module")
def model():
    torch.set_num_threads(2)
    torch.manual_seed(0)
    model = MobileSam().eval()
    model.set_input_size(SIZE)
    return model


def session(graph, path):
    return onnxruntime.InferenceSession(write(graph, path), providers=["CPUExecutionProvider"])


@pytest.mark.parametrize("single", [False, True])
def test_the_stock_decoder_answers_as_segment_anything_at_any_photo_size(model, tmp_path, single):
    decoder = session(stock_decoder(model, single), tmp_path / "decoder.onnx")
    assert [i.name for i in decoder.get_inputs()] == [
        "image_embeddings", "point_coords", "point_labels", "mask_input", "has_mask_input", "orig_im_size",
    ]  # fmt: skip
    assert [o.name for o in decoder.get_outputs()] == ["masks", "iou_predictions", "low_res_masks"]
    parts = {"mask_decoder": model.mask_decoder, "prompt_encoder": model.prompt_encoder, "mask_threshold": 0.0}
    official = SamOnnxModel(SimpleNamespace(**parts, image_encoder=SimpleNamespace(img_size=SIZE)), single)
    for height, width, points in ((171, 256, 2), (500, 300, 3), (90, 333, 1)):
        feeds = {
            "image_embeddings": torch.randn(1, 256, SIZE // 16, SIZE // 16),
            "point_coords": torch.rand(1, points, 2) * SIZE,
            "point_labels": torch.tensor([[1.0] * (points - 1) + [-1.0]]),
            "mask_input": torch.randn(1, 1, SIZE // 4, SIZE // 4),
            "has_mask_input": torch.tensor([float(points == 3)]),
            "orig_im_size": torch.tensor([height, width], dtype=torch.float32),
        }
        actual = decoder.run(None, {name: value.numpy() for name, value in feeds.items()})
        assert actual[0].shape == (1, 1 if single else 4, height, width)
        for expected, answer in zip(official(*feeds.values()), actual, strict=True):
            assert np.abs(expected.numpy() - answer).max() < 1e-4


@torch.no_grad()
def test_the_plain_encoder_takes_normalised_floats(model, tmp_path):
    pixels, _ = scene(1, SIZE, 180)
    image = torch.from_numpy(pixels).permute(2, 0, 1)[None].float()
    encoder = session(plain_encoder(model), tmp_path / "encoder.onnx")
    padded = torch.nn.functional.pad(normalise(image), (0, 0, 0, SIZE - 180)).numpy()
    (actual,) = encoder.run(None, {"image": padded})
    assert np.abs(actual - model.encode(image)["image_embeddings"].numpy()).max() < 1e-3


@pytest.mark.parametrize("instant", [None, "tapmask-tiny"])
def test_the_instant_model_is_measured_where_there_is_one(tmp_path, instant):
    source = tmp_path / "models"
    source.mkdir()
    manifest = json.loads(MODELS.read_text())
    for model in manifest["models"]:
        for variant in model["variants"].values():
            for part in ("encoder", "decoder"):
                (source / variant[part]["file"]).write_bytes(b"a model")
    manifest |= {"default": "mobile-sam"} | ({"instant": instant} if instant else {})
    (source / "manifest.json").write_text(json.dumps(manifest))
    assert site.add_default(tmp_path, source)["id"] == "mobile-sam"
    assert site.add_instant(tmp_path, source) == bool(instant)
    if instant:
        listed = json.loads((tmp_path / "instant" / "manifest.json").read_text())
        assert [listed["default"], [model["id"] for model in listed["models"]]] == [instant, [instant]]


def visit(encode, tap, **taps):
    answers = {"stock": [tap] * 9 + [2 * tap], **{mode: [ms] for mode, ms in taps.items()}}
    return browser.Visit({"browser": "1.2", "model": "m fp16"}, 900.0, 300.0, 500.0, [encode] * 2, 100.0, answers,
                         {mode: [ms + 5 for ms in times] for mode, times in answers.items()}, 7_100_000, 12_345)  # fmt: skip


def test_report_compares_every_budget_by_its_ratio():
    rounds = [
        {"default": visit(100, 20), "mobile_sam": visit(500, 90), "plain": visit(e, 200, single=80, rebuild=300)}
        for e in (1000, 900)
    ]
    machine = report.Machine("A processor", 2, "1.2", "1.30.0")
    file = {"bytes": 2_500_000}
    model = {"id": "tiny", "input_size": 320, "variants": {"fp16": {"encoder": file, "decoder": file}}}
    text = report.markdown(rounds, machine, model, "make bench")
    assert "| Further photos, median | 100 ms | 500 ms | 950 ms |" in text
    assert "| Page opened, photo read, first mask, nothing cached | 1.5 s | 1.5 s | 1.5 s |" in text
    assert "| Encoder against the plain recipe's | 1/9.5 | 1/9.0 … 1/10.0 | ≤ 1/6 | met |" in text
    assert "| Encoder against MobileSAM's in Tapmask | 1/5.0 | 1/5.0 … 1/5.0 | ≤ 1/6 | **missed** |" in text
    assert "| Decoder against the stock one | 1/10.0 | 1/10.0 … 1/10.0 | ≤ 1/5 | met |" in text
    assert "returns a single mask | 1/4.0 | 1/4.0 … 1/4.0 | ≤ 1/5 | **missed** |" in text
    assert "| Model files of the default variant | 5.00 MB | | ≤ 10 MB | met |" in text
    assert "encodes at every tap: 1150 ms" in text
    alone = report.markdown([{"default": visit(100, 20)}], machine, model, "make bench")
    assert "Encoder against" not in alone
    assert "| Tap answered by the decoder, p95 | 31 ms |" in alone


def test_the_plot_is_a_picture(tmp_path):
    rounds = [{"default": visit(100, 20), "plain": visit(1000, 200, single=80, rebuild=300)}]
    report.plot(rounds, tmp_path / "docs" / "bench.png")
    assert (tmp_path / "docs" / "bench.png").read_bytes().startswith(b"\x89PNG")


def test_the_meter_counts_bodies_and_closes_them():
    closed = []

    class Body(list):
        def close(self):
            closed.append(True)

    meter = browser.Meter(lambda environ, start: Body([b"abc", b"de"]))
    for _ in range(2):
        assert b"".join(meter({}, None)) == b"abcde"
    assert meter.total == 10
    assert len(closed) == 2


def run(*arguments):
    command = [sys.executable, "-m", "export", "bench", *map(str, arguments)]
    return subprocess.run(command, cwd=site.ROOT, capture_output=True, text=True, check=False, timeout=300)


def test_browser_that_does_not_start_prints_one_line(tmp_path, monkeypatch):
    if not (MODELS.exists() and shutil.which("node") and (site.ROOT / "node_modules").is_dir()):
        pytest.skip("needs a published model and the npm packages")
    monkeypatch.setenv("TAPMASK_CHROMIUM", str(tmp_path / "no-such-browser"))
    done = run("--quick", "--work", tmp_path / "work", "--out", tmp_path / "out.md")
    assert done.returncode == 1
    assert "TAPMASK_CHROMIUM" in done.stderr
    assert not (tmp_path / "out.md").exists()


def test_a_quick_run_measures_the_default_model_in_a_browser(tmp_path):
    if not (MODELS.exists() and shutil.which("node") and (site.ROOT / "node_modules").is_dir()):
        pytest.skip("needs a published model and the npm packages")
    done = run("--quick", "--work", tmp_path / "work", "--out", tmp_path / "out.md")
    if "Chromium did not start" in done.stderr and not os.environ.get("TAPMASK_CHROMIUM"):
        pytest.skip("needs a Chromium")
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "out.md").read_text()
    assert "| Tap answered by the decoder, p50 |" in text
    (visits,) = json.loads((tmp_path / "work" / "results.json").read_text())
    measured = visits["default"]
    assert measured["runs"]["threads"] == browser.THREADS
    assert measured["encodes"][0] > 0
    assert len(measured["answers"]["stock"]) == 3
    model = json.loads((tmp_path / "work" / "site" / "default" / "manifest.json").read_text())["models"][0]
    (variant,) = model["variants"].values()
    size = variant["encoder"]["bytes"] + variant["decoder"]["bytes"]
    assert measured["first_bytes"] > size > measured["again_bytes"], "the second visit fetches no model"
