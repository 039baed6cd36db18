"""FastSAM's graph, decoded and prompted: a graph made by hand, whose three masks are known."""

import json

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from export.data.drawn import write_folder
from export.evaluation.clicks import iou
from export.evaluation.fastsam import FastSam
from export.models.predictor import Prompt
from tests.export.conftest import refuse, run

SIZE = 64
COEFFICIENTS = 32


def graph(path, photo_share=1.0):
    """Prototype 0: the left half; 1: the right half; 2: everything. Rows: centre, size, score, coefficients."""
    prototypes = np.zeros((1, COEFFICIENTS, SIZE // 4, SIZE // 4), np.float32)
    prototypes[0, 0, :, :8] = 8
    prototypes[0, 0, :, 8:] = -8
    prototypes[0, 1] = -prototypes[0, 0]
    prototypes[0, 2] = 8
    rows = [
        ((16, 32, 32, 64), 0.7, 0),  # left half
        ((48, 32, 32, 64), 0.9, 1),  # right half
        ((16, 32, 31, 63), 0.6, 0),  # the left half once more: dropped by NMS
        ((32, 32, 64, 64), 0.5, 2),  # everything
        ((48, 32, 16, 16), 0.8, 2),  # a small square, by its box alone
        ((32, 32, 20, 20), 0.1, 2),  # too unsure
    ]
    table = np.zeros((1, 4 + 1 + COEFFICIENTS, len(rows)), np.float32)
    for i, (box, score, prototype) in enumerate(rows):
        table[0, :4, i], table[0, 4, i], table[0, 5 + prototype, i] = box, score, 1
    image = helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, SIZE, SIZE])
    outputs = [
        helper.make_tensor_value_info("output0", TensorProto.FLOAT, list(table.shape)),
        helper.make_tensor_value_info("output1", TensorProto.FLOAT, list(prototypes.shape)),
    ]
    nodes = [  # the input takes part, so that it is not optimised away
        helper.make_node("ReduceMean", ["images"], ["mean"], keepdims=0),
        helper.make_node("Mul", ["mean", "zero"], ["nothing"]),
        helper.make_node("Add", ["table", "nothing"], ["output0"]),
        helper.make_node("Add", ["prototypes", "nothing"], ["output1"]),
    ]
    constants = {"table": table, "prototypes": prototypes, "zero": np.float32(0)}
    initial = [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()]
    made = helper.make_graph(nodes, "fastsam", [image], outputs, initial)
    onnx.save(helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


@pytest.fixture
def opened(tmp_path):
    """The answers on a wide photo, 128 × 64: it fills the middle half of the frame, bars above and below."""
    return FastSam(graph(tmp_path / "fastsam.onnx")).open(np.zeros((64, 128, 3), np.uint8))


def half(left: bool) -> np.ndarray:
    mask = np.zeros((64, 128), bool)
    mask[:, :64] = left
    mask[:, 64:] = not left
    return mask


def square() -> np.ndarray:
    mask = np.zeros((64, 128), bool)  # centre (48, 32) in the frame: (96, 32) in the photo, 16 → 32 pixels
    mask[16:48, 80:112] = True
    return mask


def test_duplicates_and_unsure_masks_are_dropped(opened):
    assert opened.scores.tolist() == pytest.approx([0.9, 0.8, 0.7, 0.5])


def test_a_point_takes_the_most_confident_mask_that_holds_it(opened):
    (answer,) = opened.answers([Prompt(((20, 30),), (1,))], all_candidates=True)
    assert iou(answer.mask, half(left=True)) > 0.97
    assert answer.predicted == pytest.approx((0.7, 0.5)), "the left half, then everything"


def test_a_background_point_excludes_what_holds_it(opened):
    at_square = Prompt(((96, 32), (120, 60)), (1, 0))
    (answer,) = opened.answers([at_square])
    assert iou(answer.mask, square()) > 0.97, "the right half is surer, but holds the background point"


def test_points_in_both_halves_take_everything(opened):
    (answer,) = opened.answers([Prompt(((20, 30), (120, 60)), (1, 1))])
    assert answer.mask.all()


def test_a_box_takes_the_mask_that_fits_it(opened):
    boxes = [(80, 16, 111, 47), (0, 0, 62, 63), (0, 0, 127, 63)]
    small, left, whole = opened.answers([Prompt(box=box) for box in boxes])
    assert iou(small.mask, square()) > 0.97
    assert iou(left.mask, half(left=True)) > 0.97
    assert whole.mask.all()


def test_a_prompt_that_nothing_fits_has_an_empty_answer(tmp_path):
    found = FastSam(graph(tmp_path / "fastsam.onnx")).open(np.zeros((64, 128, 3), np.uint8))
    empty = type(found)(found.boxes[:0], found.scores[:0], found.logits[:0], found.frame, found.size, found.input_size)
    for prompt in (Prompt(((1, 1),), (1,)), Prompt(box=(1, 1, 5, 5))):
        (answer,) = empty.answers([prompt])
        assert answer.mask.shape == (64, 128)
        assert not answer.mask.any()


def test_evaluate_measures_it_and_says_how_it_chose(tmp_path):
    photos = write_folder(tmp_path / "photos", 2)
    out = tmp_path / "figures.json"
    run("evaluate", "--fastsam", graph(tmp_path / "fastsam.onnx"), "--data", photos, "--json", out)
    found = json.loads(out.read_text())["photos"]
    assert found["masks"] == 4
    assert 0 < found["click1_miou"] < 1
    assert "most confident" in found["choice"]
    assert "noc90" in found


def test_another_graph_is_refused(tmp_path):
    value = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3])
    other = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 3])
    made = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "other", [value], [other])
    onnx.save(helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), tmp_path / "o.onnx")
    assert "not FastSAM" in refuse("evaluate", "--fastsam", tmp_path / "o.onnx", "--data", tmp_path)
    (tmp_path / "bad.onnx").write_bytes(b"no graph")
    assert "bad.onnx" in refuse("evaluate", "--fastsam", tmp_path / "bad.onnx", "--data", tmp_path)
    assert "none.onnx" in refuse("evaluate", "--fastsam", tmp_path / "none.onnx", "--data", tmp_path)
    options = ("--data", tmp_path, "--everything")
    assert "alone" in refuse("evaluate", "--fastsam", graph(tmp_path / "fastsam.onnx"), *options)
