"""All masks of a photo: the same as those of segment_anything's generator, with the same weights; and what is written."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from segment_anything import SamAutomaticMaskGenerator
from segment_anything.modeling import ImageEncoderViT, MaskDecoder, PromptEncoder, Sam, TwoWayTransformer
from segment_anything.utils.amg import rle_to_mask
from torch import nn

from export.data.drawn import scene
from export.evaluation.everything import Settings, annotations, boxes, find, overlay
from export.evaluation.recall import iou_matrix, matched, summary
from export.models import checkpoint as checkpoints
from export.models.checkpoint import load_model
from export.models.decoder import PairedMaskDecoder
from export.models.predictor import Photo, TorchPredictor
from export.models.promptable import Config, Promptable, PromptableModel
from tests.export.conftest import refuse, run

SIZE, DIM = 128, 32
ROOT = Path(__file__).resolve().parents[2]
STUDENT = ROOT / "export" / "weights" / "tapmask-tiny.pt"
PHOTO = ROOT / "web" / "public" / "samples" / "astronaut.jpg"


class Wrapped(nn.Module):
    """The package's image encoder, as ours hand out their maps."""

    def __init__(self, encoder: nn.Module) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, image):
        return {"image_embeddings": self.encoder(image)}


def pair() -> tuple[Sam, PromptableModel]:
    """A small SAM of the package's parts, and our model with the same weights."""
    torch.manual_seed(1)
    encoder = ImageEncoderViT(
        img_size=SIZE, embed_dim=16, depth=1, num_heads=2, mlp_ratio=2.0, out_chans=DIM, use_rel_pos=True, window_size=4
    )
    cells = SIZE // 16
    prompts = PromptEncoder(DIM, (cells, cells), (SIZE, SIZE), mask_in_chans=16)
    decoder = MaskDecoder(
        transformer_dim=DIM,
        transformer=TwoWayTransformer(depth=2, embedding_dim=DIM, mlp_dim=64, num_heads=2),
        iou_head_hidden_dim=DIM,
    )
    sam = Sam(encoder, prompts, decoder).eval()
    for mlp in decoder.output_hypernetworks_mlps:  # steep logits, as trained weights give
        nn.init.normal_(mlp.layers[-1].weight, std=40.0)
    ours = PromptableModel(Wrapped(encoder), prompts, PairedMaskDecoder(DIM, heads=2, mlp_dim=64)).eval()
    ours.mask_decoder.load_state_dict(decoder.state_dict())
    ours.set_input_size(SIZE)
    return sam, ours


class Standing(nn.Module):
    """Our parts behind the face of the package's modules: the finer maps go past it, from the encoder to the decoder."""

    def __init__(self, model: PromptableModel) -> None:
        super().__init__()
        self.model, self.img_size, self.features = model, model.input_size, {}

    def forward(self, image=None, *, image_embeddings=None, image_pe=None, multimask_output=True, **prompt):
        if image is not None:
            self.features = self.model.image_encoder(image)
            return self.features["image_embeddings"]
        assert multimask_output
        sparse, dense = prompt["sparse_prompt_embeddings"], prompt["dense_prompt_embeddings"]
        masks, ious = self.model.mask_decoder(self.features, image_pe, sparse, dense)
        return masks[:, 1:], ious[:, 1:]


def generated(sam: Sam, pixels: np.ndarray, settings: Settings) -> list[dict]:
    """What the package's generator finds with the same settings."""
    return SamAutomaticMaskGenerator(
        sam,
        points_per_side=settings.points,
        pred_iou_thresh=settings.predicted_iou,
        stability_score_thresh=settings.stability,
        stability_score_offset=settings.offset,
        box_nms_thresh=settings.overlap,
    ).generate(pixels)


@pytest.mark.parametrize(("width", "height", "alike"), [(128, 96, 0.999), (90, 128, 0.999), (300, 200, 0.98)])
def test_every_answer_of_the_grid_is_that_of_segment_anything(width, height, alike):
    """With no threshold and no NMS: all 3 × 64 answers, matched by IoU.

    At the model's own size both read the same logits in the same way. Larger photos: the package enlarges twice, we once, which
    moves the edges of these masks, frayed as random weights make them, by fractions of a pixel.
    """
    sam, ours = pair()
    pixels, _ = scene(5, width, height)
    settings = Settings(points=8, predicted_iou=-9.0, stability=0.0, overlap=1.0)
    theirs = generated(sam, pixels, settings)
    found = find(Photo(TorchPredictor(ours), pixels), settings)
    assert len(found) == len(theirs) == 3 * 8 * 8
    ious = iou_matrix(np.array(list(found.masks())), np.array([mask["segmentation"] for mask in theirs]))
    for axis in (0, 1):
        assert ious.max(axis).min() >= alike
    assert found.predicted == pytest.approx(sorted((m["predicted_iou"] for m in theirs), reverse=True), abs=1e-3)


