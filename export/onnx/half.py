"""Half-precision arithmetic: the library's converter, the operations that stay float32, and an overflow check.

float32 stay: LayerNormalization, softmax and GELU (sums and exponentials, of which fp16 kernels are known to lose digits), sums
over a mask (added one by one in half precision, ones end at 2048), the positions (sines of phases up to a hundred), inputs and
outputs, and every node whose values come near the end of the range on the photos it was measured on. onnxruntime on a CPU computes
fp16 nodes by casting, so `verify` sees the rounding of what is stored between nodes, not of sums inside a GPU's kernel: the app's
self-test is what decides there.
"""

import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper
from onnxruntime.transformers.float16 import DEFAULT_OP_BLOCK_LIST, convert_float_to_float16
from onnxruntime.transformers.onnx_model import OnnxModel

from export.models.predictor import OnnxPredictor, Photo
from export.onnx.graphs import remove_unused, sound_graph, strip_notes
from export.onnx.verify import prompts
from export.onnx.winograd import MARK

ISLANDS = (
    "LayerNormalization",
    "Softmax",
    "Gelu",
    "Erf",
    "Sin",
    "Cos",
    "ReduceMean",
    "ReduceSum",
    "Sqrt",
    "Pow",
    "Resize",
)
LARGEST = float(np.finfo(np.float16).max)
NEAR = LARGEST / 4  # other photos than the measured ones may reach further


@dataclass(frozen=True)
class Ranges:
    """The largest absolute value of each node's output, over all runs."""

    of_node: dict[str, float]

    @property
    def largest(self) -> tuple[str, float]:
        return max(self.of_node.items(), key=lambda item: np.inf if np.isnan(item[1]) else item[1])

    def near(self) -> list[str]:
        """Nodes whose values come close to half precision's largest number, or are not finite."""
        return [name for name, value in self.of_node.items() if not value < NEAR]


def measure(graph: onnx.ModelProto, runs: Iterable[dict[str, np.ndarray]]) -> Ranges:
    """Run a float32 graph and note the largest |value| of every float output of every node."""
    model = onnx.shape_inference.infer_shapes(graph)
    kinds = {v.name: v.type.tensor_type.elem_type for v in (*model.graph.value_info, *model.graph.output)}
    watched = {}
    for node in list(model.graph.node):
        for output in node.output:
            if kinds.get(output) == TensorProto.FLOAT:
                watched[f"{output}.largest"] = node.name
                model.graph.node.append(helper.make_node("Abs", [output], [f"{output}.abs"]))
                model.graph.node.append(
                    helper.make_node("ReduceMax", [f"{output}.abs"], [f"{output}.largest"], keepdims=0)
                )
    del model.graph.output[:]
    model.graph.output.extend(helper.make_tensor_value_info(name, TensorProto.FLOAT, []) for name in watched)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    found = dict.fromkeys(watched.values(), 0.0)
    for feeds in runs:
        for name, value in zip(watched, session.run(list(watched), feeds), strict=True):
            found[watched[name]] = float(np.maximum(found[watched[name]], value))
    return Ranges(found)


def to_half(graph: onnx.ModelProto, ranges: Ranges) -> onnx.ModelProto:
    """Return a float32 graph with half-precision weights and arithmetic, but float32 inputs, outputs and islands."""
    model = onnx.ModelProto.FromString(graph.SerializeToString())
    near = set(ranges.near())
    producer = {output: node for node in model.graph.node for output in node.output}
    reads_near = {node.name for node in model.graph.node if any(_made_by(producer, i) in near for i in node.input)}
    tiles = {node.name for node in model.graph.node if MARK in node.name}  # their sums cancel
    blocked = near | reads_near | _before_sines(model) | tiles
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of values below the smallest half float, which become that
        model = convert_float_to_float16(
            model,
            keep_io_types=True,
            op_block_list=[*DEFAULT_OP_BLOCK_LIST, *ISLANDS],
            node_block_list=sorted(blocked),
        )
    OnnxModel(model).topological_sort()  # the converter puts its casts at the end
    _join_islands(model, {node.output[0] for node in graph.graph.node if node.op_type == "Cast"})
    del model.graph.value_info[:]
    return remove_unused(strip_notes(model))


def _join_islands(model: onnx.ModelProto, own: set[str]) -> None:
    """Let float32 nodes read each other directly, in place: the converter rounds between them, and beyond the range to infinity.

    `own` are the outputs of the graph's own casts, such as from a comparison's truth values: those stay.
    """
    casts = {n.output[0]: n for n in model.graph.node if n.op_type == "Cast" and n.output[0] not in own}
    to = {name: node.attribute[0].i for name, node in casts.items()}
    for node in model.graph.node:
        for i, name in enumerate(node.input):
            before = casts[name].input[0] if to.get(name) == TensorProto.FLOAT else None
            if before is not None and to.get(before) == TensorProto.FLOAT16:
                node.input[i] = casts[before].input[0]


def _made_by(producer: dict[str, onnx.NodeProto], name: str) -> str | None:
    return producer[name].name if name in producer else None


def _before_sines(model: onnx.ModelProto) -> set[str]:
    """The names of all nodes that a sine depends on: coordinates up to 1024 have half a pixel of rounding in half precision."""
    producer = {output: node for node in model.graph.node for output in node.output}
    waiting = [node for node in model.graph.node if node.op_type in ("Sin", "Cos")]
    found: dict[str, onnx.NodeProto] = {}
    while waiting:
        node = waiting.pop()
        if node.name not in found:
            found[node.name] = node
            waiting += [producer[name] for name in node.input if name in producer]
    return set(found)


def convert_pair(source: Path, photos: list[np.ndarray]) -> dict[str, tuple[onnx.ModelProto, Ranges]]:
    """The fp32 pair in `source` → the same with half-precision arithmetic, and the ranges it was measured to have."""
    encoder, decoder = (sound_graph(source / f"{part}.onnx") for part in ("encoder", "decoder"))
    predictor = OnnxPredictor(source / "encoder.onnx", source / "decoder.onnx")
    opened = [Photo(predictor, pixels) for pixels in photos]
    pictures = [{"image": photo.letterbox.resize(pixels)[None]} for photo, pixels in zip(opened, photos, strict=True)]
    taps = [
        {**photo.features, **prompt.feeds(photo.letterbox)}
        for photo in opened
        for prompt in prompts(photo.letterbox.width, photo.letterbox.height)
    ]
    ranges = {"encoder": measure(encoder, pictures), "decoder": measure(decoder, taps)}
    return {
        part: (to_half(graph, ranges[part]), ranges[part])
        for part, graph in (("encoder", encoder), ("decoder", decoder))
    }
