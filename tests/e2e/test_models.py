"""Which model answers: the ones on offer, one's own pair of files, and what the page knows about its speed."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, compose, helper, numpy_helper
from playwright.sync_api import expect

from tests.e2e.app import PATIENCE, App
from tests.e2e.conftest import Visits
from tests.e2e.expected import iou
from tests.e2e.serving import DIST

ENCODER = next((DIST / "models").glob("*-encoder.fp16.*.onnx"))
DECODER = next((DIST / "models").glob("*-decoder.fp16.*.onnx"))
TAP = (300, 200)  # on the coffee


def settings(app: App) -> App:
    app["settings-button"].click()
    expect(app["models"].get_by_role("radio").first).to_be_visible()
    return app


def leave(app: App) -> App:
    app["settings"].get_by_role("button", name="Close").click()
    return app


def running(app: App) -> str:
    """The test id of the model that answers, once it does."""
    chosen = app["models"].locator("[data-chosen=true]")
    expect(chosen).to_have_count(1, timeout=PATIENCE)
    expect(app["models"].get_by_role("group")).to_be_enabled(timeout=PATIENCE)
    return chosen.get_attribute("data-testid") or ""


def like_segment_anything(path: Path) -> Path:
    """The encoder as other exporters write it: normalised planes on a square, in the place of our bytes."""
    model = onnx.load(ENCODER)
    side = 320
    mean = np.array([123.675, 116.28, 103.53], np.float32).reshape(1, 3, 1, 1)
    deviation = np.array([58.395, 57.12, 57.375], np.float32).reshape(1, 3, 1, 1)
    nodes = [
        helper.make_node("Mul", ["planes", "deviation"], ["scaled"]),
        helper.make_node("Add", ["scaled", "mean"], ["values"]),
        helper.make_node("Round", ["values"], ["rounded"]),
        helper.make_node("Cast", ["rounded"], ["bytes"], to=TensorProto.UINT8),
        helper.make_node("Transpose", ["bytes"], ["rgb"], perm=[0, 2, 3, 1]),
    ]
    before = helper.make_graph(
        nodes,
        "planes",
        [helper.make_tensor_value_info("planes", TensorProto.FLOAT, [1, 3, side, side])],
        [helper.make_tensor_value_info("rgb", TensorProto.UINT8, [1, side, side, 3])],
        [numpy_helper.from_array(mean, "mean"), numpy_helper.from_array(deviation, "deviation")],
    )
    first = helper.make_model(before, opset_imports=model.opset_import, ir_version=model.ir_version)
    onnx.save(compose.merge_models(first, model, io_map=[("rgb", "image")]), path)
    return path


def test_another_variant_is_chosen_in_the_settings_and_at_the_next_visit(app: App) -> None:
    app.open().choose_sample("coffee").tap(*TAP)
    before = app.is_answered().mask()
    settings(app)["models"].get_by_role("radio", name=re.compile("^Tapmask Tiny.*int8")).click()
    assert running(app) == "model-tapmask-tiny/int8"
    leave(app)
    # Photo and points are still there, and the new model answers them nearly as the other did.
    expect(app.markers).to_have_count(1)
    assert iou(app.is_answered().mask(), before) > 0.8
    app.open().shows("coffee")
    assert running(settings(app)) == "model-tapmask-tiny/int8"
    app["models"].get_by_role("radio", name=re.compile("the default")).click()
    assert running(app) == "model-tapmask-tiny/fp16"


def test_mobile_sam_is_on_offer_and_answers(app: App) -> None:
    app.open().choose_sample("coffee").tap(*TAP)
    before = app.is_answered().mask()
    settings(app)["models"].get_by_role("radio", name=re.compile("^MobileSAM")).click()
    assert running(app) == "model-mobile-sam/int8"
    leave(app)
    assert iou(app.is_answered().mask(), before) > 0.5


def test_a_model_that_cannot_be_had_leaves_the_one_before(app: App) -> None:
    app.open().choose_sample("coffee")
    app.page.route("**/*.int8.*.onnx", lambda route: route.fulfill(status=404))
    app.complaints.allow("404")
    settings(app)["models"].get_by_role("radio", name=re.compile("^Tapmask Tiny.*int8")).click()
    expect(app["model-problem"]).to_contain_text("The model before it runs again.", timeout=PATIENCE)
    assert running(app) == "model-tapmask-tiny/fp16"
    leave(app).tap(*TAP)
    assert app.is_answered().mask().any()


@pytest.mark.parametrize("profile", ["desktop", "phone"])
def test_a_pair_of_ones_own_is_tried_kept_and_removed(visit: Visits, tmp_path: Path, profile: str) -> None:
    app = visit(profile).open().choose_sample("coffee").tap(*TAP)
    before = app.is_answered().mask()
    files = [tmp_path / "mine.decoder.onnx", tmp_path / "mine.encoder.onnx"]
    files[0].write_bytes(DECODER.read_bytes())
    files[1].write_bytes(ENCODER.read_bytes())
    settings(app)["own-files"].set_input_files(files)
    expect(app["models"].get_by_role("radio", name=re.compile("^mine"))).to_be_checked(timeout=PATIENCE)
    own = running(app)
    assert own.startswith("model-own-")
    app.is_accessible()
    leave(app)
    assert np.array_equal(app.is_answered().mask(), before)
    app.open().shows("coffee")
    assert running(settings(app)) == own
    app["models"].get_by_role("button", name="Remove mine").click()
    expect(app["models"].get_by_role("radio", name=re.compile("^mine"))).to_have_count(0, timeout=PATIENCE)
    assert running(app) == "model-tapmask-tiny/fp16"


def test_an_encoder_as_segment_anything_exports_it_answers_the_same(app: App, tmp_path: Path) -> None:
    app.open().choose_sample("coffee").tap(*TAP)
    before = app.is_answered().mask()
    files = [like_segment_anything(tmp_path / "vit_encoder.onnx"), DECODER]
    settings(app)["own-files"].set_input_files(files)
    expect(app["models"].get_by_role("radio", name=re.compile("^vit_encoder"))).to_be_checked(timeout=PATIENCE)
    leave(app)
    assert iou(app.is_answered().mask(), before) > 0.98


def test_files_that_are_no_model_are_refused_by_name(app: App, tmp_path: Path) -> None:
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"not an ONNX file")
    settings(app.open())
    problem = app["own-problem"]
    app.is_ready()
    for files, words in (
        ([ENCODER], "two files"),
        ([DECODER, broken], "broken.onnx cannot be read"),
        ([DECODER, DECODER], "both decoders"),
        ([ENCODER, ENCODER], "is no decoder"),
    ):
        app["own-files"].set_input_files(files)
        expect(problem).to_contain_text(words, timeout=PATIENCE)
        expect(problem).to_contain_text("The running model stays.")
    assert running(app) == "model-tapmask-tiny/fp16"


def test_speed_and_memory_can_be_copied_for_a_bug_report(visit: Visits) -> None:
    app = visit(permissions=["clipboard-read", "clipboard-write"]).open().choose_sample("coffee").tap(*TAP)
    app.is_answered()
    app["settings-button"].click()
    section = app["performance"]
    for name in ("Provider", "Threads", "Reading a photo", "Answering a tap", "Runtime's memory"):
        expect(section.get_by_text(name, exact=True)).to_be_visible(timeout=PATIENCE)
    expect(section).to_contain_text(re.compile(r"last \d[\d.]* m?s, median"))
    app["copy-report"].click()
    expect(app["report-copied"]).to_contain_text("Copied.")
    report = app.page.evaluate("() => navigator.clipboard.readText()")
    assert "| Provider | wasm |" in report
    assert "coffee" not in report
