"""Integer arithmetic: products with weights in 8 bits, for WASM, where they take half the time.

A product with constant weights becomes `DynamicQuantizeMatMul`, an operator of onnxruntime's own: the rows that come in
get one scale and zero point for all of them, found anew in each run; the weights have one scale for each output channel
(and head); the sums are exact in 32 bits, and what goes out is float32 again. Convolutions stay as they are: their integer kernels
are slow on the web (microsoft/onnxruntime#11181). WebGPU has no such kernel, so that the graph goes beside the usual one.
"""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from export.onnx.graphs import remove_unused

WASM_PARTS = ("encoder.wasm", "decoder.wasm")  # the names of the files that `quantize --arithmetic int8` adds
SMALLEST = 16_384  # values; products with less are a few thousandths of the time
DOMAIN = "com.microsoft"
KEPT = ".exact"  # how names of float weights end that `compress` leaves alone


def use_integer_products(graph: onnx.ModelProto) -> tuple[onnx.ModelProto, int]:
    """A copy of a float32 graph whose products with constant matrices, biases included, are in 8 bits; and their number."""
    model = onnx.ModelProto()
    model.CopyFrom(graph)
    weights = {tensor.name: tensor for tensor in model.graph.initializer}
    readers: dict[str, list[onnx.NodeProto]] = {}
    for node in model.graph.node:
        for name in node.input:
            readers.setdefault(name, []).append(node)
    nodes: list[onnx.NodeProto] = []
    biased: set[str] = set()  # what Adds give that are part of a product now
    count = 0
    for node in model.graph.node:
        if node.op_type == "Add" and node.output[0] in biased:
            continue
        weight = weights.get(node.input[1]) if node.op_type == "MatMul" else None
        if weight is None or not _pays(weight):
            nodes.append(node)
            continue
        count += 1
        output, bias = _with_bias(node.output[0], weight.dims[-1], readers, weights)
        biased.add(output)
        inputs = [node.input[0], *_quantised(model.graph, weight), *bias]
        nodes.append(helper.make_node("DynamicQuantizeMatMul", inputs, [output], f"{node.name}.integer", domain=DOMAIN))
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    if count and not any(opset.domain == DOMAIN for opset in model.opset_import):
        model.opset_import.append(helper.make_opsetid(DOMAIN, 1))
    return remove_unused(model), count


def _pays(weight: onnx.TensorProto) -> bool:
    known = weight.data_type == TensorProto.FLOAT and len(weight.dims) in (2, 3)
    return known and not weight.name.endswith(KEPT) and int(np.prod(weight.dims)) >= SMALLEST


def _with_bias(
    product: str, width: int, readers: dict[str, list[onnx.NodeProto]], weights: dict[str, onnx.TensorProto]
) -> tuple[str, list[str]]:
    """The output of a product and its bias: those of the Add that alone reads the product, if there is one."""
    after = readers.get(product, [])
    if len(after) == 1 and after[0].op_type == "Add":
        (other,) = (name for name in after[0].input if name != product)
        if other in weights and list(weights[other].dims) == [width]:
            return after[0].output[0], [other]
    return product, []


def _quantised(graph: onnx.GraphProto, weight: onnx.TensorProto) -> list[str]:
    """Add matrices ([heads,] in, out) in 8 bits to a graph: the names of their values, scales and zero points."""
    names = [f"{weight.name}.int8", f"{weight.name}.scale{KEPT}", f"{weight.name}.zero"]
    if names[0] not in {tensor.name for tensor in graph.initializer}:
        values = numpy_helper.to_array(weight)
        scale = np.maximum(np.abs(values).max(-2, keepdims=values.ndim > 2), 1e-8).astype(np.float32) / 127
        stored = np.rint(values / scale).astype(np.int8), scale, np.zeros(scale.shape, np.int8)
        graph.initializer.extend(numpy_helper.from_array(part, name) for part, name in zip(stored, names, strict=True))
    return names
