"""Photos without the empty part of the square, as the unpadded export encodes them (onnx/unpadded.py), in batches."""

import torch

from export.data.frames import pixels
from export.models.encoder import normalise
from export.models.geometry import MARGIN
from export.models.promptable import PromptableModel

STEP = (
    64  # between the sizes that lots are cut to, twice the export's: few shapes, so that freed memory fits the next lot
)
EMPTY_SIDE = 512  # of a frame whose middle sees nothing of its edges

Maps = dict[str, torch.Tensor]


def encode_photos(model: PromptableModel, image: torch.Tensor, size: torch.Tensor, unpadded: bool) -> Maps:
    """Images (B, S, S, 3) uint8 of sizes (B, 2) → the encoder's maps, with the rest of the square encoded too or filled."""
    if unpadded:
        return encode_unpadded(model, image, size, empty_maps(model))
    return model.encode(pixels(image, size))


def encode_unpadded(model: PromptableModel, image: torch.Tensor, size: torch.Tensor, empty: Maps | None = None) -> Maps:
    """Images (B, S, S, 3) uint8 of sizes (B, 2) → the encoder's maps for the whole frame, its rest filled with `empty` (or 0).

    Photos that lie and photos that stand are encoded apart, each lot cut to the largest photo in it.
    """
    stands = size[:, 0] > size[:, 1]
    lots = [lot.nonzero()[:, 0] for lot in (stands, ~stands) if lot.any()]
    parts = [_encode(model, image[lot], size[lot], empty) for lot in lots]
    order = torch.argsort(torch.cat(lots))
    return {name: torch.cat([part[name] for part in parts])[order] for name in parts[0]}


def _encode(model: PromptableModel, image: torch.Tensor, size: torch.Tensor, empty: Maps | None) -> Maps:
    frame = image.shape[1]
    height, width = (min(-(-int(side) // STEP) * STEP + MARGIN, frame) for side in size.amax(0))
    maps = model.image_encoder(normalise(pixels(image[:, :height, :width], size)))
    return {
        name: _filled(part, part.shape[2] * frame // height, None if empty is None else empty[name])
        for name, part in maps.items()
    }


def _filled(part: torch.Tensor, cells: int, empty: torch.Tensor | None) -> torch.Tensor:
    """A part (B, C, h, w) of a map, at the upper left of the whole one (B, C, cells, cells)."""
    whole = part.new_zeros(1, part.shape[1], 1, 1) if empty is None else empty.to(part.dtype)
    whole = whole.expand(part.shape[0], -1, cells, cells).clone(memory_format=torch.channels_last)
    whole[:, :, : part.shape[2], : part.shape[3]] = part
    return whole


@torch.no_grad()
def empty_maps(model: PromptableModel) -> Maps:
    """What the encoder answers far from any photo: (1, C, 1, 1) for each map."""
    side = min(EMPTY_SIDE, model.input_size)
    nothing = torch.zeros(1, 3, side, side, device=next(model.parameters()).device)
    maps = model.image_encoder(nothing.contiguous(memory_format=torch.channels_last))
    middles = {name: value.shape[-1] // 2 for name, value in maps.items()}
    return {name: value[:, :, middles[name], middles[name], None, None] for name, value in maps.items()}
