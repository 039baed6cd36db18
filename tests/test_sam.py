"""SAM ViT-B, L and H: every official key and shape, and the answers of `segment_anything` itself."""

import hashlib
from functools import partial

import click
import numpy as np
import pytest
import torch
from segment_anything import modeling, sam_model_registry
from torch import nn

from export.cli.options import checkpoint_options
from export.data.drawn import scene
from export.errors import ExportError, UsageError
from export.models import checkpoint
from export.models.checkpoint import load_model
from export.models.encoder import MEAN, STD
from export.models.mobile_sam import MobileSam, official_name
from export.models.predictor import OnnxPredictor, Photo, Prompt, TorchPredictor
from export.models.promptable import Config, Promptable
from export.models.registry import OFFICIAL, build
from export.models.sam import Sam, Vit
from export.onnx.to_onnx import export_pair

SMALL = Vit(width=48, depth=3, heads=3, whole=(1,), window=5, input_size=256)  # 16 cells: windows do not divide them
KEYS = {  # tensors, and the hash of the sorted lines "<key> <shape>"
    "sam_vit_b": (314, "8a52dc8da1cd47168964962a4299f26432da2b0759c4b1eeff4fd332da13327e"),
    "sam_vit_l": (482, "0dfaad986a60197584fffb48c91cd89e8481b8bfc33dad80b972316314b45911"),
    "sam_vit_h": (594, "f4662fe8084130a47664eb48134a55136a3c7173fee6835cadfb21604cfd7e2b"),
}
PROMPTS = {
    "points": ([(128, 75), (25, 150)], [1, 0], None),
    "box": (None, None, [50, 25, 200, 125]),
    "both": ([(128, 75), (25, 150)], [1, 0], [50, 25, 200, 125]),
}


@pytest.fixture(scope="module", autouse=True)
def _two_threads():
    torch.set_num_threads(2)


def theirs(vit: Vit) -> modeling.Sam:
    """The package's own model, put together as in its build_sam."""
    cells = vit.input_size // 16
    return modeling.Sam(
        modeling.ImageEncoderViT(
            img_size=vit.input_size, embed_dim=vit.width, depth=vit.depth, num_heads=vit.heads, out_chans=256,
            norm_layer=partial(nn.LayerNorm, eps=1e-6), use_rel_pos=True, window_size=vit.window,
            global_attn_indexes=vit.whole,
        ),
        modeling.PromptEncoder(256, (cells, cells), (vit.input_size, vit.input_size), 16),
        modeling.MaskDecoder(
            transformer_dim=256,
            transformer=modeling.TwoWayTransformer(depth=2, embedding_dim=256, num_heads=8, mlp_dim=2048),
        ),
        list(MEAN), list(STD),
    ).eval()  # fmt: skip


@pytest.fixture(scope="module")
def official():
    """A small model of the package whose positions, zero when it is built, count too."""
    torch.manual_seed(0)
    model = theirs(SMALL)
    for name, parameter in model.named_parameters():
        if "rel_pos" in name or "pos_embed" in name:
            nn.init.normal_(parameter, std=0.5)
    return model


@pytest.fixture
def model(official):
    with torch.device("meta"):
        model = Sam(SMALL)
    model.load_official(official.state_dict())
    return model.eval()


@pytest.mark.parametrize("name", KEYS)
def test_the_architecture_has_exactly_the_official_keys_and_shapes(name):
    with torch.device("meta"):
        ours, package = build(name).state_dict(), sam_model_registry[name.removeprefix("sam_")]().state_dict()
    assert {key: value.shape for key, value in ours.items()} == {key: value.shape for key, value in package.items()}
    lines = "\n".join(f"{key} {list(value.shape)}" for key, value in sorted(ours.items()))
    assert (len(ours), hashlib.sha256(lines.encode()).hexdigest()) == KEYS[name]
    # What the published file has besides its float32 weights is the index of an archive of that many tensors.
    besides = OFFICIAL[name].bytes - 4 * sum(value.numel() for value in ours.values())
    assert 0 < besides < 1000 * len(ours)


