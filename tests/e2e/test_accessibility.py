"""axe-core in every state of the page: no serious finding."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.e2e.app import App
from tests.e2e.conftest import Visits
from tests.e2e.truth import ROOT

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
NOT_A_PICTURE = {"name": "letter.jpg", "mimeType": "image/jpeg", "buffer": b"Dear photo"}


@pytest.fixture(scope="module")
def axe() -> str:
    if not AXE.is_file():
        pytest.fail("axe-core is not installed; run `npm ci` first.")
    return AXE.read_text()


def findings(app: App, axe: str) -> list[str]:
    """What axe calls serious or critical, with where it is."""
    if not app.page.evaluate("typeof axe === 'object'"):
        app.page.evaluate(axe)  # not as a script tag: the content security policy would refuse it
    result = app.page.evaluate("axe.run({ resultTypes: ['violations'] })")
    assert result["passes"], "axe has looked at nothing"
    return [
        f"{violation['id']} ({violation['impact']}): {node['html']} {node['failureSummary']}"
        for violation in result["violations"]
        if violation["impact"] in ("serious", "critical")
        for node in violation["nodes"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("profile", ["desktop", "phone"])
def test_axe_finds_nothing_serious(visit: Visits, axe: str, profile: str, scheme: str) -> None:
    app = visit(profile, color_scheme=scheme)
    found = {}
    app.page.route("**/*.onnx", lambda route: route.abort())
    app.complaints.allow("Failed to load resource")
    app.open().reaches("error")
    found["no model"] = findings(app, axe)
    app.page.unroute("**/*.onnx")
    app.open().is_ready()
    found["first visit"] = findings(app, axe)
    app.choose_sample("coffee")
    found["ready"] = findings(app, axe)
    app.box(165, 10, 415, 315).tap(290, 60)
    found["mask"] = findings(app, axe)
    app.page.mouse.click(*app.view.css(290, 60))
    expect(app["remove-point"]).to_be_visible()
    found["point selected"] = findings(app, axe)
    app.save("save-mask")
    expect(app["toast"]).to_be_visible()
    found["saved"] = findings(app, axe)
    app.offer_file(NOT_A_PICTURE).reaches("error")
    found["error"] = findings(app, axe)
    app["about-button"].click()
    expect(app["about"]).to_be_visible()
    found["about"] = findings(app, axe)
    app.page.keyboard.press("Escape")
    expect(app["about"]).to_have_count(0)
    app.page.keyboard.press("?")
    expect(app["shortcuts"]).to_be_visible()
    found["shortcuts"] = findings(app, axe)
    assert {state: texts for state, texts in found.items() if texts} == {}


def test_the_status_is_spoken(app: App) -> None:
    app.open().choose_sample("coffee").tap(290, 60)
    expect(app.status).to_have_attribute("aria-live", "polite")
    expect(app.status).to_contain_text("Object selected: candidate")


def test_errors_are_spoken_at_once(app: App) -> None:
    app.open().is_ready().offer_file(NOT_A_PICTURE).reaches("error")
    expect(app.page.get_by_role("alert")).to_contain_text("This is not a picture")
