"""Smaller variants: which scale each weight gets, what stays exact, and arithmetic in half precision without overflow."""

import shutil

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from export.data.drawn import write_folder
from export.models.predictor import OnnxPredictor, Photo, Prompt
from export.onnx.half import measure, to_half
from export.onnx.integer import use_integer_products
from export.onnx.quantize import compress
from tests.export.conftest import refuse, run


def product(weight, factor=1.0):
    """A graph of one input (4, n): x @ weight × factor / factor."""
    weight = np.asarray(weight, np.float32)
    shape = [len(weight), 4, weight.shape[-1]] if weight.ndim == 3 else [4, weight.shape[-1]]
    nodes = [
        helper.make_node("MatMul", ["x", "weight"], ["big"], "first"),
        helper.make_node("Mul", ["big", "factor"], ["bigger"], "raise"),
        helper.make_node("Div", ["bigger", "factor"], ["y"], "lower"),
    ]
    graph = helper.make_graph(
        nodes,
        "product",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [4, weight.shape[-2]])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, shape)],
        [numpy_helper.from_array(weight, "weight"), numpy_helper.from_array(np.float32(factor), "factor")],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)


def answer(model, x):
    return ReferenceEvaluator(model).run(None, {"x": x})[0]


@pytest.mark.parametrize("shape", [(32, 16), (4, 32, 16)])
def test_every_output_channel_and_head_has_its_own_scale(shape):
    rng = np.random.default_rng(0)
    weight = rng.standard_normal(shape) * np.logspace(-4, 2, shape[-1])
    if len(shape) == 3:
        weight *= np.logspace(-3, 0, shape[0])[:, None, None]
    model = compress(product(weight), "int8")
    kinds = {tensor.name: tensor.data_type for tensor in model.graph.initializer}
    assert kinds["weight.int8"] == TensorProto.INT8
    x = rng.standard_normal((4, 32)).astype(np.float32)
    expected = x @ weight.astype(np.float32)
    usual = np.linalg.norm(weight, axis=-2, keepdims=True)
    assert (np.abs(answer(model, x) - expected) / usual).max() < 0.03


