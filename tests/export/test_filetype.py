"""Files that are not what was asked for are answered with what they are, in one sentence; never with advice to run their code."""

import gzip
import io
import json
import pickle
import zipfile

import numpy as np
import onnx
import pytest
import safetensors.numpy
import torch
from PIL import Image

from export.data.drawn import scene
from export.data.parts import SampleError
from export.data.samples import ShardDataset
from export.errors import ExportError
from export.filetype import told
from export.models.checkpoint import load
from export.models.onnx_file import load_graph, open_session


def zipped(name: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, b"content")
    return buffer.getvalue()


def saved(content: object, **options) -> bytes:
    buffer = io.BytesIO()
    torch.save(content, buffer, **options)
    return buffer.getvalue()


def picture() -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(scene(0)[0]).save(buffer, "PNG")
    return buffer.getvalue()


STRANGERS = {
    "empty": (b"", "empty"),
    "HTML": (b"\n<!DOCTYPE html>\n<html><body>404</body></html>", "web page"),
    "XHTML": (b"\xef\xbb\xbf<HTML lang=en>", "web page"),
    "LFS": (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 40\n", "git lfs pull"),
    "text": (b"404: Not Found", "text file"),
    "JSON": (json.dumps({"error": "gone"}).encode(), "JSON"),
    "safetensors": (safetensors.numpy.save({"a": np.zeros(9, np.float32)}), "safetensors"),
    "other ZIP": (zipped("readme.txt"), "ZIP"),
    "cut ZIP": (saved({"a": torch.zeros(999)})[:2000], "cut short"),
    "gzip": (gzip.compress(b"content"), "gzip"),
}
BINARIES = {
    "picture": (picture(), "a picture"),
    "noise": (bytes(range(256)) * 9, "damaged"),
    "zeros": (bytes(4000), "damaged"),
}
CODE = {
    "a whole model": (saved(torch.nn.Linear(2, 2)), "Python code"),
    "a whole model, legacy": (saved(torch.nn.Linear(2, 2), _use_new_zipfile_serialization=False), "Python code"),
    "a pickle": (pickle.dumps({"a": [1]}), "Python"),
}


def sentence(error: pytest.ExceptionInfo[ExportError], path) -> str:
    """The message, which must name the file in one line, without PyTorch's advice."""
    message = error.value.message
    assert str(path) in message
    assert "\n" not in message
    assert "weights_only" not in message
    assert "trust" not in message
    return message


@pytest.mark.parametrize("kind", {**STRANGERS, **BINARIES, **CODE})
def test_a_checkpoint_that_is_none(kind, tmp_path):
    content, words = {**STRANGERS, **BINARIES, **CODE}[kind]
    path = tmp_path / "model.pt"
    path.write_bytes(content)
    with pytest.raises(ExportError) as error:
        load(path)
    assert words in sentence(error, path)


def test_an_onnx_file_is_no_checkpoint(tmp_path):
    graph = onnx.helper.make_graph([onnx.helper.make_node("Relu", ["x"], ["y"])], "g", [], [])
    path = tmp_path / "model.pt"
    onnx.save(onnx.helper.make_model(graph), path)
    with pytest.raises(ExportError, match="it is an ONNX graph"):
        load(path)


@pytest.mark.parametrize("kind", {**STRANGERS, **BINARIES})
def test_an_onnx_file_that_is_none(kind, tmp_path):
    content, words = {**STRANGERS, **BINARIES}[kind]
    path = tmp_path / "encoder.onnx"
    path.write_bytes(content)
    for opened in (open_session, load_graph):
        with pytest.raises(ExportError) as error:
            opened(path)
        assert words in sentence(error, path)


def test_a_checkpoint_is_no_onnx_file(tmp_path):
    path = tmp_path / "encoder.onnx"
    path.write_bytes(saved({"a": torch.zeros(3)}))
    with pytest.raises(ExportError, match="it is a PyTorch checkpoint"):
        open_session(path)


@pytest.mark.parametrize("kind", STRANGERS)
def test_a_shard_that_is_none(kind, tmp_path):
    content, words = STRANGERS[kind]
    path = tmp_path / "data-000.tar"
    path.write_bytes(content)
    with pytest.raises(SampleError) as error:
        ShardDataset([path])
    assert words in sentence(error, path)


def test_a_folder_is_no_file(tmp_path):
    for opened in (load, open_session, load_graph):
        with pytest.raises(ExportError, match="is a folder"):
            opened(tmp_path)


def test_what_is_asked_for_is_no_stranger(tmp_path):
    path = tmp_path / "model.pt"
    for options in ({}, {"_use_new_zipfile_serialization": False}):
        path.write_bytes(saved({"a": torch.zeros(3)}, **options))
        assert told(path) is None
        assert load(path)["a"].tolist() == [0, 0, 0]
