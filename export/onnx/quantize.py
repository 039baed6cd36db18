"""`quantize`: an exported fp32 pair → smaller files, `fp16` and `int8`.

Both store weights only: half floats, or 8-bit integers with one scale per output channel (symmetric). A Cast (and Mul)
in the graph restores float32, and onnxruntime folds that away when it loads the session. So bytes shrink two- and
fourfold while the arithmetic stays float32: no overflow, no need for `shader-f16`, no slow ConvInteger on the web
(microsoft/onnxruntime#11181). Arithmetic in half precision is there for those who ask: see half.py; and a pair for
WASM that computes products in 8 bits: see integer.py.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from tqdm import tqdm

from export.errors import ExportError, UsageError
from export.messages import say
from export.onnx.graphs import quicken_gelus, sound_graph, write
from export.onnx.half import LARGEST, convert_pair
from export.onnx.integer import WASM_PARTS, use_integer_products
from export.onnx.verify import read_photos

VARIANTS = ("fp16", "int8")
PARTS = ("encoder", "decoder")
ARITHMETIC = {"float32": VARIANTS, "float16": ("fp16",), "int8": ("int8",)}  # and which variants it is for
SMALLEST = 256  # values; below this the extra node costs more bytes than it saves
EXACT = ".exact"  # how the names of weights end that must stay float32: phases, of which a sine is taken


def compress(graph: onnx.ModelProto, variant: str) -> onnx.ModelProto:
    """Return a float32 graph with its weights stored as `variant`; the given one is left as it is."""
    kept: list[onnx.TensorProto] = []
    nodes: list[onnx.NodeProto] = []
    channel_axes = _channel_axes(graph.graph)
    for tensor in graph.graph.initializer:
        small = int(np.prod(tensor.dims)) < SMALLEST
        if tensor.data_type != TensorProto.FLOAT or small or tensor.name.endswith(EXACT):
            kept.append(tensor)
            continue
        values = numpy_helper.to_array(tensor)
        if variant == "int8" and values.ndim >= 2 and tensor.name in channel_axes:
            nodes += _int8(tensor.name, values, channel_axes[tensor.name], kept)
        else:
            nodes += _fp16(tensor.name, values, kept)
    model = onnx.ModelProto(ir_version=graph.ir_version, producer_name=graph.producer_name)
    model.opset_import.extend(graph.opset_import)
    model.functions.extend(graph.functions)
    model.graph.name = graph.graph.name
    model.graph.input.extend(graph.graph.input)
    model.graph.output.extend(graph.graph.output)
    model.graph.node.extend([*nodes, *graph.graph.node])
    model.graph.initializer.extend(kept)
    return model


def _fp16(name: str, values: np.ndarray, kept: list[onnx.TensorProto]) -> list[onnx.NodeProto]:
    largest = float(np.abs(values).max())
    if not largest <= float(np.finfo(np.float16).max):  # so that NaN fails, too
        raise ExportError(f"Weights {name} exceed half precision ({largest:.3g}); choose another --variant.")
    half = values.astype(np.float16)
    kept.append(numpy_helper.from_array(half, f"{name}.fp16"))
    return [helper.make_node("Cast", [f"{name}.fp16"], [name], f"{name}.restore", to=TensorProto.FLOAT)]


def _int8(name: str, values: np.ndarray, axes: tuple[int, ...], kept: list[onnx.TensorProto]) -> list[onnx.NodeProto]:
    others = tuple(i for i in range(values.ndim) if i not in axes)
    scale = np.maximum(np.abs(values).max(others, keepdims=True), 1e-8).astype(np.float32) / 127
    kept.append(numpy_helper.from_array(np.rint(values / scale).astype(np.int8), f"{name}.int8"))
    kept.append(numpy_helper.from_array(scale, f"{name}.scale"))
    return [
        helper.make_node("Cast", [f"{name}.int8"], [f"{name}.float"], f"{name}.cast", to=TensorProto.FLOAT),
        helper.make_node("Mul", [f"{name}.float", f"{name}.scale"], [name], f"{name}.restore"),
    ]


def _channel_axes(graph: onnx.GraphProto) -> dict[str, tuple[int, ...]]:
    """Along which axes each weight gets its own scales, by the node that uses it: output channels, and heads if any."""
    return dict(_uses(graph))


def _uses(graph: onnx.GraphProto) -> Iterator[tuple[str, tuple[int, ...]]]:
    rank = {tensor.name: len(tensor.dims) for tensor in graph.initializer}
    for node in graph.node:
        for place, name in enumerate(node.input):
            if name not in rank:
                continue
            transposed = any(a.name == "transB" and a.i for a in node.attribute)
            outputs_first = node.op_type == "Conv" or (node.op_type == "Gemm" and transposed)
            if (place == 1 and outputs_first) or node.op_type == "Transpose":  # the last: winograd.py's convolutions
                yield name, (0,)
            elif place == 1 and node.op_type in ("ConvTranspose", "Gemm"):
                yield name, (1,)
            elif node.op_type == "MatMul":
                leading = tuple(range(rank[name] - 2))
                yield name, (*leading, rank[name] - 1 if place else rank[name] - 2)


def quantize(folder: Path, variants: tuple[str, ...], arithmetic: str, photos: Path) -> None:
    """Write FOLDER/fp16 and FOLDER/int8 from the pair in FOLDER/fp32 (made by `onnx --out FOLDER/fp32`)."""
    if not set(variants) <= set(ARITHMETIC[arithmetic]):
        (alone,) = ARITHMETIC[arithmetic]
        raise UsageError(f"--arithmetic {arithmetic} is for {alone} alone: add --variant {alone}.")
    for part in PARTS:
        if not (folder / "fp32" / f"{part}.onnx").exists():
            command = f"python -m export onnx MODEL --checkpoint FILE --out {folder}/fp32"
            raise ExportError(f"No {folder}/fp32/{part}.onnx: run `{command}` first.")
    for variant in variants:
        source = folder / "fp32"
        graphs = _halved(source, photos) if arithmetic == "float16" else _compressed(source, variant)
        for part, graph in tqdm(graphs, desc=variant, unit="file", total=len(PARTS)):
            path = write(graph, folder / variant / f"{part}.onnx")
            before = sum(file.stat().st_size for file in source.glob(f"{part}.onnx*"))
            tqdm.write(f"{path}: {before:,} → {path.stat().st_size:,} bytes")
    for part, own in zip(PARTS, WASM_PARTS, strict=True):
        path = folder / "int8" / f"{own}.onnx"
        if arithmetic == "int8":
            # GELU's tanh form changes less than the rounding does, so that an official model takes it here too.
            graph, products = use_integer_products(quicken_gelus(sound_graph(folder / "fp32" / f"{part}.onnx")))
            write(compress(graph, "int8"), path)
            say(f"{path}: {products} products in 8 bits, {path.stat().st_size:,} bytes")
        elif "int8" in variants:
            path.unlink(missing_ok=True)  # one of an earlier run


def _compressed(source: Path, variant: str) -> Iterator[tuple[str, onnx.ModelProto]]:
    for part in PARTS:
        yield part, compress(sound_graph(source / f"{part}.onnx"), variant)


def _halved(source: Path, photos: Path) -> Iterator[tuple[str, onnx.ModelProto]]:
    for part, (graph, ranges) in convert_pair(source, read_photos(photos)).items():
        name, value = ranges.largest
        tqdm.write(
            f"{part}: largest |value| {value:,.1f} of {LARGEST:,.0f} (node {name}); "
            f"{len(ranges.near())} of {len(ranges.of_node)} nodes stay float32 for their range."
        )
        yield part, graph