def test_with_trained_weights_the_same_masks_are_kept():
    """The published student, thresholds and NMS at work, on a photo larger than the model's frame.

    The package scores the enlarged mask, we score the low-res logits: a mask that lies at a threshold, or a duplicate that overlaps
    just as much as allowed, may be kept by one and not by the other. So most must agree, not all.
    """
    model = load_model(STUDENT)
    standing = Standing(model)
    sam = Sam(standing, model.prompt_encoder, standing).eval()
    pixels = np.asarray(Image.open(PHOTO).convert("RGB"))
    settings = Settings(points=8, predicted_iou=0.2, stability=0.6)
    theirs = generated(sam, pixels, settings)
    found = find(Photo(TorchPredictor(model), pixels), settings)
    assert len(theirs) > 5
    ious = iou_matrix(np.array(list(found.masks())), np.array([mask["segmentation"] for mask in theirs]))
    assert (ious.max(1) >= 0.98).mean() >= 0.8
    assert (ious.max(0) >= 0.98).mean() >= 0.8
    apart = []
    for i in np.flatnonzero(ious.max(1) >= 0.98):
        their = theirs[ious[i].argmax()]
        assert found.predicted[i] == pytest.approx(their["predicted_iou"], abs=0.02)
        apart.append(abs(found.stability[i] - their["stability_score"]))
    assert np.median(apart) <= 0.02
    assert max(apart) <= 0.1  # of a mask of a few cells, one cell is much


def test_boxes_lie_where_the_logits_change_sign():
    logits = torch.full((3, 8, 10), -1.0)
    logits[0, 2:5, 3:7] = 1.0  # halfway between cell centres, all around
    logits[1] = 1.0
    logits[2, 0, 9] = 3.0  # three quarters of the way to the next centre
    expected = [[3, 2, 7, 5], [0, 0, 10, 8], [8.75, 0, 10, 1.25]]
    assert torch.allclose(boxes(logits), torch.tensor(expected, dtype=torch.float32))


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    config = Config("mobilenetv4_conv_small_050", 32, 32, 16, input_size=64)
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("weights") / "student.pt"
    checkpoints.save(path, {"config": config.as_dict(), "average": Promptable(config).state_dict()})
    return path


PERMISSIVE = ("--points", 5, "--predicted-iou", -9, "--stability", 0)


def test_a_photo_is_written_as_coco_and_as_a_picture(weights, tmp_path):
    pixels, _ = scene(3)
    photo = tmp_path / "scene.jpg"
    turned = Image.Exif()
    turned[0x0112] = 6  # lies on its side
    Image.fromarray(pixels).save(photo, exif=turned)
    run("everything", photo, "--checkpoint", weights, "--out", tmp_path / "out", *PERMISSIVE)
    content = json.loads((tmp_path / "out" / "scene.jpg.everything.json").read_text())
    (image,) = content["images"]
    assert (image["width"], image["height"]) == (120, 160), "upright"
    assert content["annotations"]
    scores = [item["predicted_iou"] for item in content["annotations"]]
    assert scores == sorted(scores, reverse=True)
    for item in content["annotations"]:
        mask = rle_to_mask(item["segmentation"])
        assert mask.shape == (160, 120)
        assert mask.sum() == item["area"]
        x, y, width, height = item["bbox"]
        assert mask[y : y + height, x : x + width].sum() == item["area"]
        assert 0 <= item["stability_score"] <= 1
        assert 0 <= item["point"][0] <= 120
    picture = Image.open(io.BytesIO((tmp_path / "out" / "scene.jpg.everything.png").read_bytes()))
    assert picture.size == (120, 160)


