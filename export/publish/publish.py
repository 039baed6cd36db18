"""`publish`: verified variants → the page's model folder, `manifest.json`, and the figures in the model card.

Refuses what `verify` did not pass or what changed since. Everything is checked before anything is written. Writes the files
first, the manifest last, and only then removes files that nothing refers to any more, so that an interrupted run leaves a
manifest that works.
"""

import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from export.errors import ExportError, UsageError
from export.files import read_json, sha256, write_json, write_whole
from export.messages import say
from export.models.geometry import Letterbox
from export.models.onnx_file import load_graph
from export.models.predictor import OnnxPredictor, Prompt
from export.names import is_kept
from export.onnx.graphs import data_of, sound_graph
from export.onnx.integer import WASM_PARTS
from export.onnx.verify import GATES
from export.publish import manifest as contract

MODELS = Path("web/public/models")
CARD = Path("docs/model-card.md")
TYPES = {onnx.TensorProto.FLOAT: "float32", onnx.TensorProto.UINT8: "uint8"}
SELF_TEST_VALUES = 64
TOLERANCE = 0.05
ROUNDING = 2.5  # times what 8 bits changed: Chromium's WASM was 0.4 (default) and 1.8 times (MobileSAM) that from an x86 with AMX
LOOSEST = 0.5  # an answer of zeros is off by 1
PARTS = ("encoder", "decoder")
IDENTIFIER = re.compile(r"[a-z0-9]([a-z0-9._-]{0,62}[a-z0-9])?")


def self_test_picture(width: int, height: int) -> np.ndarray:
    """The picture both sides compute: ((x >> 4)·37 + (y >> 4)·101 + c·53)·29 mod 256, as (height, width, 3) uint8."""
    y, x, c = np.ogrid[:height, :width, :3]
    return (((x >> 4) * 37 + (y >> 4) * 101 + c * 53) * 29 % 256).astype(np.uint8)


