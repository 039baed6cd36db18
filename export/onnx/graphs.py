"""Export PyTorch modules to ONNX files: tracing, clean-up passes and writing, shared by all graphs."""

import errno
import os
import tempfile
import warnings
from pathlib import Path
from typing import Any

import onnx
import torch
from onnx import helper, numpy_helper

from export.errors import ExportError
from export.files import write_whole
from export.models.onnx_file import load_graph
from export.onnx.finite import check_graph

OPSET = 20  # the first with GELU as one node
LARGEST_FILE = 2_000_000_000  # bytes; protobuf ends at 2 GiB, above this the weights go to a file beside the graph


def export_graph(module: torch.nn.Module, args: Any, inputs: Any, outputs: Any, shapes: Any) -> onnx.ModelProto:
    """Trace a module with named inputs and outputs; `shapes` says which sides are dynamic, as in `torch.export`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter's own deprecations; what it writes is checked and verified
        program = torch.onnx.export(
            module.eval(),
            args,
            input_names=inputs,
            output_names=outputs,
            dynamic_shapes=shapes,
            opset_version=OPSET,
            dynamo=True,
            verbose=False,
        )
    assert program is not None
    program.optimize()
    model = share_tables(settle_reshapes(strip_notes(program.model_proto)))
    del model.graph.value_info[:]  # runtimes infer them again, and they would bind dimensions that may broadcast
    return model


def strip_notes(model: onnx.ModelProto) -> onnx.ModelProto:
    """Remove the exporter's notes, in place: stack traces with the paths of the machine, as large as the graph itself."""
    graph = model.graph
    for part in (model, graph, *graph.node, *graph.input, *graph.output, *graph.value_info, *graph.initializer):
        del part.metadata_props[:]
        part.doc_string = ""
    return model


def settle_reshapes(model: onnx.ModelProto) -> onnx.ModelProto:
    """Give Reshape a constant target where 0 ("as before") and one −1 can say it, in place.

    The exporter gathers dynamic sizes with a handful of int64 nodes for each Reshape; a tap would pay for every one.
    """
    graph = model.graph
    sizes = {v.name: _sizes(v) for v in (*graph.value_info, *graph.input, *graph.output)}
    sizes |= {tensor.name: list(tensor.dims) for tensor in graph.initializer}
    constant = {tensor.name for tensor in graph.initializer}
    for node in graph.node:
        if node.op_type != "Reshape" or node.input[1] in constant:
            continue
        before, after = sizes.get(node.input[0]), sizes.get(node.output[0])
        if not before or not after:
            continue
        target = [
            side if isinstance(side, int) else 0 if i < len(before) and before[i] == side else -1
            for i, side in enumerate(after)
        ]
        if target.count(-1) > 1 or any(a == 0 for a in after):
            continue
        name = f"{node.output[0]}.shape"
        graph.initializer.append(numpy_helper.from_array(torch.tensor(target).numpy(), name))
        node.input[1] = name
        del node.attribute[:]  # allowzero, which would read the 0 as a size
    return remove_unused(model)


def share_tables(model: onnx.ModelProto) -> onnx.ModelProto:
    """Store equal tables of whole numbers once, in place: every block of TinyViT brings a copy of its own, 1.5 MB in all."""
    first: dict[tuple[tuple[int, ...], bytes], str] = {}
    shared = {
        tensor.name: first.setdefault((tuple(tensor.dims), tensor.raw_data), tensor.name)
        for tensor in model.graph.initializer
        if tensor.data_type == onnx.TensorProto.INT64 and tensor.raw_data
    }
    for node in model.graph.node:
        node.input[:] = [shared.get(name, name) for name in node.input]
    return remove_unused(model)


def _sizes(value: onnx.ValueInfoProto) -> list[int | str]:
    return [d.dim_param or d.dim_value for d in value.type.tensor_type.shape.dim]


def remove_unused(model: onnx.ModelProto) -> onnx.ModelProto:
    """Remove nodes and weights that no output needs, in place."""
    graph = model.graph
    needed = {value.name for value in graph.output}
    kept = []
    for node in reversed(graph.node):
        if needed.intersection(node.output):
            needed.update(node.input)
            kept.append(node)
    weights = [tensor for tensor in graph.initializer if tensor.name in needed]
    del graph.node[:], graph.initializer[:]
    graph.node.extend(reversed(kept))
    graph.initializer.extend(weights)
    return model


