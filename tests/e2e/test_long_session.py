"""A long session: many photos, many taps, and memory that does not grow with them."""

from __future__ import annotations

import io
import re

from playwright.sync_api import CDPSession, FilePayload, expect

from tests.e2e.app import PATIENCE, App
from tests.e2e.pictures import scene

PHOTOS, TAPS = 100, 10  # each photo is tapped that often: a thousand taps in all
WARM = 20  # photos until memory is looked at
MEGABYTE = 2**20
# What a photo in the strip may keep: its undo history, in which each tap holds a grid of 16 kB for the next one to refine,
# and its place in the page. One forgotten mask of one of these photos would have 300 kB more.
PER_PHOTO = 300_000

ANSWERED = """(count) => document.querySelectorAll("ol.markers > li").length === count
  && document.querySelector('[data-testid="status"]').dataset.state === "ready" """


def photo(number: int) -> FilePayload:
    """A picture that no other number has."""
    data = io.BytesIO()
    scene(640, 480, (100 + 4 * number, 240, 60)).save(data, "png")
    return {"name": f"photo-{number}.png", "mimeType": "image/png", "buffer": data.getvalue()}


def script_memory(client: CDPSession) -> int:
    """Bytes that the page's scripts hold, buffers included, after a garbage collection."""
    client.send("HeapProfiler.collectGarbage")
    usage = client.send("Runtime.getHeapUsage")
    return int(usage["usedSize"] + usage.get("backingStorageSize", 0))


def runtime_memory(app: App) -> float:
    """Megabytes of the runtime's WASM heap, as the settings tell."""
    app["settings-button"].click()
    line = app["performance"].locator("dl > div", has_text="Runtime's memory")
    expect(line).to_be_visible()
    found = re.search(r"([\d.]+) MB", line.inner_text())
    assert found
    app.page.keyboard.press("Escape")
    return float(found[1])


def test_memory_does_not_grow_with_photos_and_taps(app: App) -> None:
    app.open().is_ready()
    client = app.page.context.new_cdp_session(app.page)
    before = (0, 0.0)
    for number in range(PHOTOS):
        app.offer_file(photo(number)).shows(f"photo-{number}")
        view = app.view
        for tap in range(TAPS):
            app.page.mouse.click(*view.css(80 + 110 * (tap % 5), 180 + 120 * (tap // 5)))
            app.page.wait_for_function(ANSWERED, arg=tap + 1, timeout=PATIENCE)
        if number == WARM - 1:
            before = script_memory(client), runtime_memory(app)
    after = script_memory(client), runtime_memory(app)
    grown = after[0] - before[0]
    assert grown <= (PHOTOS - WARM) * PER_PHOTO, f"{grown / MEGABYTE:.1f} MB more for {PHOTOS - WARM} photos"
    assert after[1] <= 1.1 * before[1]
