"""Two models, one answer: the fast one at once, the precise one behind it."""

from __future__ import annotations

import re

import numpy as np
import pytest
from playwright.sync_api import Page, Route, expect

from tests.e2e.app import PATIENCE, App
from tests.e2e.conftest import Visits, opened
from tests.e2e.expected import iou
from tests.e2e.models import QUICK, TIERS, Model
from tests.e2e.serving import Site
from tests.e2e.test_offline import CONTROLLED, INSTALLED
from tests.e2e.test_tools import choose
from tests.e2e.truth import SAMPLES

CUP = (300, 200)
PRECISE = "**/discs-*.onnx"
COFFEE = SAMPLES / "coffee.jpg"


@pytest.fixture
def model() -> Model:
    return TIERS


class Gate:
    """Holds the files of the precise model back until it is opened."""

    def __init__(self, page: Page) -> None:
        self.page, self.held, self.is_open = page, list[Route](), False
        page.route(PRECISE, self._arrive)

    def _arrive(self, route: Route) -> None:
        if self.is_open:
            route.continue_()
        else:
            self.held.append(route)

    def open(self) -> None:
        self.is_open = True
        for route in self.held:
            route.continue_()


def by(app: App, tier: str) -> App:
    """Wait until answers are from that model."""
    expect(app.status).to_have_attribute("data-tier", tier, timeout=PATIENCE)
    return app.is_ready()


def test_a_tap_is_answered_by_the_fast_model_and_settles(visit: Visits) -> None:
    app = visit(reduced_motion="no-preference")
    gate = Gate(app.page)
    by(app.open().choose_sample("coffee"), "fast").tap(*CUP)
    expect(app.status).to_contain_text("Ready · Fast")
    expect(app.status).to_contain_text("68 %")
    assert gate.held
    gate.open()
    by(app, "precise")
    expect(app.status).to_contain_text("Ready · Precise")
    expect(app.status).to_contain_text("88 %")
    app.is_accessible()
    expected = opened(TIERS).read(COFFEE).tap(*CUP)
    assert iou(app.mask(), expected) > 0.99
    # Another photo goes the same way, without waiting for anything.
    app.choose_file(SAMPLES / "cat.jpg")
    by(app, "precise").tap(*CUP)
    assert iou(app.mask(), opened(TIERS).read(SAMPLES / "cat.jpg").tap(*CUP)) > 0.99


@pytest.mark.parametrize("way", ["painted", "saved"])
def test_an_answer_that_was_painted_on_or_saved_is_left_alone(app: App, way: str) -> None:
    gate = Gate(app.page)
    by(app.open().choose_sample("coffee"), "fast").tap(*CUP)
    fast = opened(QUICK).read(COFFEE).tap(*CUP)
    if way == "saved":
        assert iou(app.mask(), fast) > 0.99
    else:
        choose(app, "brush").drag((500, 40), (560, 40))
        choose(app, "tap")
    gate.open()
    # A new object is the precise model's, and the first one stays as it was.
    app["new-object"].click()
    by(app, "precise").tap(100, 300)
    app["save-all"].click()
    both = app.is_answered().mask()
    precise = opened(TIERS).read(COFFEE)
    assert iou(both[:, 200:400], (fast | precise.tap(100, 300))[:, 200:400]) > 0.99
    assert both[40, 530] == (way == "painted")
    assert iou(both[:, :200], (fast | precise.tap(100, 300))[:, :200]) > 0.99


def test_a_reopened_photo_is_answered_by_the_same_models(app: App) -> None:
    by(app.open().choose_sample("coffee"), "precise").tap(*CUP)
    before = app.mask()
    app.open().shows("coffee")
    by(app, "precise")
    assert np.array_equal(app.is_answered().mask(), before)


def test_a_precise_model_that_cannot_be_had_leaves_the_fast_one(app: App) -> None:
    app.page.route(PRECISE, lambda route: route.fulfill(status=404))
    app.complaints.allow("404")
    by(app.open().choose_sample("coffee"), "fast").tap(*CUP)
    app["settings-button"].click()
    expect(app["precise-problem"]).to_contain_text("the fast one answers", timeout=PATIENCE)
    app.is_accessible()
    app.page.unroute(PRECISE)
    app["precise-retry"].click()
    app["settings"].get_by_role("button", name="Close").click()
    by(app, "precise")


def test_one_model_or_two_is_the_persons_choice_and_remembered(app: App) -> None:
    asked: list[str] = []
    app.page.on("request", lambda request: asked.append(request.url))
    app.model = {"manifest": TIERS.query["manifest"]}
    app.page.add_init_script("localStorage.getItem('tapmask-tiers') ?? localStorage.setItem('tapmask-tiers', 'fast')")
    by(app.open().choose_sample("coffee"), "fast").tap(*CUP)
    app["settings-button"].click()
    expect(app["tiers-fast"]).to_be_checked()
    assert not [url for url in asked if "/discs-" in url]
    app["tiers-both"].check()
    expect(app.status).to_have_attribute("data-tier", "precise", timeout=PATIENCE)
    app["tiers-precise"].check()
    expect(app.status).not_to_have_attribute("data-tier", re.compile("."), timeout=PATIENCE)
    app["settings"].get_by_role("button", name="Close").click()
    assert iou(app.is_answered().mask(), opened(TIERS).read(COFFEE).tap(*CUP)) > 0.99
    app.open().shows("coffee")
    expect(app.status).not_to_have_attribute("data-tier", re.compile("."))
    expect(app.status).to_contain_text("Ready · CPU")


def test_a_visit_is_enough_for_both_models_offline(visit: Visits, own_site: Site) -> None:
    app = visit(url=own_site.url, service_workers="allow")
    app.complaints.allow(r"Failed to load resource: net::ERR_(INTERNET_DISCONNECTED|CONNECTION_REFUSED|FAILED)")
    app.complaints.allow(r"fetching the script|Failed to update a ServiceWorker")
    by(app.open(), "precise")
    for condition in (INSTALLED, CONTROLLED):
        app.becomes(condition)
    app.page.context.set_offline(True)
    own_site.stop()
    app.page.reload()
    by(app.is_ready().choose_sample("coffee"), "precise").tap(*CUP)
    assert iou(app.mask(), opened(TIERS).read(COFFEE).tap(*CUP)) > 0.99
