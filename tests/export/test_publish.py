"""From checkpoint to manifest: the graphs agree with PyTorch, small variants stay close, and nothing unverified goes out."""

import json
import shutil

import numpy as np
import onnx
import pytest
import torch
from PIL import Image

from export.data.drawn import scene
from export.errors import ExportError
from export.files import sha256, write_json
from export.models.checkpoint import load_model
from export.models.predictor import OnnxPredictor, Photo, Prompt, TorchPredictor
from export.onnx.quantize import compress
from export.onnx.verify import ask, compare, line
from export.publish import manifest as contract
from tests.export.conftest import refuse, run

PROMPTS = [
    Prompt(((40, 60),), (1,)),
    Prompt(((40, 60), (110, 50)), (1, 0)),
    Prompt(box=(20, 30, 90, 100)),
    Prompt(((40, 60),), (1,), (20, 30, 90, 100)),
]


def pair(folder, variant):
    return OnnxPredictor(folder / variant / "encoder.onnx", folder / variant / "decoder.onnx")


@pytest.mark.parametrize("size", [(160, 120), (90, 160), (120, 120)])
def test_onnx_answers_as_pytorch_for_any_aspect_ratio(checkpoint, exported, size):
    pixels, _ = scene(1, *size)
    a, b = (Photo(p, pixels) for p in (TorchPredictor(load_model(checkpoint)), pair(exported, "fp32")))
    for prompt in PROMPTS:
        (logits, ious), (other, other_ious) = a.answer(prompt), b.answer(prompt)
        assert np.abs(logits - other).max() < 1e-3
        assert np.abs(ious - other_ious).max() < 1e-3
        again = Prompt(prompt.points, prompt.labels, prompt.box, mask=logits[0])
        assert np.abs(a.answer(again)[0] - b.answer(again)[0]).max() < 1e-3


def test_the_graphs_keep_the_contract(exported):
    encoder = onnx.load(exported / "fp32" / "encoder.onnx")
    decoder = onnx.load(exported / "fp32" / "decoder.onnx")
    assert encoder.opset_import[0].version >= 17
    assert encoder.graph.input[0].name == "image"
    assert encoder.graph.input[0].type.tensor_type.elem_type == onnx.TensorProto.UINT8
    assert encoder.graph.output[0].name == "image_embeddings"
    outputs = [o.name for o in encoder.graph.output]
    assert [i.name for i in decoder.graph.input] == [
        *outputs, "point_coords", "point_labels", "mask_input", "has_mask_input",
    ]  # fmt: skip
    assert {n.op_type for n in encoder.graph.node} & {"LayerNormalization"}


def test_model_files_carry_no_paths_of_the_machine_that_made_them(exported):
    for path in exported.glob("*/*.onnx"):
        assert b".py" not in path.read_bytes(), path


def test_smaller_variants_are_smaller_and_answer_nearly_the_same(exported):
    pixels, _ = scene(2)
    size = {v: sum(p.stat().st_size for p in (exported / v).glob("*.onnx")) for v in ("fp32", "fp16", "int8")}
    assert size["int8"] < size["fp16"] < size["fp32"]
    expected = Photo(pair(exported, "fp32"), pixels).answer(PROMPTS[0])[0]
    for variant, allowed in (("fp16", 0.01), ("int8", 0.1)):
        actual = Photo(pair(exported, variant), pixels).answer(PROMPTS[0])[0]
        assert np.abs(actual - expected).max() < allowed * max(1, np.abs(expected).max()), variant


def test_weights_too_large_for_half_precision_are_refused(exported):
    graph = onnx.load(exported / "fp32" / "decoder.onnx")
    tensor = next(t for t in graph.graph.initializer if np.prod(t.dims) > 1000)
    values = onnx.numpy_helper.to_array(tensor) * np.float32(1e9)
    tensor.CopyFrom(onnx.numpy_helper.from_array(values, tensor.name))
    with pytest.raises(Exception, match=f"{tensor.name}.*half precision"):
        compress(graph, "fp16")


@pytest.fixture(scope="module")
def verified(checkpoint, exported, tmp_path_factory):
    """The exported folder with verify.json, and a folder `photos`."""
    folder = tmp_path_factory.mktemp("verified")
    shutil.copytree(exported, folder, dirs_exist_ok=True)
    (folder / "photos").mkdir()
    Image.fromarray(scene(3)[0]).save(folder / "photos" / "scene.png")
    run("verify", folder, "--checkpoint", checkpoint, "--photos", folder / "photos")
    return folder


@pytest.fixture
def published(verified, tmp_path):
    """A copy, published: (export folder, model folder)."""
    folder, models = tmp_path / "exported", tmp_path / "models"
    shutil.copytree(verified, folder)
    run("publish", folder, "--to", models, "--card", tmp_path / "no-card.md")
    return folder, models


