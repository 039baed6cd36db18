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


# Colours cross over to those of the other scheme.
SETTLED = "() => !document.getAnimations().some((one) => one instanceof CSSTransition && one.playState === 'running')"


def in_both_schemes(app: App, axe: str) -> list[str]:
    """The findings in light and in dark colours."""
    found = []
    for scheme in ("light", "dark"):
        app.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        app.is_drawn().page.wait_for_function(SETTLED)
        found += [f"{scheme}: {text}" for text in findings(app, axe)]
    return found


profiles = pytest.mark.parametrize("profile", ["desktop", "phone"])


@profiles
def test_axe_finds_nothing_on_the_way_to_a_mask(visit: Visits, axe: str, profile: str) -> None:
    app = visit(profile)
    found = {}
    app.page.route("**/*.onnx", lambda route: route.abort())
    app.complaints.allow("Failed to load resource")
    app.open().reaches("error")
    found["no model"] = in_both_schemes(app, axe)
    app.page.unroute("**/*.onnx")
    app.open().is_ready()
    found["first visit"] = in_both_schemes(app, axe)
    app.choose_sample("coffee")
    found["ready"] = in_both_schemes(app, axe)
    app.box(165, 10, 415, 315).tap(290, 60)
    found["mask"] = in_both_schemes(app, axe)
    app.page.mouse.click(*app.view.css(290, 60))
    expect(app["remove-point"]).to_be_visible()
    found["point selected"] = in_both_schemes(app, axe)
    app.save("save-mask")
    expect(app["toast"]).to_be_visible()
    found["saved"] = in_both_schemes(app, axe)
    app.offer_file(NOT_A_PICTURE).reaches("error")
    found["error"] = in_both_schemes(app, axe)
    assert {state: texts for state, texts in found.items() if texts} == {}


@profiles
def test_axe_finds_nothing_in_the_windows(visit: Visits, axe: str, profile: str) -> None:
    app = visit(profile).open().is_ready()
    found = {}
    for name in ("about", "settings"):
        app[f"{name}-button"].click()
        expect(app[name]).to_be_visible()
        found[name] = in_both_schemes(app, axe)
        app[name].get_by_role("button", name="Close").click()
        expect(app[name]).to_have_count(0)
    app.page.keyboard.press("?")
    expect(app["shortcuts"]).to_be_visible()
    found["shortcuts"] = in_both_schemes(app, axe)
    assert {state: texts for state, texts in found.items() if texts} == {}


@profiles
def test_axe_finds_nothing_while_one_waits(visit: Visits, axe: str, profile: str) -> None:
    """The model is on its way, a photo is open already, and then the network goes."""
    app = visit(profile)
    found = {}
    app.page.route("**/*.onnx", lambda route: None)
    app.open()
    expect(app.status).to_contain_text("Loading model")
    found["loading"] = in_both_schemes(app, axe)
    app["sample-coffee"].click()
    expect(app.stage).to_be_visible()
    found["photo, no model yet"] = in_both_schemes(app, axe)
    app.page.unroute("**/*.onnx")  # what waits goes on
    app.shows("coffee")
    app.page.context.set_offline(True)
    expect(app["offline"]).to_be_visible()
    found["offline"] = in_both_schemes(app, axe)
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


def test_the_status_is_spoken(start: App) -> None:
    start.choose_sample("coffee").tap(290, 60)
    expect(start.status).to_have_attribute("aria-live", "polite")
    expect(start.status).to_contain_text("Object selected: candidate")


def test_errors_are_spoken_at_once(start: App) -> None:
    start.offer_file(NOT_A_PICTURE).reaches("error")
    expect(start.page.get_by_role("alert")).to_contain_text("This is not a picture")
