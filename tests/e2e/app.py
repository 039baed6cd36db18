"""The page as a person uses it: choose a photo, tap its pixels, save what comes out."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np
from PIL import Image
from playwright.sync_api import FilePayload, Locator, Page, expect

from tests.e2e import axe
from tests.e2e.complaints import Complaints

NO_QUERY: Mapping[str, str] = {}
PATIENCE = 120_000  # milliseconds; a busy machine compiles WASM slowly


@dataclass
class View:
    """CSS pixels of the window = photo pixels × scale + (x, y)."""

    scale: float
    x: float
    y: float

    def css(self, x: float, y: float) -> tuple[float, float]:
        return x * self.scale + self.x, y * self.scale + self.y


class App:
    """One page of a context."""

    def __init__(self, page: Page, url: str, complaints: Complaints, model: Mapping[str, str] = NO_QUERY) -> None:
        """`model`: the part of the page's query that names the model."""
        self.page, self.url, self.complaints, self.model = page, url, complaints, model
        self.stage = page.get_by_test_id("stage")
        self.status = page.get_by_test_id("status")
        self.message = page.get_by_test_id("message")
        self.markers = page.locator("ol.markers").get_by_role("listitem")

    def __getitem__(self, test_id: str) -> Locator:
        return self.page.get_by_test_id(test_id)

    def open(
        self, provider: str | None = "wasm", finish: str | None = "raw", look: str | None = "once", **query: str
    ) -> App:
        """Load the page; WASM with one thread, masks as the model gives them at its first look, unless the test is about it."""
        chosen = {"provider": provider, "finish": finish, "look": look}
        asked = {**self.model, **{name: value for name, value in chosen.items() if value}, **query}
        self.page.goto(self.url + (f"?{urlencode(asked)}" if asked else ""))
        return self

    def another_tab(self) -> App:
        """The page in a tab beside this one, not loaded yet."""
        return App(self.page.context.new_page(), self.url, self.complaints, self.model)

    def resize(self, width: int, height: int) -> App:
        """Give the window another size, and wait until the page has arranged itself."""
        self.page.set_viewport_size({"width": width, "height": height})
        self.page.wait_for_function("(width) => innerWidth === width", arg=width)
        return self.is_drawn()

    # Waiting

    def reaches(self, state: str) -> App:
        """Wait for a state; an error that is not waited for ends the waiting."""
        expect(self.status).to_have_attribute("data-state", re.compile(rf"^({state}|error)$"), timeout=PATIENCE)
        expect(self.status).to_have_attribute("data-state", state)
        return self

    def is_ready(self) -> App:
        return self.reaches("ready")

    def shows(self, name: str) -> App:
        """The photo `name` (without ending) is open and the model has read it."""
        expect(self.stage).to_have_attribute("aria-label", f"Photo {name}", timeout=PATIENCE)
        return self.is_ready()

    def becomes(self, condition: str) -> App:
        """Wait until an async function of the page is true. Playwright's own waiting takes its promise for that."""
        pause, times = 50, PATIENCE // 50
        holds = f"""async () => {{
          const holds = {condition};
          for (let time = 0; time < {times}; time++) {{
            if (await holds()) return true;
            await new Promise((done) => setTimeout(done, {pause}));
          }}
          return false;
        }}"""
        assert self.page.evaluate(holds), condition
        return self

    def is_drawn(self) -> App:
        """What was done so far is on the screen: it is rendered within a frame."""
        self.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        return self

    def is_answered(self) -> App:
        """What the points and the box say now has its answer: only then can it be saved."""
        self.is_drawn()
        expect(self["save-mask"]).to_be_enabled(timeout=PATIENCE)
        return self.is_ready()

    def is_accessible(self) -> App:
        """axe-core finds nothing in what is shown now."""
        assert axe.violations(self.is_drawn().page) == []
        return self

    # Photos

    def choose_sample(self, name: str) -> App:
        self[f"sample-{name}"].click()
        return self.shows(name)

    def offer_file(self, file: Path | FilePayload) -> App:
        """Choose a file that may be none that can be opened."""
        self["photo-input"].set_input_files(file)
        return self

    def forget_photos(self) -> App:
        """Delete all photos in the settings: back to the start, with the model still running."""
        self.page.mouse.move(2, 2)
        self["settings-button"].click()
        for _ in range(2):  # one press is not enough
            self["delete-all"].click()
        expect(self["kept-photos"]).to_contain_text("nothing")
        self["settings"].get_by_role("button", name="Close").click()
        expect(self["sample-coffee"]).to_be_visible()
        return self

    def choose_file(self, file: Path) -> App:
        return self.offer_file(file).shows(file.stem)

    # The stage

    @property
    def view(self) -> View:
        view = json.loads(self.is_drawn().stage.get_attribute("data-view") or "")
        box = self.stage.bounding_box()
        assert box
        return View(view["scale"], box["x"] + view["x"], box["y"] + view["y"])

    def tap(self, x: float, y: float, **options: Any) -> App:
        """Click photo pixel (x, y) where there is no point yet, and wait for the answer."""
        return self.adds_point(lambda: self.page.mouse.click(*self.view.css(x, y), **options))

    def right_click(self, x: float, y: float) -> App:
        return self.tap(x, y, button="right")

    def adds_point(self, act: Callable[[], object]) -> App:
        """Do something that adds one point; wait for it and for the answer."""
        before = self.markers.count()
        act()
        expect(self.markers).to_have_count(before + 1)
        return self.is_answered()

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> App:
        """Press the mouse at a photo pixel, move in a few steps, release."""
        mouse, view = self.page.mouse, self.view
        mouse.move(*view.css(*start))
        mouse.down()
        mouse.move(*view.css(*end), steps=4)
        mouse.up()
        return self

    def box(self, x1: float, y1: float, x2: float, y2: float) -> App:
        self.drag((x1, y1), (x2, y2))
        expect(self.page.get_by_role("button", name="Remove the box")).to_be_visible()
        return self.is_answered()

    # Results

    def save(self, test_id: str) -> Image.Image:
        """Click a save button; the picture that was downloaded."""
        with self.page.expect_download(timeout=PATIENCE) as download:
            self[test_id].click()
        picture = Image.open(download.value.path())
        picture.load()
        picture.info["filename"] = download.value.suggested_filename
        return picture

    def mask(self) -> np.ndarray:
        """The mask as saved: (height, width) bool at the photo's own resolution."""
        picture = self.save("save-mask")
        assert picture.mode == "L"
        values = np.asarray(picture)
        assert set(np.unique(values)) <= {0, 255}
        return values == 255

    def cutout(self) -> np.ndarray:
        """The cut-out as saved: (height, width, 4) RGBA."""
        picture = self.save("save-cutout")
        assert picture.mode == "RGBA"
        return np.asarray(picture)

    def attempts(self) -> dict[str, str]:
        """What the page says about each provider that it considered: {provider: "outcome reason"}."""
        self["about-button"].click()
        attempts = self["attempts"].get_by_role("listitem")
        expect(attempts).not_to_have_count(0)
        lines = attempts.all_inner_texts()
        self["about"].get_by_role("button", name="Close").click()
        return dict(line.split(maxsplit=1) for line in lines)
