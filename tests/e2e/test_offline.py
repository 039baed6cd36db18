"""Without a network: a reload, a new photo, the same masks."""

from __future__ import annotations

import numpy as np
import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.app import PATIENCE, App
from tests.e2e.conftest import Visits
from tests.e2e.expected import Expected, iou
from tests.e2e.models import DEFAULT
from tests.e2e.serving import Site
from tests.e2e.test_model_files import STORED
from tests.e2e.test_providers import HAS_ADAPTER
from tests.e2e.truth import SAMPLES

# An active worker has finished its precache: installing waits for it.
INSTALLED = "async () => (await navigator.serviceWorker.ready).active.state === 'activated'"
GPU_RUNTIME_KEPT = """async () => {
  const kept = await (await caches.open("tapmask-runtime")).keys();
  return kept.filter(({ url }) => /\\.jspi-[^/]*\\.(wasm|mjs)$/.test(url)).length === 2;
}"""
CONTROLLED = "() => navigator.serviceWorker.controller !== null"
FACE, CUP = (190, 170), (290, 60)


@pytest.fixture
def installed(visit: Visits, own_site: Site) -> App:
    """A page that was visited once, long enough for its service worker."""
    app = visit(url=own_site.url, service_workers="allow")
    # What a browser writes to its console when it finds the server gone.
    app.complaints.allow(r"Failed to load resource: net::ERR_(INTERNET_DISCONNECTED|CONNECTION_REFUSED)")
    app.complaints.allow(r"fetching the script|Failed to update a ServiceWorker")
    app.open().is_ready()
    app.becomes(INSTALLED)
    app.page.wait_for_function(CONTROLLED, timeout=PATIENCE)
    return app


def unplug(app: App, site: Site) -> None:
    app.page.context.set_offline(True)
    site.stop()


@pytest.mark.real_model(DEFAULT)
def test_a_reload_and_a_new_photo_work_offline(installed: App, own_site: Site, expected: Expected) -> None:
    online = installed.choose_sample("coffee").tap(*CUP).mask()
    unplug(installed, own_site)
    installed.page.reload()
    expect(installed["offline"]).to_be_visible()
    assert np.array_equal(installed.shows("coffee").is_answered().mask(), online)
    mask = installed.choose_file(SAMPLES / "cat.jpg").tap(*FACE).mask()
    assert iou(mask, expected.read(SAMPLES / "cat.jpg").tap(*FACE)) >= 0.97


@pytest.mark.real_model(DEFAULT)
def test_the_first_visit_keeps_the_default_model_and_no_other(installed: App) -> None:
    assert set(installed.page.evaluate(STORED)) == {file["sha256"] for file in DEFAULT.files()}


@pytest.mark.real_model(DEFAULT)
def test_the_first_visit_is_enough(installed: App, own_site: Site) -> None:
    unplug(installed, own_site)
    installed.open(provider=None).is_ready()
    installed.choose_sample("rocket").tap(322, 250)


def test_the_first_visit_keeps_the_runtime_of_a_gpu(gpu_browser: Browser, own_site: Site) -> None:
    visits = Visits(gpu_browser, own_site)
    app = visits(service_workers="allow").open("webgpu")
    if not app.page.evaluate(HAS_ADAPTER):
        pytest.skip("This browser emulates no GPU.")
    app.complaints.allow(r"Failed to load resource: net::ERR_(INTERNET_DISCONNECTED|CONNECTION_REFUSED|FAILED)")
    app.complaints.allow(r"fetching the script|Failed to update a ServiceWorker")
    app.is_ready()
    app.page.wait_for_function(INSTALLED, timeout=PATIENCE)
    app.page.wait_for_function(GPU_RUNTIME_KEPT, timeout=PATIENCE)
    unplug(app, own_site)
    app.page.reload()
    expect(app.is_ready().status).to_have_attribute("data-provider", "webgpu")
    visits.end()


def test_losing_the_network_while_working_changes_nothing(app: App) -> None:
    app.open().choose_sample("coffee")
    app.page.context.set_offline(True)
    expect(app["offline"]).to_be_visible()
    app.choose_file(SAMPLES / "cat.jpg").tap(*FACE)
    app.page.context.set_offline(False)
    expect(app["offline"]).to_have_count(0)


def test_the_app_can_be_installed(app: App) -> None:
    """What a browser asks for before it offers that: name, start page, display mode, icons, one of them maskable."""
    app.open()
    href = app.page.locator("link[rel=manifest]").get_attribute("href")
    answer = app.page.request.get(app.url + (href or "").removeprefix("./"))
    assert answer.headers["content-type"].startswith("application/manifest+json")
    manifest = answer.json()
    assert manifest["name"]
    assert manifest["display"] == "standalone"
    sizes = {icon["sizes"] for icon in manifest["icons"]}
    assert {"192x192", "512x512"} <= sizes
    assert any("maskable" in icon.get("purpose", "") for icon in manifest["icons"])
    for address in (manifest["start_url"], *(icon["src"] for icon in manifest["icons"])):
        assert app.page.request.get(app.url + address.removeprefix("./")).ok, address


@pytest.mark.real_model(DEFAULT)
def test_everything_can_be_saved_offline(installed: App, own_site: Site) -> None:
    installed.choose_sample("coffee").tap(*CUP)
    unplug(installed, own_site)
    for kind, ending in (("jpeg", ".jpg"), ("coco", ".json"), ("project", ".tapmask")):
        installed["save-more"].click()
        installed[f"format-{kind}"].click()
        with installed.page.expect_download(timeout=PATIENCE) as download:
            installed["sheet-save"].click()
        assert download.value.suggested_filename.endswith(ending)