@torch.no_grad()
@pytest.mark.parametrize("kind", PROMPTS)
def test_it_answers_as_the_package(model, official, kind):
    pixels = torch.from_numpy(scene(4, 256, 171)[0]).permute(2, 0, 1).float()
    points, labels, box = PROMPTS[kind]
    coords = ([*points] if points else []) + ([box[:2], box[2:]] if box else [(0, 0)])
    flags = (labels or []) + ([2, 3] if box else [-1])
    features = model.encode(pixels[None])
    logits, ious = model.decode(
        features, torch.tensor([coords]).float(), torch.tensor([flags]).float(),
        torch.zeros(1, 1, 64, 64), torch.zeros(1),
    )  # fmt: skip
    request = {"image": pixels, "original_size": pixels.shape[1:]}
    if points:
        request |= {"point_coords": torch.tensor([points]).float(), "point_labels": torch.tensor([labels]).float()}
    if box:
        request["boxes"] = torch.tensor([box]).float()
    embedding = official.image_encoder(official.preprocess(pixels)[None])
    assert list(features) == ["image_embeddings"]
    assert (features["image_embeddings"] - embedding).abs().max() < 1e-3
    for multimask, tokens in ((True, slice(1, 4)), (False, slice(0, 1))):
        (answer,) = official([request], multimask_output=multimask)
        assert (logits[:, tokens] - answer["low_res_logits"]).abs().max() < 1e-2
        assert (ious[:, tokens] - answer["iou_predictions"]).abs().max() < 1e-3


@torch.no_grad()
def test_a_frame_of_another_size_gets_interpolated_positions(model):
    positions = model.image_encoder.positions(16, 16)
    assert positions is model.image_encoder.pos_embed
    model.set_input_size(128)
    assert model.encode(torch.zeros(1, 3, 128, 96))["image_embeddings"].shape == (1, 256, 8, 8)
    assert model.image_encoder.positions(8, 8).shape == (1, 8, 8, 48)


def test_it_exports_like_any_promptable_model(model, tmp_path):
    pixels, _ = scene(1, 200, 150)
    a, b = (Photo(p, pixels) for p in (TorchPredictor(model), OnnxPredictor(*export_pair(model, tmp_path))))
    for prompt in (Prompt(((40, 60),), (1,)), Prompt(box=(20, 30, 90, 100))):
        for expected, actual in zip(a.answer(prompt), b.answer(prompt), strict=True):
            assert np.abs(expected - actual).max() < 1e-3


def test_weights_are_shared_with_the_file_s_not_copied(official):
    weights = official.state_dict()
    with torch.device("meta"):
        model = Sam(SMALL)
    model.load_official(weights)
    assert all(value.data_ptr() == weights[name].data_ptr() for name, value in model.state_dict().items())


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda w: w.pop("mask_decoder.iou_token.weight"), "SAM's official weights. missing: mask_decoder.iou_token"),
        (lambda w: w.update(surplus=torch.zeros(1)), "unexpected: surplus"),
        (lambda w: w.update({"image_encoder.pos_embed": torch.zeros(2, 3)}), r"pos_embed is \(2, 3\), not \(1, 16"),
        (lambda w: w.update({"image_encoder.pos_embed": "text"}), "pos_embed is of type str"),
    ],
)
def test_other_weights_are_refused_by_name_and_change_nothing(model, official, change, complaint):
    before = {name: value.clone() for name, value in model.state_dict().items()}
    weights = dict(official.state_dict())
    change(weights)
    with pytest.raises(ValueError, match=complaint):
        model.load_official(weights)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


# Which model a file holds


@pytest.fixture
def vit_b_file(monkeypatch, tmp_path):
    """A file with ViT-B's keys and width, with two blocks instead of twelve."""
    torch.manual_seed(0)
    vit = Vit(width=768, depth=2, heads=12, whole=(1,), window=5, input_size=64)
    monkeypatch.setattr("export.models.sam.VITS", {"sam_vit_b": vit})
    path = tmp_path / "sam.pth"
    torch.save(Sam(vit).state_dict() | {"pixel_mean": torch.zeros(3, 1, 1)}, path)
    return path


@pytest.fixture
def student_file(tmp_path):
    config = Config(backbone="mobilenetv4_conv_small", dim=32, input_size=64)
    path = tmp_path / "student.pt"
    torch.save({"config": config.as_dict(), "average": Promptable(config).state_dict()}, path)
    return path


@pytest.mark.parametrize("name", [None, "sam_vit_b", "sam-vit-b", "SAM_ViT_B"])
def test_an_official_file_is_recognised_and_may_be_insisted_on(vit_b_file, name):
    model = load_model(vit_b_file, name)
    assert isinstance(model, Sam)
    assert not model.training
    assert model.encode(torch.zeros(1, 3, 64, 48))["image_embeddings"].shape == (1, 256, 4, 4)


