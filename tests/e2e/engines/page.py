"""Tapmask in a window of any engine: choose a photo, tap its pixels, save what comes out."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np
from PIL import Image

from tests.e2e.app import View
from tests.e2e.engines.window import Place, Window
from tests.e2e.models import DISCS, Model

MARKERS = "document.querySelectorAll('ol.markers li').length"
# Where the middle of an element is, once it is in sight and can be pressed.
MIDDLE = """
const element = document.querySelector(args[0]);
if (!element || element.disabled) return null;
element.scrollIntoView({ block: "nearest", inline: "nearest" });
await new Promise((done) => requestAnimationFrame(done));
const { x, y, width, height } = element.getBoundingClientRect();
const middle = [x + width / 2, y + height / 2];
return element.contains(document.elementFromPoint(...middle)) ? middle : null;
"""
DRAWN = "await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))); return true;"


def named(test_id: str) -> str:
    return f'[data-testid="{test_id}"]'


class Page:
    """One page of a window, not loaded yet. `url` ends with a slash."""

    def __init__(self, window: Window, url: str) -> None:
        self.window, self.url = window, url

    def open(self, model: Model = DISCS, **query: str) -> Page:
        """Load the page, with masks as the model gives them."""
        self.window.go(f"{self.url}?{urlencode({**model.query, 'finish': 'raw', **query})}")
        return self

    # Waiting

    def text(self, css: str) -> str:
        """The text of an element, as soon as it is there."""
        return str(self.window.becomes("document.querySelector(args[0])?.textContent", css))

    def attribute(self, css: str, name: str) -> str:
        return str(self.window.becomes("document.querySelector(args[0])?.getAttribute(args[1])", css, name))

    def is_there(self, css: str) -> Page:
        self.window.becomes("!!document.querySelector(args[0])", css)
        return self

    def is_gone(self, css: str) -> Page:
        self.window.becomes("!document.querySelector(args[0])", css)
        return self

    def is_ready(self) -> Page:
        """The model waits for something to do; an error ends the waiting."""
        at_rest = "['ready', 'error'].find((state) => state === document.querySelector(args[0])?.dataset.state)"
        state = self.window.becomes(at_rest, named("status"))
        assert state == "ready", self.text(named("message"))
        return self

    def shows(self, name: str) -> Page:
        """The photo `name` (without ending) is open and the model has read it."""
        label = "document.querySelector(args[0])?.ariaLabel?.endsWith(` ${args[1]}`)"
        self.window.becomes(label, named("stage"), name)
        return self.is_ready()

    def is_answered(self) -> Page:
        self.window.run(DRAWN)
        self.window.becomes("document.querySelector(args[0])?.disabled === false", named("save-mask"))
        return self.is_ready()

    def has_points(self, count: int) -> Page:
        self.window.becomes(f"{MARKERS} === args[0]", count)
        return self

    # Acting

    def press(self, test_id: str) -> Page:
        """Click the middle of an element."""
        self.window.click(self.place(named(test_id)))
        return self

    def place(self, css: str) -> Place:
        place = self.window.becomes(f"(async () => {{ {MIDDLE} }})()", css)
        return place[0], place[1]

    def choose_sample(self, name: str) -> Page:
        return self.press(f"sample-{name}").shows(name)

    def choose_file(self, file: Path) -> Page:
        self.window.offer(named("photo-input"), file)
        return self.shows(file.stem)

    @property
    def view(self) -> View:
        self.window.run(DRAWN)
        script = "const stage = document.querySelector(args[0]); const { x, y } = stage.getBoundingClientRect();"
        x, y, view = self.window.run(f"{script} return [x, y, stage.dataset.view]", named("stage"))
        view = json.loads(view)
        return View(view["scale"], x + view["x"], y + view["y"])

    def adds_point(self, act: Callable[[], object]) -> Page:
        before = self.window.run(f"return {MARKERS}")
        act()
        return self.has_points(before + 1).is_answered()

    def tap(self, x: float, y: float, secondary: bool = False) -> Page:
        """Click photo pixel (x, y) where there is no point yet, and wait for the answer."""
        return self.adds_point(lambda: self.window.click(self.view.css(x, y), secondary))

    def box(self, x1: float, y1: float, x2: float, y2: float) -> Page:
        view = self.view
        self.window.drag(view.css(x1, y1), view.css(x2, y2))
        self.is_there('[aria-label="Remove the box"]')
        return self.is_answered()

    def tab_to(self, test_id: str, most: int = 40) -> Page:
        """Press Tab until the element has the focus."""
        for _ in range(most):
            self.window.press("Tab")
            if self.window.run("return document.activeElement.dataset.testid") == test_id:
                return self
        raise AssertionError(f"Tab does not reach {test_id}.")

    # Results

    def save(self, test_id: str) -> Image.Image:
        """Press a save button; the picture that was saved."""
        return self.window.saves(lambda: self.press(test_id), _picture)

    def mask(self) -> np.ndarray:
        """The mask as saved: (height, width) bool."""
        picture = self.save("save-mask")
        assert picture.mode == "L"
        return np.asarray(picture) == 255

    def cutout(self) -> np.ndarray:
        """The cut-out as saved: (height, width, 4) RGBA."""
        picture = self.save("save-cutout")
        assert picture.mode == "RGBA"
        return np.asarray(picture)

    def info(self) -> dict[str, str]:
        """What the page says about each provider that it considered: {provider: "outcome reason"}."""
        self.press("about-button")
        self.text(named("attempts"))
        read = "[...document.querySelectorAll('[data-testid=attempts] li')].map((item) => item.innerText)"
        lines: list[Any] = self.window.becomes(read)
        self.window.click(self.place(f'{named("about")} [aria-label="Close"]'))
        self.is_gone(named("about"))
        return dict(line.split(maxsplit=1) for line in lines)


def _picture(path: Path) -> Image.Image:
    with Image.open(path) as picture:
        picture.load()
        return picture.copy()
