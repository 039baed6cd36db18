"""Fingers on a touch screen: real touch events, which the browser turns into its own pointer events and gestures."""

from __future__ import annotations

from playwright.sync_api import Page

Place = tuple[float, float]

# The number of fingers that the page has seen leave the glass so far.
LIFTED = """() => {
    if (window.lifted === undefined) {
        window.lifted = 0;
        for (const kind of ["pointerup", "pointercancel"]) addEventListener(kind, () => window.lifted++, true);
    }
    return window.lifted;
}"""
HAS_LIFTED = """(number) => new Promise((done) => {
    const look = () => (window.lifted >= number ? done() : requestAnimationFrame(look));
    look();
})"""


class Fingers:
    """Any number of fingers, placed in CSS pixels of the window."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.session = page.context.new_cdp_session(page)
        self.touching = 0
        self.lifted = 0

    def down(self, *places: Place) -> None:
        if not self.touching:
            self.lifted = self.page.evaluate(LIFTED)
        self.touching = len(places)
        self._send("touchStart", places)

    def move(self, *places: Place) -> None:
        self._send("touchMove", places)

    def up(self) -> None:
        """Lift all, and wait until the page has seen it: its listeners may hear of it later than the browser does."""
        self._send("touchEnd", ())
        self.page.evaluate(HAS_LIFTED, self.lifted + self.touching)
        self.touching = 0

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
