"""The exported graphs: every form of the decoder says what PyTorch says, for any number of prompts and any photo's shape."""

import errno
from functools import cache
from types import SimpleNamespace

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from segment_anything.utils.onnx import SamOnnxModel

from export import files
from export.data.drawn import scene
from export.errors import ExportError
from export.models.mobile_sam import MobileSam
from export.models.promptable import Config, Promptable
from export.onnx.folded import FoldedDecoder, PhotoMaps
from export.onnx.graphs import data_of, weight_bytes, write
from export.onnx.stock import stock_decoder
from export.onnx.to_onnx import EncoderGraph, copy_of, encoder_graph, export_pair, prepare
from export.onnx.unpadded import UnpaddedEncoder
from tests.export.conftest import refuse


def shaken(model):
    """The model with no weight left at its start value, so that a term that is dropped shows."""
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim < 2 or parameter.std() == 0:
                parameter += torch.randn_like(parameter) / 10
    return model.eval()


def as_exported(model):
    """A copy with the tanh form of GELU, as a student's graphs have it; an official model as it is."""
    if not isinstance(model, Promptable):
        return model
    model = copy_of(model)
    for module in model.modules():
        if isinstance(module, torch.nn.GELU):
            module.approximate = "tanh"
    return model


@pytest.fixture(scope="module")
def student():
    torch.manual_seed(0)
    return shaken(Promptable(Config("mobilenetv4_conv_small_050", dim=32, fine_8=16, fine_4=8, input_size=64)))


@pytest.fixture(scope="module")
def mobile_sam():
    torch.manual_seed(0)
    model = MobileSam()
    model.set_input_size(128)
    return shaken(model)


@pytest.fixture(params=["student", "mobile_sam"])
def model(request):
    return request.getfixturevalue(request.param)


def test_equal_tables_are_stored_once(pair_of):
    stored = onnx.load(pair_of("mobile_sam", True)[1]).graph.initializer
    tables = [(tuple(t.dims), t.raw_data) for t in stored if t.data_type == onnx.TensorProto.INT64]
    assert len(tables) == len(set(tables))
    assert any(dims == (196, 196) for dims, _ in tables), "of the attention biases of a 14 × 14 window"


