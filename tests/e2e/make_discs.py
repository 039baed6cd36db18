"""Writes discs/*: a model of a few kilobytes for the tests of the page that are not about real masks.

It answers with a disc around each point of the object, less a disc around each point outside of it, cut to the box. Each
of the four tokens has a radius of its own, all of them a little larger on a bright photo than on a dark one. An earlier mask
is added to the discs. Everything is exact and takes microseconds. Run: python -m tests.e2e.make_discs

tiers.json names a second model, `quick`, that goes before it: smaller discs in a smaller frame, less sure of themselves.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import onnx
from onnx import parser

from export.files import write_json
from export.publish import manifest, publish

FOLDER = Path(__file__).with_name("discs")
INPUT_SIZE = 256
LOGITS_PER_PIXEL = 2.0  # of the model frame
FAR = 10_000.0

# Shares of the model frame's side, by token: 0 answers rich prompts, 1 to 3 are the candidates for a lone point.
RADII = (0.19, 0.07, 0.14, 0.21)
MARGINS = (0.03, 0.07, 0.05, 0.01)  # between a box and its mask
PREDICTED_IOU = (0.84, 0.61, 0.88, 0.73)

ENCODER = """
<ir_version: 9, opset_import: ["": 17]>
encoder (uint8[1, height, width, 3] image) => (float[1, 3, 1, 1] image_embeddings)
<float brightest = {BRIGHTEST}>
{
    values = Cast<to = 1>(image)
    planes = Transpose<perm = [0, 3, 1, 2]>(values)
    colour = GlobalAveragePool(planes)
    image_embeddings = Div(colour, brightest)
}
"""

DECODER = """
<ir_version: 9, opset_import: ["": 17]>
decoder (
    float[1, 3, 1, 1] image_embeddings, float[prompts, points, 2] point_coords, float[prompts, points] point_labels,
    float[masks, 1, GRID, GRID] mask_input, float[masks] has_mask_input
) => (float[prompts, 4, GRID, GRID] low_res_masks, float[prompts, 4] iou_predictions)
<
    float[1, 1, 1, GRID] across = {CENTRES}, float[1, 1, GRID, 1] down = {CENTRES},
    float[1, 4, 1, 1] radii = {RADII}, float[1, 4, 1, 1] margins = {MARGINS}, float[1, 4] usual_iou = {IOUS},
    float foreground = {1}, float background = {0}, float upper_left = {2}, float lower_right = {3},
    float nothing = {0}, float half = {0.5}, float much = {FAR}, float negative = {-FAR},
    float logits_per_pixel = {SCALE}, float least = {-40}, float most = {40}, float bonus = {0.05},
    int64[1] last = {3}, int64[2] last_two = {2, 3}, int64[4] each_mask = {-1, 1, 1, 1}, int64[1] second = {1}
