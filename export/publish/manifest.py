"""The contract with the browser: reading and checking `manifest.json`, as web/src/engine/core/manifest.ts does."""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema

from export.errors import ExportError
from export.files import read_json, sha256
from export.filetype import told
from export.models.predictor import FEEDS, OnnxPredictor

SCHEMA = Path(__file__).parents[2] / "contract" / "manifest.schema.json"


@cache
def _validator() -> jsonschema.protocols.Validator:
    schema = json.loads(SCHEMA.read_text())
    return jsonschema.validators.validator_for(schema)(schema)


def check(manifest: Any, name: str) -> dict[str, Any]:
    """Return `manifest` if a page will accept it, or say which field of `name` is wrong."""
    error = jsonschema.exceptions.best_match(_validator().iter_errors(manifest))
    if error:
        raise ExportError(f"{name}: {error.json_path}: {error.message}")
    _check_references(manifest, name)
    return dict(manifest)


def _check_references(manifest: dict[str, Any], name: str) -> None:
    """What a schema cannot say: that names refer to something, and that parallel lists are equally long."""
    find_variant(manifest, None, None)
    if "instant" in manifest:
        find_variant(manifest, manifest["instant"], None)
    for model in manifest["models"]:
        find_variant(manifest, model["id"], None)
        for key, variant in model["variants"].items():
            for field, complaint in _wrong_references(variant):
                raise ExportError(f"{name}: models[{model['id']}].variants.{key}.{field} {complaint}.")


def files_of(variant: dict[str, Any]) -> list[dict[str, Any]]:
    """The files of a variant: encoder, decoder, and those that WASM has of its own, if it has any."""
    pairs = [variant, *([variant["wasm"]] if "wasm" in variant else [])]
    return [pair[part] for pair in pairs for part in ("encoder", "decoder")]


def run_in_wasm(variant: dict[str, Any]) -> dict[str, Any]:
    """A variant as WASM runs it, whose kernels are onnxruntime's own for a CPU."""
    return {**variant, **variant.get("wasm", {})}


def _wrong_references(variant: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield each field of a variant that does not go with another one, and what is wrong with it."""
    for part, file in zip(("encoder", "decoder", "wasm.encoder", "wasm.decoder"), files_of(variant), strict=False):
        if not file["file"].endswith(f".{file['sha256'][:8]}.onnx"):
            yield f"{part}.file", "does not carry the first eight digits of its sha256"
    yield from _wrong_self_test(variant["self_test"], "self_test")
    if "wasm" in variant:
        yield from _wrong_self_test(variant["wasm"]["self_test"], "wasm.self_test")
        for part in ("encoder", "decoder"):
            if any(variant["wasm"][part][side] != variant[part][side] for side in ("inputs", "outputs")):
                yield f"wasm.{part}", f"does not have the inputs and outputs of the {part}"
    known = {*FEEDS, *(output["name"] for output in variant["encoder"]["outputs"])}
    for tensor in variant["decoder"]["inputs"]:
        if tensor["name"] not in known:
            yield "decoder.inputs", f'names "{tensor["name"]}", which is neither a prompt nor an output of the encoder'


def _wrong_self_test(test: dict[str, Any], field: str) -> Iterator[tuple[str, str]]:
    if len(test["point_coords"]) != len(test["point_labels"]):
        yield f"{field}.point_labels", "is not as long as point_coords"
    if len(test["logits"]["index"]) != len(test["logits"]["value"]):
        yield f"{field}.logits.value", "is not as long as index"


def read(path: Path) -> dict[str, Any]:
    """Read and check a manifest."""
    try:
        return check(read_json(path.read_text()), str(path))
    except (OSError, ValueError) as error:
        raise ExportError(f"Cannot read manifest {path}: {told(path) or error}.") from error


def find_variant(manifest: dict[str, Any], model_id: str | None, variant: str | None) -> tuple[dict, str]:
    """Return the model's entry and the variant's name, defaults filled in."""
    models = {model["id"]: model for model in manifest["models"]}
    model_id = model_id or manifest["default"]
    model = models.get(model_id)
    if model is None:
        raise ExportError(f"No model {model_id!r} in the manifest; it has {', '.join(models)}.")
    name = variant or model["default_variant"]
    if name not in model["variants"]:
        raise ExportError(
            f"Model {model['id']} has no variant {name!r}; it is published as {', '.join(model['variants'])}."
        )
    return model, name


def name_instant(manifest: dict[str, Any], instant: str | None) -> None:
    """Say which small model answers until the default one is there.

    `None` keeps what the manifest says, an empty name ends it. A model that has become the default one goes before none.
    """
    kept = manifest.pop("instant", "")
    name = kept if instant is None else instant
    ids = [model["id"] for model in manifest["models"]]
    if instant and instant not in ids:
        raise ExportError(f"--instant {instant}: no such model in the manifest; it has {', '.join(ids)}.")
    if instant and instant == manifest["default"]:
        raise ExportError(
            f"--instant {instant}: this is the default model; the instant one is a smaller one before it."
        )
    if name in ids and name != manifest["default"]:
        manifest |= {"instant": name, "models": manifest.pop("models")}


def open_variant(path: Path, model_id: str | None, variant: str | None) -> OnnxPredictor:
    """Open a published variant under onnxruntime, as WASM runs it, after checking its files' sha256."""
    model, name = find_variant(read(path), model_id, variant)
    files = []
    chosen = run_in_wasm(model["variants"][name])
    for part in ("encoder", "decoder"):
        entry = chosen[part]
        file = path.parent / entry["file"]
        if not file.exists() or sha256(file) != entry["sha256"]:
            raise ExportError(f"{file} is missing or not what the manifest says; publish it again.")
        files.append(file)
    return OnnxPredictor(*files)
