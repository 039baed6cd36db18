"""MobileSAM: the official checkpoint's keys fit, and the numbers are the official model's.

With TAPMASK_DATA set to a folder that contains `reference/`, the answers are held against the official model's own.
"""

import hashlib
import importlib.util
import json
import os
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner

from export.cli.onnx import onnx_command
from export.data.drawn import scene
from export.errors import ExportError
from export.models.checkpoint import load_model
from export.models.mobile_sam import MobileSam, official_name, our_name
from export.models.predictor import OnnxPredictor, Photo, Prompt, TorchPredictor
from export.onnx.to_onnx import export_pair

REFERENCE = Path(os.environ.get("TAPMASK_DATA", "/nowhere")) / "reference"
# Of the official checkpoint's 439 lines "<key> <shape>", sorted.
OFFICIAL_KEYS = "02a1bb2d36347185fea99978181d1cb8a58a5cda5baa2ab2ebb524c5c898d2f8"
HEAD = {
    "image_encoder.norm_head.weight": [320],
    "image_encoder.norm_head.bias": [320],
    "image_encoder.head.weight": [1000, 320],
    "image_encoder.head.bias": [1000],
}
POINTS = ([(512, 300), (100, 600)], [1, 0])
BOX = ([(200, 100), (800, 500)], [2, 3])
PROMPTS = {  # a prompt without a box ends with a padding point
    "points": ([*POINTS[0], (0, 0)], [*POINTS[1], -1]),
    "box": BOX,
    "points_box": (POINTS[0] + BOX[0], POINTS[1] + BOX[1]),
}


@pytest.fixture(scope="module", autouse=True)
def _two_threads():
    torch.set_num_threads(2)


@pytest.fixture
def model():
    torch.manual_seed(0)
    return MobileSam().eval()


@pytest.fixture
def official():
    """Weights of another model, under the official names, with all that the official checkpoint has besides."""
    torch.manual_seed(1)
    weights = {official_name(name): torch.randn_like(v.float()) for name, v in MobileSam().state_dict().items()}
    weights |= {key: torch.zeros(shape) for key, shape in HEAD.items()}
    return weights | {"image_encoder.layers.1.blocks.0.attn.attention_bias_idxs": torch.zeros(49, 49)}


def test_the_architecture_has_exactly_the_official_keys_and_shapes(model):
    shapes = {official_name(name): list(value.shape) for name, value in model.state_dict().items()} | HEAD
    assert len(shapes) == 439
    assert (
        hashlib.sha256("\n".join(f"{k} {v}" for k, v in sorted(shapes.items())).encode()).hexdigest() == OFFICIAL_KEYS
    )
    assert (
        sum(p.numel() for p in model.image_encoder.parameters()) == 5_743_892
    )  # as in the paper, less the unused head
    assert all(our_name(official_name(name)) == name for name in model.state_dict())


def test_official_weights_arrive_where_they_belong(model, official):
    model.load_official(official)
    loaded = model.state_dict()
    for name, value in loaded.items():
        if not name.endswith("num_batches_tracked"):
            assert torch.equal(value, official[official_name(name)]), name
    assert torch.equal(
        loaded["image_encoder.body.stages.3.downsample.conv2.conv.weight"],
        official["image_encoder.layers.2.downsample.conv2.c.weight"],
    )


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda w: w.pop("mask_decoder.iou_token.weight"), "missing: mask_decoder.iou_token.weight"),
        (lambda w: w.pop("image_encoder.layers.0.downsample.conv1.c.weight"), "missing: image_encoder.layers.0.downs"),
        (lambda w: w.update(surplus=torch.zeros(1)), "unexpected: surplus"),
        (
            lambda w: w.update({"image_encoder.neck.0.weight": torch.zeros(2, 3)}),
            r"neck.0.weight is \(2, 3\), not \(256",
        ),
        (lambda w: [w.pop(k) for k in list(w) if k.startswith("prompt_encoder.mask_down")], "and 5 more"),
    ],
)
def test_other_weights_are_refused_by_name_and_change_nothing(model, official, change, complaint):
    before = {name: value.clone() for name, value in model.state_dict().items()}
    change(official)
    with pytest.raises(ValueError, match=complaint):
        model.load_official(official)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