def test_verify_reports_every_variant(published):
    report = json.loads((published[0] / "verify.json").read_text())
    assert set(report) == {"fp32", "fp16", "int8"}
    assert report["fp32"]["mask_iou"] >= 0.999
    assert all(r["passed"] for r in report.values())


def test_the_manifest_fits_its_schema_and_its_files(published):
    manifest = contract.read(published[1] / "manifest.json")
    entry = manifest["models"][0]
    assert manifest["default"] == entry["id"] == "tapmask-tiny"
    assert entry["input_size"] == 64
    for variant in entry["variants"].values():
        for part in ("encoder", "decoder"):
            path = published[1] / variant[part]["file"]
            assert path.stat().st_size == variant[part]["bytes"]
            assert variant[part]["sha256"][:8] in path.name
        assert np.isfinite(variant["self_test"]["logits"]["value"]).all()


def test_evaluate_reads_the_manifest_and_states_its_rules(published, scenes, tmp_path):
    out = tmp_path / "figures.json"
    options = ("--manifest", published[1] / "manifest.json", "--model", "tapmask-tiny", "--variant", "int8")
    run("evaluate", *options, "--data", scenes, "--limit", 2, "--json", out)
    figures = json.loads(out.read_text())
    (figures,) = figures.values()
    assert figures["images"] == 2
    assert figures["masks"] == 4
    assert figures["click_miou"][0] == figures["click1_miou"] <= figures["click1_oracle_miou"] <= 1
    assert len(figures["click_miou"]) == 5
    assert 0 <= figures["box_miou"] <= 1
    assert "farthest" in figures["click_rule"]


def test_unpublished_model_is_named(published, scenes):
    manifest = published[1] / "manifest.json"
    assert "fp16, int8" in refuse("evaluate", "--manifest", manifest, "--variant", "fp32", "--data", scenes)
    assert "tapmask-tiny" in refuse("evaluate", "--manifest", manifest, "--model", "other", "--data", scenes)


def test_a_changed_model_file_is_not_evaluated(published, scenes):
    manifest = published[1] / "manifest.json"
    file = next(published[1].glob("*encoder.fp16*.onnx"))
    file.write_bytes(file.read_bytes()[:-1])
    assert file.name in refuse("evaluate", "--manifest", manifest, "--data", scenes)


def test_unverified_variant_is_not_published(exported, tmp_path):
    message = refuse("publish", exported, "--to", tmp_path / "models")
    assert "verify" in message
    assert not (tmp_path / "models").exists()


def test_variant_changed_after_verification_is_not_published(published):
    folder, models = published
    before = (models / "manifest.json").read_bytes()
    graph = onnx.load(folder / "fp16" / "decoder.onnx")
    graph.doc_string = "changed"
    onnx.save(graph, folder / "fp16" / "decoder.onnx")
    assert "changed after" in refuse("publish", folder, "--to", models)
    assert (models / "manifest.json").read_bytes() == before


def test_an_encoder_for_wasm_is_verified_published_and_evaluated(verified, checkpoint, tmp_path):
    folder, models = tmp_path / "exported", tmp_path / "models"
    shutil.copytree(verified, folder)
    own = folder / "int8" / "encoder.wasm.onnx"
    publish = ("publish", folder, "--variant", "int8", "--to", models, "--card", tmp_path / "no-card.md")
    run("quantize", folder, "--variant", "int8", "--arithmetic", "int8")
    assert "verif" in refuse(*publish)
    assert "wasm" in run("verify", folder, "--checkpoint", checkpoint, "--photos", folder / "photos")
    run(*publish)
    manifest = contract.read(models / "manifest.json")
    variant = manifest["models"][0]["variants"]["int8"]
    file = models / variant["wasm"]["encoder"]["file"]
    assert file.read_bytes() == own.read_bytes()
    assert variant["quality"]["verify"]["wasm_mask_iou"] >= 0.93
    assert variant["wasm"]["self_test"]["tolerance"] >= variant["self_test"]["tolerance"]
    assert open_variant_files(models) == {variant["wasm"][part]["file"] for part in ("encoder", "decoder")}
    own.write_bytes(own.read_bytes() + b"\x00")
    assert "changed after" in refuse(*publish)
    run("quantize", folder, "--variant", "int8")
    assert not own.exists()
    run("verify", folder, "--checkpoint", checkpoint, "--photos", folder / "photos")
    run(*publish)
    assert not file.exists()


