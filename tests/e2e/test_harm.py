"""Pictures, projects and models that were made by somebody who means no good, or by a program with a fault."""

from __future__ import annotations

import io
import json
import struct
import zlib
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from PIL import Image
from playwright.sync_api import expect

from tests.e2e.app import PATIENCE, App
from tests.e2e.icc import display_p3
from tests.e2e.models import DISCS
from tests.e2e.pictures import scene
from tests.e2e.test_models import leave, running, settings

CUP = (290, 60)
RED = (210, 40, 30)


def offer(app: App, name: str, content: bytes) -> App:
    return app.offer_file({"name": name, "mimeType": "application/octet-stream", "buffer": content})


def saved(image: Image.Image, form: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


# Sizes


@pytest.mark.parametrize("size", [(1, 1), (1, 5000), (5000, 1), (2, 3)], ids=str)
def test_a_photo_of_any_shape_is_opened_tapped_and_saved(app: App, size: tuple[int, int]) -> None:
    width, height = size
    app.open().is_ready()
    offer(app, "thin.png", saved(Image.new("RGB", size, RED), "PNG")).shows("thin")
    app.adds_point(lambda: app.page.mouse.click(*app.view.css(width / 2, height / 2)))
    assert app.mask().shape == (height, width)


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(width: int, height: int, pixels: bytes) -> bytes:
    header = struct.pack(">2I5B", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(pixels)) + chunk(b"IEND", b"")


JPEG = saved(scene(320, 240, (200, 110, 70)), "JPEG")


def large_jpeg() -> bytes:
    """The head of a JPEG says 65535 × 65535."""
    at = JPEG.index(b"\xff\xc0") + 5
    return JPEG[:at] + b"\xff\xff\xff\xff" + JPEG[at + 4 :]


BOMBS = {
    "60000 × 60000": png(60000, 60000, bytes(1000)),
    "wider than any number": png(2**31 - 1, 1, bytes(1000)),
    "no pixels": png(0, 0, b""),
    "pixels that are missing": png(400, 300, b""),
    "a JPEG of 65535 × 65535": large_jpeg(),
    "GIF without pictures": b"GIF89a" + struct.pack("<2H", 65535, 65535) + bytes(6) + b";",
    "WebP that is cut off": saved(scene(320, 240, (200, 110, 70)), "WEBP")[:60],
    "BMP that claims more than it has": saved(scene(64, 64, (30, 30, 20)), "BMP")[:200],
}


def test_pictures_that_are_made_to_burst_are_refused_and_change_nothing(app: App) -> None:
    app.open().choose_sample("coffee").tap(*CUP)
    mask = app.mask()
    for name, content in BOMBS.items():
        offer(app, "bomb.bin", content).reaches("error")
        expect(app.message, name).to_contain_text("Your open photo is unchanged")
        app.message.get_by_role("button", name="Close").click()
    expect(app.stage).to_have_attribute("aria-label", "Photo coffee")
    assert np.array_equal(app.is_answered().mask(), mask)


# What other programs open


def cut(content: bytes, share: float = 0.6) -> bytes:
    return content[: int(len(content) * share)]


def flipped(content: bytes) -> bytes:
    """One byte in its middle is another."""
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 255]) + content[middle + 1 :]


SCENE = scene(320, 240, (200, 110, 70))
IN_PART = {
    "JPEG that is cut off": cut(JPEG),
    "JPEG without an end": JPEG[:-2],
    "JPEG whose rest is zeros": cut(JPEG) + bytes(len(JPEG) - len(cut(JPEG))),
    "progressive JPEG that is cut off": cut(saved(SCENE, "JPEG", progressive=True)),
    "PNG that is cut off": cut(saved(SCENE, "PNG")),
    "PNG without an end": saved(SCENE, "PNG")[:-12],
    "PNG with a damaged byte": flipped(saved(SCENE, "PNG")),
    "PNG with opacity that is cut off": cut(saved(SCENE.convert("RGBA"), "PNG")),
    "GIF that is cut off": cut(saved(SCENE, "GIF")),
}


@pytest.mark.parametrize("content", IN_PART.values(), ids=IN_PART.keys())
def test_a_picture_of_which_a_part_is_missing_opens_with_a_note(app: App, content: bytes) -> None:
    offer(app.open().is_ready(), "cut.bin", content).shows("cut")
    expect(app.message).to_contain_text("A part of this file is missing")
    assert np.abs(app.tap(200, 60).cutout()[50, 200, :3].astype(int) - RED).max() <= 12


def test_what_is_missing_of_a_picture_is_grey_after_a_reload_too(app: App) -> None:
    offer(app.open().is_ready(), "cut.png", IN_PART["PNG that is cut off"]).shows("cut")
    first = app.tap(200, 225).cutout()
    assert first[225, 200].tolist() == [128, 128, 128, 255]
    app.page.reload()
    assert np.array_equal(app.shows("cut").is_answered().cutout(), first)


# Colours


def test_display_p3_is_shown_and_saved_as_srgb(app: App) -> None:
    picture = scene(320, 240, (200, 110, 70))
    content = saved(picture, "JPEG", quality=98, subsampling=0, icc_profile=display_p3())
    offer(app.open().is_ready(), "wide.jpg", content).shows("wide")
    cutout = app.tap(200, 110).cutout()
    # (210, 40, 30) in Display P3 is a red that sRGB can only come near to.
    assert np.abs(cutout[110, 200, :3].astype(int) - (229, 0, 0)).max() <= 12


