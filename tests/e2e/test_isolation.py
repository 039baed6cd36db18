"""Hosts that send headers and hosts that do not: the page works on both."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.e2e.app import PATIENCE
from tests.e2e.conftest import Visits
from tests.e2e.serving import Site, serve

CUP = (290, 60)


@pytest.fixture(scope="module")
def plain_site() -> Iterator[Site]:
    """A host that sends none of our headers, as GitHub Pages does."""
    site = serve(headers={})
    yield site
    site.stop()


def test_our_server_isolates_the_page(visit: Visits) -> None:
    app = visit().open("wasm-threads").is_ready()
    assert app.page.evaluate("crossOriginIsolated")
    expect(app.status).to_have_attribute("data-provider", "wasm-threads")
    app.choose_sample("coffee").tap(*CUP)


def test_page_without_isolation_runs_on_one_thread(visit: Visits, plain_site: Site) -> None:
    app = visit(url=plain_site.url).open(provider=None).is_ready()
    assert not app.page.evaluate("crossOriginIsolated")
    expect(app.status).to_have_attribute("data-provider", "wasm")
    assert "not cross-origin isolated" in app.attempts()["wasm-threads"]
    app.choose_sample("coffee").tap(*CUP)


def test_service_worker_isolates_the_page_where_the_host_sends_no_headers(visit: Visits, plain_site: Site) -> None:
    app = visit(url=plain_site.url, service_workers="allow").open(provider=None)
    app.page.wait_for_function("() => crossOriginIsolated", timeout=PATIENCE)
    expect(app.is_ready().status).to_have_attribute("data-provider", "wasm-threads")
    app.choose_sample("coffee").tap(*CUP)


def test_reload_for_isolation_keeps_the_open_photo(visit: Visits, plain_site: Site) -> None:
    """The worker brings isolation with a reload, which would take the photo away."""
    app = visit(url=plain_site.url, service_workers="allow")
    app.open(provider=None)["sample-coffee"].click()
    expect(app.stage).to_be_visible()
    app.page.wait_for_function("() => navigator.serviceWorker.controller !== null", timeout=PATIENCE)
    app.shows("coffee").tap(*CUP)


def test_the_policy_keeps_the_page_to_its_own_origin(visit: Visits) -> None:
    app = visit()
    app.complaints.allow("Content security policy|Content Security Policy|request to https://example.com")
    app.open().is_ready()
    blocked = app.page.evaluate("fetch('https://example.com/').then(() => 'sent', () => 'blocked')")
    assert blocked == "blocked"
    assert any("connect-src" in text for text in app.complaints.seen)
