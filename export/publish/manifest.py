"""The contract with the browser: reading, checking and writing `manifest.json` (schema beside this file)."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema

from export.errors import ExportError
from export.files import read_json, sha256
from export.filetype import told
from export.models.predictor import OnnxPredictor

SCHEMA = Path(__file__).parents[1] / "manifest.schema.json"


@cache
def _validator() -> jsonschema.protocols.Validator:
    schema = json.loads(SCHEMA.read_text())
    return jsonschema.validators.validator_for(schema)(schema)


def check(manifest: Any, name: str) -> dict[str, Any]:
    """Return `manifest` if it fits the schema, or say which field of `name` does not."""
    error = jsonschema.exceptions.best_match(_validator().iter_errors(manifest))
    if error:
        raise ExportError(f"{name}: {error.json_path}: {error.message}")
    return dict(manifest)


def read(path: Path) -> dict[str, Any]:
    """Read and check a manifest."""
    try:
        return check(read_json(path.read_text()), str(path))
    except (OSError, ValueError) as error:
        raise ExportError(f"Cannot read manifest {path}: {told(path) or error}.") from error


def find_variant(manifest: dict[str, Any], model_id: str | None, variant: str | None) -> tuple[dict, str]:
    """Return the model's entry and the variant's name, defaults filled in."""
    models = {model["id"]: model for model in manifest["models"]}
    model = models.get(model_id or manifest["default"])
    if model is None:
        raise ExportError(f"No model {model_id!r} in the manifest; it has {', '.join(models)}.")
    name = variant or model["default_variant"]
    if name not in model["variants"]:
        raise ExportError(
            f"Model {model['id']} has no variant {name!r}; it is published as {', '.join(model['variants'])}."
        )
    return model, name


def open_variant(path: Path, model_id: str | None, variant: str | None) -> OnnxPredictor:
    """Open a published variant under onnxruntime, after checking its files' sha256."""
    model, name = find_variant(read(path), model_id, variant)
    files = []
    for part in ("encoder", "decoder"):
        entry = model["variants"][name][part]
        file = path.parent / entry["file"]
        if not file.exists() or sha256(file) != entry["sha256"]:
            raise ExportError(f"{file} is missing or not what the manifest says; publish it again.")
        files.append(file)
    return OnnxPredictor(*files)
