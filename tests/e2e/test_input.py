"""Ways in: the camera, other apps, the file manager, and files of every kind."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Playwright, expect

import server
from tests.e2e.app import PATIENCE, App
from tests.e2e.conftest import Visits, launch
from tests.e2e.models import DEFAULT
from tests.e2e.pictures import scene
from tests.e2e.serving import Site, serve
from tests.e2e.truth import ROOT, SAMPLES

PHOTOS = Path(__file__).with_name("photos")
CAMERA_NAME = re.compile(r"Photo camera-\d{8}-\d{6}")
CONTROLLED = "() => navigator.serviceWorker.controller !== null"

# The camera of every stream that the page has opened, so that a test can see it switched off.
WATCH_STREAMS = """
globalThis.opened = [];
const ask = navigator.mediaDevices?.getUserMedia.bind(navigator.mediaDevices);
if (ask) navigator.mediaDevices.getUserMedia = async (wanted) => {
  const stream = await ask(wanted);
  opened.push(...stream.getTracks());
  return stream;
};
"""
STATES = "() => opened.map((track) => track.readyState)"

# What an operating system does with a photo that is shared with the installed app.
SHARE = """({ action, photos }) => {
  const form = Object.assign(document.createElement("form"), { action, method: "post", enctype: "multipart/form-data" });
  const input = Object.assign(document.createElement("input"), { type: "file", name: "photos", multiple: true });
  const data = new DataTransfer();
  for (const { name, type, content } of photos) {
    data.items.add(new File([Uint8Array.from(atob(content), (char) => char.charCodeAt(0))], name, { type }));
  }
  input.files = data.files;
  form.append(input);
  document.body.append(form);
  form.submit();
}"""


# The camera


@pytest.fixture(scope="module")
def camera_browser(playwright: Playwright) -> Iterator[Browser]:
    """Chromium with two cameras that film a moving disc."""
    browser = launch(playwright, "--use-fake-device-for-media-stream=device-count=2")
    yield browser
    browser.close()


@pytest.fixture
def camera(camera_browser: Browser, site: Site) -> Iterator[Visits]:
    visits = Visits(camera_browser, site)
    yield visits
    visits.end()


def with_camera(visits: Visits, **options: Any) -> App:
    app = visits(**options)
    app.page.add_init_script(WATCH_STREAMS)
    return app.open().is_ready()


def test_a_photo_is_taken_with_the_camera(camera: Visits) -> None:
    app = with_camera(camera, permissions=["camera"])
    app["take-photo"].click()
    expect(app["shutter"]).to_be_enabled(timeout=PATIENCE)
    app["shutter"].click()
    expect(app.stage).to_have_attribute("aria-label", CAMERA_NAME, timeout=PATIENCE)
    expect(app["camera"]).to_have_count(0)
    assert set(app.page.evaluate(STATES)) == {"ended"}
    app.is_ready().tap(200, 200)


def test_another_camera_can_be_chosen_and_all_are_switched_off(camera: Visits) -> None:
    app = with_camera(camera, permissions=["camera"]).choose_sample("coffee")
    app["take-photo"].click()
    expect(app["shutter"]).to_be_enabled(timeout=PATIENCE)
    app["other-camera"].click()
    app.page.wait_for_function("() => opened.length === 2", timeout=PATIENCE)
    expect(app["shutter"]).to_be_enabled(timeout=PATIENCE)
    assert app.page.evaluate(STATES) == ["ended", "live"]
    first, second = app.page.evaluate("() => opened.map((track) => track.getSettings().deviceId)")
    assert first != second
    app.page.keyboard.press("Escape")
    expect(app["camera"]).to_have_count(0)
    assert app.page.evaluate(STATES) == ["ended", "ended"]
    expect(app.stage).to_have_attribute("aria-label", "Photo coffee")


def test_a_camera_that_is_not_allowed_leads_to_the_files(camera: Visits) -> None:
    app = with_camera(camera, permissions=[])
    app["take-photo"].click()
    expect(app["camera"].get_by_role("alert")).to_contain_text("The camera is not allowed")
    with app.page.expect_file_chooser() as chooser:
        app["camera"].get_by_role("button", name="Choose a photo").click()
    chooser.value.set_files(SAMPLES / "cat.jpg")
    app.shows("cat")


def test_without_a_camera_none_is_offered(app: App) -> None:
    app.open().is_ready()
    expect(app["take-photo"]).to_have_count(0)


def test_a_phone_takes_the_photo_with_its_own_camera_program(visit: Visits) -> None:
    app = visit("phone").open().is_ready()
    expect(app["camera-input"]).to_have_attribute("capture", "environment")
    with app.page.expect_file_chooser() as chooser:
        app["take-photo"].tap()
    chooser.value.set_files(SAMPLES / "cat.jpg")
    app.shows("cat")
    with app.page.expect_file_chooser() as chooser:
        app["take-photo"].tap()
    chooser.value.set_files(SAMPLES / "coffee.jpg")
    app.shows("coffee")


def test_the_shortcut_of_the_icon_opens_the_camera_once(camera: Visits) -> None:
    app = camera(permissions=["camera"]).open(camera="")
    expect(app["shutter"]).to_be_enabled(timeout=PATIENCE)
    assert "camera" not in app.page.url
    app.page.reload()
    expect(app["take-photo"]).to_be_visible(timeout=PATIENCE)
    expect(app["camera"]).to_have_count(0)


# Other apps


@pytest.fixture
def open_site() -> Iterator[Site]:
    """A server without a policy: a test page of it may send a form, as the operating system does."""
    site = serve({name: value for name, value in server.HEADERS.items() if name != "Content-Security-Policy"})
    yield site
    site.stop()


@pytest.fixture
def installed(visit: Visits, open_site: Site) -> App:
    app = visit(url=open_site.url, service_workers="allow")
    app.open().is_ready()
    app.page.wait_for_function(CONTROLLED, timeout=PATIENCE)
    return app


def share(app: App, *files: Path) -> None:
    app.complaints.allow("favicon|fetching the script|Failed to update a ServiceWorker")
    app.page.goto(app.url + "samples/cat.jpg")  # a page without a policy of its own
    photos = [
        {"name": file.name, "type": "image/jpeg", "content": base64.b64encode(file.read_bytes()).decode()}
        for file in files
    ]
    app.page.evaluate(SHARE, {"action": app.url + "share", "photos": photos})
    app.page.wait_for_url(app.url + "**", timeout=PATIENCE)


@pytest.mark.real_model(DEFAULT)
def test_a_photo_that_another_app_shares_is_opened_offline_too(installed: App) -> None:
    # The page is opened without its query: a precise model that is not on this device is asked for in vain.
    installed.complaints.allow(r"net::ERR_(FAILED|INTERNET_DISCONNECTED) .*\.onnx")
    installed.page.context.set_offline(True)
    share(installed, SAMPLES / "rocket.jpg")
    installed.shows("rocket").tap(322, 250)
    assert installed.page.url == installed.url  # a reload does not look for it again
    kept = "async () => (await (await caches.open('tapmask-shared')).keys()).length"
    assert installed.page.evaluate(kept) == 0


@pytest.mark.real_model(DEFAULT)
def test_a_share_without_a_photo_says_so(installed: App) -> None:
    share(installed)
    installed.reaches("error")
    expect(installed.message).to_contain_text("The shared photo did not arrive")
    installed.open(shared="123-gone").reaches("error")
    expect(installed.message).to_contain_text("The shared photo did not arrive")


def test_a_file_that_is_opened_with_the_app_is_shown(app: App) -> None:
    app.page.add_init_script("""
      Object.defineProperty(globalThis, "launchQueue", { value: { setConsumer: (use) => (globalThis.launch = use) } });
    """)
    app.open().is_ready()
    app.page.evaluate("() => launch({ files: [] })")  # a start without a file
    app.page.evaluate("""async () => {
      const content = await (await fetch("samples/cat.jpg")).blob();
      launch({ files: [{ kind: "file", getFile: async () => new File([content], "cat.jpg", { type: "image/jpeg" }) }] });
    }""")
    app.shows("cat")


def test_the_manifest_names_every_way_in(app: App) -> None:
    manifest = app.open().page.request.get(app.url + "manifest.webmanifest").json()
    assert manifest["share_target"]["method"] == "POST"
    assert manifest["share_target"]["params"]["files"][0]["accept"] == ["image/*"]
    assert ".heic" in manifest["file_handlers"][0]["accept"]["image/heic"]
    for picture in manifest["screenshots"]:
        shown = Image.open(io.BytesIO(app.page.request.get(app.url + picture["src"]).body()))
        assert f"{shown.width}x{shown.height}" == picture["sizes"]


# Files


def test_heic_is_opened_upright_by_a_decoder_that_comes_only_then(app: App) -> None:
    asked: list[str] = []
    app.page.on("request", lambda request: asked.append(request.url))
    app.open().choose_sample("cat")
    assert not [url for url in asked if "libheif" in url]
    cutout = app.choose_file(PHOTOS / "turned.heic").tap(149, 230).cutout()
    assert [url for url in asked if "libheif" in url]
    assert cutout.shape[:2] == (320, 240)
    assert cutout[230, 149, 3] == 255
    assert np.abs(cutout[230, 149, :3].astype(int) - (210, 40, 30)).max() <= 4


def test_the_wide_colours_of_a_phone_are_kept_in_sight(app: App) -> None:
    cutout = app.open().choose_file(PHOTOS / "wide.heic").tap(200, 110).cutout()
    # (210, 40, 30) in Display P3 is a red that sRGB can only come near to.
    assert np.abs(cutout[110, 200, :3].astype(int) - (229, 0, 0)).max() <= 12


def test_heic_works_offline_after_its_first_time(installed: App, open_site: Site) -> None:
    installed.complaints.allow("Failed to load resource|fetching the script|Failed to update a ServiceWorker")
    installed.choose_file(PHOTOS / "wide.heic")
    installed.page.context.set_offline(True)
    open_site.stop()
    installed.page.reload()
    installed.is_ready().choose_file(PHOTOS / "turned.heic")


def test_heic_without_its_decoder_says_what_helps(app: App) -> None:
    app.page.context.route(re.compile("libheif"), lambda route: route.abort())
    app.complaints.allow("Failed to load resource")
    app.open().choose_sample("cat").offer_file(PHOTOS / "turned.heic").reaches("error")
    expect(app.message).to_contain_text("HEIC photos need one more download")
    expect(app.message).to_contain_text("Your open photo is unchanged")
    app.page.context.unroute_all()
    app.choose_file(PHOTOS / "turned.heic")


@pytest.mark.parametrize("ending", ["gif", "webp", "png"])
def test_animation_opens_its_first_frame_with_a_note(start: App, tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"moving.{ending}"
    first, *others = (scene(160, 120, (x, 60, 40)) for x in (60, 80, 100))
    first.save(path, save_all=True, append_images=others, duration=100, loop=0)
    start.choose_file(path)
    expect(start.message).to_contain_text("Only the first picture is used")
    assert start.tap(30, 60).cutout().shape[:2] == (120, 160)
    expect(start.message).to_have_count(0)


def test_16_bit_png_opens_as_8_bit_with_a_note(start: App, tmp_path: Path) -> None:
    path = tmp_path / "deep.png"
    grey = np.linspace(0, 65535, 160 * 120).reshape(120, 160).astype(np.uint16)
    grey[30:90, 40:120] = 60000
    Image.fromarray(grey).save(path)
    start.choose_file(path)
    expect(start.message).to_contain_text("Opened with 8 bits a channel")
    assert abs(int(start.tap(80, 60).cutout()[60, 80, 0]) - 60000 // 257) <= 1


def test_avif_is_opened(start: App, tmp_path: Path) -> None:
    path = tmp_path / "small.avif"
    scene(160, 120, (80, 60, 40)).save(path)
    start.choose_file(path)
    expect(start.message).to_have_count(0)


UNKNOWN = [
    ("scan.pdf", b"%PDF-1.7\n", "This is a PDF"),
    ("logo.svg", b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>', "This is an SVG drawing"),
    ("photo.nef", b"MM\0*" + bytes(60), "TIFF or a camera's raw file"),
    ("photo.cr3", b"\0\0\0\x18ftypcrx \0\0\0\0crx isom", "This is a camera's raw file"),
    ("film.mp4", b"\0\0\0\x18ftypisom\0\0\0\0isommp42", "This is a video"),
    ("empty.jpg", b"", "This is not a picture"),
]


def test_file_that_cannot_be_opened_is_named(start: App) -> None:
    for name, content, words in UNKNOWN:
        start.offer_file({"name": name, "mimeType": "application/octet-stream", "buffer": content}).reaches("error")
        expect(start.message).to_contain_text(words)
    start.choose_sample("cat")


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_108_megapixels_are_opened_and_saved(app: App, tmp_path: Path) -> None:
    path = tmp_path / "largest.jpg"
    scene(12000, 9000, (7000, 4000, 2000)).save(path, quality=80)
    app.open().choose_file(path).tap(7000, 4000)
    app["crop"].click()
    picture = app.save("save-cutout")
    mask = app.mask()
    assert mask.shape == (9000, 12000)
    columns = np.flatnonzero(mask.any(0))
    assert picture.width == columns[-1] - columns[0] + 1


def test_more_than_120_megapixels_are_refused_before_they_are_decoded(start: App) -> None:
    file = io.BytesIO()
    Image.new("1", (40000, 40000)).save(file, "PNG")
    start.choose_sample("cat")
    start.offer_file({"name": "wall.png", "mimeType": "image/png", "buffer": file.getvalue()}).reaches("error")
    expect(start.message).to_contain_text("This photo is too large")
    expect(start.message).to_contain_text("Your open photo is unchanged")
    expect(start.stage).to_have_attribute("aria-label", "Photo cat")


def test_the_decoders_licence_is_there(app: App) -> None:
    answer = app.open().page.request.get(app.url + "licences/libheif.txt")
    assert "LESSER GENERAL PUBLIC LICENSE" in answer.text()
    assert (ROOT / "node_modules" / "libheif-js" / "libheif-wasm" / "LICENSE").read_text() == answer.text()