def test_products_in_8_bits_are_those_in_float_and_take_their_bias_along():
    rng = np.random.default_rng(0)
    weight = (rng.standard_normal((64, 300)) * np.logspace(-3, 1, 300)).astype(np.float32)
    heads = rng.standard_normal((8, 64, 40)).astype(np.float32)
    bias = rng.standard_normal(300).astype(np.float32)
    nodes = [
        helper.make_node("MatMul", ["x", "weight"], ["product"], "first"),
        helper.make_node("Add", ["product", "bias"], ["y"], "shift"),
        helper.make_node("MatMul", ["x", "weight"], ["z"], "second"),
        helper.make_node("MatMul", ["y", "turned"], ["both"], "of two inputs"),
        helper.make_node("Transpose", ["z"], ["turned"], perm=[1, 0]),
        helper.make_node("MatMul", ["x", "heads"], ["h"], "third"),
        helper.make_node("MatMul", ["x", "phases.exact"], ["phases"], "exact"),
    ]
    graph = helper.make_graph(
        nodes[:3] + nodes[4:5] + nodes[3:4] + nodes[5:],
        "products",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [4, 64])],
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
            for name, shape in (
                ("y", [4, 300]),
                ("z", [4, 300]),
                ("both", [4, 4]),
                ("h", [8, 4, 40]),
                ("phases", [4, 300]),
            )
        ],
        [
            numpy_helper.from_array(value, name)
            for name, value in (("weight", weight), ("bias", bias), ("heads", heads), ("phases.exact", weight))
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    integer, count = use_integer_products(model)
    stored = compress(integer, "int8")
    assert count == 3
    kinds = [node.op_type for node in integer.graph.node]
    assert kinds == ["DynamicQuantizeMatMul"] * 2 + ["Transpose", "MatMul", "DynamicQuantizeMatMul", "MatMul"]
    assert {t.name: t.data_type for t in stored.graph.initializer}["weight.scale.exact"] == TensorProto.FLOAT
    x = rng.standard_normal((4, 64)).astype(np.float32)
    session = onnxruntime.InferenceSession(stored.SerializeToString(), providers=["CPUExecutionProvider"])
    y, z, _, h, phases = session.run(None, {"x": x})
    usual = np.linalg.norm(weight, axis=0)
    assert (np.abs(z - x @ weight) / usual).max() < 0.05
    assert (np.abs(y - bias.astype(np.float16) - x @ weight) / usual).max() < 0.05
    assert (np.abs(h - x @ heads) / np.linalg.norm(heads, axis=1, keepdims=True)).max() < 0.05
    assert np.allclose(phases, x @ weight, atol=1e-4)


@pytest.mark.parametrize("variant", ["fp16", "int8"])
def test_position_phases_stay_float32(exported, variant):
    graph = onnx.load(exported / variant / "decoder.onnx").graph
    exact = [tensor for tensor in graph.initializer if tensor.name.endswith(".exact")]
    assert exact
    assert all(tensor.data_type == TensorProto.FLOAT for tensor in exact)


def test_values_beyond_half_precision_stay_float32():
    graph = product(np.eye(16) * 10, factor=1e4)
    x = np.random.default_rng(0).standard_normal((4, 16)).astype(np.float32)
    ranges = measure(graph, [{"x": x}, {"x": 2 * x}])
    name, largest = ranges.largest
    assert name == "raise"
    assert largest == pytest.approx(2e5 * np.abs(x).max(), rel=1e-5)
    assert ranges.near() == ["raise"]
    assert np.abs(answer(to_half(graph, ranges), 2 * x) - 20 * x).max() < 0.05


def test_sums_over_a_mask_are_not_added_in_half_precision():
    """A kernel that adds ones one by one in half precision ends at 2048. The comparison's cast is the graph's own."""
    x = np.ones((1, 64), np.float32)
    nodes = [
        helper.make_node("Add", ["x", "x"], ["twice"], "twice"),
        helper.make_node("Greater", ["twice", "x"], ["truth"], "compare"),
        helper.make_node("Cast", ["truth"], ["inside"], "cast", to=TensorProto.FLOAT),
        helper.make_node("ReduceSum", ["inside"], ["y"], "count", keepdims=0),
    ]
    ends = [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in (("x", x.shape), ("y", []))]
    graph = helper.make_graph(nodes, "count", ends[:1], ends[1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    halved = onnx.shape_inference.infer_shapes(to_half(model, measure(model, [{"x": x}])), strict_mode=True)
    kinds = {value.name: value.type.tensor_type.elem_type for value in halved.graph.value_info}
    reads = {node.name: kinds[node.input[0]] for node in halved.graph.node if node.name in ("compare", "count")}
    assert reads == {"compare": TensorProto.FLOAT16, "count": TensorProto.FLOAT}
    assert answer(halved, x) == 64


@pytest.fixture
def halved(exported, tmp_path):
    """A folder with the fp32 pair and photos, and what `quantize` said when it made fp16 compute in half precision."""
    shutil.copytree(exported / "fp32", tmp_path / "fp32")
    photos = write_folder(tmp_path / "photos", 2)
    options = ("--variant", "fp16", "--arithmetic", "float16", "--photos", photos)
    return tmp_path, run("quantize", tmp_path, *options)


def test_half_precision_arithmetic_answers_nearly_the_same(halved, exported):
    folder, told = halved
    assert "largest |value|" in told
    assert "of 65,504" in told
    a, b = (OnnxPredictor(p / "encoder.onnx", p / "decoder.onnx") for p in (exported / "fp32", folder / "fp16"))
    pixels = np.random.default_rng(0).integers(0, 256, (48, 64, 3)).astype(np.uint8)
    prompt = Prompt(((40, 30),), (1,))
    expected, actual = (Photo(predictor, pixels).answer(prompt)[0] for predictor in (a, b))
    assert 0 < np.abs(expected - actual).max() < 0.02 * max(1, np.abs(expected).max())
    for part in ("encoder", "decoder"):
        graph = onnx.load(folder / "fp16" / f"{part}.onnx").graph
        ends = {v.type.tensor_type.elem_type for v in (*graph.input, *graph.output)}
        assert TensorProto.FLOAT16 not in ends
        products = [n for n in graph.node if n.op_type in ("MatMul", "Conv")]
        halves = {t.name for t in graph.initializer if t.data_type == TensorProto.FLOAT16}
        assert sum(bool(halves & set(n.input)) for n in products) > len(products) / 2


def test_half_precision_arithmetic_is_for_fp16(exported):
    assert "--variant fp16" in refuse("quantize", exported, "--arithmetic", "float16")


def test_integer_arithmetic_is_for_int8(exported):
    assert "--variant int8" in refuse("quantize", exported, "--arithmetic", "int8")


def test_folder_without_a_pair_is_refused(tmp_path):
    assert "export onnx MODEL" in refuse("quantize", tmp_path)
    assert not list(tmp_path.iterdir())
