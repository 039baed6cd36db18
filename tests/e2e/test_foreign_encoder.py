"""A real encoder in the form that other exporters give it: the page feeds it what it wants and gets the same masks."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, compose, helper, numpy_helper
from playwright.sync_api import expect

from export.models.encoder import MEAN, STD
from tests.e2e.app import PATIENCE, App
from tests.e2e.expected import iou
from tests.e2e.models import TINY
from tests.e2e.test_models import TAP, leave, settings

pytestmark = pytest.mark.real_model(TINY)


def like_segment_anything(encoder: Path, path: Path) -> Path:
    """The encoder as other exporters write it: normalised planes on a square, in the place of our bytes."""
    model = onnx.load(encoder)
    side = TINY.entry["input_size"]
    mean = np.array(MEAN, np.float32).reshape(1, 3, 1, 1)
    deviation = np.array(STD, np.float32).reshape(1, 3, 1, 1)
    nodes = [
        helper.make_node("Mul", ["planes", "deviation"], ["scaled"]),
        helper.make_node("Add", ["scaled", "mean"], ["values"]),
        helper.make_node("Round", ["values"], ["rounded"]),
        helper.make_node("Cast", ["rounded"], ["bytes"], to=TensorProto.UINT8),
        helper.make_node("Transpose", ["bytes"], ["rgb"], perm=[0, 2, 3, 1]),
    ]
    before = helper.make_graph(
        nodes,
        "planes",
        [helper.make_tensor_value_info("planes", TensorProto.FLOAT, [1, 3, side, side])],
        [helper.make_tensor_value_info("rgb", TensorProto.UINT8, [1, side, side, 3])],
        [numpy_helper.from_array(mean, "mean"), numpy_helper.from_array(deviation, "deviation")],
    )
    first = helper.make_model(before, opset_imports=model.opset_import, ir_version=model.ir_version)
    onnx.save(compose.merge_models(first, model, io_map=[("rgb", "image")]), path)
    return path


def test_an_encoder_as_segment_anything_exports_it_answers_the_same(app: App, tmp_path: Path) -> None:
    app.open().choose_sample("coffee").tap(*TAP)
    before = app.is_answered().mask()
    encoder, decoder = TINY.paths()
    files = [like_segment_anything(encoder, tmp_path / "vit_encoder.onnx"), decoder]
    settings(app)["own-files"].set_input_files(files)
    expect(app["models"].get_by_role("radio", name=re.compile("^vit_encoder"))).to_be_checked(timeout=PATIENCE)
    leave(app)
    assert iou(app.is_answered().mask(), before) > 0.98