def self_test(predictor: OnnxPredictor) -> dict[str, Any]:
    """Expected outputs for a tap on the self-test picture: predicted IoU and a sample of the logits."""
    size = predictor.input_size
    width, height = size, size * 3 // 4
    point = (width // 2, height // 2)
    features = predictor.encode(self_test_picture(width, height))
    prompt = Prompt((point,), (1,)).feeds(Letterbox(width, height, size))
    logits, ious = predictor.decode(features, prompt)
    if not (np.isfinite(logits).all() and np.isfinite(ious).all()):
        raise ExportError("The model's answer to the self-test picture is not finite; it is not published.")
    flat = logits.ravel()
    index = np.linspace(0, flat.size - 1, SELF_TEST_VALUES).astype(int)
    return {
        "width": width,
        "height": height,
        "point_coords": [list(point)],
        "point_labels": [1],
        "iou_predictions": [round(float(v), 6) for v in ious],
        "logits": {"index": index.tolist(), "value": [round(float(flat[i]), 5) for i in index]},
        "tolerance": TOLERANCE,
    }


def _off(test: dict[str, Any], other: dict[str, Any]) -> float:
    """How far two self-tests of the same prompt are apart, as the page measures it: relative to values above 1."""
    pairs = [(test["iou_predictions"], other["iou_predictions"]), (test["logits"]["value"], other["logits"]["value"])]
    return max(abs(a - b) / max(1, abs(a)) for ours, theirs in pairs for a, b in zip(ours, theirs, strict=True))


def _for_wasm(own: list[Path], usual: dict[str, Any], model_id: str, variant: str) -> dict[str, Any]:
    """The entry of the pair that WASM has of its own.

    Its sums are exact, but rounding to 8 bits turns a difference in the last digit into a whole step here and there, so
    that another processor may be as far off as 8 bits are from float32, or farther: its self-test tolerates that too.
    """
    files = {part: _file_entry(path, model_id, variant) for part, path in zip(PARTS, own, strict=True)}
    test = self_test(OnnxPredictor(*own))
    return files | {"self_test": test | {"tolerance": round(min(TOLERANCE + ROUNDING * _off(usual, test), LOOSEST), 3)}}


def _tensors(values: Any) -> list[dict[str, Any]]:
    return [
        {
            "name": value.name,
            "type": TYPES[value.type.tensor_type.elem_type],
            "shape": [d.dim_param or d.dim_value for d in value.type.tensor_type.shape.dim],
        }
        for value in values
    ]


def _file_entry(source: Path, model_id: str, variant: str) -> dict[str, Any]:
    """The manifest entry of one file, under a name that carries its hash. Nothing is written."""
    if data_of(source).exists():
        raise ExportError(f"{source} keeps its weights in a second file, a page loads one: publish fp16 or int8.")
    digest = sha256(source)
    graph = sound_graph(source).graph
    return {
        "file": f"{model_id}-{source.stem}.{variant}.{digest[:8]}.onnx",
        "bytes": source.stat().st_size,
        "sha256": digest,
        "inputs": _tensors(graph.input),
        "outputs": _tensors(graph.output),
    }


def copy_files(entry: dict[str, Any], folder: Path, target: Path) -> None:
    """Copy the files of a variant's entry from `folder` to `target`, under their published names."""
    for stem, file in zip((*PARTS, *WASM_PARTS), contract.files_of(entry), strict=False):
        name, digest = file["file"], file["sha256"]
        if not (target / name).exists() or sha256(target / name) != digest:
            write_whole(target / name, (folder / f"{stem}.onnx").read_bytes())


def _verified(folder: Path, variant: str) -> dict[str, Any]:
    report = folder / "verify.json"
    result = _json(report).get(variant) if report.exists() else None
    if result is None:
        raise ExportError(f"{variant} of {folder} was not verified: run `python -m export verify {folder}`.")
    own = all((folder / variant / f"{part}.onnx").exists() for part in WASM_PARTS)
    compared = [("", PARTS, result), *([("wasm_", WASM_PARTS, result.get("wasm") or {})] if own else [])]
    figures: dict[str, Any] = {}
    for prefix, stems, part in compared:
        these = {key: part.get(key) for key in ("mask_iou", "least_mask_iou", "max_logit_difference")}
        sound = all(isinstance(value, int | float) and math.isfinite(value) for value in these.values())
        if part.get("passed") is not True or not sound or not these["mask_iou"] >= GATES[variant]:
            raise ExportError(f"{variant} of {folder} failed verification; it is not published.")
        for stem in stems:
            if sha256(folder / variant / f"{stem}.onnx") != part["sha256"].get(stem):
                raise ExportError(f"{folder / variant / stem}.onnx changed after `verify`: run it again.")
        figures |= {f"{prefix}{key}": value for key, value in these.items()}
    return figures


def _json(path: Path) -> dict[str, Any]:
    try:
        content = read_json(path.read_text())
    except (OSError, ValueError) as error:
        raise ExportError(f"{path} is not readable: {error}. Make it again.") from error
    if not isinstance(content, dict):
        raise ExportError(f"{path} is not what `verify` or `evaluate` writes: make it again.")
    return content


def variant_entry(folder: Path, variant: str, model_id: str) -> dict[str, Any]:
    """The manifest entry of a verified variant. Nothing is written."""
    verified = _verified(folder, variant)
    figures = folder / f"{variant}.evaluate.json"
    benchmarks = _json(figures) if figures.exists() else {}
    keys = (
        "images",
        "masks",
        "click1_miou",
        "click1_oracle_miou",
        "click_miou",
        "box_miou",
        "noc85",
        "noc90",
        "failures20",
    )
    quality = {
        "verify": verified,
        "benchmarks": {name: {k: values[k] for k in keys if k in values} for name, values in benchmarks.items()},
    }
    return pair_entry(folder / variant, variant, model_id, quality)


def pair_entry(folder: Path, variant: str, model_id: str, quality: dict[str, Any]) -> dict[str, Any]:
    """A variant's entry from `encoder.onnx` and `decoder.onnx` in `folder`, and the pair for WASM if there is one.

    Nothing is written, see `copy_files`.
    """
    pair = [folder / f"{part}.onnx" for part in PARTS]
    own = [folder / f"{part}.onnx" for part in WASM_PARTS]
    files = {part: _file_entry(path, model_id, variant) for part, path in zip(PARTS, pair, strict=True)}
    test = self_test(OnnxPredictor(*pair))
    wasm = _for_wasm(own, test, model_id, variant) if all(path.exists() for path in own) else None
    return {
        "opset": load_graph(pair[0]).opset_import[0].version,
        "providers": ["webgpu", "wasm"],
        **files,
        **({"wasm": wasm} if wasm else {}),
        "quality": quality,
        "self_test": test,
    }


def model_entry(model_id: str, title: str, licence: str, source: str, variants: dict[str, Any]) -> dict[str, Any]:
    """A model's entry; the first variant is the default one."""
    name, first = next(iter(variants.items()))
    return {
        "id": model_id,
        "title": title,
        "licence": licence,
        "source": source,
        "input_size": 4 * next(t for t in first["decoder"]["inputs"] if t["name"] == "mask_input")["shape"][-1],
        "normalisation": "in-graph",
        "mask_threshold": 0.0,
        "default_variant": name,
        "variants": variants,
    }


def remove_unused(target: Path, manifest: dict[str, Any]) -> None:
    """Delete model files of earlier publications that the manifest no longer names."""
    used = {
        file["file"]
        for model in manifest["models"]
        for variant in model["variants"].values()
        for file in contract.files_of(variant)
    }
    for path in target.glob("*.onnx"):
        if path.name not in used:
            path.unlink()


def figures_table(manifest: dict[str, Any]) -> str:
    """The measured figures of every model and variant as a Markdown table."""
    rows = [
        "| model | variant | MB | mask IoU with PyTorch | set | 1 click | best of 3 | 3 clicks | 5 clicks | box | NoC@85 |"
    ]
    rows.append("|---" * 11 + "|")
    for model in manifest["models"]:
        for name, variant in model["variants"].items():
            size = (variant["encoder"]["bytes"] + variant["decoder"]["bytes"]) / 1e6
            verified = variant["quality"]["verify"]
            same = f"{verified['mask_iou']:.4f}"
            if "wasm_mask_iou" in verified:
                same += f", in WASM {verified['wasm_mask_iou']:.4f}"
            for data, f in variant["quality"]["benchmarks"].items():
                curve = f["click_miou"]
                noc = f"{f['noc85']:.2f}" if "noc85" in f else "–"
                rows.append(
                    f"| {model['id']} | {name} | {size:.1f} | {same} | {data} ({f['masks']} masks) | "
                    f"{curve[0]:.3f} | {f['click1_oracle_miou']:.3f} | {curve[2]:.3f} | {curve[4]:.3f} | "
                    f"{f['box_miou']:.3f} | {noc} |"
                )
    return "\n".join(rows)


def card_text(card: Path, table: str) -> str:
    """The model card with the table between its `figures` marks."""
    text = card.read_text()
    marked = re.compile(r"(<!-- figures -->\n).*?(<!-- /figures -->)", re.S)
    if not marked.search(text):
        raise ExportError(f"{card} lacks the marks <!-- figures --> and <!-- /figures -->; restore them.")
    return marked.sub(lambda m: f"{m[1]}{table}\n{m[2]}", text)


def check_names(model_id: str, title: str, variants: Sequence[str]) -> None:
    """Raise UsageError unless the id and the variants can be parts of file names and addresses, and the title says something."""
    if not IDENTIFIER.fullmatch(model_id) or ".." in model_id or not is_kept(f"{model_id}.onnx"):
        raise UsageError(
            f"--id {model_id!r} cannot be part of a file's name: give at most 64 small letters (a-z), digits, hyphens, single "
            "dots and underscores, with a letter or digit at both ends, e.g. my-model."
        )
    if not title.strip() or not title.isprintable():
        raise UsageError(f"--title {title!r} must be one line of text.")
    if unknown := [name for name in variants if name not in GATES]:
        raise UsageError(f"--variant {unknown[0]!r} is none of {', '.join(GATES)}.")


def publish(folder, model_id, title, licence, source, variants, default, instant, target, card) -> None:  # type: ignore[no-untyped-def]
    """Publish the verified pair(s) of FOLDER into the page's manifest.

    Figures are taken from FOLDER/<variant>.evaluate.json where `evaluate --json` wrote them. `instant` names the small
    model that answers until the default one is there; None keeps what the manifest says, an empty name ends it.
    """
    check_names(model_id, title, variants)
    path = target / "manifest.json"
    manifest = contract.read(path) if path.exists() else {"schema": 1, "default": model_id, "models": []}
    entries = {variant: variant_entry(folder, variant, model_id) for variant in variants}
    model = model_entry(model_id, title, licence, source, entries)
    others = [entry for entry in manifest["models"] if entry["id"] != model_id]
    manifest["models"] = [model, *others] if default else [*others, model]
    manifest["default"] = model_id if default else manifest["default"]
    contract.name_instant(manifest, instant)
    contract.check(manifest, str(path))
    story = card_text(card, figures_table(manifest)) if card.exists() else None
    for variant, entry in entries.items():
        copy_files(entry, folder / variant, target)
    write_json(path, manifest)
    remove_unused(target, manifest)
    if story:
        write_whole(card, story.encode())
    for name, entry in entries.items():
        size = entry["encoder"]["bytes"] + entry["decoder"]["bytes"]
        say(f"Published {model_id} {name}: {size / 1e6:.2f} MB in {target}.")
