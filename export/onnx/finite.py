"""The same check as in models/finite.py, of the weights in an ONNX graph."""

from collections.abc import Iterator

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper

from export.errors import ExportError

FLOATS = (TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.DOUBLE, TensorProto.BFLOAT16)


def check_graph(model: onnx.ModelProto, name: str) -> None:
    """Raise ExportError that names the first weight of a graph with NaN or infinite values; `name` is the graph's own."""
    bad = next(_not_finite(model.graph), None)
    if bad is not None:
        raise ExportError(
            f"{name} is not usable: its tensor {bad} holds values that are not finite (NaN or infinity). "
            "Export it again from a checkpoint that is sound."
        )


def _not_finite(graph: onnx.GraphProto) -> Iterator[str]:
    stored = [(tensor.name, tensor) for tensor in graph.initializer]
    stored += [(node.output[0], a.t) for node in graph.node if node.op_type == "Constant" for a in node.attribute]
    for name, tensor in stored:
        if tensor.data_type not in FLOATS or tensor.data_location == TensorProto.EXTERNAL:
            continue
        values = numpy_helper.to_array(tensor)
        if not np.isfinite(values.astype(np.float32) if values.dtype.itemsize < 4 else values).all():
            yield name
