"""The browser is killed while it writes: what was there before is there afterwards."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Playwright, expect

from tests.e2e.app import PATIENCE, App
from tests.e2e.complaints import Complaints
from tests.e2e.conftest import FLAGS
from tests.e2e.engines.window import wait_for
from tests.e2e.models import DISCS
from tests.e2e.serving import Site
from tests.e2e.test_memory import keeps

CUP, SAUCER, TABLE = (290, 60), (430, 220), (60, 60)


@contextmanager
def chromium(playwright: Playwright, profile: Path, site: Site) -> Iterator[tuple[App, subprocess.Popen[bytes]]]:
    """Chromium with a profile that outlives it, and its process."""
    program = os.environ.get("TAPMASK_CHROMIUM") or shutil.which("chromium") or playwright.chromium.executable_path
    port = profile / "DevToolsActivePort"
    port.unlink(missing_ok=True)
    command = [
        program,
        *FLAGS,
        "--headless=new",
        f"--user-data-dir={profile}",
        "--remote-debugging-port=0",
        "about:blank",
    ]
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    ) as process:
        try:
            number = wait_for(lambda: port.is_file() and port.read_text().split("\n")[0], "Chromium listens")
            browser = playwright.chromium.connect_over_cdp(f"http://127.0.0.1:{number}")
            context = browser.contexts[0]
            yield App(context.new_page(), site.url, Complaints(context), DISCS.query), process
        finally:
            kill(process)


def kill(process: subprocess.Popen[bytes]) -> None:
    """At once, with all that belongs to it: nothing is written any more."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.mark.parametrize("edits", [1, 4])
def test_a_browser_that_is_killed_while_it_saves_loses_nothing_older(
    playwright: Playwright, site: Site, tmp_path: Path, edits: int
) -> None:
    with chromium(playwright, tmp_path / "profile", site) as (app, process):
        app.open().choose_sample("coffee").tap(*CUP)
        keeps(app, 1, 1, 1)
        for number in range(edits):  # on the way to the disk when the power goes
            app.page.mouse.click(*app.view.css(SAUCER[0] - 30 * number, SAUCER[1] + 30 * number))
        kill(process)
    with chromium(playwright, tmp_path / "profile", site) as (app, _):
        app.open()
        # A photo that was being opened when the page ended waits to be asked for.
        opened = app["film-1"].or_(app.stage).first
        expect(opened).to_be_visible(timeout=PATIENCE)
        if not app.stage.is_visible():
            app["film-1"].click()
        app.shows("coffee").is_answered()
        assert 1 <= app.markers.count() <= 1 + edits
        app.tap(*TABLE).mask()