def prompts(model, count, points, masks, has):
    size = model.input_size
    given = torch.full((masks,), float(has))
    given[1:2] = 0
    return (
        torch.rand(count, points, 2) * size,
        torch.randint(-1, 4, (count, points)).float(),
        5 * torch.randn(masks, 1, size // 4, size // 4),
        given,
    )


PROMPTS = [(1, 1, 1, 0), (1, 2, 1, 1), (1, 9, 1, 0), (3, 4, 1, 0), (3, 4, 1, 1), (3, 2, 3, 1)]


@pytest.mark.parametrize("split", [False, True])
@torch.no_grad()
def test_the_folded_decoder_computes_the_same(model, split):
    size = model.input_size
    maps = model.encode(torch.rand(1, 3, size * 3 // 4, size) * 255)
    folded = FoldedDecoder(model, split)
    given = PhotoMaps(model)(maps) if split else maps
    for shape in PROMPTS:
        feeds = prompts(model, *shape)
        for expected, actual in zip(model.decode(maps, *feeds), folded(given, *feeds), strict=True):
            assert torch.allclose(expected, actual, rtol=1e-4, atol=1e-5), shape


def session(path):
    return onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])


@pytest.fixture(scope="module")
def pair_of(student, mobile_sam, tmp_path_factory):
    """Exports a model in a form, once: (model, encoder file, decoder file)."""

    @cache
    def made(name, split):
        model = {"student": student, "mobile_sam": mobile_sam}[name]
        return (model, *export_pair(model, tmp_path_factory.mktemp("pair"), split=split))

    return made


FORMS = [("student", False), ("student", True), ("mobile_sam", True)]


@pytest.mark.parametrize("form", FORMS)
@torch.no_grad()
def test_a_pair_answers_many_prompts_at_once_as_pytorch_does(pair_of, form):
    model, *files = pair_of(*form)
    encoder, decoder = map(session, files)
    model, size = as_exported(model), model.input_size
    for width, height in ((size, size * 3 // 4), (size * 2 // 3, size), (size, size)):
        pixels, _ = scene(1, width, height)
        names = [output.name for output in encoder.get_outputs()]
        maps = dict(zip(names, encoder.run(names, {"image": pixels[None]}), strict=True))
        own = model.encode(torch.from_numpy(pixels).permute(2, 0, 1)[None].float())
        for shape in PROMPTS:
            feeds = prompts(model, *shape)
            inputs = ("point_coords", "point_labels", "mask_input", "has_mask_input")
            named = {name: value.numpy() for name, value in zip(inputs, feeds, strict=True)}
            actual = decoder.run(["low_res_masks", "iou_predictions"], {**maps, **named})
            for expected, answer in zip(model.decode(own, *feeds), actual, strict=True):
                assert answer.shape == expected.shape
                assert np.abs(answer - expected.numpy()).max() < 1e-3 * max(1, expected.abs().max()), shape


@pytest.mark.parametrize("form", FORMS)
def test_decoder_has_no_shape_arithmetic(pair_of, form):
    kinds = [node.op_type for node in onnx.load(pair_of(*form)[2]).graph.node]
    assert not {"Shape", "Expand", "ConstantOfShape", "Erf", "ConvTranspose"} & set(kinds)
    assert len(kinds) < 230  # 350 as the packages' own operations


def test_split_encoder_outputs_are_the_split_decoder_inputs(pair_of):
    encoder, decoder = (onnx.load(file) for file in pair_of("mobile_sam", True)[1:])
    maps = ["image_embeddings", "photo_keys", "photo_values", "photo_queries"]
    assert [output.name for output in encoder.graph.output] == maps
    assert [i.name for i in decoder.graph.input][:4] == maps


@torch.no_grad()
def test_stock_answers_as_segment_anything_at_any_photo_size(mobile_sam, tmp_path):
    size = mobile_sam.input_size
    decoder = session(write(stock_decoder(prepare(mobile_sam), single=False, folded=True), tmp_path / "decoder.onnx"))
    names = [*("image_embeddings", "point_coords", "point_labels", "mask_input", "has_mask_input"), "orig_im_size"]
    assert [i.name for i in decoder.get_inputs()] == names
    assert [o.name for o in decoder.get_outputs()] == ["masks", "iou_predictions", "low_res_masks"]
    parts = {
        "mask_decoder": mobile_sam.mask_decoder,
        "prompt_encoder": mobile_sam.prompt_encoder,
        "mask_threshold": 0.0,
    }
    official = SamOnnxModel(SimpleNamespace(**parts, image_encoder=SimpleNamespace(img_size=size)), False)
    for height, width, points in ((171, 256, 2), (500, 300, 3), (90, 333, 1)):
        feeds = [torch.randn(1, 256, size // 16, size // 16), *prompts(mobile_sam, 1, points, 1, points == 3)]
        feeds.append(torch.tensor([height, width], dtype=torch.float32))
        actual = decoder.run(None, {name: value.numpy() for name, value in zip(names, feeds, strict=True)})
        assert actual[0].shape == (1, 4, height, width)
        for expected, answer in zip(official(*feeds), actual, strict=True):
            assert np.abs(expected.numpy() - answer).max() < 1e-3 * max(1, expected.abs().max())


def test_unsupported_stock_and_split_models_are_refused(checkpoint, tmp_path):
    options = ("--checkpoint", checkpoint, "--out", tmp_path / "out")
    assert "--stock" in refuse("onnx", "student", *options, "--stock", "--split")
    assert "finer maps" in refuse("onnx", "student", *options, "--stock")
    assert "mobile_sam" in refuse("onnx", "mobile_sam", *options)
    assert not list((tmp_path).rglob("*.onnx"))


@torch.no_grad()
def hold_unpadded_against_padded(model, path):
    """The unpadded encoder, written to `path`: as PyTorch for any shape, and as the padded one for a square."""
    model = as_exported(model)
    size = model.input_size
    module = EncoderGraph(prepare(model), unpadded=True)
    encoder = session(write(encoder_graph(prepare(model), unpadded=True), path))
    for height, width in ((size, size), (size * 2 // 3, size), (size, size // 2 + 1), (17, size)):
        image = torch.randint(0, 256, (1, height, width, 3), dtype=torch.uint8)
        padded = model.encode(image.permute(0, 3, 1, 2).float())
        maps = module.maps(image)
        for expected, actual in zip(maps.values(), encoder.run(None, {"image": image.numpy()}), strict=True):
            assert actual.shape == expected.shape
            assert np.abs(expected.numpy() - actual).max() < 1e-3
        for key, expected in padded.items():
            assert maps[key].shape == expected.shape
            if height == width:
                assert torch.allclose(maps[key], expected, atol=1e-4)


def test_an_unpadded_encoder_is_the_padded_one_for_a_square_and_takes_any_shape(student, tmp_path):
    hold_unpadded_against_padded(student, tmp_path / "encoder.onnx")


def test_unpadded_encoder_runs_on_fewer_pixels(mobile_sam):
    model = prepare(mobile_sam)
    seen = []
    module = UnpaddedEncoder(model)
    module.encoder.register_forward_pre_hook(lambda _, inputs: seen.append(tuple(inputs[0].shape[-2:])))
    with torch.no_grad():
        module(torch.zeros(1, 3, 40, 128))
    assert seen == [(96, 128)]


@pytest.fixture(scope="module")
def graph(pair_of):
    return onnx.load(pair_of("student", False)[2])


def test_large_graph_stores_its_weights_in_a_second_file(graph, tmp_path):
    feeds = {
        i.name: np.ones([d if isinstance(d, int) else 1 for d in i.shape], np.float32)
        for i in session(write(graph, tmp_path / "whole.onnx")).get_inputs()
    }
    expected = session(tmp_path / "whole.onnx").run(None, feeds)
    large = onnx.ModelProto.FromString(graph.SerializeToString())
    path = write(large, tmp_path / "large.onnx", largest=weight_bytes(graph) - 1)
    assert path.stat().st_size < data_of(path).stat().st_size
    for a, b in zip(expected, session(path).run(None, feeds), strict=True):
        assert (a == b).all()
    write(graph, path)
    assert not data_of(path).exists(), "a smaller graph needs no file beside it"
    assert {p.name for p in tmp_path.iterdir()} == {"whole.onnx", "large.onnx"}


@pytest.mark.parametrize("largest", [0, 2_000_000_000])
def test_full_disk_keeps_the_old_graph(graph, tmp_path, monkeypatch, largest):
    path = tmp_path / "decoder.onnx"
    path.write_bytes(b"old")

    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files.os, "replace", full)
    copied = onnx.ModelProto.FromString(graph.SerializeToString())
    with pytest.raises(ExportError, match=r"No room for .*decoder\.onnx"):
        write(copied, path, largest)
    assert [p.name for p in tmp_path.iterdir()] == ["decoder.onnx"]
    assert path.read_bytes() == b"old"
