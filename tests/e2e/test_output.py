"""The save sheet: other formats, other backgrounds, all objects at once, projects, sharing."""

from __future__ import annotations

import json
import re
from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree
from zipfile import ZipFile

import numpy as np
import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import expect

from export.data import rle
from tests.e2e.app import PATIENCE, App
from tests.e2e.conftest import Visits
from tests.e2e.expected import iou
from tests.e2e.pictures import lossless
from tests.e2e.test_saving import DISC, pixels
from tests.e2e.test_several import CORNER, CUP, main, tap_two
from tests.e2e.truth import SAMPLES

GREEN = (0, 200, 80)
CHROMA = 16  # a JPEG's colours reach this far over an edge, in pixels
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    return lossless(tmp_path)


@pytest.fixture
def tapped(start: App, photo: Path) -> App:
    """The sheet remembers what was chosen: a test names all that it is about."""
    return start.choose_file(photo).tap(*DISC)


def sheet(app: App, *choices: str) -> App:
    """Open the sheet and press chips, by their test ids."""
    app["save-more"].click()
    expect(app["save-sheet"]).to_be_visible()
    for choice in choices:
        app[choice].click()
        expect(app[choice].get_by_role("radio")).to_be_checked()
    return app


def save(app: App) -> tuple[str, bytes]:
    """Press the sheet's button: the file's name and content. The sheet closes."""
    with app.page.expect_download(timeout=PATIENCE) as download:
        app["sheet-save"].click()
    expect(app["save-sheet"]).to_have_count(0)
    return download.value.suggested_filename, download.value.path().read_bytes()


def saved(app: App, *choices: str) -> tuple[str, bytes]:
    return save(sheet(app, *choices))


def picture(data: bytes) -> np.ndarray:
    with Image.open(BytesIO(data)) as image:
        return np.asarray(image)


def wide(mask: np.ndarray, by: int) -> np.ndarray:
    """The mask with a margin."""
    for _ in range(by):
        grown = mask.copy()
        for axis, step in ((0, 1), (0, -1), (1, 1), (1, -1)):
            grown |= np.roll(mask, step, axis)
        mask = grown
    return mask


