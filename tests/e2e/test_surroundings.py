"""Where the page is, and what happens around it: a frame, a folder of a host, paper, back and forward, a phone that is turned."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import expect
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.wrappers import Response

import server
from tests.e2e.app import PATIENCE, App
from tests.e2e.conftest import PROFILES, Visits
from tests.e2e.expected import Expected, iou
from tests.e2e.models import DEFAULT
from tests.e2e.serving import DISCS_ADDRESS, DIST, Site, run, serve
from tests.e2e.test_comfort import troubles
from tests.e2e.test_offline import CONTROLLED, INSTALLED
from tests.e2e.truth import SAMPLES

CUP = (290, 60)
# What is printed beside the photo, by its class.
PRINTED = """() => [...document.querySelectorAll("#app *")]
  .filter((element) => element.checkVisibility({ visibilityProperty: true, opacityProperty: true }))
  .filter((element) => element.getClientRects().length && !element.matches("main, .stage, .visually-hidden"))
  .map((element) => element.className)"""


@pytest.fixture
def frame_site() -> Iterator[Site]:
    """Another host, whose page shows Tapmask in a frame."""
    page = "<!doctype html><title>Frame</title><iframe width=1000 height=700 src='{}'></iframe>"

    def answer(environ: dict[str, Any], start: Any) -> Any:
        return Response(page.format(environ["QUERY_STRING"]), mimetype="text/html")(environ, start)

    site = run(answer)
    yield site
    site.stop()


@pytest.fixture
def plain_site() -> Iterator[Site]:
    """A host that sends none of our headers."""
    site = serve(headers={})
    yield site
    site.stop()


def test_no_other_page_may_show_ours_in_a_frame(app: App, site: Site, frame_site: Site) -> None:
    app.complaints.allow("frame-ancestors|favicon|ERR_BLOCKED_BY_RESPONSE")
    app.page.goto(f"{frame_site.url}?{site.url}")
    expect(app.page.frame_locator("iframe").get_by_test_id("status")).to_have_count(0)


def test_in_a_frame_it_works_where_the_host_lets_it(app: App, plain_site: Site, frame_site: Site) -> None:
    app.complaints.allow("favicon")
    app.page.goto(f"{frame_site.url}?{plain_site.url}?manifest={DISCS_ADDRESS}/manifest.json")
    frame = app.page.frame_locator("iframe")
    frame.get_by_test_id("sample-coffee").click()
    expect(frame.get_by_test_id("status")).to_have_attribute("data-state", "ready", timeout=PATIENCE)
    frame.get_by_test_id("stage").click()
    expect(frame.get_by_test_id("save-mask")).to_be_enabled(timeout=PATIENCE)
    with app.page.expect_download(timeout=PATIENCE) as download:
        frame.get_by_test_id("save-mask").click()
    assert download.value.suggested_filename == "coffee-mask.png"


@pytest.fixture
def deep_site() -> Iterator[Site]:
    """A host that has Tapmask in one of its folders, and nothing of it elsewhere."""
    inner = server.create_app(DIST)
    site = run(DispatcherMiddleware(Response("Not here.", 404), {"/tools/tapmask": inner}))
    yield site
    site.stop()


@pytest.mark.real_model(DEFAULT)
def test_it_works_in_a_folder_of_a_host_and_offline_there(visit: Visits, deep_site: Site) -> None:
    app = visit(url=f"{deep_site.url}tools/tapmask/", service_workers="allow")
    app.complaints.allow(r"net::ERR_|fetching the script|Failed to update a ServiceWorker")
    app.open().choose_sample("coffee").tap(*CUP)
    for condition in (INSTALLED, CONTROLLED):
        app.becomes(condition)
    app.page.context.set_offline(True)
    deep_site.stop()
    app.page.reload()
    app.shows("coffee").is_answered()
    expect(app.markers).to_have_count(1)


def test_print_shows_photo_and_mask_only(app: App) -> None:
    app.open().choose_sample("coffee").tap(*CUP)
    app["new-object"].click()
    app.tap(60, 60)
    app.page.emulate_media(media="print")
    assert set(app.page.evaluate(PRINTED)) <= {"stage-photo", "stage-ink"}
    paper = app.page.pdf(format="A4", landscape=True)
    assert len(re.findall(rb"/Type\s*/Page\b", paper)) == 1
    app.page.emulate_media(media="screen")
    expect(app["save-cutout"]).to_be_visible()
    app.is_answered().mask()


def test_the_start_is_printed_without_its_bar(app: App) -> None:
    app.open().is_ready().page.emulate_media(media="print")
    expect(app["settings-button"]).to_be_hidden()
    expect(app.page.get_by_role("heading", level=1)).to_be_visible()


def test_back_and_forward_bring_the_photo_with_its_points(app: App) -> None:
    """Read anew: Playwright switches off that Chromium keeps the page; the other engines are tested with that."""
    app.complaints.allow("favicon")
    mask = app.open().choose_sample("coffee").tap(*CUP).mask()
    app.page.goto(app.url + "models/manifest.json")
    app.page.go_back()
    app.shows("coffee").is_answered()
    expect(app.markers).to_have_count(1)
    assert np.array_equal(app.mask(), mask)
    app.tap(430, 220)
    app.page.go_forward()
    app.page.go_back()
    expect(app.shows("coffee").markers).to_have_count(2)


def test_a_phone_that_is_turned_keeps_its_points_where_they_are(visit: Visits, expected: Expected) -> None:
    app = visit("phone").open().choose_sample("coffee")
    width, height = PROFILES["phone"]["viewport"]["width"], PROFILES["phone"]["viewport"]["height"]
    answers = expected.read(SAMPLES / "coffee.jpg")
    before = app.tap(*CUP).mask()
    app.resize(height, width)
    assert np.array_equal(app.is_answered().mask(), before)
    app["new-object"].click()
    assert iou(app.tap(60, 300).mask(), answers.tap(60, 300)) >= 0.97
    app.resize(width, height)
    box = app.markers.first.bounding_box()
    assert box
    assert (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2) == pytest.approx(
        app.view.css(60.5, 300.5), abs=2
    )


@pytest.mark.parametrize("size", [(1280, 800), (390, 844)])
def test_text_at_200_percent_is_not_clipped(visit: Visits, size: tuple[int, int]) -> None:
    """As with a browser's own setting for large text, which leaves pictures alone."""
    app = visit(viewport={"width": size[0], "height": size[1]}).open()
    app.page.evaluate("document.documentElement.style.fontSize = '200%'")
    found = {"welcome": troubles(app.is_ready())}
    app.choose_sample("coffee").tap(*CUP)
    app.page.wait_for_function("() => !document.querySelector('.hint')")
    found["mask"] = [text for text in troubles(app) if "lies over" not in text]
    assert {state: texts for state, texts in found.items() if texts} == {}


