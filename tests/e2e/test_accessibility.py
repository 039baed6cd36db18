"""axe-core in every state of the page: no finding."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.e2e import axe as checker
from tests.e2e.app import App
from tests.e2e.conftest import Visits

NOT_A_PICTURE = {"name": "letter.jpg", "mimeType": "image/jpeg", "buffer": b"Dear photo"}


@pytest.fixture(scope="module")
def axe() -> str:
    """The source of axe-core: without it there is nothing to test with."""
    return checker.script()


def findings(app: App, axe: str) -> list[str]:
    """What axe finds, with where it is."""
    return checker.violations(app.page)


def looks(parameters: list[tuple[str, str]]) -> pytest.MarkDecorator:
    """A test for each (profile, colour scheme)."""
    return pytest.mark.parametrize(("profile", "scheme"), parameters)


EVERY_LOOK = [(profile, scheme) for profile in ("desktop", "phone") for scheme in ("light", "dark")]


@looks(EVERY_LOOK)
def test_axe_finds_nothing_on_the_way_to_a_mask(visit: Visits, axe: str, profile: str, scheme: str) -> None:
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
    assert {state: texts for state, texts in found.items() if texts} == {}


@looks(EVERY_LOOK)
def test_axe_finds_nothing_in_the_windows(visit: Visits, axe: str, profile: str, scheme: str) -> None:
    app = visit(profile, color_scheme=scheme).open().is_ready()
    found = {}
    for name in ("about", "settings"):
        app[f"{name}-button"].click()
        expect(app[name]).to_be_visible()
        found[name] = findings(app, axe)
        app[name].get_by_role("button", name="Close").click()
        expect(app[name]).to_have_count(0)
    app.page.keyboard.press("?")
    expect(app["shortcuts"]).to_be_visible()
    found["shortcuts"] = findings(app, axe)
    assert {state: texts for state, texts in found.items() if texts} == {}


@looks([("desktop", "dark"), ("phone", "light")])
def test_axe_finds_nothing_while_one_waits(visit: Visits, axe: str, profile: str, scheme: str) -> None:
    """The model is on its way, a photo is open already, and then the network goes."""
    app = visit(profile, color_scheme=scheme)
    found = {}
    app.page.route("**/*.onnx", lambda route: None)
    app.open()
    expect(app.status).to_contain_text("Loading model")
    found["loading"] = findings(app, axe)
    app["sample-coffee"].click()
    expect(app.stage).to_be_visible()
    found["photo, no model yet"] = findings(app, axe)
    app.page.unroute("**/*.onnx")  # what waits goes on
    app.shows("coffee")
    app.page.context.set_offline(True)
    expect(app["offline"]).to_be_visible()
    found["offline"] = findings(app, axe)
    assert {state: texts for state, texts in found.items() if texts} == {}


def test_axe_finds_nothing_where_a_photo_is_dropped(app: App, axe: str) -> None:
    app.open().is_ready()
    data = app.page.evaluate_handle(
        "() => { const d = new DataTransfer(); d.items.add(new File([], 'a.png')); return d; }"
    )
    app.page.dispatch_event("body", "dragenter", {"dataTransfer": data})
    app.page.dispatch_event("body", "dragover", {"dataTransfer": data})
    expect(app.page.get_by_text("Drop the photo")).to_be_visible()
    assert findings(app, axe) == []


@pytest.mark.parametrize("width", [320, 1280])
def test_axe_finds_nothing_with_large_letters_and_forced_colours(visit: Visits, axe: str, width: int) -> None:
    app = visit(viewport={"width": width, "height": 700}, forced_colors="active").open()
    app.page.evaluate("document.documentElement.style.fontSize = '200%'")
    app.is_ready().is_accessible()
    app.choose_sample("coffee").tap(290, 60).is_accessible()


def test_the_status_is_spoken(app: App) -> None:
    app.open().choose_sample("coffee").tap(290, 60)
    expect(app.status).to_have_attribute("aria-live", "polite")
    expect(app.status).to_contain_text("Object selected: candidate")


def test_errors_are_spoken_at_once(app: App) -> None:
    app.open().is_ready().offer_file(NOT_A_PICTURE).reaches("error")
    expect(app.page.get_by_role("alert")).to_contain_text("This is not a picture")