>
{
    # Radii, by how bright the photo is: (1, 4, 1, 1)
    brightness = ReduceMean<axes = [1], keepdims = 1>(image_embeddings)
    larger = Add(brightness, half)
    radius = Mul(radii, larger)

    # Points and their distances from the middle of every cell: (prompts, points, grid, grid)
    middle = Add(point_coords, half)
    point_x, point_y = Split<axis = 2>(middle)
    x = Unsqueeze(point_x, last)
    y = Unsqueeze(point_y, last)
    dx = Sub(across, x)
    dy = Sub(down, y)
    dx2 = Mul(dx, dx)
    dy2 = Mul(dy, dy)
    squared = Add(dx2, dy2)
    distance = Sqrt(squared)
    label = Unsqueeze(point_labels, last_two)

    # Inside of a disc around any point of the object, and outside of those around the others: (prompts, 4, grid, grid)
    is_foreground = Equal(label, foreground)
    to_foreground = Where(is_foreground, distance, much)
    nearest_foreground = ReduceMin<axes = [1], keepdims = 1>(to_foreground)
    discs = Sub(radius, nearest_foreground)
    is_background = Equal(label, background)
    to_background = Where(is_background, distance, much)
    nearest_background = ReduceMin<axes = [1], keepdims = 1>(to_background)
    outside = Sub(nearest_background, radius)

    # An earlier mask: (masks, 1, grid, grid)
    has_mask = Reshape(has_mask_input, each_mask)
    with_mask = Greater(has_mask, nothing)
    earlier = Div(mask_input, logits_per_pixel)
    earlier_or_nothing = Where(with_mask, earlier, negative)

    # The box, where there is one: its corners (prompts, 1, 1, 1), its inside (prompts, 4, grid, grid)
    is_upper_left = Equal(label, upper_left)
    is_lower_right = Equal(label, lower_right)
    x1_or_nothing = Where(is_upper_left, x, nothing)
    y1_or_nothing = Where(is_upper_left, y, nothing)
    x2_or_nothing = Where(is_lower_right, x, nothing)
    y2_or_nothing = Where(is_lower_right, y, nothing)
    x1 = ReduceSum<keepdims = 1>(x1_or_nothing, second)
    y1 = ReduceSum<keepdims = 1>(y1_or_nothing, second)
    x2 = ReduceSum<keepdims = 1>(x2_or_nothing, second)
    y2 = ReduceSum<keepdims = 1>(y2_or_nothing, second)
    from_left = Sub(across, x1)
    from_right = Sub(x2, across)
    from_top = Sub(down, y1)
    from_bottom = Sub(y2, down)
    inside_columns = Min(from_left, from_right)
    inside_rows = Min(from_top, from_bottom)
    to_edge = Min(inside_columns, inside_rows)
    inside_box = Sub(to_edge, margins)
    corners = Cast<to = 1>(is_upper_left)
    corner = ReduceSum<keepdims = 1>(corners, second)
    with_box = Greater(corner, nothing)
    within = Where(with_box, inside_box, much)

    # A box alone is filled; what a point or an earlier mask says is cut to it.
    points_of_object = Cast<to = 1>(is_foreground)
    point_of_object = ReduceSum<keepdims = 1>(points_of_object, second)
    with_point = Greater(point_of_object, nothing)
    full_or_nothing = Where(with_box, much, negative)
    said = Where(with_point, discs, full_or_nothing)
    inside = Max(said, earlier_or_nothing)
    mask = Min(inside, within, outside)
    steep = Mul(mask, logits_per_pixel)
    low_res_masks = Clip(steep, least, most)

    # A box makes the model surer of itself: (prompts, 4)
    surer = Mul(corner, bonus)
    more = Squeeze(surer, last_two)
    iou_predictions = Add(usual_iou, more)
}
"""


def numbers(values: object) -> str:
    """A tensor's values in ONNX's textual form."""
    return ", ".join(f"{value:.6f}" for value in values)  # type: ignore[attr-defined]


def graphs(factor: float, input_size: int = INPUT_SIZE, doubt: float = 0.0) -> dict[str, onnx.ModelProto]:
    """Encoder and decoder; discs shrink with `factor`, the brightness that the encoder tells too: no two encoders are alike.

    `doubt` is taken from every predicted IoU.
    """
    grid = input_size // 4
    values = {
        "{CENTRES}": "{" + numbers(4 * cell + 2 for cell in range(grid)) + "}",
        "{RADII}": "{" + numbers(factor * input_size * share for share in RADII) + "}",
        "{MARGINS}": "{" + numbers(input_size * share for share in MARGINS) + "}",
        "{IOUS}": "{" + numbers(iou - doubt for iou in PREDICTED_IOU) + "}",
        "FAR": f"{FAR:.1f}",
        "{SCALE}": "{" + f"{LOGITS_PER_PIXEL}" + "}",
        "GRID": str(grid),
    }
    text = "\n".join(line for line in DECODER.splitlines() if not line.strip().startswith("#"))
    for name, value in values.items():
        text = text.replace(name, value)
    encoder = ENCODER.replace("BRIGHTEST", f"{255 / factor:.3f}")
    pair = {"encoder": parser.parse_model(encoder), "decoder": parser.parse_model(text)}
    for model in pair.values():
        onnx.checker.check_model(model, full_check=True)
    return pair


def entry(model_id: str, title: str, variants: dict[str, dict[str, onnx.ModelProto]]) -> dict[str, Any]:
    """A model's entry in a manifest, as `python -m export publish` writes a real one's; its files go to FOLDER."""
    entries = {}
    with TemporaryDirectory() as temporary:
        for name, pair in variants.items():
            folder = Path(temporary, name)
            folder.mkdir()
            for part, model in pair.items():
                onnx.save(model, folder / f"{part}.onnx")
            entries[name] = publish.pair_entry(folder, name, model_id, {"verify": {}, "benchmarks": {}})
            publish.copy_files(entries[name], folder, FOLDER)
    return publish.model_entry(model_id, title, "Apache-2.0", "tests/e2e/make_discs.py", entries)


def main() -> None:
    """Write one manifest with the discs in two variants, and one with another model before them."""
    FOLDER.mkdir(exist_ok=True)
    discs = entry("discs", "Discs", {"exact": graphs(1.0), "rough": graphs(0.96)})
    quick = entry("quick", "Quick discs", {"exact": graphs(0.6, input_size=128, doubt=0.2)})
    alone = {"schema": 1, "default": "discs", "models": [discs]}
    both = {"schema": 1, "default": "discs", "instant": "quick", "models": [discs, quick]}
    for name, listed in (("manifest", alone), ("tiers", both)):
        write_json(FOLDER / f"{name}.json", manifest.check(listed, name))
    publish.remove_unused(FOLDER, both)


if __name__ == "__main__":
    main()
