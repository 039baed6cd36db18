"""What a machine may take away while one works: memory, workers, storage, the clock, the file on the disk."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.e2e.app import PATIENCE, App
from tests.e2e.pictures import scene
from tests.e2e.test_memory import discs, drop_all, keeps
from tests.e2e.test_providers import WORKERS, prepend
from tests.e2e.truth import SAMPLES

CUP, SAUCER = (290, 60), (430, 220)

# Fails in the named worker from the moment on that the page says so, and until it takes that back.
FAULT = """
let faulty = false;
new BroadcastChannel("fault").onmessage = ({ data }) => void (faulty = data === self.name);
const { getContext } = OffscreenCanvas.prototype;
OffscreenCanvas.prototype.getContext = function (...options) {
  return faulty ? FAILURE : getContext.apply(this, options);
};
const create = self.createImageBitmap;
self.createImageBitmap = async (source, ...options) => {
  if (faulty && !(source instanceof Blob)) throw new RangeError("Out of memory.");
  return create.call(self, source, ...options);
};
"""
NO_CANVAS = "null"
NO_ARRAY = "(() => { throw new RangeError('Array buffer allocation failed'); })()"
# A worker that is killed does not even say so; one that throws outside of all promises says something.
MORTAL = """
new BroadcastChannel("end").onmessage = ({ data }) => {
  if (data === self.name) setTimeout(() => { throw new Error("the test ends this worker"); });
};
"""


def fault(app: App, worker: str) -> None:
    """From now on there is no memory in that worker; in none if the name is empty."""
    app.page.evaluate("async (name) => new BroadcastChannel('fault').postMessage(name)", worker)
    # A message of the page's own, sent after it, comes after it.
    app.is_drawn()


def too_little_memory(app: App) -> None:
    expect(app.message).to_contain_text("There is not enough memory", timeout=PATIENCE)


def test_too_little_memory_to_read_a_photo_leaves_the_one_before(app: App) -> None:
    app.page.route(WORKERS, prepend(FAULT.replace("FAILURE", NO_ARRAY)))
    app.open().choose_sample("coffee").tap(*CUP)
    mask = app.mask()
    fault(app, "tapmask-engine")
    app.offer_file(SAMPLES / "cat.jpg")
    too_little_memory(app)
    expect(app.stage).to_have_attribute("aria-label", "Photo coffee")
    assert np.array_equal(app.mask(), mask)
    fault(app, "")
    app.choose_file(SAMPLES / "cat.jpg").tap(190, 170)


def test_too_little_memory_to_show_a_photo_leaves_the_one_before(app: App, tmp_path: Path) -> None:
    app.page.route(WORKERS, prepend(FAULT.replace("FAILURE", NO_ARRAY)))
    app.open().choose_sample("coffee").tap(*CUP)
    large = tmp_path / "large.jpg"
    scene(5000, 100, (2500, 50, 40)).save(large)  # is shown smaller, for which there is no memory
    fault(app, "tapmask-pixels")
    app.offer_file(large)
    too_little_memory(app)
    expect(app.message).to_contain_text("Your open photo is unchanged")
    expect(app.markers).to_have_count(1)
    fault(app, "")
    app.choose_file(large).tap(2500, 50)


@pytest.mark.parametrize("failure", [NO_CANVAS, NO_ARRAY], ids=["no canvas", "no array"])
def test_too_little_memory_to_save_says_so_and_the_next_time_it_is_saved(app: App, failure: str) -> None:
    app.page.route(WORKERS, prepend(FAULT.replace("FAILURE", failure)))
    app.open().choose_sample("coffee").tap(*CUP)
    fault(app, "tapmask-pixels")
    app["save-cutout"].click()
    too_little_memory(app)
    expect(app.markers).to_have_count(1)
    fault(app, "")
    assert app.cutout()[..., 3].any()


def test_a_worker_that_dies_while_saving_is_replaced(app: App) -> None:
    app.complaints.allow("the test ends this worker")
    app.page.route(WORKERS, prepend(MORTAL))
    app.open().choose_sample("coffee").tap(*CUP)
    mask = app.mask()
    app.page.evaluate("() => new BroadcastChannel('end').postMessage('tapmask-pixels')")
    app["save-mask"].click()  # may still have reached the dead one
    expect(app.status).to_have_attribute("data-state", re.compile("^(ready|error)$"), timeout=PATIENCE)
    app["save-mask"].click()
    app.is_answered()
    assert np.array_equal(app.mask(), mask)


# The photo is in the database, with a document. Nothing is opened that is not there: that would make it.
KEPT_PHOTO = """async () => {
  if (!(await indexedDB.databases()).some(({ name }) => name === "tapmask")) return false;
  const db = await new Promise((done) => (indexedDB.open("tapmask").onsuccess = ({ target }) => done(target.result)));
  const count = (name) => new Promise((done) => {
    db.transaction(name).objectStore(name).count().onsuccess = ({ target }) => done(target.result);
  });
  const counts = await Promise.all(["photos", "documents"].map(count));
  db.close();
  return counts.every((number) => number > 0);
}"""


def test_clearing_storage_keeps_the_open_photo(app: App) -> None:
    mask = app.open().choose_sample("coffee").tap(*CUP).mask()
    keeps(app, 1, 1, 1)
    app.page.reload()  # now it came out of storage itself
    app.shows("coffee").is_answered()
    session = app.page.context.new_cdp_session(app.page)
    session.send("Storage.clearDataForOrigin", {"origin": app.url.rstrip("/"), "storageTypes": "all"})
    assert np.array_equal(app.is_answered().mask(), mask)
    both = app.tap(*SAUCER).mask()
    app.becomes(KEPT_PHOTO)
    app.open()["film-1"].click()  # which one was open last is forgotten
    expect(app.shows("coffee").markers).to_have_count(2)
    assert np.array_equal(app.is_answered().mask(), both)


def test_clock_set_back_does_not_restore_older_edits(app: App, tmp_path: Path) -> None:
    drop_all(app.open().is_ready(), discs(tmp_path)[:2]).tap(200, 110)
    keeps(app, 2, 1, 1)
    other = app.another_tab()
    other.page.clock.set_system_time("2001-01-01T00:00:00Z")
    other.open().shows("disc-1").tap(60, 40)
    other.page.reload()
    expect(other.shows("disc-1").markers).to_have_count(2)
    # The first tab takes over what was done there, when it comes to the photo again.
    app["film-2"].click()
    app.shows("disc-2")
    app["film-1"].click()
    expect(app.shows("disc-1").markers).to_have_count(2)


def test_editing_a_photo_in_two_tabs_shows_a_warning(app: App) -> None:
    app.open().choose_sample("coffee").tap(*CUP)
    keeps(app, 1, 1, 1)
    other = app.another_tab().open().shows("coffee")
    other.tap(*SAUCER)
    expect(app.message).to_contain_text("This photo is being edited in another tab")
    expect(app.markers).to_have_count(1)
    app.message.get_by_role("button", name="Reload the page").click()
    expect(app.shows("coffee").markers).to_have_count(2)


def test_a_photo_whose_file_is_deleted_is_saved_all_the_same(app: App, tmp_path: Path) -> None:
    file = tmp_path / "mine.png"
    scene(320, 240, (200, 110, 70)).save(file)
    app.page.add_init_script("localStorage.setItem('tapmask-keep-nothing', 'yes')")
    app.open().choose_file(file).tap(200, 110)
    file.unlink()
    assert app.cutout()[110, 200, 3] == 255
    app["save-more"].click()
    app["format-jpeg"].click()
    with app.page.expect_download(timeout=PATIENCE) as download:
        app["sheet-save"].click()
    assert re.search(r"\.jpg$", download.value.suggested_filename)


def test_keys_work_while_a_slider_has_the_focus(app: App) -> None:
    app.open().choose_sample("coffee").tap(*CUP)
    app["refine"].click()
    app["finish-smooth"].focus()
    app.page.keyboard.press("ArrowRight")
    app.page.keyboard.press("Escape")
    expect(app["refine-panel"]).to_have_count(0)
    app["refine"].click()
    app["finish-smooth"].focus()
    for _ in range(2):  # the smoothing, the point
        app.page.keyboard.press("Control+z")
    expect(app.markers).to_have_count(0)
