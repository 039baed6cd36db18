"""`onnx`: a checkpoint → `encoder.onnx` and `decoder.onnx` in fp32.

The encoder takes the resized photo as it comes off a canvas (uint8, channels last); normalisation and padding to the square
are in the graph. The decoder answers one prompt and returns the low-res logits of all four tokens; everything
about full resolution happens after it (geometry.Letterbox.upsample, core/mask.ts).
"""

import copy
import warnings
from pathlib import Path

import click
import onnx
import torch
import torch.nn.functional as F
from segment_anything.modeling.common import LayerNorm2d
from torch import nn

from export.checkpoint import load_model
from export.files import write_whole
from export.models.promptable import PromptableModel

OPSET = 18
DECODER_INPUTS = ("point_coords", "point_labels", "mask_input", "has_mask_input")
DECODER_OUTPUTS = ("low_res_masks", "iou_predictions")


class FusedLayerNorm2d(nn.Module):
    """SAM's LayerNorm2d as transpose + LayerNormalization, which runtimes run as one kernel.

    Written out as mean, square and root it stays decomposed in the graph, and in fp16 on WebGPU silently gave wrong
    results (microsoft/onnxruntime#31626).
    """

    def __init__(self, source: LayerNorm2d) -> None:
        super().__init__()
        self.weight, self.bias, self.eps = source.weight, source.bias, source.eps

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = F.layer_norm(x.permute(0, 2, 3, 1), self.weight.shape, self.weight, self.bias, self.eps)
        return x.permute(0, 3, 1, 2)


class EncoderGraph(nn.Module):
    """`image` uint8 (1, H, W, 3) with max(H, W) = input size → the encoder's maps, in the order of their names."""

    def __init__(self, model: PromptableModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, image: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return tuple(self.model.encode(image.permute(0, 3, 1, 2).float()).values())


class DecoderGraph(nn.Module):
    """The encoder's maps and one prompt → (1, 4, G, G) logits and (1, 4) predicted IoU."""

    def __init__(self, model: PromptableModel, names: list[str]) -> None:
        super().__init__()
        self.model, self.names = model, names
        self.register_buffer("image_pe", model.prompt_encoder.get_dense_pe())
        model.prompt_encoder.get_dense_pe = lambda: self.image_pe  # a constant of the graph, not a computation

    def forward(self, features: list[torch.Tensor], coords, labels, mask_input, has_mask) -> tuple[torch.Tensor, ...]:  # type: ignore[no-untyped-def]
        return self.model.decode(dict(zip(self.names, features, strict=True)), coords, labels, mask_input, has_mask)


def export_pair(model: PromptableModel, folder: Path) -> tuple[Path, Path]:
    """Write `encoder.onnx` and `decoder.onnx` of a model into `folder`; returns their paths."""
    model = copy.deepcopy(model).eval()
    fuse_layer_norms(model)
    size, grid = model.input_size, model.input_size // 4
    image = torch.zeros(1, size * 3 // 4, size, 3, dtype=torch.uint8)
    with torch.no_grad():
        features = model.encode(image.permute(0, 3, 1, 2).float())
    names = list(features)
    sides = {1: torch.export.Dim("height", min=16, max=size), 2: torch.export.Dim("width", min=16, max=size)}
    encoder = export_graph(EncoderGraph(model), (image,), ["image"], names, [sides])
    prompt = (
        torch.zeros(1, 3, 2),
        torch.ones(1, 3),
        torch.zeros(1, 1, grid, grid),
        torch.zeros(1),
    )
    points = torch.export.Dim("points", min=1, max=1024)
    shapes = [[{} for _ in names], {1: points}, {1: points}, {}, {}]
    inputs = [*names, *DECODER_INPUTS]
    decoder = export_graph(
        DecoderGraph(model, names), (list(features.values()), *prompt), inputs, list(DECODER_OUTPUTS), shapes
    )
    return write(encoder, folder / "encoder.onnx"), write(decoder, folder / "decoder.onnx")


def fuse_layer_norms(module: nn.Module) -> None:
    """Replace every LayerNorm2d inside `module`, in place."""
    for name, child in module.named_children():
        if isinstance(child, LayerNorm2d):
            setattr(module, name, FusedLayerNorm2d(child))
        else:
            fuse_layer_norms(child)


def write(graph: onnx.ModelProto, path: Path) -> Path:
    """Check a graph and write it aside, then rename, so that a full disk leaves no half file."""
    onnx.checker.check_model(graph, full_check=True)
    write_whole(path, graph.SerializeToString())
    return path


def export_graph(module: nn.Module, args, inputs, outputs, shapes) -> onnx.ModelProto:  # type: ignore[no-untyped-def]
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
    return strip_notes(program.model_proto)


def strip_notes(model: onnx.ModelProto) -> onnx.ModelProto:
    """Remove the exporter's notes, in place: stack traces with the paths of the machine, as large as the graph itself."""
    graph = model.graph
    for part in (model, graph, *graph.node, *graph.input, *graph.output, *graph.value_info, *graph.initializer):
        del part.metadata_props[:]
        part.doc_string = ""
    return model


@click.command("onnx")
@click.argument("checkpoint", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder for encoder.onnx and decoder.onnx.")
def to_onnx(checkpoint: Path, out: Path) -> None:
    """Export a checkpoint to ONNX (fp32); `quantize` makes the smaller variants from it."""
    encoder, decoder = export_pair(load_model(checkpoint), out)
    for path in (encoder, decoder):
        click.echo(f"Wrote {path} ({path.stat().st_size:,} bytes, opset {OPSET}).")
