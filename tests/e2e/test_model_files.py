"""Model files that arrive damaged, half, not at all, or that went bad in the cache."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Route, expect

from export.publish.manifest import files_of
from tests.e2e.app import App
from tests.e2e.conftest import Visits
from tests.e2e.models import DEFAULT, DISCS, PUBLISHED, Model

CUP = (290, 60)
ENCODERS = "**/*encoder*.onnx*"
INSTALLED = "async () => (await navigator.serviceWorker.ready).active.state === 'activated'"

# Overwrites every copy of a model file in every cache; yields how many there were.
SPOIL = """async (length) => {
  let spoiled = 0;
  for (const name of await caches.keys()) {
    const cache = await caches.open(name);
    for (const request of await cache.keys()) {
      if (!new URL(request.url).pathname.endsWith(".onnx")) continue;
      const size = length ?? (await (await cache.match(request)).arrayBuffer()).byteLength;
      await cache.put(request, new Response(new Uint8Array(size)));
      spoiled++;
    }
  }
  return spoiled;
}"""

# What the caches hold: the SHA-256 of every model file, as hex digits.
STORED = """async () => {
  const sums = [];
  for (const name of await caches.keys()) {
    const cache = await caches.open(name);
    for (const request of await cache.keys()) {
      if (!new URL(request.url).pathname.endsWith(".onnx")) continue;
      const sum = await crypto.subtle.digest("SHA-256", await (await cache.match(request)).arrayBuffer());
      sums.push(Array.from(new Uint8Array(sum), (byte) => byte.toString(16).padStart(2, "0")).join(""));
    }
  }
  return sums;
}"""


@pytest.fixture
def sums(model: Model) -> set[str]:
    """The SHA-256 of both files that the page runs."""
    return {file["sha256"] for file in model.files()}


def half(route: Route) -> None:
    """The first half of the file, sent as if that were all."""
    whole = route.fetch().body()
    route.fulfill(body=whole[: len(whole) // 2], content_type="application/octet-stream")


def other(route: Route) -> None:
    """As many bytes as it should be, and an error page at the end of them."""
    whole = route.fetch().body()
    page = b"<h1>Too many requests</h1>"
    route.fulfill(body=whole[: -len(page)] + page, content_type="application/octet-stream")


@pytest.mark.parametrize("damage", [half, other])
def test_a_damaged_download_is_told_and_can_be_repeated(app: App, model: Model, sums: set[str], damage: Any) -> None:
    app.page.route(ENCODERS, damage)
    app.open()["sample-coffee"].click()
    app.reaches("error")
    expect(app.message).to_contain_text("The model file is damaged")
    expect(app.message).to_contain_text(model.files()[0]["file"])
    expect(app.stage).to_have_attribute("aria-label", "Photo coffee")
    assert app.page.evaluate(STORED) == [], "a damaged file must not be kept"
    app.page.unroute(ENCODERS)
    app.message.get_by_role("button", name="Load again").click()
    app.shows("coffee").tap(*CUP)
    assert set(app.page.evaluate(STORED)) == sums


def test_a_damaged_answer_heals_when_only_the_first_is_bad(app: App) -> None:
    app.page.route(ENCODERS, half, times=1)
    app.open().choose_sample("coffee").tap(*CUP)


def test_a_model_that_cannot_be_fetched_is_told(app: App) -> None:
    app.complaints.allow("Failed to load resource")
    app.page.route("**/*.onnx*", lambda route: route.abort())
    app.open().reaches("error")
    expect(app.message).to_contain_text("The model could not be downloaded")
    app.page.unroute("**/*.onnx*")
    app.message.get_by_role("button", name="Load again").click()
    app.is_ready().choose_sample("coffee").tap(*CUP)


@pytest.mark.parametrize("length", [None, 100], ids=["same-length", "short"])
@pytest.mark.parametrize("service_workers", ["block", pytest.param("allow", marks=pytest.mark.real_model(DEFAULT))])
def test_a_damaged_cache_heals(visit: Visits, sums: set[str], service_workers: str, length: int | None) -> None:
    app = visit(service_workers=service_workers).open().choose_sample("coffee")
    mask = app.tap(*CUP).mask()
    if service_workers == "allow":
        app.becomes(INSTALLED)
    assert app.page.evaluate(SPOIL, length) >= 2
    assert not sums & set(app.page.evaluate(STORED))
    app.page.reload()
    assert np.array_equal(app.shows("coffee").is_answered().mask(), mask)
    assert set(app.page.evaluate(STORED)) == sums


def test_a_second_visit_downloads_nothing_again(app: App) -> None:
    app.open().is_ready()
    fetched: list[str] = []
    app.page.on("request", lambda request: fetched.append(request.url))
    app.page.reload()
    app.is_ready().choose_sample("coffee").tap(*CUP)
    assert fetched
    assert not [url for url in fetched if ".onnx" in url]


def test_full_storage_does_not_stop_the_page(app: App) -> None:
    """A cache that takes nothing: the model stays in memory, and the page says so."""
    app.page.add_init_script("Cache.prototype.put = () => Promise.reject(new DOMException('', 'QuotaExceededError'));")
    app.open().is_ready()
    expect(app.message).to_contain_text("Storage is full")
    app.choose_sample("coffee").tap(*CUP)


@pytest.mark.real_model(DEFAULT)
def test_a_manifest_of_another_site_is_refused(app: App) -> None:
    app.open(manifest="https://example.com/manifest.json").reaches("error")
    expect(app.message).to_contain_text("Models come from this site only")
    app.message.get_by_role("button", name="Close").click()
    app.is_ready().choose_sample("coffee").tap(*CUP)


@pytest.mark.parametrize("path", [PUBLISHED, DISCS.manifest], ids=["published", "discs"])
def test_the_files_are_what_the_manifest_says(path: Path) -> None:
    for model in json.loads(path.read_text())["models"]:
        for variant in model["variants"].values():
            for file in files_of(variant):
                content = (path.parent / file["file"]).read_bytes()
                assert len(content) == file["bytes"]
                assert hashlib.sha256(content).hexdigest() == file["sha256"]