def open_variant_files(models):
    """The files that a published model is evaluated with."""
    opened = set()
    predictor = contract.OnnxPredictor
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            contract, "OnnxPredictor", lambda *files: opened.update(f.name for f in files) or predictor(*files)
        )
        contract.open_variant(models / "manifest.json", None, None)
    return opened


@pytest.fixture
def damaged(checkpoint, tmp_path):
    """A checkpoint with one value that is not a number, and the name of its tensor."""
    content = torch.load(checkpoint, weights_only=True)
    name = next(key for key, value in content["average"].items() if value.ndim == 4)
    content["average"][name][0, 0, 0, 0] = float("nan")
    torch.save(content, tmp_path / "damaged.pt")
    return tmp_path / "damaged.pt", name


def test_weights_that_are_no_numbers_are_refused_by_name(damaged, published):
    path, name = damaged
    folder, models = published
    before = {file.name: file.read_bytes() for file in models.iterdir()}
    for command in (
        ("onnx", "student", "--out", folder / "new"),
        ("verify", folder, "--photos", folder / "photos"),
    ):
        message = refuse(*command, "--checkpoint", path)
        assert f"tensor {name} holds values that are not finite" in message
        assert str(path) in message
    assert not (folder / "new").exists()
    assert {file.name: file.read_bytes() for file in models.iterdir()} == before


def spoil(path, value):
    """Put a value into a weight of a graph; returns the weight's name."""
    graph = onnx.load(path)
    tensor = next(t for t in graph.graph.initializer if t.data_type == onnx.TensorProto.FLOAT and np.prod(t.dims) > 300)
    values = onnx.numpy_helper.to_array(tensor).copy()
    values.reshape(-1)[5] = value
    tensor.CopyFrom(onnx.numpy_helper.from_array(values, tensor.name))
    onnx.save(graph, path)
    return tensor.name


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_graphs_with_weights_that_are_no_numbers_are_refused_by_name(published, checkpoint, value):
    folder, models = published
    name = spoil(folder / "fp32" / "decoder.onnx", value)
    for command in (
        ("quantize", folder),
        ("quantize", folder, "--variant", "fp16", "--arithmetic", "float16", "--photos", folder / "photos"),
        ("verify", folder, "--checkpoint", checkpoint, "--photos", folder / "photos"),
    ):
        assert f"tensor {name} holds values that are not finite" in refuse(*command)
    report = json.loads((folder / "verify.json").read_text())
    report["fp32"]["sha256"]["decoder"] = sha256(folder / "fp32" / "decoder.onnx")  # as if it had passed
    (folder / "verify.json").write_text(json.dumps(report))
    before = sorted(file.name for file in models.iterdir())
    assert name in refuse("publish", folder, "--variant", "fp32", "--to", models, "--card", folder / "no-card.md")
    assert sorted(file.name for file in models.iterdir()) == before


class Nowhere:
    """A predictor whose answers are no numbers."""

    def __init__(self, real):
        self.real, self.input_size, self.batch = real, real.input_size, real.batch
        self.encode = real.encode

    def decode(self, features, feeds):
        masks, ious = self.real.decode(features, feeds)
        return masks * np.float32(np.nan), ious

    def decode_many(self, features, feeds):
        masks, ious = self.real.decode_many(features, feeds)
        return masks, ious * np.float32(np.nan)


def test_answers_that_are_no_numbers_fail_the_gate(checkpoint):
    pixels = [scene(3)[0]]
    reference = TorchPredictor(load_model(checkpoint))
    figures = compare([ask(reference, pixels[0])], Nowhere(reference), pixels, "nowhere")
    assert figures["mask_iou"] == figures["least_mask_iou"] == 0
    assert figures["max_logit_difference"] is None
    assert "not finite" in line("fp32", {**figures, "gate": 0.999, "passed": False})
    with pytest.raises(ExportError, match="not finite"):
        ask(Nowhere(reference), pixels[0])


@pytest.mark.parametrize(
    "change", [{"mask_iou": float("nan")}, {"mask_iou": 0.5}, {"max_logit_difference": None}, {"passed": 1}]
)
def test_a_report_that_does_not_hold_is_not_published(published, change):
    folder, models = published
    report = json.loads((folder / "verify.json").read_text())
    report["fp16"] |= change
    (folder / "verify.json").write_text(json.dumps(report))
    message = refuse("publish", folder, "--id", "other", "--to", models, "--card", folder / "no-card.md")
    assert "failed verification" in message or "NaN" in message
    assert not list(models.glob("other*"))


def test_json_holds_finite_numbers_or_is_not_written(tmp_path):
    write_json(tmp_path / "a.json", {"a": 1.5})
    before = (tmp_path / "a.json").read_bytes()
    with pytest.raises(ExportError, match=r"a\.json is not written: \$\.a\[1\]\.b \(nan\) is not a finite number"):
        write_json(tmp_path / "a.json", {"a": [0, {"b": float("nan")}]})
    assert (tmp_path / "a.json").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


