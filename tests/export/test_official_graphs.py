"""The encoders of MobileSAM and SAM without padding: slow to export, even in a small frame."""

import pytest
import torch

from export.models.mobile_sam import MobileSam
from export.models.sam import Sam, Vit
from tests.export.test_graphs import hold_unpadded_against_padded, shaken


def mobile_sam():
    model = MobileSam()
    model.set_input_size(128)
    return model


def vit():
    return Sam(Vit(32, 2, 2, (1,), window=5, input_size=256))


@pytest.mark.parametrize("make", [mobile_sam, vit])
def test_an_unpadded_encoder_is_the_padded_one_for_a_square_and_takes_any_shape(make, tmp_path):
    torch.manual_seed(0)
    hold_unpadded_against_padded(shaken(make()), tmp_path / "encoder.onnx")
