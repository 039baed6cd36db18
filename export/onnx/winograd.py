"""Winograd's algorithm for dense 3 × 3 convolutions: the same sums from a quarter of the multiplications.

A tile of 6 × 6 cells gives 4 × 4 of the answer; between two small fixed transforms, a product of matrices for each of the 36
positions stands for the convolution: F(4 × 4, 3 × 3) of arXiv 1509.09308. onnxruntime has no such kernel on the web. The
weights stay as they are in the file; their transform is constant, so that a runtime computes it once, when it loads the file.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

from export.onnx.graphs import share_tables

CHANNELS = 64  # fewer, and the transforms cost more than they save
MARK = ".winograd."  # in the names of all nodes that stand for a convolution
TILE, STEP = 6, 4

OF_INPUT = np.array(
    [[4, 0, -5, 0, 1, 0], [0, -4, -4, 1, 1, 0], [0, 4, -4, -1, 1, 0],
     [0, -2, -1, 2, 1, 0], [0, 2, -1, -2, 1, 0], [0, 4, 0, -5, 0, 1]], np.float32)  # fmt: skip
OF_WEIGHTS = np.array(
    [[6, 0, 0], [-4, -4, -4], [-4, 4, -4], [1, 2, 4], [1, -2, 4], [0, 0, 24]], np.float64) / 24  # fmt: skip
OF_ANSWER = np.array(
    [[1, 1, 1, 1, 1, 0], [0, 1, -1, 2, -2, 0], [0, 1, 1, 4, 4, 0], [0, 1, -1, 8, -8, 1]], np.float32)  # fmt: skip


def use_winograd(model: onnx.ModelProto) -> onnx.ModelProto:
    """Replace every dense 3 × 3 convolution with stride 1 whose map has whole tiles, in place; returns the model."""
    graph = model.graph
    shapes = {tensor.name: list(tensor.dims) for tensor in graph.initializer}
    sizes = _map_sizes(model)
    nodes: list[onnx.NodeProto] = []
    used = False
    for node in graph.node:
        fits = node.op_type == "Conv" and _is_dense(node, shapes.get(node.input[1], []))
        if not fits or any(side % STEP for side in sizes.get(node.output[0], (1,))):
            nodes.append(node)
            continue
        used = True
        nodes += _Tiles(node, shapes[node.input[1]]).nodes
    if used:
        del graph.node[:]
        graph.node.extend(nodes)
        constants = {
            "input": OF_INPUT,
            "weights": np.kron(OF_WEIGHTS, OF_WEIGHTS).astype(np.float32),
            "answer": OF_ANSWER,
        }
        graph.initializer.extend(
            numpy_helper.from_array(value, f"winograd.{name}.exact") for name, value in constants.items()
        )
        whole = {
            "top": [0, 1, 1, 0, 0, 3, 3, 0], "zero": [0], "two": [2], "four": [4], "less": [-4], "end": [2**62],
            "rows": [1], "columns": [2], "cells": [3], "flat": [0, 0, -1], "row_tiles": [-1, STEP, 0, 0],
            "first": [TILE, -1], "second": [STEP, TILE, -1], "nine": [9, -1],
        }  # fmt: skip
        graph.initializer.extend(
            numpy_helper.from_array(np.array(value, np.int64), f"winograd.{name}") for name, value in whole.items()
        )
    return share_tables(model)


def _map_sizes(model: onnx.ModelProto) -> dict[str, tuple[int, ...]]:
    """Height and width of each map of which both are known."""
    known = {}
    graph = onnx.shape_inference.infer_shapes(model).graph
    for value in (*graph.value_info, *graph.output):
        sides = [d.dim_value for d in value.type.tensor_type.shape.dim]
        if len(sides) == 4 and all(sides[2:]):
            known[value.name] = tuple(sides[2:])
    return known


def _is_dense(node: onnx.NodeProto, shape: Iterable[int]) -> bool:
    given = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    outputs, inputs, *kernel = shape or (0, 0)
    return (
        kernel == [3, 3]
        and min(outputs, inputs) >= CHANNELS
        and given.get("group", 1) == 1
        and list(given.get("strides", [1, 1])) == [1, 1]
        and list(given.get("dilations", [1, 1])) == [1, 1]
        and list(given.get("pads", [])) == [1, 1, 1, 1]
    )


class _Tiles:
    """The nodes that stand for one convolution. Tiles are rows × columns, channels last."""

    def __init__(self, conv: onnx.NodeProto, shape: list[int]) -> None:
        self.name, self.nodes = f"{conv.name}{MARK}", list[onnx.NodeProto]()
        outputs, inputs = shape[:2]
        pixels = self.add("Transpose", conv.input[0], perm=[0, 2, 3, 1])
        products = self.add("MatMul", self.tiles(pixels, inputs), self.weights(conv.input[1], inputs, outputs))
        answer = self.answer(products, pixels, outputs)
        if len(conv.input) > 2:
            answer = self.add("Add", answer, conv.input[2])
        self.nodes.append(
            helper.make_node("Transpose", [answer], list(conv.output), f"{self.name}out", perm=[0, 3, 1, 2])
        )

    def add(self, kind: str, *inputs: str, **attributes: Any) -> str:
        name = f"{self.name}{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], name, **attributes))
        return name

    def shape(self, *sides: int) -> str:
        return self.add("Constant", value_ints=list(sides))

    def tiles(self, pixels: str, channels: int) -> str:
        """(1, H, W, C) → (36, tiles, C), both transforms of the input done; the column's place in a tile counts first."""
        padded = self.add("Pad", pixels, "winograd.top")
        rows = self.overlapping(padded, "winograd.rows", "winograd.rows", "winograd.row_tiles")  # (h, 6, W + 4, C)
        rows = self.add("MatMul", "winograd.input.exact", self.add("Reshape", rows, "winograd.flat"))
        rows = self.add("Reshape", rows, self.shape(0, 0, -1, channels))
        tile = self.shape(0, 0, -1, STEP, channels)
        both = self.overlapping(rows, "winograd.columns", "winograd.cells", tile)  # (h, 6, w, 6, C)
        both = self.add("Transpose", both, perm=[3, 1, 0, 2, 4])
        both = self.add("MatMul", "winograd.input.exact", self.add("Reshape", both, "winograd.first"))
        return self.add("Reshape", both, self.shape(TILE * TILE, -1, channels))

    def overlapping(self, padded: str, axis: str, within: str, tile: str) -> str:
        """Cut an axis into tiles of 6 that start 4 apart: four of their own and the next one's first two."""
        own = self.add("Slice", padded, "winograd.zero", "winograd.less", axis)
        following = self.add("Slice", padded, "winograd.four", "winograd.end", axis)
        own, following = (self.add("Reshape", part, tile) for part in (own, following))
        following = self.add("Slice", following, "winograd.zero", "winograd.two", within)
        return self.add("Concat", own, following, axis=1 if within == "winograd.rows" else 3)

    def weights(self, name: str, inputs: int, outputs: int) -> str:
        """(O, I, 3, 3) → (36, I, O)."""
        taps = self.add("Reshape", self.add("Transpose", name, perm=[3, 2, 1, 0]), "winograd.nine")
        return self.add(
            "Reshape", self.add("MatMul", "winograd.weights.exact", taps), self.shape(TILE * TILE, inputs, outputs)
        )

    def answer(self, products: str, pixels: str, channels: int) -> str:
        """(36, tiles, O) → (1, H, W, O)."""
        columns = self.add("MatMul", "winograd.answer.exact", self.add("Reshape", products, "winograd.first"))
        both = self.add("MatMul", "winograd.answer.exact", self.add("Reshape", columns, "winograd.second"))
        sides = self.add("Div", self.add("Shape", pixels, start=1, end=3), "winograd.four")
        split = self.add("Concat", self.shape(STEP, STEP), sides, self.shape(channels), axis=0)
        cells = self.add("Transpose", self.add("Reshape", both, split), perm=[2, 1, 3, 0, 4])
        whole = self.add("Concat", self.add("Shape", pixels, start=0, end=3), self.shape(channels), axis=0)
        return self.add("Reshape", cells, whole)