def test_cmyk_is_shown_and_saved_as_srgb(app: App) -> None:
    content = saved(scene(320, 240, (200, 110, 70)).convert("CMYK"), "JPEG", quality=98)
    offer(app.open().is_ready(), "print.jpg", content).shows("print")
    with Image.open(io.BytesIO(content)) as stored:
        expected = np.asarray(stored.convert("RGB")).astype(int)
    cutout = app.tap(200, 110).cutout()
    inside = cutout[..., 3] == 255
    assert inside[110, 200]
    assert np.abs(cutout[..., :3].astype(int) - expected)[inside].mean() < 8


# Names


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("..\\..\\boot.png", "boot"),
        ("a\u202egnp.exe.png", "agnp.exe"),
        ("<img src=x onerror=alert(1)>.png", "<img src=x onerror=alert(1)>"),
        ("%2e%2e%2fup.png", "%2e%2e%2fup"),
        ("नमस्ते.png", "नमस्ते"),
    ],
)
def test_a_name_is_shown_as_text_and_leads_nowhere(app: App, name: str, stem: str) -> None:
    offer(app.open().is_ready(), name, saved(scene(64, 64, (30, 30, 20)), "PNG"))
    expect(app.stage).to_have_attribute("aria-label", f"Photo {stem}", timeout=PATIENCE)
    saved_as = app.is_ready().tap(30, 30).save("save-cutout").info["filename"]
    assert saved_as.endswith("-cutout.png")
    assert not set(saved_as) & set('/\\<>\u202e"|?*')


# Projects


def project_of(app: App) -> dict[str, bytes]:
    """What a project that the page has saved is made of."""
    app["save-more"].click()
    app["format-project"].click()
    with app.page.expect_download(timeout=PATIENCE) as download:
        app["sheet-save"].click()
    with ZipFile(download.value.path()) as archive:
        return {entry: archive.read(entry) for entry in archive.namelist()}


def packed(entries: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with ZipFile(file, "w", ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return file.getvalue()


def test_projects_that_were_tampered_with_are_refused_or_opened_and_the_page_lives(app: App) -> None:
    app.open().choose_sample("coffee").tap(*CUP)
    entries = project_of(app.is_answered())
    document = json.loads(entries["document.json"])
    thing = document["step"]["objects"][0]

    def with_object(**changes: object) -> bytes:
        step = {**document["step"], "objects": [{**thing, **changes}]}
        return packed({**entries, "document.json": json.dumps({**document, "step": step}).encode()})

    line = {"points": [{"x": -1e300, "y": 1e300}, {"x": 5, "y": 5}], "radius": 1e12, "erase": False}
    for name, content in {
        "zip bomb": packed({**entries, "arrays/9.bin": bytes(2**28)})[:-40],
        "nested": packed({**entries, "document.json": b"[" * 300_000 + b"]" * 300_000}),
        "no photo": packed({name: content for name, content in entries.items() if name != "photo"}),
        "a photo that is none": packed({**entries, "photo": b"<script>alert(1)</script>"}),
        "not a number": with_object(points=[{"x": "1", "y": None, "label": 1}]),
        "a mask without logits": with_object(mask={"size": 2**20, "logits": []}),
    }.items():
        offer(app, "harm.tapmask", content).reaches("error")
        expect(app.message, name).to_contain_text("Your open photo is unchanged")
        app.message.get_by_role("button", name="Close").click()
    for content in (
        with_object(name="<b>" + "x" * 100_000, colour=10**9, candidate=10**9),
        with_object(points=[{"x": 1e9, "y": -1e9, "label": 1}], box={"x1": 9e9, "y1": 5, "x2": -9e9, "y2": 5}),
        with_object(strokes=[line]),
    ):
        offer(app, "odd.tapmask", content)
        app.shows("coffee")
        assert app.page.locator("b", has_text="xxx").count() == 0
    app["home"].click()
    app["sample-cat"].click()
    app.shows("cat").tap(190, 170).mask()


# Models


def tampered(part: str, change: str, folder: Path) -> Path:
    """An encoder or a decoder of the discs whose answers are no numbers, or take more memory than there is."""
    graph = onnx.load(DISCS.paths()[part == "decoder"])
    output = graph.graph.output[0].name
    for node in graph.graph.node:
        node.output[:] = ["before" if name == output else name for name in node.output]
        node.input[:] = ["before" if name == output else name for name in node.input]
    if change == "nan":
        constant = helper.make_tensor("nan", TensorProto.FLOAT, [], [float("nan")])
        nodes = [helper.make_node("Add", ["before", "nan"], [output])]
        graph.graph.initializer.append(constant)
    else:
        shape = helper.make_tensor("shape", TensorProto.INT64, [3], [4096, 4096, 4096])
        graph.graph.initializer.append(shape)
        nodes = [
            helper.make_node("ConstantOfShape", ["shape"], ["huge"]),
            helper.make_node("ReduceSum", ["huge"], ["sum"], keepdims=0),
            helper.make_node("Add", ["before", "sum"], [output]),
        ]
    graph.graph.node.extend(nodes)
    path = folder / f"{change}-{part}.onnx"
    onnx.save(graph, path)
    return path


def test_models_that_answer_nonsense_or_burst_are_refused_and_the_running_one_stays(app: App, tmp_path: Path) -> None:
    encoder, decoder = DISCS.paths()
    app.open().choose_sample("coffee").tap(*CUP)
    mask = app.mask()
    settings(app)
    before = running(app)
    for files in (
        [tampered("encoder", "nan", tmp_path), decoder],
        [encoder, tampered("decoder", "nan", tmp_path)],
        [encoder, tampered("decoder", "burst", tmp_path)],
    ):
        app["own-files"].set_input_files(files)
        expect(app["own-problem"]).to_contain_text("The running model stays.", timeout=PATIENCE)
    assert running(app) == before
    assert np.array_equal(leave(app).is_answered().mask(), mask)
