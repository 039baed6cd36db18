"""The scripts of examples/ do what they say."""

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from export.data.drawn import scene
from export.models.predictor import Photo, Prompt
from export.publish import manifest as contract

ROOT = Path(__file__).parents[2]
DISCS = ROOT / "tests" / "e2e" / "discs" / "manifest.json"


def example(name):
    """A script as a module; the folder is no package."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "examples" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("size", [(300, 200), (120, 333)])
def test_predict_writes_the_mask_that_the_page_would_show(size, tmp_path, capsys):
    pixels, _ = scene(1, *size)
    Image.fromarray(pixels).save(tmp_path / "photo.png")
    place = (size[0] // 3, size[1] // 2)
    out = tmp_path / "mask.png"
    example("predict").main(
        [str(tmp_path / "photo.png"), *map(str, place), "--manifest", str(DISCS), "--out", str(out)]
    )
    expected = Photo(contract.open_variant(DISCS, None, None), pixels).answers([Prompt((place,), (1,))])[0].mask
    actual = np.asarray(Image.open(out)) > 0
    assert actual.shape == (size[1], size[0])
    assert 0 < actual.sum() < actual.size
    assert np.mean(actual != expected) < 1e-3
    assert "of the photo, by Discs" in capsys.readouterr().out


def test_predict_names_what_is_wrong(tmp_path, capsys):
    Image.new("RGB", (40, 30)).save(tmp_path / "photo.png")
    arguments = [str(tmp_path / "photo.png"), "40", "10", "--manifest", str(DISCS)]
    with pytest.raises(SystemExit):
        example("predict").main(arguments)
    assert "40 × 30 pixels" in capsys.readouterr().err
    with pytest.raises(SystemExit, match="it has discs"):
        example("predict").main([*arguments, "--model", "other"])


def test_export_your_own_writes_three_verified_pairs(checkpoint, tmp_path):
    Image.fromarray(scene(2)[0]).save(tmp_path / "photo.png")
    out = tmp_path / "out"
    example("export_your_own").main([str(checkpoint), "--out", str(out), "--photos", str(tmp_path)])
    verified = json.loads((out / "verify.json").read_text())
    assert set(verified) == {"fp32", "fp16", "int8"}
    for variant, result in verified.items():
        assert result["passed"]
        assert {path.name for path in (out / variant).iterdir()} == {"encoder.onnx", "decoder.onnx"}


def test_export_your_own_says_where_there_is_no_checkpoint(tmp_path):
    with pytest.raises(SystemExit, match=r"No checkpoint at .*none\.pt"):
        example("export_your_own").main([str(tmp_path / "none.pt"), "--out", str(tmp_path)])