@pytest.mark.parametrize("name", [None, "student", "mobilenetv4-conv-small", "tapmask-tiny", "tapmask_tiny"])
def test_a_student_goes_by_its_backbone_or_an_alias(student_file, name):
    assert load_model(student_file, name).config.backbone == "mobilenetv4_conv_small"


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("repvit_m0_9", "is a student with backbone mobilenetv4_conv_small, not repvit_m0_9. Name it mobilenetv4"),
        ("mobile_sam", "is a student .*, not mobile_sam. MobileSAM's own mobile_sam.pt .* fetch mobile_sam"),
    ],
)
def test_a_student_under_another_name_is_refused(student_file, name, complaint):
    with pytest.raises(ExportError, match=complaint):
        load_model(student_file, name)


def test_an_official_file_under_another_name_is_refused(vit_b_file):
    with pytest.raises(ExportError, match=r"is SAM ViT-B, not sam_vit_h. .*sam_vit_h_4b8939.pth \(2,564"):
        load_model(vit_b_file, "sam_vit_h")
    with pytest.raises(ExportError, match=r"is SAM ViT-B, not student. Name it sam_vit_b"):
        load_model(vit_b_file, "student")


def test_attention_biases_are_mobile_sam_s_alone(vit_b_file, student_file):
    for path in (vit_b_file, student_file):
        with pytest.raises(UsageError, match="is for MobileSAM"):
            load_model(path, attention_biases=False)


def test_file_with_missing_keys_names_them_and_the_remedy(vit_b_file):
    weights = torch.load(vit_b_file)
    del weights["mask_decoder.iou_token.weight"]
    torch.save(weights, vit_b_file)
    with pytest.raises(ExportError, match=r"SAM ViT-B's official.*missing: mask_decoder.*fetch sam_vit_b"):
        load_model(vit_b_file)


def test_file_of_another_kind_lists_its_keys(tmp_path):
    path = tmp_path / "other.pt"
    torch.save({"state_dict": {}, "epoch": 3}, path)
    with pytest.raises(ExportError, match=r"it has state_dict, epoch. What is known .* models"):
        load_model(path)
    with pytest.raises(ExportError, match="fetch sam_vit_b"):
        load_model(path, "sam_vit_b")
    torch.save([1, 2], path)
    with pytest.raises(ExportError, match="no checkpoint but a list"):
        load_model(path)


def test_a_truncated_file_is_named_with_the_remedy(tmp_path, student_file):
    official = tmp_path / "sam_vit_b_01ec64.pth"
    official.write_bytes(student_file.read_bytes()[:5000])
    with pytest.raises(ExportError, match=r"cut short: 5,000 of 375,042,383 bytes.*fetch sam_vit_b"):
        load_model(official)
    student_file.write_bytes(student_file.read_bytes()[:5000])
    with pytest.raises(ExportError, match=r"student.pt \(5,000 bytes\) is not a readable .*copy complete"):
        load_model(student_file)
    student_file.write_bytes(b"")
    with pytest.raises(ExportError, match=r"student.pt \(0 bytes\) is not a readable"):
        load_model(student_file)
    with pytest.raises(ExportError, match=r"No checkpoint at .*export models"):
        load_model(tmp_path / "absent.pt")


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory: you …")])
@pytest.mark.parametrize("where", ["torch.load", "export.models.checkpoint.build"])
def test_model_too_large_for_memory_states_its_size(vit_b_file, monkeypatch, error, where):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr(where, fail)
    with pytest.raises(ExportError, match=r"sam.pth does not fit into memory: .* need 0.\d GB.*mobile_sam"):
        load_model(vit_b_file)


def test_commands_share_the_options(student_file):
    seen = []

    @click.command()
    @checkpoint_options(required=False)
    def command(checkpoint, attention_biases):
        seen.append((checkpoint, attention_biases))

    for arguments in ([], ["--checkpoint", str(student_file), "--no-attention-biases"], ["--attention-biases"]):
        command.main(arguments, standalone_mode=False)
    assert seen == [(None, None), (student_file, False), (None, True)]


def test_the_choice_of_attention_biases_is_told(tmp_path, monkeypatch, capsys):
    path = tmp_path / "mobile_sam.pt"
    torch.manual_seed(0)
    torch.save({official_name(k): torch.rand_like(v.float()) for k, v in MobileSam().state_dict().items()}, path)
    biases = "image_encoder.body.stages.1.blocks.0.attn.attention_biases"
    assert not load_model(path).state_dict()[biases].any()
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "left at zero" in told
    assert told.endswith("The other way: --attention-biases.\n")
    assert load_model(path, attention_biases=True).state_dict()[biases].all()
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(checkpoint, "sha256", lambda path: OFFICIAL["mobile_sam"].sha256)
    assert load_model(path).state_dict()[biases].all()
    told = capsys.readouterr().err
    assert "these are the released weights" in told
    assert told.endswith("The other way: --no-attention-biases.\n")
