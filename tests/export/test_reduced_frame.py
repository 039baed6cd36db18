"""MobileSAM's encoder at a part of the frame's resolution, as a student of MobileSAM."""

import copy

import numpy as np
import pytest
import torch

from export.data.frames import letterboxed
from export.errors import ExportError
from export.models import checkpoint
from export.models.encoder import HALF_FRAME, REFINED, THREE_QUARTERS
from export.models.mobile_sam import MobileSam
from export.models.reduced_frame import ReducedFrameEncoder, resampled
from export.models.tiny_vit import TinyVitEncoder
from export.onnx.folded import FoldedDecoder
from export.onnx.unpadded import UnpaddedEncoder
from export.training.teacher import student_of
from export.training.trainer import initialise
from export.training.unpadded import empty_maps, encode_unpadded


@pytest.fixture(scope="module")
def teacher():
    torch.manual_seed(0)
    model = MobileSam().eval()
    for name, parameter in model.named_parameters():
        if name.endswith("attention_biases"):
            torch.nn.init.normal_(parameter)
    model.set_input_size(128)
    return model


@pytest.fixture(params=[HALF_FRAME, REFINED])
def student(teacher, request):
    return student_of(teacher, request.param).eval()


def picture(height=128, width=128):
    return torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(1)) * 255


@torch.no_grad()
def test_student_has_the_grid_of_its_teacher_and_sees_half_the_pixels(teacher, student):
    image = picture()
    assert student.encode(image)["image_embeddings"].shape == teacher.encode(image)["image_embeddings"].shape
    halved = torch.nn.functional.interpolate(image, scale_factor=0.5, mode="area")
    same_halves = torch.nn.functional.interpolate(halved, scale_factor=2.0, mode="nearest")
    assert torch.allclose(
        student.encode(image)["image_embeddings"], student.encode(same_halves)["image_embeddings"], atol=1e-4
    )


@torch.no_grad()
def test_student_starts_as_its_teacher_on_a_photo_of_half_the_size(student, teacher):
    """Where no window is cut otherwise, the map that is enlarged is the teacher's own for the halved photo."""
    teacher = copy.deepcopy(teacher)
    for model in (student, teacher):
        for name, parameter in model.named_parameters():
            if name.endswith("attention_biases"):
                parameter.zero_()
        model.train()
        model.eval()  # drops the biases that timm gathered
    halved = picture(64, 64) / 255
    whole = torch.nn.functional.interpolate(halved, scale_factor=2.0, mode="nearest")
    own, neck = teacher.image_encoder, student.image_encoder.neck
    coarse = own.neck[0](own.body.forward_features(halved))
    expected = neck[1:](torch.nn.functional.interpolate(coarse, scale_factor=2.0, mode="bilinear"))
    actual = student.image_encoder(whole)["image_embeddings"]
    # Only the windows differ: theirs are 7 cells wide and padded with zeros, ours 8.
    assert torch.corrcoef(torch.stack([expected.flatten(), actual.flatten()]))[0, 1] > 0.9


def test_position_biases_keep_their_values_at_both_ends_of_a_window():
    table = torch.arange(49.0).repeat(2, 1)
    larger = resampled(table, torch.zeros(2, 64)).reshape(2, 8, 8)
    assert larger[0, 0, 0] == pytest.approx(0, abs=1e-4)
    assert larger[0, 7, 7] == pytest.approx(48, abs=1e-4)
    assert (larger[0].diff(dim=0) > 0).all()
    assert torch.allclose(resampled(table, table), table, atol=1e-4)


@torch.no_grad()
def test_student_at_three_quarters_is_nearer_to_its_teacher_than_at_half(teacher):
    coarse = torch.nn.functional.interpolate(picture(16, 16), (128, 128), mode="bicubic")
    expected = teacher.encode(coarse)["image_embeddings"]
    half, more = (
        student_of(teacher, name).eval().encode(coarse)["image_embeddings"] for name in (HALF_FRAME, THREE_QUARTERS)
    )
    assert half.shape == more.shape == expected.shape
    assert (more - expected).square().mean() < (half - expected).square().mean()


