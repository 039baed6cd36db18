"""What everybody does with Tapmask, as tests for any engine. Chromium has tests of its own in the folder above."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from export.models.predictor import Prompt
from tests.e2e.conftest import Visits
from tests.e2e.engines.conftest import COFFEE, marked
from tests.e2e.engines.page import Page, named
from tests.e2e.engines.window import Window
from tests.e2e.expected import PhotoAnswers, iou
from tests.e2e.models import TINY
from tests.e2e.pictures import scene, turned
from tests.e2e.serving import Site
from tests.e2e.test_offline import CONTROLLED, INSTALLED

PHOTOS = Path(__file__).parents[1] / "photos"
CUP, SAUCER = (290, 60), (430, 220)
SAME_ANSWER = 0.97
WRITES_WEBP = """
const canvas = new OffscreenCanvas(1, 1);
canvas.getContext("2d");
return (await canvas.convertToBlob({ type: "image/webp" })).type === "image/webp";
"""


class MainPath:
    engine: type[Window]

    @pytest.mark.real_model(TINY)
    def test_the_first_mask_is_chromiums(self, window: Window, site: Site, visit: Visits) -> None:
        """The very first thing that this browser does: a photo that reaches the model blank would be one of the first."""
        mask = Page(window, site.url).open(TINY).choose_sample("coffee").tap(*CUP).mask()
        chromium = visit().open().choose_sample("coffee").tap(*CUP).mask()
        assert iou(mask, chromium) >= 0.98

    def test_the_provider_that_runs_is_the_best_one_here(self, open_page: Page) -> None:
        has_threads = open_page.window.run(
            "return typeof SharedArrayBuffer !== 'undefined' && navigator.hardwareConcurrency > 1"
        )
        attempts = open_page.info()
        running = next(provider for provider, text in attempts.items() if text.startswith("running"))
        if "webgpu" in attempts and running != "webgpu":
            assert attempts["webgpu"].split()[0] in ("skipped", "failed")
        assert running in ("webgpu", "wasm-threads" if has_threads else "wasm")

    def test_points_and_undo(self, coffee: Page, answers: PhotoAnswers) -> None:
        one = coffee.tap(*CUP).mask()
        assert iou(one, answers.tap(*CUP)) >= SAME_ANSWER
        two = coffee.tap(*SAUCER, secondary=True).mask()
        first, _, best = answers.low_res(Prompt(points=(CUP,), labels=(1,)))
        assert iou(two, answers.mask(Prompt(points=(CUP, SAUCER), labels=(1, 0), mask=first[best]))) >= SAME_ANSWER
        coffee.press("undo").has_points(1).is_answered()
        assert np.array_equal(coffee.mask(), one)

    def test_a_box(self, coffee: Page, answers: PhotoAnswers) -> None:
        mask = coffee.box(165, 10, 415, 315).mask()
        assert iou(mask, answers.mask(Prompt(box=(165, 10, 415, 315)))) >= SAME_ANSWER

    def test_the_candidates(self, coffee: Page, answers: PhotoAnswers) -> None:
        coffee.tap(*CUP)
        for number in (1, 2, 3):
            coffee.press(f"candidate-{number}")
            coffee.window.becomes(
                "document.querySelector(args[0]).ariaPressed === 'true'", named(f"candidate-{number}")
            )
            wanted = answers.mask(Prompt(points=(CUP,), labels=(1,)), number - 1)
            assert iou(coffee.is_answered().mask(), wanted) >= SAME_ANSWER

    def test_the_keyboard_is_enough(self, coffee: Page, answers: PhotoAnswers) -> None:
        window = coffee.tab_to("stage").window
        coffee.adds_point(lambda: window.press("Enter"))
        window.press("2")
        window.becomes("document.querySelector(args[0]).ariaPressed === 'true'", named("candidate-2"))
        for _ in range(6):
            window.press("ArrowLeft")
        coffee.adds_point(lambda: window.press("Shift+Enter"))
        window.press("Control+z")
        coffee.has_points(1).is_answered()
        picture = window.saves(lambda: window.press("m"), lambda path: Image.open(path).copy())
        assert (
            iou(np.asarray(picture) == 255, answers.mask(Prompt(points=((300, 200),), labels=(1,)), 1)) >= SAME_ANSWER
        )

    def test_a_mask_is_refined(self, coffee: Page) -> None:
        before = coffee.tap(*CUP).mask()
        coffee.press("refine").press("finish-smooth")
        for _ in range(5):
            coffee.window.press("ArrowRight")
        coffee.press("refine-close").is_gone(named("refine-panel"))
        after = coffee.is_answered().mask()
        assert not np.array_equal(after, before)
        assert iou(after, before) > 0.9

    def test_a_cutout_is_transparent_around_the_object(self, coffee: Page) -> None:
        mask, cutout = coffee.tap(*CUP).mask(), coffee.cutout()
        assert np.array_equal(cutout[..., 3] == 255, mask)
        with Image.open(COFFEE) as photo:
            difference = np.abs(np.asarray(photo.convert("RGB")).astype(int) - cutout[..., :3])
        assert difference[mask].mean() < 3  # JPEG decoders round differently

    def test_other_formats_are_saved_and_not_opened(self, coffee: Page) -> None:
        coffee.tap(*CUP)
        writes_webp = coffee.window.run(WRITES_WEBP)
        for kind, read in (
            ("webp", _picture_format),
            ("jpeg", _picture_format),
            ("svg", _outline),
            ("coco", _annotations),
        ):
            coffee.press("save-more").is_there(named("save-sheet"))
            if kind == "webp" and not writes_webp:
                says = "document.querySelector(args[0]).textContent.includes('This browser cannot write WebP.')"
                coffee.window.becomes(says, named("save-sheet"))
                coffee.window.press("Escape")
                coffee.is_gone(named("save-sheet"))
                continue
            coffee.press(f"format-{kind}")
            coffee.window.becomes("document.querySelector(args[0]).checked", f"{named(f'format-{kind}')} input")
            assert coffee.window.saves(lambda: coffee.press("sheet-save"), read) == kind
            coffee.is_gone(named("save-sheet"))
        assert coffee.window.tabs() == 1

    def test_a_cutout_is_copied(self, coffee: Page) -> None:
        coffee.tap(*CUP).press("copy-cutout")
        coffee.window.becomes("document.querySelector(args[0])?.textContent === 'Cut-out copied'", named("toast"))

    def test_all_objects_are_found(self, coffee: Page) -> None:
        coffee.press("find-all")
        assert int(coffee.attribute(named("everything-count"), "data-count")) > 0
        coffee.press("everything-done").is_gone(named("everything"))

    def test_heic_is_opened_with_its_wide_colours(self, open_page: Page) -> None:
        cutout = open_page.choose_file(PHOTOS / "wide.heic").tap(200, 110).cutout()
        # (210, 40, 30) in Display P3 is a red that sRGB can only come near to.
        assert np.abs(cutout[110, 200, :3].astype(int) - (229, 0, 0)).max() <= 12

    @pytest.mark.parametrize("kind", ["jpeg", "png"])
    def test_a_picture_that_is_cut_off_opens_with_a_note(self, open_page: Page, tmp_path: Path, kind: str) -> None:
        whole, part = tmp_path / f"whole.{kind}", tmp_path / f"cut-{kind}.{kind}"
        scene(320, 240, (200, 110, 70)).save(whole)
        part.write_bytes(whole.read_bytes()[: whole.stat().st_size * 6 // 10])
        open_page.choose_file(part)
        assert "A part of this file is missing" in open_page.text(named("message"))
        cutout = open_page.tap(200, 60).cutout()
        assert np.abs(cutout[50, 200, :3].astype(int) - (210, 40, 30)).max() <= 12
        missing = open_page.tap(200, 232).cutout()[232, 200]
        assert np.ptp(missing[:3]) <= 2  # grey; of a PNG in Firefox white
        assert missing[3] == 255

    @pytest.mark.parametrize("kind", ["jpg", "png", "webp", "avif"])
    def test_a_photo_taken_upright_stays_upright(self, open_page: Page, tmp_path: Path, kind: str) -> None:
        cutout = open_page.choose_file(turned(tmp_path, kind)).tap(149, 230).cutout()
        assert cutout.shape == (320, 240, 4)
        assert np.abs(cutout[230, 149, :3].astype(int) - (210, 40, 30)).max() <= 12

    def test_a_reload_brings_everything_back(self, coffee: Page) -> None:
        one = coffee.tap(*CUP).mask()
        coffee.press("new-object")
        two = coffee.has_points(0).tap(60, 60).mask()
        name = coffee.attribute(named("stage"), "aria-label").removeprefix("Photo ")
        coffee.window.becomes("document.querySelectorAll('[data-testid=objects] .object-main').length === 2")
        coffee.window.reload()
        coffee.shows(name).is_answered()
        assert np.array_equal(coffee.mask(), two)
        coffee.press("object-1").is_answered()
        assert np.array_equal(coffee.mask(), one)

    def test_back_brings_the_photo_with_its_points(self, coffee: Page, site: Site, allowed_errors: list[str]) -> None:
        allowed_errors.append("favicon.ico")  # of the page in between, which names none
        mask = coffee.tap(*CUP).mask()
        name = coffee.attribute(named("stage"), "aria-label").removeprefix("Photo ")
        coffee.window.go(f"{site.url}models/manifest.json")
        coffee.window.leave("history.back()")
        coffee.shows(name).has_points(1).is_answered()
        assert np.array_equal(coffee.mask(), mask)

    def test_the_first_visit_is_enough_for_offline(
        self, window: Window, own_site: Site, allowed_errors: list[str]
    ) -> None:
        page = Page(window, own_site.url).open(TINY).is_ready()
        window.becomes(f"({INSTALLED})()")
        window.becomes(f"({CONTROLLED})()")
        own_site.stop()
        allowed_errors += ["Failed to update a ServiceWorker", "sw.js", "Could not connect", "NetworkError"]
        window.reload()
        page.choose_sample("coffee").tap(*CUP)

    def test_it_speaks_other_languages(self, window: Window, site: Site) -> None:
        page = Page(window, site.url).open(lang="ar")
        page.is_ready()
        assert window.run("return [document.documentElement.lang, document.documentElement.dir]") == ["ar", "rtl"]
        page.open(lang="de").is_ready()
        assert "Bereit" in page.text(named("status"))

    def test_it_fits_a_phone(self, window: Window, site: Site, tmp_path: Path) -> None:
        window.resize(*window.phone)
        page = Page(window, site.url).open().is_ready().choose_file(marked(COFFEE, tmp_path / "small.jpg")).tap(*CUP)
        assert window.run("return document.documentElement.scrollWidth - innerWidth") <= 0
        assert page.mask().shape == (400, 600)


def _picture_format(path: Path) -> str:
    with Image.open(path) as picture:
        picture.load()
        return str(picture.format).lower()


def _outline(path: Path) -> str:
    return ElementTree.fromstring(path.read_bytes()).tag.partition("}")[2]


def _annotations(path: Path) -> str:
    coco: dict[str, Any] = json.loads(path.read_text())
    return "coco" if coco["annotations"] else "no annotations"
