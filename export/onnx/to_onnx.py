"""`onnx`: a checkpoint → `encoder.onnx` and `decoder.onnx`.

The encoder takes the resized photo as it comes off a canvas (uint8, channels last); normalisation and padding to the square
are in the graph. The decoder answers any number of prompts about one photo and returns the low-res logits of all four
tokens; full resolution comes after it (geometry.Letterbox.upsample, engine/core/mask.ts), unless segment-anything's
own signature is asked for. docs/export.md says what each option costs and gains.
"""

import copy
from pathlib import Path
from typing import Any

import onnx
import torch
import torch.nn.functional as F
from segment_anything.modeling.common import LayerNorm2d
from timm.utils.model import reparameterize_model
from torch import nn
from tqdm import tqdm

from export.errors import UsageError
from export.messages import say
from export.models.checkpoint import load_model
from export.models.promptable import Promptable, PromptableModel
from export.onnx.folded import FoldedDecoder, PhotoMaps, position_phases
from export.onnx.graphs import OPSET, compute_at_load, data_of, export_graph, quicken_gelus, rename_dimension, write
from export.onnx.stock import DECODER_INPUTS, check_stock, stock_decoder
from export.onnx.unpadded import UnpaddedEncoder
from export.onnx.windows import rewrite_tiny_vit
from export.onnx.winograd import use_winograd

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
    """`image` uint8 (1, H, W, 3) with max(H, W) = input size → the maps that the decoder takes, in the order of their names."""

    def __init__(self, model: PromptableModel, split: bool = False, unpadded: bool = False) -> None:
        super().__init__()
        self.model, self.after = model, PhotoMaps(model) if split else None
        self.encode = UnpaddedEncoder(copy_of(model)) if unpadded else None

    def forward(self, image: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return tuple(self.maps(image).values())

    def maps(self, image: torch.Tensor) -> dict[str, torch.Tensor]:
        encode = self.encode or self.model.encode
        maps = encode(image.permute(0, 3, 1, 2).float())
        return maps if self.after is None else self.after(maps)


class DecoderGraph(nn.Module):
    """The encoder's maps and B prompts → (B, 4, G, G) logits and (B, 4) predicted IoU."""

    def __init__(self, model: PromptableModel, names: list[str], split: bool) -> None:
        super().__init__()
        self.decoder, self.names = FoldedDecoder(model, split), names

    def forward(self, features: list[torch.Tensor], coords, labels, mask_input, has_mask) -> tuple[torch.Tensor, ...]:  # type: ignore[no-untyped-def]
        return self.decoder(dict(zip(self.names, features, strict=True)), coords, labels, mask_input, has_mask)


def encoder_graph(model: PromptableModel, split: bool = False, unpadded: bool = False) -> onnx.ModelProto:
    """The encoder of a prepared model (see `prepare`)."""
    size = model.input_size
    module = EncoderGraph(model, split, unpadded)
    image = torch.zeros(1, size * 3 // 4, size, 3, dtype=torch.uint8)
    with torch.no_grad():
        names = list(module.maps(image))
    sides = {1: torch.export.Dim("height", min=16, max=size), 2: torch.export.Dim("width", min=16, max=size)}
    graph = export_graph(module, (image,), ["image"], names, [sides])
    if split:
        compute_at_load(graph, "after.position", position_phases(model))
    return use_winograd(finished(model, graph))


def decoder_graph(model: PromptableModel, split: bool = False) -> onnx.ModelProto:
    """The decoder of a prepared model, for any number of prompts; a mask prompt for each, or one for all."""
    size, grid = model.input_size, model.input_size // 4
    with torch.no_grad():
        features = EncoderGraph(model, split).maps(torch.zeros(1, size, size, 3, dtype=torch.uint8))
    prompts, points = torch.export.Dim("prompts", min=1, max=4096), torch.export.Dim("points", min=1, max=1024)
    prompt = (torch.zeros(2, 3, 2), torch.ones(2, 3), torch.zeros(2, 1, grid, grid), torch.zeros(2))
    shapes = [[{} for _ in features], {0: prompts, 1: points}, {0: prompts, 1: points}, {0: prompts}, {0: prompts}]
    graph = export_graph(
        DecoderGraph(model, list(features), split),
        (list(features.values()), *prompt),
        [*features, *DECODER_INPUTS],
        list(DECODER_OUTPUTS),
        shapes,
    )
    for name in ("mask_input", "has_mask_input"):
        rename_dimension(graph, name, 0, "masks")  # 1 or as many as there are prompts
    compute_at_load(graph, "decoder.image_pe", position_phases(model))
    return finished(model, graph)


def finished(model: PromptableModel, graph: onnx.ModelProto) -> onnx.ModelProto:
    """The finished graph. A student's GELUs take their faster form; an official model answers as published, to the last digits."""
    return quicken_gelus(graph) if isinstance(model, Promptable) else graph


def prepare(model: PromptableModel) -> PromptableModel:
    """A copy for export, with fused LayerNorm2d and TinyViT's blocks rewritten; the weights, which may be gigabytes, are shared."""
    model = copy_of(model)
    reparameterize_model(model.image_encoder, inplace=True)  # branches that only training needs become one convolution
    fuse_layer_norms(model)
    rewrite_tiny_vit(model.image_encoder)
    return model


def copy_of(model: PromptableModel) -> PromptableModel:
    """A copy whose modules can be replaced; the weights are shared."""
    shared: dict[int, Any] = {id(tensor): tensor for tensor in (*model.parameters(), *model.buffers())}
    return copy.deepcopy(model, shared).eval()


def export_pair(
    model: PromptableModel,
    folder: Path,
    stock: bool = False,
    split: bool = False,
    unpadded: bool = False,
) -> tuple[Path, Path]:
    """Write `encoder.onnx` and `decoder.onnx` of a model into `folder`; returns their paths."""
    if stock:
        check_stock(model)
    model = prepare(model)
    parts = {
        "encoder": lambda: encoder_graph(model, split, unpadded),
        "decoder": lambda: stock_decoder(model, single=False, folded=True) if stock else decoder_graph(model, split),
    }
    paths = []
    for part, make in tqdm(parts.items(), desc="export", unit="file", leave=False):
        paths.append(write(make(), folder / f"{part}.onnx"))
    return paths[0], paths[1]


def fuse_layer_norms(module: nn.Module) -> None:
    """Replace every LayerNorm2d inside `module`, in place."""
    for name, child in module.named_children():
        if isinstance(child, LayerNorm2d):
            setattr(module, name, FusedLayerNorm2d(child))
        else:
            fuse_layer_norms(child)


def to_onnx(
    model: str, checkpoint: Path, attention_biases: bool | None, out: Path, stock: bool, split: bool,
    unpadded: bool,
) -> None:  # fmt: skip
    """Export MODEL's checkpoint to ONNX.

    MODEL is mobile_sam, sam_vit_b, sam_vit_l, sam_vit_h, or a student's name.
    """
    if stock and split:
        raise UsageError(
            "--split changes what the decoder takes, --stock keeps segment-anything's signature: choose one."
        )
    loaded = load_model(checkpoint, model, attention_biases)
    for path in export_pair(loaded, out, stock, split, unpadded):
        size = sum(file.stat().st_size for file in (path, data_of(path)) if file.exists())
        say(f"Wrote {path} ({size:,} bytes, opset {OPSET}).")