@pytest.mark.parametrize("side", [512, 768])
def test_a_photo_of_the_size_that_is_seen_fills_its_windows(side):
    cells = [side // stride for stride in (4, 8, 16, 16)]
    assert all(side % window == 0 for side, window in zip(cells[1:], ReducedFrameEncoder.windows[1:], strict=True))
    assert any(side % window for side, window in zip(cells[1:], TinyVitEncoder.windows[1:], strict=True))


@torch.no_grad()
def test_student_is_calibrated_and_begins_with_its_teacher_s_ranking(teacher, student):
    maps = teacher.encode(picture())
    prompt = (torch.tensor([[[40.0, 50.0], [0.0, 0.0]]]), torch.tensor([[1.0, -1.0]]))
    none = (torch.zeros(1, 1, 32, 32), torch.zeros(1))
    masks, predicted = student.decode(maps, *prompt, *none)
    expected_masks, expected = teacher.decode(maps, *prompt, *none)
    assert torch.allclose(masks, expected_masks, atol=1e-5)
    assert torch.allclose(predicted, expected, atol=1e-5)
    student.mask_decoder.calibration.weights.copy_(torch.tensor([0.5, 0.75, -0.25]))
    calibrated = student.decode(maps, *prompt, *none)[1]
    assert not torch.allclose(calibrated, expected, atol=1e-2)
    folded = FoldedDecoder(student)(maps, *prompt, *none)[1]
    assert torch.allclose(folded, calibrated, atol=1e-4)


@torch.no_grad()
def test_unpadded_form_answers_as_the_padded_one_for_a_square_photo(student):
    image = picture()
    expected = student.encode(image)["image_embeddings"]
    actual = UnpaddedEncoder(student)(image)["image_embeddings"]
    assert torch.allclose(actual, expected, atol=1e-4)


@torch.no_grad()
def test_training_encodes_a_batch_of_shapes_as_the_unpadded_form_encodes_each_photo(student):
    shapes = [(128, 60), (70, 128), (128, 128), (40, 100)]
    photos = [np.random.default_rng(0).integers(0, 256, (*shape, 3), np.uint8) for shape in shapes]
    frames = [letterboxed(photo, 128) for photo in photos]
    image, size = (torch.tensor(np.stack([frame[name] for frame in frames])) for name in ("image", "size"))
    empty = empty_maps(student)
    unpadded = UnpaddedEncoder(copy.deepcopy(student))
    for number, (height, width) in enumerate(size.tolist()):
        one = slice(number, number + 1)
        actual = encode_unpadded(student, image[one], size[one], empty)["image_embeddings"]
        expected = unpadded(image[one, :height, :width].permute(0, 3, 1, 2).float())["image_embeddings"]
        cells = (slice(None), slice(None), slice(-(-height // 16)), slice(-(-width // 16)))
        assert torch.allclose(actual[cells], expected[cells], atol=1e-4)
    mixed = [1, 0, 2]  # lies, stands, square: encoded in two lots, and put back in order
    together = encode_unpadded(student, image[mixed], size[mixed], empty)["image_embeddings"]
    for place in (1, 2):
        one = mixed[place : place + 1]
        alone = encode_unpadded(student, image[one], size[one], empty)["image_embeddings"]
        assert torch.allclose(together[place], alone[0], atol=1e-4)


@torch.no_grad()
def test_refined_student_begins_as_the_plain_one_whose_weights_it_takes_over(teacher, tmp_path):
    plain, refined = (student_of(teacher, name).eval() for name in (HALF_FRAME, REFINED))
    plain.image_encoder.lateral.weight.normal_()
    checkpoint.save(tmp_path / "plain.pt", {"config": plain.config.as_dict(), "average": plain.state_dict()})
    initialise(refined, tmp_path / "plain.pt")
    image = picture()
    expected = plain.encode(image)["image_embeddings"]
    assert torch.allclose(refined.encode(image)["image_embeddings"], expected, atol=1e-5)


def test_student_of_another_kind_is_refused_as_a_start(teacher, tmp_path):
    other, refined = student_of(teacher, "lcnet_050"), student_of(teacher, REFINED)
    checkpoint.save(tmp_path / "other.pt", {"config": other.config.as_dict(), "average": other.state_dict()})
    with pytest.raises(ExportError, match="does not fit these model settings"):
        initialise(refined, tmp_path / "other.pt")