def test_index_html_opened_from_the_disk_says_how_to_start_it(app: App, tmp_path: Path) -> None:
    app.complaints.allow(r"CORS|ERR_FAILED|file:|origin 'null'")
    app.page.goto((DIST / "index.html").as_uri())
    words = app.page.locator(".not-started p")
    expect(words.first).to_be_visible(timeout=PATIENCE)
    expect(words.first).to_contain_text("python server.py")


def test_without_a_canvas_off_the_screen_the_page_says_what_helps(app: App) -> None:
    app.page.add_init_script("delete globalThis.OffscreenCanvas")
    app.open().reaches("error")
    expect(app.message).to_contain_text("This browser is too old for Tapmask")
    expect(app.message).to_contain_text("OffscreenCanvas")


@pytest.mark.parametrize("fault", ["delete globalThis.ClipboardItem", "navigator.clipboard.write = undefined"])
def test_without_a_clipboard_for_pictures_the_page_says_so_and_saves(app: App, fault: str) -> None:
    app.page.add_init_script(fault)
    app.open().choose_sample("coffee").tap(*CUP)
    app["copy-cutout"].click()
    expect(app.message).to_contain_text("This browser cannot copy pictures.")
    assert app.mask().any()


def test_without_a_service_worker_and_without_channels_everything_else_works(app: App) -> None:
    app.page.add_init_script("delete globalThis.BroadcastChannel; delete Navigator.prototype.serviceWorker")
    app.open().choose_sample("coffee").tap(*CUP)
    app.page.reload()
    expect(app.shows("coffee").markers).to_have_count(1)


def test_the_save_sheet_of_a_version_that_is_gone_says_so_and_the_buttons_save(app: App) -> None:
    """The host has a newer version, and what this page has not loaded yet is not there any more."""
    app.complaints.allow("404")
    app.open().choose_sample("coffee").tap(*CUP)
    app.page.route(re.compile("SaveSheet-"), lambda route: route.fulfill(status=404))
    app["save-more"].click()
    expect(app["toast"]).to_contain_text("The save sheet could not be loaded")
    assert app.is_answered().mask().any()
