"""segment-anything's own ONNX signature, for programs that were written for it; and the plain recipe that the bench runs.

The decoder returns masks at the photo's full size. The resizing is added to the traced graph node by node, because tracing
segment-anything 1.0's own code freezes the crop to the example photo's aspect ratio.
"""

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from export.errors import ExportError
from export.models.decoder import FineMaskDecoder
from export.models.promptable import PromptableModel
from export.onnx.folded import FoldedDecoder, position_phases
from export.onnx.graphs import compute_at_load, export_graph

DECODER_INPUTS = ("point_coords", "point_labels", "mask_input", "has_mask_input")


class StockDecoder(nn.Module):
    """segment-anything's decoder before its masks are resized: all four masks, or one chosen by the number of points."""

    def __init__(self, model: PromptableModel, single: bool, folded: bool) -> None:
        super().__init__()
        self.model = FoldedDecoder(model) if folded else model
        self.single = single

    def forward(self, embeddings, coords, labels, mask_input, has_mask) -> tuple[torch.Tensor, torch.Tensor]:  # type: ignore[no-untyped-def]
        decode = self.model if isinstance(self.model, FoldedDecoder) else self.model.decode
        masks, ious = decode({"image_embeddings": embeddings}, coords, labels, mask_input, has_mask)
        if not self.single:
            return masks, ious
        # Token 0 if there are more than two points, the padding point counted, the best of the others if not.
        first = torch.tensor([[1000.0, 0.0, 0.0, 0.0]])
        best = torch.argmax(ious + (coords.shape[1] - 2.5) * first, dim=1)
        return torch.index_select(masks, 1, best), torch.index_select(ious, 1, best)


def plain_encoder(model: PromptableModel) -> onnx.ModelProto:
    """The plain recipe's: `image` float32 (1, 3, S, S), normalised and padded → `image_embeddings`; nothing is rewritten."""
    size = model.input_size
    module = _Embeddings(model.image_encoder)
    return export_graph(module, (torch.zeros(1, 3, size, size),), ["image"], ["image_embeddings"], None)


class _Embeddings(nn.Module):
    def __init__(self, encoder: nn.Module) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        embeddings: torch.Tensor = self.encoder(image)["image_embeddings"]
        return embeddings


def stock_decoder(model: PromptableModel, single: bool, folded: bool = False) -> onnx.ModelProto:
    """segment-anything's signature: five inputs and `orig_im_size` [H, W] → `masks`, `iou_predictions`, `low_res_masks`.

    folded: our quicker form of the same decoder, not the package's own operations.
    """
    check_stock(model)
    cells, grid = model.input_size // 16, model.input_size // 4
    channels = model.mask_decoder.transformer_dim
    embeddings = torch.zeros(1, int(channels), cells, cells)  # type: ignore[arg-type]
    prompt = (torch.zeros(1, 3, 2), torch.ones(1, 3), torch.zeros(1, 1, grid, grid), torch.zeros(1))
    points = torch.export.Dim("points", min=1, max=1024)
    graph = export_graph(
        StockDecoder(model, single, folded),
        (embeddings, *prompt),
        ["image_embeddings", *DECODER_INPUTS],
        ["low_res_masks", "iou_predictions"],
        [{}, {1: points}, {1: points}, {}, {}],
    )
    if folded:
        compute_at_load(graph, "model.image_pe", position_phases(model))
    return append_full_size(graph, model.input_size, masks=1 if single else 4)


def check_stock(model: PromptableModel) -> None:
    """Raise ExportError for a model whose decoder needs more than the embedding."""
    if isinstance(model.mask_decoder, FineMaskDecoder):
        raise ExportError(
            "segment-anything's decoder takes the embedding alone, and this model's also takes the encoder's finer maps: "
            "export it without --stock."
        )


def append_full_size(model: onnx.ModelProto, input_size: int, masks: int) -> onnx.ModelProto:
    """Add segment-anything's postprocessing: up to the model frame, crop the padding, resize to `orig_im_size`."""
    graph = model.graph
    constants: dict[str, np.ndarray] = {
        "full.frame": np.array([1, masks, input_size, input_size], np.int64),
        "full.batch": np.array([1, masks], np.int64),
        "full.side": np.array(input_size, np.float32),
        "full.half": np.array(0.5, np.float32),
        "full.starts": np.array([0, 0], np.int64),
        "full.axes": np.array([2, 3], np.int64),
    }
    bilinear = {"mode": "linear", "coordinate_transformation_mode": "pytorch_half_pixel"}
    nodes = [
        helper.make_node("Resize", ["low_res_masks", "", "", "full.frame"], ["full.padded"], **bilinear),
        helper.make_node("ReduceMax", ["orig_im_size"], ["full.longest"], keepdims=0),
        helper.make_node("Div", ["full.side", "full.longest"], ["full.scale"]),
        helper.make_node("Mul", ["orig_im_size", "full.scale"], ["full.scaled"]),
        helper.make_node("Add", ["full.scaled", "full.half"], ["full.raised"]),
        helper.make_node("Floor", ["full.raised"], ["full.rounded"]),
        helper.make_node("Cast", ["full.rounded"], ["full.ends"], to=TensorProto.INT64),
        helper.make_node("Slice", ["full.padded", "full.starts", "full.ends", "full.axes"], ["full.cropped"]),
        helper.make_node("Cast", ["orig_im_size"], ["full.size"], to=TensorProto.INT64),
        helper.make_node("Concat", ["full.batch", "full.size"], ["full.shape"], axis=0),
        helper.make_node("Resize", ["full.cropped", "", "", "full.shape"], ["masks"], **bilinear),
    ]
    graph.node.extend(nodes)
    graph.initializer.extend(numpy_helper.from_array(value, name) for name, value in constants.items())
    graph.input.append(helper.make_tensor_value_info("orig_im_size", TensorProto.FLOAT, [2]))
    low_res, ious = graph.output
    full_size = helper.make_tensor_value_info("masks", TensorProto.FLOAT, [1, masks, "photo_height", "photo_width"])
    outputs = [onnx.ValueInfoProto.FromString(v.SerializeToString()) for v in (full_size, ious, low_res)]
    del graph.output[:]
    graph.output.extend(outputs)
    return model
