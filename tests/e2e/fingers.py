"""Fingers on a touch screen: real touch events, which the browser turns into its own pointer events and gestures."""

from __future__ import annotations

from playwright.sync_api import Page

Place = tuple[float, float]


class Fingers:
    """Any number of fingers, placed in CSS pixels of the window."""

    def __init__(self, page: Page) -> None:
        self.session = page.context.new_cdp_session(page)

    def down(self, *places: Place) -> None:
        self._send("touchStart", places)

    def move(self, *places: Place) -> None:
        self._send("touchMove", places)

    def up(self) -> None:
        self._send("touchEnd", ())

    def glide(self, start: tuple[Place, ...], end: tuple[Place, ...], steps: int = 6) -> None:
        """Touch at `start`, move evenly to `end`, let go."""
        self.down(*start)
        for step in range(1, steps + 1):
            part = step / steps
            self.move(*(_between(a, b, part) for a, b in zip(start, end, strict=True)))
        self.up()

    def _send(self, kind: str, places: tuple[Place, ...]) -> None:
        points = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(places)]
        self.session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


def _between(a: Place, b: Place, part: float) -> Place:
    return a[0] + (b[0] - a[0]) * part, a[1] + (b[1] - a[1]) * part