@torch.no_grad()
def test_attention_biases_count_by_the_distance_in_the_window_even_after_an_earlier_run(model, official):
    attention = model.image_encoder.body.stages[1].blocks[0].attn
    tokens = torch.randn(2, 49, 128)
    attention(tokens)  # timm keeps the gathered biases; new weights must not meet the old ones
    model.load_official(official)
    qkv = attention.qkv(attention.norm(tokens)).view(2, 49, 4, 96)
    q, k, v = (part.transpose(1, 2) for part in qkv.split(32, dim=3))
    y, x = np.divmod(np.arange(49), 7)
    distance = np.abs(y[:, None] - y) * 7 + np.abs(x[:, None] - x)
    weight = (q @ k.transpose(-2, -1) / 32**0.5 + attention.attention_biases[:, distance]).softmax(-1)
    expected = attention.proj((weight @ v).transpose(1, 2).reshape(2, 49, 128))
    assert (attention(tokens) - expected).abs().max() < 1e-4 * expected.abs().max()
    model.load_official(official, attention_biases=False)
    assert not attention.attention_biases.any()
    assert (attention(tokens) - expected).abs().max() > 1e-2 * expected.abs().max()


def test_it_exports_like_any_promptable_model(model, tmp_path):
    model.set_input_size(256)
    pixels, _ = scene(1, 200, 150)
    a, b = (Photo(p, pixels) for p in (TorchPredictor(model), OnnxPredictor(*export_pair(model, tmp_path))))
    assert list(a.features) == ["image_embeddings"]
    for prompt in (Prompt(((40, 60),), (1,)), Prompt(box=(20, 30, 90, 100))):
        for expected, actual in zip(a.answer(prompt), b.answer(prompt), strict=True):
            assert np.abs(expected - actual).max() < 1e-3


@pytest.fixture(scope="module")
def reference():
    """The picture (H, W, 3) and the weights, by their official names, that the golden answers belong to."""
    if not REFERENCE.is_dir():
        pytest.skip("TAPMASK_DATA names no folder that contains reference/")
    spec = importlib.util.spec_from_file_location("fill", REFERENCE / "fill.py")
    fill = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(fill)
    keys = json.loads((REFERENCE / "mobile_sam.keys.json").read_text())
    weights = {key: torch.from_numpy(value) for key, value in fill.weights(keys, 1).items()}
    return fill.picture(1, 683, 1024), weights


def hold_against_golden(predictor, picture):
    """Embedding within 1e-3, logits within 1e-2, predicted IoU within 1e-3, for every prompt of the reference."""
    features = predictor.encode(picture)
    with np.load(REFERENCE / "mobile_sam.golden.npz") as golden:
        assert np.abs(features["image_embeddings"][0, :, ::8, ::8] - golden["embedding"]).max() < 1e-3
        for name, (coords, labels) in PROMPTS.items():
            feeds = {"point_coords": np.array([coords], np.float32), "point_labels": np.array([labels], np.float32)}
            feeds |= {"mask_input": np.zeros((1, 1, 256, 256), np.float32), "has_mask_input": np.zeros(1, np.float32)}
            logits, ious = predictor.decode(features, feeds)
            for kind, tokens in (("multi", slice(1, 4)), ("single", slice(0, 1))):
                assert np.abs(logits[tokens, ::4, ::4] - golden[f"{name}_{kind}_low"]).max() < 1e-2, (name, kind)
                assert np.abs(ious[tokens] - golden[f"{name}_{kind}_iou"][0]).max() < 1e-3, (name, kind)


def test_it_answers_as_the_official_model(model, reference):
    picture, weights = reference
    # The golden answers come from a model that was built, and so put in eval mode, before its weights were loaded.
    model.load_official(weights, attention_biases=False)
    hold_against_golden(TorchPredictor(model), picture)


@pytest.mark.parametrize("form", [[], ["--split"]])
def test_its_export_answers_as_the_official_model(reference, tmp_path, form):
    picture, weights = reference
    checkpoint = tmp_path / "mobile_sam.pt"
    torch.save(weights, checkpoint)
    arguments = ["mobile_sam", "--checkpoint", str(checkpoint), "--out", str(tmp_path), *form]
    result = CliRunner().invoke(onnx_command, arguments)
    assert result.exit_code == 0, result.output
    hold_against_golden(OnnxPredictor(tmp_path / "encoder.onnx", tmp_path / "decoder.onnx"), picture)


def test_the_official_file_takes_the_place_of_a_checkpoint(official, tmp_path):
    path = tmp_path / "mobile_sam.pt"
    torch.save(official, path)
    loaded = load_model(path)
    assert isinstance(loaded, MobileSam)
    neck = official["image_encoder.neck.0.weight"]
    assert torch.equal(loaded.image_encoder.neck[0].weight, neck)


def test_another_model_s_file_is_named_with_the_remedy(official, tmp_path):
    path = tmp_path / "mobile_sam.pt"
    torch.save({key: value for key, value in official.items() if "neck" not in key}, path)
    with pytest.raises(ExportError, match=r"mobile_sam\.pt.*missing: image_encoder\.neck.*40,728,226 bytes"):
        load_model(path)