def write(graph: onnx.ModelProto, path: Path, largest: int = LARGEST_FILE) -> Path:
    """Check a graph and write it aside, then rename, so that a full disk leaves no half file.

    A graph of more than `largest` bytes keeps its weights in `<name>.onnx.data` beside it. Raises ExportError when the
    disk is full, or a weight is not finite.
    """
    check_graph(graph, str(path))
    try:
        if weight_bytes(graph) > largest:
            return _write_with_data(graph, path)
        onnx.checker.check_model(graph, full_check=True)
        write_whole(path, graph.SerializeToString())
        data_of(path).unlink(missing_ok=True)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        size = f"{weight_bytes(graph) / 1e6:,.0f} MB"
        raise ExportError(f"No room for {path} ({size}): free some of the disk and run it again.") from error
    return path


def sound_graph(path: Path) -> onnx.ModelProto:
    """Read a graph; ExportError if it cannot be read, or a weight of it is not finite."""
    graph = load_graph(path)
    check_graph(graph, str(path))
    return graph


def weight_bytes(graph: onnx.ModelProto) -> int:
    """Bytes of all weights; nothing is serialised for it, which above 2 GB would fail."""
    return sum(len(tensor.raw_data) for tensor in graph.graph.initializer)


def data_of(path: Path) -> Path:
    """The path of the external weights of a graph over 2 GB."""
    return path.with_name(f"{path.name}.data")


def _write_with_data(graph: onnx.ModelProto, path: Path) -> Path:
    """Write graph and weights into a folder aside, check them there, and move the weights first, the graph last.

    The weights are moved out of `graph`, not copied: two copies of ViT-H are more than many machines hold.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}", suffix=".part") as aside:
        part = Path(aside) / path.name
        onnx.save_model(graph, part, save_as_external_data=True, location=data_of(path).name)
        onnx.checker.check_model(str(part), full_check=True)
        for file in (data_of(part), part):
            os.chmod(file, 0o644)
            os.replace(file, path.parent / file.name)
    return path


def rename_dimension(model: onnx.ModelProto, value: str, axis: int, name: str) -> None:
    """Name a dynamic side of an input or output, in place."""
    (found,) = (v for v in (*model.graph.input, *model.graph.output) if v.name == value)
    found.type.tensor_type.shape.dim[axis].dim_param = name


def quicken_gelus(model: onnx.ModelProto) -> onnx.ModelProto:
    """Give every GELU its tanh form, in place; returns the model.

    It differs by at most 5e-4, and takes half the time of the error function: docs/profile.md.
    """
    for node in model.graph.node:
        if node.op_type == "Gelu":
            del node.attribute[:]
            node.attribute.append(helper.make_attribute("approximate", "tanh"))
    return model


def compute_at_load(model: onnx.ModelProto, name: str, sine_of: tuple[torch.Tensor, torch.Tensor]) -> None:
    """Replace a weight by the sine of a sum of two small ones, in place: runtimes fold it once, when they load the file.

    The positions of 64×64 cells are 4 MB as numbers and 130 kB as the phases of their rows and columns.
    """
    graph = model.graph
    (tensor,) = (t for t in graph.initializer if t.name == name)
    shape = list(tensor.dims)
    graph.initializer.remove(tensor)
    parts = [f"{name}.{i}.exact" for i in range(2)]
    for part, values in zip(parts, sine_of, strict=True):
        graph.initializer.append(numpy_helper.from_array(values.numpy(), part))
    graph.initializer.append(numpy_helper.from_array(torch.tensor(shape).numpy(), f"{name}.shape"))
    nodes = [
        helper.make_node("Add", parts, [f"{name}.phase"], f"{name}.add"),
        helper.make_node("Sin", [f"{name}.phase"], [f"{name}.sine"], f"{name}.sin"),
        helper.make_node("Reshape", [f"{name}.sine", f"{name}.shape"], [name], f"{name}.rows"),
    ]
    others = list(graph.node)
    del graph.node[:]
    graph.node.extend([*nodes, *others])