def filled(path: str, width: int, height: int) -> np.ndarray:
    """(height, width) bool of a path of straight lines, even-odd: drawn eight times as large, read in the middle of pixels."""
    scale = 8
    inside = np.zeros((height, width), bool)
    for ring in path.split("Z")[:-1]:
        points = [tuple(float(value) * scale for value in point.split()) for point in ring[1:].split("L")]
        image = Image.new("1", (width * scale, height * scale))
        ImageDraw.Draw(image).polygon(points, fill=1)
        inside ^= np.asarray(image)[scale // 2 :: scale, scale // 2 :: scale]
    return inside


def masks_of(app: App) -> list[np.ndarray]:
    """The saved masks of objects 1 and 2."""
    found = []
    for number in (1, 2):
        main(app, number).click()
        found.append(app.is_answered().mask())
    return found


def letter(folder: Path) -> Path:
    path = folder / "letter.png"
    path.write_text("Dear reader")
    return path


def test_a_zip_has_every_visible_object(start: App) -> None:
    tap_two(start.open())
    first, second = masks_of(start)
    name, data = saved(start, "format-png", "what-each", "behind-none")
    assert name == "coffee-objects.zip"
    with ZipFile(BytesIO(data)) as archive:
        assert archive.testzip() is None
        files = {entry: picture(archive.read(entry)) for entry in archive.namelist()}
    assert set(files) == {f"object-{number}-{what}.png" for number in (1, 2) for what in ("cutout", "mask")}
    for number, mask in enumerate((first, second), 1):
        assert np.array_equal(files[f"object-{number}-mask.png"] == 255, mask)
        assert np.array_equal(files[f"object-{number}-cutout.png"][..., 3] == 255, mask)


def test_a_zip_can_be_cancelled(app: App, tmp_path: Path) -> None:
    # Large, and nothing that packs fast.
    path = tmp_path / "noisy.png"
    with Image.open(SAMPLES / "coffee.jpg") as coffee:
        large = np.asarray(coffee.resize((coffee.width * 6, coffee.height * 6)), np.int16)
    noisy = large + np.random.default_rng(1).integers(-8, 8, large.shape, np.int16)
    Image.fromarray(noisy.clip(0, 255).astype(np.uint8)).save(path, compress_level=1)
    app.open().choose_file(path).tap(CUP[0] * 6, CUP[1] * 6)
    app["new-object"].click()
    expect(app.markers).to_have_count(0)
    app.tap(CORNER[0] * 6, CORNER[1] * 6)
    sheet(app, "what-each")
    app["sheet-save"].click()
    app["sheet-cancel"].click()
    expect(app["sheet-save"]).to_be_enabled()
    expect(app["save-problem"]).to_have_count(0)
    expect(app["toast"]).to_have_count(0)
    app["format-mask"].click()
    assert save(app)[0] == "noisy-objects.zip"


def test_a_jpeg_has_the_chosen_background(tapped: App, photo: Path) -> None:
    mask = tapped.mask()
    sheet(tapped, "format-jpeg", "behind-colour")
    tapped["colour"].fill("#{:02x}{:02x}{:02x}".format(*GREEN))
    name, data = save(tapped)
    assert name == "lossless-cutout.jpg"
    with Image.open(BytesIO(data)) as image:
        assert image.format == "JPEG"
    values = picture(data).astype(int)
    assert values.shape == (240, 320, 3)
    assert np.abs(values[~wide(mask, CHROMA)] - GREEN).max() <= 12
    inner = ~wide(~mask, CHROMA)
    assert np.abs(values[inner] - pixels(photo)[inner]).mean() < 12
    sheet(tapped)
    tapped["quality"].fill("50")
    assert len(save(tapped)[1]) < len(data) * 0.7


def test_a_png_keeps_the_object_to_the_last_bit(tapped: App, photo: Path) -> None:
    mask = tapped.mask()
    sheet(tapped, "format-png", "behind-colour")
    tapped["colour"].fill("#{:02x}{:02x}{:02x}".format(*GREEN))
    _, data = save(tapped)
    values = picture(data)
    assert np.array_equal(values[mask], pixels(photo)[mask])
    assert (values[~mask] == GREEN).all()


def test_a_webp_may_be_transparent(tapped: App) -> None:
    mask = tapped.mask()
    _, data = saved(tapped, "format-webp", "behind-none")
    with Image.open(BytesIO(data)) as image:
        assert image.format == "WEBP"
    assert np.array_equal(picture(data)[..., 3] == 255, mask)


def test_the_photo_can_be_blurred_behind_the_object(tapped: App, photo: Path) -> None:
    mask = tapped.mask()
    original = pixels(photo)

    def roughness(values: np.ndarray) -> float:
        return float(np.abs(np.diff(values.astype(int), axis=1))[~wide(mask, 2)[:, 1:]].mean())

    sheet(tapped, "format-png", "behind-blur")
    tapped["blur"].fill("1")
    soft = picture(save(tapped)[1])
    sheet(tapped)
    tapped["blur"].fill("5")
    softer = picture(save(tapped)[1])
    assert np.array_equal(soft[mask], original[mask])
    assert roughness(soft) < roughness(original) / 5
    assert roughness(softer) < roughness(soft)


def test_another_photo_can_be_behind_the_object(tapped: App, tmp_path: Path) -> None:
    other = tmp_path / "halves.png"
    halves = np.zeros((400, 200, 3), np.uint8)
    halves[:200] = (250, 0, 0)
    halves[200:] = (0, 0, 250)
    Image.fromarray(halves).save(other)
    mask = tapped.mask()
    sheet(tapped, "format-png", "behind-photo")
    expect(tapped["sheet-save"]).to_be_disabled()
    tapped["backdrop-input"].set_input_files(letter(tmp_path))
    expect(tapped["save-problem"]).to_contain_text("not a picture", timeout=PATIENCE)
    tapped["backdrop-input"].set_input_files(other)
    values = picture(save(tapped)[1])
    above = ~mask[:116]
    assert (values[:116][above] == (250, 0, 0)).all()
    assert (values[124:][~mask[124:]] == (0, 0, 250)).all()


def test_a_picture_can_be_cropped(tapped: App) -> None:
    mask = tapped.mask()
    sheet(tapped, "format-webp", "behind-none")
    tapped["sheet-crop"].check()
    values = picture(save(tapped)[1])
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    assert values.shape[:2] == (rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1)
    expect(tapped["crop"]).to_have_attribute("aria-pressed", "true")
    tapped["crop"].click()


def test_an_svg_is_the_outline(tapped: App) -> None:
    mask = tapped.mask()
    name, data = saved(tapped, "format-svg")
    assert name == "lossless.svg"
    root = ElementTree.fromstring(data)
    assert root.get("viewBox") == "0 0 320 240"
    assert root.findtext(f"{SVG}title") == "Object 1"
    [path] = root.iter(f"{SVG}path")
    assert path.get("fill-rule") == "evenodd"
    assert iou(filled(path.get("d") or "", 320, 240), mask) > 0.98
    assert len(data) < 6000


def test_coco_has_the_saved_masks(app: App) -> None:
    tap_two(app.open(finish=None))
    masks = masks_of(app)
    name, data = saved(app, "format-coco", "what-each")
    assert name == "coffee-all-coco.json"
    coco = json.loads(data)
    [image] = coco["images"]
    assert image["file_name"] == "coffee.jpg"
    assert [category["name"] for category in coco["categories"]] == ["Object 1", "Object 2"]
    for annotation, mask in zip(coco["annotations"], masks, strict=True):
        height, width = annotation["segmentation"]["size"]
        assert (height, width) == mask.shape == (image["height"], image["width"])
        assert np.array_equal(rle.mask(rle.runs(annotation["segmentation"]["counts"]), height, width), mask)
        assert annotation["area"] == np.count_nonzero(mask)
        rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
        box = [columns[0], rows[0], columns[-1] - columns[0] + 1, rows[-1] - rows[0] + 1]
        assert annotation["bbox"] == [int(value) for value in box]
        assert all(len(polygon) >= 6 for polygon in annotation["polygons"])


def test_the_outline_can_be_copied_as_text(tapped: App) -> None:
    tapped.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    sheet(tapped, "format-svg")["sheet-copy"].click()
    expect(tapped["toast"]).to_have_text("Text copied")
    text = tapped.page.evaluate("() => navigator.clipboard.readText()")
    assert text.startswith("<svg ")
    assert ElementTree.fromstring(text).findtext(f"{SVG}title") == "Object 1"


def test_a_project_brings_everything_back(visit: Visits, tmp_path: Path) -> None:
    app = tap_two(visit().open())
    masks = masks_of(app)
    name, data = saved(app, "format-project")
    assert name == "coffee.tapmask"
    project = tmp_path / name
    project.write_bytes(data)

    fresh = visit().open()
    fresh.offer_file(project).shows("coffee")
    expect(fresh["objects"].locator(".object-name")).to_have_text(["Object 2", "Object 1"])
    assert all(iou(a, b) > 0.999 for a, b in zip(masks_of(fresh), masks, strict=True))
    expect(fresh.markers).to_have_count(1)
    expect(fresh.page.locator(".hint")).to_have_count(0)
    # It is kept like any other photo.
    fresh.page.reload()
    expect(fresh.shows("coffee")["objects"].locator(".object-name")).to_have_text(["Object 2", "Object 1"])
    # It is the photo itself, not a copy.
    with ZipFile(project) as archive:
        assert archive.read("photo") == (SAMPLES / "coffee.jpg").read_bytes()


def test_a_project_opens_from_the_settings(visit: Visits, tmp_path: Path, photo: Path) -> None:
    app = visit("phone").open().choose_file(photo).tap(*DISC)
    mask = app.mask()
    project = tmp_path / "any-name.zip"
    project.write_bytes(saved(app, "format-project")[1])
    fresh = visit("phone").open()
    fresh["settings-button"].click()
    fresh["project-input"].set_input_files(project)
    fresh.shows("lossless")
    assert iou(fresh.is_answered().mask(), mask) > 0.999


def test_projects_chosen_together_all_open(visit: Visits, tmp_path: Path, photo: Path) -> None:
    app = tap_two(visit().open())
    cups = tmp_path / "cups.tapmask"
    cups.write_bytes(saved(app, "format-project")[1])
    fresh = visit().open()
    fresh["photo-input"].set_input_files([photo, cups])
    fresh.shows("lossless")
    expect(fresh["film"].get_by_role("listitem")).to_have_count(2, timeout=PATIENCE)
    # Nobody looked at it yet, and it is kept with all that was said about it.
    fresh.page.reload()
    fresh.shows("lossless")["film-2"].click()
    expect(fresh.shows("coffee")["objects"].locator(".object-name")).to_have_text(["Object 2", "Object 1"])


@pytest.mark.parametrize("harm", ["cut off", "newer", "other"])
def test_a_bad_project_loses_nothing(tapped: App, tmp_path: Path, harm: str) -> None:
    mask = tapped.mask()
    name, data = saved(tapped, "format-project")
    path = tmp_path / name
    if harm == "cut off":
        path.write_bytes(data[: len(data) * 2 // 3])
    else:
        with ZipFile(BytesIO(data)) as archive:
            entries = {entry: archive.read(entry) for entry in archive.namelist()}
        document = json.loads(entries.pop("document.json")) | ({"version": 99} if harm == "newer" else {"format": "x"})
        with ZipFile(path, "w") as archive:
            for entry, content in {**entries, "document.json": json.dumps(document)}.items():
                archive.writestr(entry, content)
    tapped.offer_file(path)
    titles = {"cut off": "is damaged", "newer": "newer Tapmask", "other": "not a Tapmask project"}
    expect(tapped.message).to_contain_text(titles[harm])
    expect(tapped.message).to_contain_text("Your open photo is unchanged.")
    assert np.array_equal(tapped.mask(), mask)


STUB_SHARING = """() => {
  navigator.canShare = ({ files }) => files.every(({ type }) => type.startsWith("image/"));
  navigator.share = async ({ files: [file] }) => { window.shared = [file.name, file.type, file.size]; };
}"""


def test_files_can_be_shared_where_the_system_takes_them(tapped: App) -> None:
    sheet(tapped)
    expect(tapped["sheet-share"]).to_have_count(0)
    tapped.page.keyboard.press("Escape")
    # No browser without a window has a share sheet.
    tapped.page.evaluate(STUB_SHARING)
    sheet(tapped, "format-coco")
    expect(tapped["sheet-share"]).to_have_count(0)
    tapped["format-jpeg"].click()
    tapped["sheet-share"].click()
    expect(tapped["toast"]).to_have_text("lossless-cutout.jpg shared")
    name, kind, size = tapped.page.evaluate("() => window.shared")
    assert (name, kind) == ("lossless-cutout.jpg", "image/jpeg")
    assert size > 1000


def test_the_last_choice_is_remembered(app: App, photo: Path) -> None:
    tapped = app.open().choose_file(photo).tap(*DISC)
    sheet(tapped, "format-jpeg", "behind-colour")
    tapped["colour"].fill("#123456")
    tapped.page.reload()
    tapped.shows("lossless").is_answered()
    sheet(tapped)
    expect(tapped["format-jpeg"].get_by_role("radio")).to_be_checked()
    expect(tapped["colour"]).to_have_value("#123456")


def test_the_preview_shows_what_will_be_saved(tapped: App) -> None:
    sheet(tapped, "format-png", "behind-colour")
    read = """() => {
      const canvas = document.querySelector("[data-testid=previews] canvas");
      return canvas && [...canvas.getContext("2d").getImageData(2, 2, 1, 1).data];
    }"""
    tapped["colour"].fill("#ff8000")
    tapped.page.wait_for_function(f"() => String(({read})()) === '255,128,0,255'", timeout=PATIENCE)
    tapped["behind-none"].click()
    tapped.page.wait_for_function(f"() => String(({read})()) === '0,0,0,0'", timeout=PATIENCE)
    tapped.page.keyboard.press("Escape")
    expect(tapped["save-sheet"]).to_have_count(0)


@pytest.mark.parametrize("profile", ["desktop", "phone"])
def test_the_sheet_fits(visit: Visits, profile: str) -> None:
    app = tap_two(visit(profile).open())
    sheet(app, "format-jpeg", "behind-blur", "what-all")
    expect(app["previews"].locator("canvas")).to_have_count(1, timeout=PATIENCE)
    app.is_accessible()
    box = app["save-sheet"].bounding_box()
    window = app.page.viewport_size
    assert box
    assert window
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= window["width"]
    for control in app["save-sheet"].locator("button, label.chip, input[type=range]").all():
        inner = control.bounding_box()
        assert inner
        assert inner["x"] >= box["x"]
        assert inner["x"] + inner["width"] <= box["x"] + box["width"]
        assert inner["height"] >= 43.9
    app.page.keyboard.press("Escape")
    expect(app["save-sheet"]).to_have_count(0)


def test_first_view_loads_no_file_writers(app: App) -> None:
    loaded: list[str] = []
    app.page.on("request", lambda request: loaded.append(request.url))
    app.open().choose_sample("coffee").tap(290, 60)
    assert not [url for url in loaded if re.search(r"SaveSheet|project(?!Error)", url)]
    sheet(app)
    assert [url for url in loaded if "SaveSheet" in url]
