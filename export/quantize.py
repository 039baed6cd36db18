"""`quantize`: an exported fp32 pair → smaller files, `fp16` and `int8`.

Both store weights only: half floats, or 8-bit integers with one scale per output channel (symmetric). A Cast (and Mul)
in the graph restores float32, and onnxruntime folds that away when it loads the session. So bytes shrink two- and
fourfold while the arithmetic stays float32: no overflow, no need for `shader-f16`, no slow ConvInteger on the web
(microsoft/onnxruntime#11181).
"""

from pathlib import Path

import click
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from tqdm import tqdm

from export.to_onnx import write

VARIANTS = ("fp16", "int8")
SMALLEST = 256  # values; below this the extra node costs more bytes than it saves


def compress(graph: onnx.ModelProto, variant: str) -> onnx.ModelProto:
    """Return a copy of a float32 graph with its weights stored as `variant`."""
    model = onnx.ModelProto()
    model.CopyFrom(graph)
    kept, nodes = [], []
    channel_axis = _channel_axes(model.graph)
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.dtype != np.float32 or values.size < SMALLEST:
            kept.append(tensor)
        elif variant == "int8" and values.ndim >= 2 and tensor.name in channel_axis:
            nodes += _int8(tensor.name, values, channel_axis[tensor.name], kept)
        else:
            nodes += _fp16(tensor.name, values, kept)
    del model.graph.initializer[:]
    model.graph.initializer.extend(kept)
    old = list(model.graph.node)
    del model.graph.node[:]
    model.graph.node.extend(nodes + old)
    return model


def _fp16(name: str, values: np.ndarray, kept: list[onnx.TensorProto]) -> list[onnx.NodeProto]:
    largest = float(np.abs(values).max())
    if largest > float(np.finfo(np.float16).max):
        raise click.ClickException(f"Weights {name} exceed half precision ({largest:.3g}); leave out --variant fp16.")
    half = values.astype(np.float16)
    kept.append(numpy_helper.from_array(half, f"{name}.fp16"))
    return [helper.make_node("Cast", [f"{name}.fp16"], [name], f"{name}.restore", to=TensorProto.FLOAT)]


def _int8(name: str, values: np.ndarray, axis: int, kept: list[onnx.TensorProto]) -> list[onnx.NodeProto]:
    others = tuple(i for i in range(values.ndim) if i != axis)
    scale = np.maximum(np.abs(values).max(others, keepdims=True), 1e-8).astype(np.float32) / 127
    kept.append(numpy_helper.from_array(np.rint(values / scale).astype(np.int8), f"{name}.int8"))
    kept.append(numpy_helper.from_array(scale, f"{name}.scale"))
    return [
        helper.make_node("Cast", [f"{name}.int8"], [f"{name}.float"], f"{name}.cast", to=TensorProto.FLOAT),
        helper.make_node("Mul", [f"{name}.float", f"{name}.scale"], [name], f"{name}.restore"),
    ]


def _channel_axes(graph: onnx.GraphProto) -> dict[str, int]:
    """Which axis of each weight is the output channel, by the node that uses it."""
    axes = {}
    for node in graph.node:
        if len(node.input) < 2:
            continue
        transposed = any(a.name == "transB" and a.i for a in node.attribute)
        if node.op_type == "Conv" or (node.op_type == "Gemm" and transposed):
            axes[node.input[1]] = 0
        elif node.op_type in ("ConvTranspose", "MatMul", "Gemm"):
            axes[node.input[1]] = 1
    return axes


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--variant", "variants", multiple=True, type=click.Choice(VARIANTS), default=VARIANTS, show_default=True)
def quantize(folder: Path, variants: tuple[str, ...]) -> None:
    """Write FOLDER/fp16 and FOLDER/int8 from the pair in FOLDER/fp32 (made by `onnx --out FOLDER/fp32`)."""
    for variant in variants:
        for part in tqdm(("encoder", "decoder"), desc=variant, unit="file"):
            source = folder / "fp32" / f"{part}.onnx"
            if not source.exists():
                raise click.ClickException(f"No {source}: run `python -m export onnx CHECKPOINT --out {folder}/fp32`.")
            path = write(compress(onnx.load(source), variant), folder / variant / f"{part}.onnx")
            tqdm.write(f"{path}: {source.stat().st_size:,} → {path.stat().st_size:,} bytes")
