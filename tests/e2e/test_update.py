"""A new version is offered, never forced."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.app import PATIENCE, App
from tests.e2e.conftest import Visits
from tests.e2e.serving import DIST, Site, serve

CUP = (290, 60)
CONTROLLED = "() => navigator.serviceWorker.controller !== null"
WAITING = "async () => Boolean((await navigator.serviceWorker.getRegistration())?.waiting)"


def link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system
        shutil.copyfile(source, target)


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    """The build, to be published anew; without compressed files, which would have to be made anew too."""
    folder = tmp_path / "dist"
    shutil.copytree(DIST, folder, copy_function=link, ignore=shutil.ignore_patterns("*.br", "*.gz"))
    return folder


@pytest.fixture
def own_site(dist: Path) -> Iterator[Site]:
    site = serve(dist=dist)
    yield site
    site.stop()


def publish(dist: Path) -> None:
    """The next version: another title, and a service worker that knows of it."""
    page, worker = dist / "index.html", dist / "sw.js"
    title = page.read_text().replace("<title>Tapmask</title>", "<title>Tapmask 2</title>")
    script, changed = re.subn(r'"revision":"\w+"(,"url":"index.html")', r'"revision":"2"\1', worker.read_text())
    assert changed == 1
    for file, text in ((page, title), (worker, script)):
        file.unlink()  # a link to the build itself
        file.write_text(text)


def test_an_update_waits_for_the_end_of_an_edit(visit: Visits, own_site: Site, dist: Path) -> None:
    app: App = visit(url=own_site.url, service_workers="allow").open().is_ready()
    app.page.wait_for_function(CONTROLLED, timeout=PATIENCE)
    app.choose_sample("coffee").tap(*CUP)
    publish(dist)
    app.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")  # as when one comes back to the tab
    app.becomes(WAITING)
    expect(app["update"]).to_have_count(0)
    app["clear"].click()
    expect(app["update"]).to_contain_text("A new version is ready")
    app.is_accessible()
    expect(app.page).to_have_title("Tapmask")
    app["update"].get_by_role("button", name="Update now").click()
    expect(app.page).to_have_title("Tapmask 2", timeout=PATIENCE)
    app.is_ready()
    expect(app["update"]).to_have_count(0)