def test_photos_of_one_name_have_a_result_each(weights, tmp_path):
    photos = [tmp_path / "a" / "Cafe\u0301.png", tmp_path / "b" / "café.png", tmp_path / "CON.png"]
    for number, path in enumerate(photos):
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(scene(number)[0]).save(path)
    out = tmp_path / "out"
    run("everything", *photos, photos[0], "--checkpoint", weights, "--out", out, *PERMISSIVE)
    names = sorted(path.name for path in out.glob("*.json"))
    expected = ["Café.png", "café-2.png", "con-object.png"]
    assert names == sorted(f"{name}.everything.json" for name in expected)
    contents = [json.loads((out / name).read_text()) for name in names]
    assert len({content["images"][0]["id"] for content in contents}) == 3
    numbers = [item["id"] for content in contents for item in content["annotations"]]
    assert len(set(numbers)) == len(numbers)
    for content in contents:
        assert {item["image_id"] for item in content["annotations"]} == {content["images"][0]["id"]}


def test_a_photo_that_was_cut_short_is_worked_on_and_named(weights, tmp_path):
    buffer = io.BytesIO()
    Image.fromarray(scene(3)[0]).save(buffer, "jpeg")
    (tmp_path / "cut.jpg").write_bytes(buffer.getvalue()[:-2])
    printed = run("everything", tmp_path / "cut.jpg", "--checkpoint", weights, "--out", tmp_path / "out", *PERMISSIVE)
    assert "cut.jpg is missing" in printed
    assert "0 of 1 photos skipped" in printed


def test_a_photo_without_a_good_mask_has_none(weights, tmp_path):
    Image.fromarray(scene(3)[0]).save(tmp_path / "scene.png")
    options = ("--checkpoint", weights, "--out", tmp_path / "out", "--points", 2, "--predicted-iou", 1e9)
    assert "0 masks" in run("everything", tmp_path / "scene.png", *options)
    content = json.loads((tmp_path / "out" / "scene.png.everything.json").read_text())
    assert content["annotations"] == []


def test_an_unreadable_photo_is_skipped_and_named(weights, tmp_path):
    (tmp_path / "bad.jpg").write_bytes(b"no photo")
    Image.fromarray(scene(3)[0]).save(tmp_path / "good.png")
    options = ("--checkpoint", weights, "--out", tmp_path / "out", *PERMISSIVE)
    printed = run("everything", tmp_path / "bad.jpg", tmp_path / "good.png", *options)
    assert "bad.jpg" in printed
    assert "1 of 2 photos skipped" in printed
    assert "None of the photos" in refuse("everything", tmp_path / "bad.jpg", *options)


def test_a_small_mask_inside_a_large_one_stays_visible():
    photo = np.full((20, 20, 3), 100, np.uint8)
    large, small = np.ones((20, 20), bool), np.zeros((20, 20), bool)
    small[8:12, 8:12] = True
    painted = overlay(photo, [small, large])
    assert (painted[9, 9] != painted[2, 2]).any()


def test_annotations_hold_what_was_found():
    _, ours = pair()
    found = find(Photo(TorchPredictor(ours), scene(2, 128, 96)[0]), Settings(4, -9.0, 0.0))
    items = list(annotations(found))
    assert [item["id"] for item in items] == list(range(1, len(items) + 1))


def test_recall_counts_each_mask_once_and_each_truth_once():
    ious = np.array([[0.72, 0.6], [0.95, 0.0], [0.0, 0.55]])
    counts = matched(ious)
    assert counts[2].tolist() == [2, 2, 1, 1, 1, 1, 1, 1, 1, 1]
    # At 0.50 and 0.55 the first proposal takes the first truth, so that the second finds none; the third takes the second.
    figures = summary([(counts, 2, 3)])
    assert figures["everything_ar100"] == pytest.approx((2 * 2 + 8) / 20)
    assert matched(np.zeros((0, 4))).sum() == 0


def test_only_the_best_ten_count_for_recall_at_ten():
    ious = np.zeros((11, 1))
    ious[10] = 1.0
    counts = matched(ious)
    assert counts[0].sum() == 0
    assert counts[1].tolist() == [1] * 10


def test_evaluate_measures_the_recall_of_the_automatic_masks(weights, scenes, tmp_path):
    out = tmp_path / "figures.json"
    options = ("--checkpoint", weights, "--data", scenes, "--limit", 1, "--no-noc", "--json", out)
    run("evaluate", *options, "--everything", *PERMISSIVE)
    (figures,) = json.loads(out.read_text()).values()
    assert 0 <= figures["everything_ar10"] <= figures["everything_ar100"] <= figures["everything_ar1000"] <= 1
    assert figures["everything_masks"] > 0
    assert "5 × 5 taps" in figures["everything_rule"]
