"""Which model answers: the ones on offer, one's own pair of files, and what the page knows about its speed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.e2e.app import PATIENCE, App
from tests.e2e.conftest import Visits
from tests.e2e.expected import iou
from tests.e2e.models import DISCS, Model
from tests.e2e.serving import Site, serve

ENCODER, DECODER = DISCS.paths()
TAP = (300, 200)  # on the coffee


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """The discs in the place of what is published: a choice among its own models is remembered, not among others."""
    site = serve(discs="models")
    yield site
    site.stop()


@pytest.fixture
def model() -> Model:
    """The default model of that site."""
    return Model((), DISCS.manifest)


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
    expect(app["models"].get_by_role("group", name="The model")).to_be_enabled(timeout=PATIENCE)
    return chosen.get_attribute("data-testid") or ""


def test_another_variant_is_chosen_in_the_settings_and_at_the_next_visit(app: App) -> None:
    app.open().choose_sample("coffee").tap(*TAP)
    before = app.is_answered().mask()
    settings(app)["models"].get_by_role("radio", name=re.compile("rough")).click()
    assert running(app) == "model-discs/rough"
    leave(app)
    # Photo and points are still there, and the new model answers them nearly as the other did.
    expect(app.markers).to_have_count(1)
    assert iou(app.is_answered().mask(), before) > 0.8
    app.open().shows("coffee")
    assert running(settings(app)) == "model-discs/rough"
    app["models"].get_by_role("radio", name=re.compile("the default")).click()
    assert running(app) == "model-discs/exact"


def test_a_model_that_cannot_be_had_leaves_the_one_before(app: App) -> None:
    app.open().choose_sample("coffee")
    app.page.route("**/*.rough.*.onnx", lambda route: route.fulfill(status=404))
    app.complaints.allow("404")
    settings(app)["models"].get_by_role("radio", name=re.compile("rough")).click()
    expect(app["model-problem"]).to_contain_text("The model before it runs again.", timeout=PATIENCE)
    assert running(app) == "model-discs/exact"
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
    assert running(app) == "model-discs/exact"


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
    assert running(app) == "model-discs/exact"


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
