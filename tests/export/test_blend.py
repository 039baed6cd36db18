"""`blend`: an encoder between two checkpoints."""

import pytest
import torch
from click.testing import CliRunner

from export.__main__ import main
from export.models import checkpoint
from export.models.checkpoint import load_model
from export.models.promptable import Config, Promptable


def student(path, value, backbone="lcnet_050"):
    model = Promptable(Config(backbone, 16, fine_8=0, fine_4=0, input_size=64))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.fill_(value)
    checkpoint.save(path, {"config": model.config.as_dict(), "average": model.state_dict()})
    return path


def blended(*arguments):
    return CliRunner().invoke(main, ["blend", *map(str, arguments)])


@pytest.mark.parametrize("half", [[], ["--half"]])
def test_encoder_lies_between_and_all_else_is_the_second_s(tmp_path, half):
    first, second, out = student(tmp_path / "a.pt", 1.0), student(tmp_path / "b.pt", 2.0), tmp_path / "out.pt"
    result = blended(first, second, "--share", "0.25", "--out", out, *half)
    assert result.exit_code == 0, result.output
    for name, parameter in load_model(out).named_parameters():
        expected = 1.25 if name.startswith("image_encoder.") else 2.0
        assert torch.allclose(parameter, torch.full_like(parameter, expected), atol=1e-3), name
    if half:
        assert out.stat().st_size < 0.7 * second.stat().st_size


def test_students_of_two_kinds_are_refused_and_nothing_is_written(tmp_path):
    first, second = student(tmp_path / "a.pt", 1.0, "mobilenetv4_conv_small_050"), student(tmp_path / "b.pt", 2.0)
    result = blended(first, second, "--out", tmp_path / "out.pt")
    assert result.exit_code == 1
    assert "a.pt does not fit" in result.output
    assert not (tmp_path / "out.pt").exists()
