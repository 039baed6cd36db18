"""Winograd's convolutions compute what ONNX's own do; where the map has no whole tiles or few channels, nothing changes."""

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from export.onnx.quantize import compress
from export.onnx.winograd import use_winograd

CHANNELS = 96


def convolution(height=12, width=20, group=1, stride=1, side=3, outputs=64, inputs=CHANNELS, bias=True):
    rng = np.random.default_rng(0)
    weights = rng.standard_normal((outputs, inputs // group, side, side)).astype(np.float32) / inputs**0.5
    tensors = {"w": weights, **({"b": rng.standard_normal(outputs).astype(np.float32)} if bias else {})}
    node = helper.make_node(
        "Conv", ["x", *tensors], ["y"], "conv", group=group, strides=[stride] * 2, pads=[side // 2] * 4
    )
    graph = helper.make_graph(
        [node], "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, inputs, height, width])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(value, name) for name, value in tensors.items()],
    )  # fmt: skip
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)


def answer(model, height=12, width=20, inputs=CHANNELS):
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    x = np.random.default_rng(1).standard_normal((1, inputs, height, width)).astype(np.float32)
    return session.run(None, {"x": x})[0]


@pytest.mark.parametrize("bias", [True, False])
def test_it_computes_what_the_convolution_computes(bias):
    expected = answer(convolution(bias=bias))
    model = use_winograd(convolution(bias=bias))
    assert not [node for node in model.graph.node if node.op_type == "Conv"]
    actual = answer(model)
    assert actual.shape == expected.shape
    assert np.abs(actual - expected).max() < 1e-4


OTHERS = [
    {"height": 14},
    {"stride": 2},
    {"group": 2},
    {"side": 1},
    {"outputs": 32},
    {"inputs": 32},
]


@pytest.mark.parametrize("change", OTHERS, ids=lambda change: next(iter(change)))
def test_other_convolutions_stay_as_they_are(change):
    before = convolution(**change)
    model = use_winograd(convolution(**change))
    assert model.SerializeToString() == before.SerializeToString()


def test_int8_keeps_the_convolution_s_weights_and_their_scales():
    plain, tiled = (compress(model, "int8") for model in (convolution(), use_winograd(convolution())))
    stored = [{t.name: numpy_helper.to_array(t) for t in model.graph.initializer} for model in (plain, tiled)]
    assert (stored[0]["w.int8"] == stored[1]["w.int8"]).all()
    assert (stored[0]["w.scale"] == stored[1]["w.scale"]).all()
    assert len(tiled.SerializeToString()) < len(plain.SerializeToString()) + 20_000
    assert np.abs(answer(plain) - answer(tiled)).max() < 1e-4


def test_a_graph_with_them_is_valid():
    model = use_winograd(convolution())
    sides = [1, 64, 12, 20]
    model.graph.output[0].CopyFrom(helper.make_tensor_value_info("y", TensorProto.FLOAT, sides))
    onnx.checker.check_model(model, full_check=True)
