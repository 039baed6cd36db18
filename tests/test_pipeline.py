"""The script that shows the whole way, from photos to a manifest."""

import json

import jsonschema
import pipeline
import pytest
import torch
from click.testing import CliRunner

from export.data.drawn import write_folder


@pytest.fixture(autouse=True)
def _one_thread():
    torch.set_num_threads(1)


def test_photos_become_a_manifest_that_the_page_can_load(tmp_path):
    data, held = write_folder(tmp_path / "data", 12), write_folder(tmp_path / "held", 1)
    arguments = ["--out", tmp_path / "out", "--data", data, "--held", held, "--samples", 32, "--variant", "fp16"]
    result = CliRunner().invoke(pipeline.main, [str(a) for a in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    folder = tmp_path / "out" / "published"
    manifest = json.loads((folder / "manifest.json").read_text())
    schema = json.loads((pipeline.ROOT / "contract" / "manifest.schema.json").read_text())
    jsonschema.validate(manifest, schema)
    variant = manifest["models"][0]["variants"]["fp16"]
    assert (folder / variant["encoder"]["file"]).stat().st_size == variant["encoder"]["bytes"]
    assert "click1_miou" in str(variant["quality"])
