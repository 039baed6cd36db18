"""How photos come in, and the ones that are no plain small picture."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Route, expect

from tests.e2e.app import App
from tests.e2e.expected import Expected, iou
from tests.e2e.pictures import huge, turned
from tests.e2e.truth import SAMPLES

# What a drop and a paste give to the page: there is no real desktop to drag from.
HAND_OVER = """({ kind, name, type, content }) => {
  const bytes = Uint8Array.from(atob(content), (char) => char.charCodeAt(0));
  const data = new DataTransfer();
  data.items.add(new File([bytes], name, { type }));
  const event = kind === "drop"
    ? new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true })
    : new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true });
  document.body.dispatchEvent(event);
}"""


@pytest.mark.parametrize("kind", ["jpg", "png", "webp", "avif"])
def test_a_photo_taken_upright_stays_upright(start: App, tmp_path: Path, expected: Expected, kind: str) -> None:
    photo = turned(tmp_path, kind)
    answers = expected.read(photo)
    assert answers.pixels.shape == (320, 240, 3)
    disc = (149, 230)  # stored at (230, 90) in 320 × 240, turned clockwise
    assert answers.pixels[disc[1], disc[0], 0] > 200
    start.choose_file(photo).tap(*disc)
    mask, cutout = start.mask(), start.cutout()
    assert mask.shape == cutout.shape[:2] == (320, 240)
    assert iou(mask, answers.tap(*disc)) >= 0.97
    difference = np.abs(cutout[mask][:, :3].astype(int) - answers.pixels[mask])
    assert difference.mean() < 3  # JPEG decoders round differently


def test_48_megapixels_keep_their_resolution(app: App, tmp_path: Path, expected: Expected) -> None:
    photo = huge(tmp_path)
    app.open().choose_file(photo).tap(5000, 2600)
    mask = app.mask()
    assert mask.shape == (6000, 8000)
    assert iou(mask, expected.read(photo).tap(5000, 2600)) >= 0.97
    picture = app.save("save-cutout")
    assert picture.size == (8000, 6000)
    assert np.array_equal(np.asarray(picture.getchannel("A")) == 255, mask)


@pytest.mark.parametrize("kind", ["drop", "paste"])
def test_a_photo_can_be_dropped_or_pasted(start: App, kind: str) -> None:
    content = base64.b64encode((SAMPLES / "rocket.jpg").read_bytes()).decode()
    start.page.evaluate(HAND_OVER, {"kind": kind, "name": "rocket.jpg", "type": "image/jpeg", "content": content})
    start.shows("rocket")


def test_a_photo_may_be_chosen_while_the_model_loads(app: App) -> None:
    held: list[Route] = []
    app.page.route("**/*.onnx", lambda route: held.append(route))
    with app.page.expect_request("**/*.onnx"):
        app.open()
    app["sample-coffee"].click()
    expect(app.stage).to_be_visible()
    expect(app.status).to_contain_text("Loading model")
    expect(app.page.get_by_text(re.compile(r"0\.0 / \d+\.\d MB"))).to_be_visible()
    app.reaches("loading")
    app.page.route("**/*.onnx", lambda route: route.continue_())  # from now on
    for route in held:
        route.continue_()
    app.shows("coffee").tap(290, 60)


def test_another_photo_takes_the_place_of_the_first(start: App) -> None:
    start.choose_sample("coffee").tap(290, 60)
    start.choose_file(SAMPLES / "cat.jpg")
    expect(start.markers).to_have_count(0)
    expect(start["save-mask"]).to_have_count(0)
    assert start.tap(190, 170).mask().shape == (300, 451)


def test_a_text_file_named_jpg_leaves_the_open_photo_alone(start: App) -> None:
    mask = start.choose_sample("coffee").tap(290, 60).mask()
    start.offer_file({"name": "letter.jpg", "mimeType": "image/jpeg", "buffer": b"Dear photo,\n" * 50}).reaches("error")
    expect(start.message).to_contain_text("This is not a picture")
    expect(start.message).to_contain_text("Your open photo is unchanged")
    expect(start.stage).to_have_attribute("aria-label", "Photo coffee")
    start.message.get_by_role("button", name="Close").click()
    assert np.array_equal(start.is_answered().mask(), mask)
    start.right_click(430, 220)


def test_a_damaged_photo_is_told_from_a_text(start: App) -> None:
    whole = (SAMPLES / "coffee.jpg").read_bytes()
    start.offer_file({"name": "half.jpg", "mimeType": "image/jpeg", "buffer": whole[:300]})
    start.reaches("error")
    expect(start.message).to_contain_text("This picture cannot be read")
    start.choose_file(SAMPLES / "coffee.jpg").tap(290, 60)
