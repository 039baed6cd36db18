"""Close the tab, come back, it is all there – and not there for those who do not want that."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import FilePayload, expect

from tests.e2e.app import PATIENCE, App
from tests.e2e.conftest import Visits
from tests.e2e.expected import iou
from tests.e2e.pictures import scene
from tests.e2e.test_accessibility import axe, findings
from tests.e2e.test_providers import HAS_ADAPTER, gpu_visit
from tests.e2e.test_screens import PANELS, overlap, photo_box, take
from tests.e2e.test_several import inside
from tests.e2e.truth import SAMPLES

__all__ = ["axe", "gpu_visit"]

CUP, SAUCER, FACE = (290, 60), (430, 220), (190, 170)
DISCS = [(200, 110, 70), (90, 120, 50), (160, 150, 60)]

# How often the encoder ran in this page.
ENCODED = "() => performance.getEntriesByName('tapmask:encode').length"

# What the database holds: the number of entries of each kind.
KEPT = """async () => {
  const db = await new Promise((done, fail) => {
    const request = indexedDB.open("tapmask");
    request.onsuccess = () => done(request.result);
    request.onerror = () => fail(request.error);
  });
  const count = (name) => new Promise((done) => {
    db.transaction(name).objectStore(name).count().onsuccess = ({ target }) => done(target.result);
  });
  const counts = db.objectStoreNames.length ? await Promise.all(["photos", "documents", "embeddings"].map(count)) : [0, 0, 0];
  db.close();
  return counts;
}"""

# Replaces every entry of one kind by what CHANGE makes of it.
SPOIL = """async (name) => {
  const db = await new Promise((done) => (indexedDB.open("tapmask").onsuccess = ({ target }) => done(target.result)));
  const transaction = db.transaction(name, "readwrite");
  const store = transaction.objectStore(name);
  store.openCursor().onsuccess = ({ target: { result: cursor } }) => {
    if (!cursor) return;
    cursor.update((CHANGE)(cursor.value));
    cursor.continue();
  };
  await new Promise((done) => (transaction.oncomplete = done));
  db.close();
}"""


def kept(app: App) -> list[int]:
    counts: list[int] = app.page.evaluate(KEPT)
    return counts


def keeps(app: App, photos: int, documents: int, embeddings: int) -> None:
    """Wait until the database holds that much: it is written behind the edits."""
    wanted = [photos, documents, embeddings]
    app.becomes(f"async () => JSON.stringify(await ({KEPT})()) === '{str(wanted).replace(' ', '')}'")


def spoil(app: App, kind: str, change: str) -> None:
    app.complaints.allow("favicon")
    app.page.goto(app.url + "models/manifest.json")  # the page itself is gone, and writes no more
    app.page.evaluate(SPOIL.replace("CHANGE", change), kind)


def come_back(app: App, name: str) -> App:
    app.page.reload()
    return app.shows(name)


def discs(folder: Path) -> list[Path]:
    """Small photos, each with its own disc."""
    paths = [folder / f"disc-{number}.png" for number in range(1, len(DISCS) + 1)]
    for path, disc in zip(paths, DISCS, strict=True):
        scene(320, 240, disc).save(path)
    return paths


def drop_all(app: App, files: list[Path]) -> App:
    """Choose several files at once; the first is shown."""
    payloads: list[FilePayload] = [
        {"name": file.name, "mimeType": "image/png", "buffer": file.read_bytes()} for file in files
    ]
    app["photo-input"].set_input_files(payloads)
    expect(app["film"].get_by_role("listitem")).to_have_count(len(files), timeout=PATIENCE)
    return app.shows(files[0].stem)


def test_a_reload_brings_everything_back(app: App) -> None:
    app.open().choose_sample("coffee").tap(*CUP).right_click(400, 60)
    elsewhere = inside(~app.mask())  # a tap on what the cup's mask covers would select the cup
    app["new-object"].click()
    app.tap(*elsewhere)
    app["object-2-rename"].click()
    app["object-name"].fill("Table")
    app["object-name"].press("Enter")
    table = app.is_answered().mask()
    app["object-1"].get_by_role("button", name="Edit Object 1").click()
    cup = app.is_answered().mask()

    come_back(app, "coffee").is_answered()
    assert app["objects"].locator(".object-name").all_inner_texts() == ["Table", "Object 1"]
    expect(app.markers).to_have_count(2)
    assert np.array_equal(app.mask(), cup)
    app["object-2"].get_by_role("button", name="Edit Table").click()
    assert np.array_equal(app.is_answered().mask(), table)
    for _ in range(3):  # the name, the tap, the object
        app["undo"].click()
    expect(app["objects"]).to_have_count(0)
    expect(app.markers).to_have_count(2)
    app["redo"].click()
    expect(app["objects"]).to_be_visible()


def test_edit_just_before_leaving_is_stored(app: App) -> None:
    app.open().choose_sample("coffee").tap(*CUP)
    app.page.mouse.click(*app.view.css(*SAUCER))
    expect(app.markers).to_have_count(2)
    come_back(app, "coffee")
    expect(app.markers).to_have_count(2)


def test_a_new_tab_shows_the_last_photo_too(app: App) -> None:
    mask = app.open().choose_sample("coffee").tap(*CUP).mask()
    keeps(app, 1, 1, 1)
    other = app.another_tab().open().shows("coffee")
    assert np.array_equal(other.is_answered().mask(), mask)


def test_two_tabs_do_not_change_each_others_photos(app: App) -> None:
    app.open().choose_sample("coffee").tap(*CUP)
    keeps(app, 1, 1, 1)
    other = app.another_tab().open().shows("coffee")
    other.tap(*SAUCER)
    expect(app.markers).to_have_count(1)
    come_back(other, "coffee")
    expect(other.markers).to_have_count(2)
    come_back(app, "coffee")
    expect(app.markers).to_have_count(2)


def test_the_start_stays_in_reach(app: App) -> None:
    app.open().choose_sample("coffee").tap(*CUP)
    app["home"].click()
    expect(app["sample-cat"]).to_be_visible()
    app.page.reload()
    expect(app["sample-cat"]).to_be_visible()
    app["film-1"].click()
    app.shows("coffee")
    expect(app.markers).to_have_count(1)


def test_a_photo_that_came_back_is_not_read_again(app: App) -> None:
    mask = app.open().choose_sample("coffee").tap(*CUP).mask()
    assert app.page.evaluate(ENCODED) == 1
    keeps(app, 1, 1, 1)
    come_back(app, "coffee")
    assert np.array_equal(app.is_answered().mask(), mask)
    app["undo"].click()
    assert np.array_equal(app.tap(*CUP).mask(), mask)
    assert app.page.evaluate(ENCODED) == 0


def test_embedding_stored_by_webgpu_is_restored_to_webgpu(gpu_visit: Visits) -> None:
    app = gpu_visit().open("webgpu")
    if not app.page.evaluate(HAS_ADAPTER):
        app.reaches("error")
        pytest.skip("This browser emulates no GPU.")
    mask = app.choose_sample("coffee").tap(*CUP).mask()
    keeps(app, 1, 1, 1)
    come_back(app, "coffee")
    assert np.array_equal(app.is_answered().mask(), mask)
    app["undo"].click()
    assert np.array_equal(app.tap(*CUP).mask(), mask)
    assert app.page.evaluate(ENCODED) == 0
    app.open("wasm").shows("coffee")  # embeddings know no provider
    assert iou(app.is_answered().mask(), mask) >= 0.95
    assert app.page.evaluate(ENCODED) == 0


def test_another_variant_computes_its_own(app: App) -> None:
    app.open(variant="exact").choose_sample("coffee").tap(*CUP)
    keeps(app, 1, 1, 1)
    app.open(variant="rough").shows("coffee").is_answered()
    assert app.page.evaluate(ENCODED) == 1
    keeps(app, 1, 1, 2)


DAMAGE: list[tuple[str, str, int]] = [
    ("embeddings", "(entry) => ({ ...entry, saved: { ...entry.saved, tensors: {} } })", 1),
    ("embeddings", "(entry) => ({ ...entry, saved: 'nothing' })", 1),
    ("embeddings", "(entry) => ({ ...entry, saved: { ...entry.saved, width: 7 } })", 1),
    ("documents", "(entry) => ({ ...entry, document: { steps: [{ objects: [{ id: 1 }], active: 1 }], index: 0 } })", 0),
    ("documents", "(entry) => ({ id: entry.id })", 0),
]


@pytest.mark.parametrize(("kind", "change", "encoded"), DAMAGE)
def test_a_damaged_entry_does_not_break_the_page(app: App, kind: str, change: str, encoded: int) -> None:
    mask = app.open().choose_sample("coffee").tap(*CUP).mask()
    keeps(app, 1, 1, 1)
    spoil(app, kind, change)
    app.open().shows("coffee")
    assert app.page.evaluate(ENCODED) == encoded
    if kind == "documents":
        expect(app.message).to_contain_text("The points of this photo could not be read")
        app.tap(*CUP)
    assert np.array_equal(app.is_answered().mask(), mask)


def test_stored_photo_that_cannot_be_read_is_skipped(app: App) -> None:
    app.open().choose_sample("coffee").tap(*CUP)
    keeps(app, 1, 1, 1)
    spoil(app, "photos", "({ id }) => ({ id, blob: 'gone' })")
    app.open().is_ready().choose_sample("cat").tap(*FACE)


@pytest.mark.parametrize(
    "fault",
    [
        "delete globalThis.indexedDB",
        "indexedDB.open = () => { throw new DOMException('', 'SecurityError') }",
        "IDBObjectStore.prototype.put = () => { throw new DOMException('', 'QuotaExceededError') }",
    ],
    ids=["none", "forbidden", "full"],
)
def test_without_storage_everything_works_and_is_told_once(app: App, tmp_path: Path, fault: str) -> None:
    app.page.add_init_script(fault)
    drop_all(app.open().is_ready(), discs(tmp_path)[:2])
    expect(app.message).to_contain_text("Photos are not kept here")
    app.message.get_by_role("button", name="Close").click()
    mask = app.tap(*DISCS[0][:2]).mask()
    app["film-2"].click()
    app.shows("disc-2").tap(*DISCS[1][:2])
    app["film-1"].click()
    assert np.array_equal(app.shows("disc-1").is_answered().mask(), mask)
    expect(app.message).to_have_count(0)


def test_several_photos_are_open_at_once(app: App, tmp_path: Path) -> None:
    files = discs(tmp_path)
    drop_all(app.open().is_ready(), files)
    masks: list[np.ndarray[Any, Any]] = []
    for number, (x, y, _) in enumerate(DISCS):
        app[f"film-{number + 1}"].click()
        masks.append(app.shows(files[number].stem).tap(x, y).mask())
    for number in (2, 0, 1):
        app[f"film-{number + 1}"].click()
        expect(app.shows(files[number].stem).markers).to_have_count(1)
        assert np.array_equal(app.is_answered().mask(), masks[number])
    app.choose_file(files[2])  # it is there already
    expect(app["film"].get_by_role("listitem")).to_have_count(3)
    expect(app.markers).to_have_count(1)


def test_fast_switching_between_photos_keeps_masks_apart(app: App, tmp_path: Path) -> None:
    files = discs(tmp_path)
    drop_all(app.open().is_ready(), files)
    masks = []
    for number, (x, y, _) in enumerate(DISCS):
        app[f"film-{number + 1}"].click()
        masks.append(app.shows(files[number].stem).tap(x, y).mask())
    for _ in range(5):  # 3 → 1 → 2 → 3 → 1 → 2
        app.page.keyboard.press("PageDown")
    assert np.array_equal(app.shows(files[1].stem).is_answered().mask(), masks[1])
    for number in (0, 2, 1, 0, 2):
        app[f"film-{number + 1}"].click(no_wait_after=True)
    assert np.array_equal(app.shows(files[2].stem).is_answered().mask(), masks[2])


def test_a_photo_can_be_removed_and_put_back(app: App, tmp_path: Path) -> None:
    files = discs(tmp_path)
    drop_all(app.open().is_ready(), files)
    mask = app.tap(*DISCS[0][:2]).mask()
    app["remove-photo"].click()
    app.shows("disc-2")
    expect(app["film"].get_by_role("listitem")).to_have_count(2)
    expect(app["removed"]).to_contain_text("disc-1 was removed")
    app["put-back"].click()
    assert np.array_equal(app.shows("disc-1").is_answered().mask(), mask)
    app["remove-photo"].click()
    app.shows("disc-2")
    come_back(app, "disc-2")
    expect(app["film"].get_by_role("listitem")).to_have_count(2)
    assert kept(app)[0] == 2


def test_the_strip_works_by_keys_and_is_named(app: App, tmp_path: Path) -> None:
    files = discs(tmp_path)
    drop_all(app.open().is_ready(), files)
    strip = app.page.get_by_role("navigation", name="Photos")
    first = strip.get_by_role("button", name="Photo 1 of 3: disc-1")
    expect(first).to_have_attribute("aria-current", "true")
    first.focus()
    app.page.keyboard.press("ArrowRight")
    app.shows("disc-2")
    expect(strip.get_by_role("button", name="Photo 2 of 3: disc-2")).to_be_focused()
    app.page.keyboard.press("End")
    app.shows("disc-3")
    app.page.keyboard.press("Delete")
    app.shows("disc-2")
    app.page.keyboard.press("PageUp")
    app.shows("disc-1")


def test_a_text_among_photos_is_named_and_left_out(app: App, tmp_path: Path) -> None:
    broken: FilePayload = {"name": "letter.jpg", "mimeType": "image/jpeg", "buffer": b"Dear photo"}
    photos: list[FilePayload] = [
        {"name": file.name, "mimeType": "image/png", "buffer": file.read_bytes()} for file in discs(tmp_path)[:2]
    ]
    app.open().is_ready()
    app["photo-input"].set_input_files([photos[0], broken, photos[1]])
    expect(app.message).to_contain_text("letter.jpg")
    app.message.get_by_role("button", name="Close").click()
    app.shows("disc-1")
    expect(app["film"].get_by_role("listitem")).to_have_count(2)


def test_keep_nothing_deletes_at_once_and_writes_nothing(app: App) -> None:
    mask = app.open().choose_sample("coffee").tap(*CUP).mask()
    keeps(app, 1, 1, 1)
    app["settings-button"].click()
    app["keep-nothing"].check()
    keeps(app, 0, 0, 0)
    expect(app["kept-photos"]).to_contain_text("nothing")
    app.page.keyboard.press("Escape")
    assert np.array_equal(app.is_answered().mask(), mask)  # still here
    app.tap(*SAUCER)
    app.choose_file(SAMPLES / "cat.jpg").tap(*FACE)
    app["film-1"].click()
    expect(app.shows("coffee").markers).to_have_count(2)
    app.page.reload()
    expect(app.is_ready()["sample-coffee"]).to_be_visible()
    expect(app["film"]).to_have_count(0)
    assert kept(app) == [0, 0, 0]
    app["settings-button"].click()
    expect(app["keep-nothing"]).to_be_checked()


def test_what_is_open_is_kept_after_all(app: App) -> None:
    app.page.add_init_script("if (!localStorage.length) localStorage.setItem('tapmask-keep-nothing', 'yes')")
    app.open().choose_sample("coffee").tap(*CUP)
    app["settings-button"].click()
    app["keep-nothing"].uncheck()
    keeps(app, 1, 1, 0)
    come_back(app, "coffee")
    expect(app.markers).to_have_count(1)


def test_the_settings_say_what_is_kept_and_delete_it(app: App, tmp_path: Path) -> None:
    drop_all(app.open().is_ready(), discs(tmp_path)[:2]).tap(*DISCS[0][:2])
    keeps(app, 2, 1, 1)
    app["settings-button"].click()
    expect(app["storage"]).to_contain_text("on this device only")
    expect(app["kept-photos"]).to_contain_text("2 photos")
    expect(app["kept-embeddings"]).to_contain_text("1 photo,")
    expect(app["kept-models"]).to_contain_text("2 files")
    expect(app["storage-total"]).to_contain_text(re.compile("[kM]B"))
    app["delete-embeddings"].click()
    assert kept(app)[2] == 1, "one press is not enough"
    app["delete-embeddings"].click()
    expect(app["kept-embeddings"]).to_contain_text("nothing")
    assert kept(app) == [2, 1, 0]
    app["delete-all"].click()
    app["delete-all"].click()
    for kind in ("photos", "embeddings", "models"):
        expect(app[f"kept-{kind}"]).to_contain_text("nothing")
    assert kept(app) == [0, 0, 0]
    app.page.keyboard.press("Escape")
    app.choose_sample("cat").tap(*FACE)  # the model that runs goes on


@pytest.mark.parametrize("profile", ["desktop", "phone"])
def test_the_strip_covers_nothing_and_axe_finds_nothing(visit: Visits, axe: str, tmp_path: Path, profile: str) -> None:
    app = drop_all(visit(profile).open().is_ready(), discs(tmp_path)).tap(*DISCS[0][:2])
    app.page.wait_for_function("() => !document.querySelector('.hint')")
    take(app, f"{profile}-film")
    assert findings(app, axe) == []
    boxes = [photo_box(app, 320, 240), *app.page.evaluate(PANELS)]
    for number, box in enumerate(boxes):
        for other in boxes[number + 1 :]:
            assert not overlap(box, other), f"{box} and {other}"
    app["settings-button"].click()
    expect(app["storage-total"]).to_be_visible()
    take(app, f"{profile}-storage")
    assert findings(app, axe) == []
    app.page.keyboard.press("Escape")
    app["home"].click()
    expect(app["film"]).to_be_visible()
    take(app, f"{profile}-start-with-photos")
    assert findings(app, axe) == []
    for button in app["film"].get_by_role("button").all():
        box = button.bounding_box()
        assert box
        assert min(box["width"], box["height"]) >= 44