@pytest.mark.parametrize(
    "model_id",
    [
        "../up",
        "a/b",
        "a\\b",
        "a b",
        " a",
        "",
        "..",
        "a..b",
        "A",
        "Ä",
        ".a",
        "a.",
        "-a",
        "a\n",
        "con",
        "con.a",
        "nul.v1",
        "a" * 65,
        "/tmp/a",
        "a%2f",
    ],
)
def test_an_id_that_cannot_be_a_file_name_is_refused_before_anything_is_written(verified, tmp_path, model_id):
    target = tmp_path / "site" / "models"
    card = tmp_path / "card.md"
    card.write_text("<!-- figures -->\n<!-- /figures -->\n")
    message = refuse("publish", verified, f"--id={model_id}", "--to", target, "--card", card)
    assert "--id" in message
    assert [path.name for path in tmp_path.iterdir()] == ["card.md"]
    assert card.read_text() == "<!-- figures -->\n<!-- /figures -->\n"


@pytest.mark.parametrize(
    ("options", "told"),
    [(("--title", " "), "--title"), (("--variant", "../fp16"), "variant"), (("--licence", ""), "licence")],
)
def test_other_options_are_checked_before_anything_is_written(verified, tmp_path, options, told):
    assert told in refuse("publish", verified, *options, "--to", tmp_path / "models", "--card", tmp_path / "no-card.md")
    assert not list(tmp_path.iterdir())


def test_a_model_of_two_files_is_not_published(published):
    folder, models = published
    (folder / "fp16" / "encoder.onnx.data").write_bytes(b"weights")
    before = (models / "manifest.json").read_bytes()
    assert "publish fp16 or int8" in refuse("publish", folder, "--to", models, "--card", folder / "no-card.md")
    assert (models / "manifest.json").read_bytes() == before


def test_a_photo_that_cannot_be_read_is_left_out_and_named(published, checkpoint):
    folder, _ = published
    for variant in ("fp32", "fp16"):
        shutil.rmtree(folder / variant)
    (folder / "photos" / "torn.jpg").write_bytes(b"\xff\xd8\xff no more")
    told = run("verify", folder, "--model", "student", "--checkpoint", checkpoint, "--photos", folder / "photos")
    assert "1 of 2 photos" in told
    assert "torn.jpg" in told
    (folder / "photos" / "scene.png").unlink()
    assert "No readable photo" in refuse("verify", folder, "--checkpoint", checkpoint, "--photos", folder / "photos")


def test_verify_asks_each_prompt_alone_refined_and_together(published):
    report = json.loads((published[0] / "verify.json").read_text())
    assert {result["comparisons"] for result in report.values()} == {2 * 13 + 9}


def test_a_pair_of_another_model_is_not_compared(published, checkpoint):
    assert "mobile_sam" in refuse("verify", published[0], "--model", "mobile_sam", "--checkpoint", checkpoint)


def test_a_variant_that_differs_fails_the_gate(published, checkpoint):
    folder, _ = published
    graph = onnx.load(folder / "int8" / "encoder.onnx")
    for tensor in graph.graph.initializer:
        if tensor.name.endswith(".scale"):
            tensor.CopyFrom(onnx.numpy_helper.from_array(-onnx.numpy_helper.to_array(tensor), tensor.name))
    onnx.save(graph, folder / "int8" / "encoder.onnx")
    message = refuse("verify", folder, "--checkpoint", checkpoint, "--photos", folder / "photos")
    assert "FAILED" in message
    assert "failed verification" in refuse("publish", folder, "--variant", "int8", "--to", published[1])


def test_the_model_card_gets_the_figures(published, tmp_path):
    card = tmp_path / "card.md"
    card.write_text("before\n<!-- figures -->\nold\n<!-- /figures -->\nafter\n")
    figures = {"duts": {"images": 1, "masks": 2, "click1_miou": 0.5, "click1_oracle_miou": 0.6,
                        "click_miou": [0.5, 0.6, 0.7, 0.8, 0.9], "box_miou": 0.66}}  # fmt: skip
    (published[0] / "fp16.evaluate.json").write_text(json.dumps(figures))
    run("publish", published[0], "--variant", "fp16", "--to", published[1], "--card", card)
    text = card.read_text()
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "old" not in text
    assert "| duts (2 masks) | 0.500 | 0.600 | 0.700 | 0.900 | 0.660 |" in text
    assert not list(published[1].glob("*int8*")), "files that the manifest no longer names are removed"
