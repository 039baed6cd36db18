"""`growth`: what larger photos, more objects and more photos cost in the built page → docs/growth.json and docs/growth.md.

Drives the page itself, as a person would, with the default model alone and one look at each photo.
"""

import json
import os
import re
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from statistics import median

import click
from PIL import Image
from playwright.sync_api import Error, Page, expect, sync_playwright
from tqdm import tqdm

from bench import browser
from bench.site import ROOT
from export.cli.paths import OUT_FILE
from export.cli.steps import command
from export.errors import ExportError
from export.files import write_json, write_whole

DOCS = Path("docs/growth.json")
DIST = ROOT / "web" / "dist"
SAMPLE = ROOT / "web" / "public" / "samples" / "coffee.jpg"
CUP, ELSEWHERE = (0.48, 0.15), (0.07, 0.1)  # of the sample's width and height: the object, and a place beside it
PATIENCE = 180_000  # milliseconds
REPEATS = 3  # of a tap and of a save; the median counts
FRAMES = 20  # redrawn for one figure
SMOOTH_MS, SMOOTH_MEGAPIXELS = 16, 12
NOISE = 1.1  # a figure that grew by so much more than its input may have grown with it
MEGAPIXELS, OBJECTS, PHOTOS = (1, 12, 48, 108), (1, 10, 50), (1, 10, 40)
ASIDE = 12, 2  # megapixels of the photo with many objects, and of the many photos
UNITS = {
    "open_s": "photo read",
    "tap_ms": "tap answered",
    "redraw_ms": "redraw",
    "save_s": "cut-out saved",
    "memory_mb": "memory",
}
Row = dict[str, float | None]


@command("growth")
@click.option("--quick", is_flag=True, help="The two smallest of each row only.")
@click.option("--render", is_flag=True, help="Measure nothing: write the Markdown from the JSON again.")
@click.option("--out", type=OUT_FILE, default=DOCS, show_default=True, help="The JSON; the Markdown lies beside it.")
def growth_command(quick: bool, render: bool, out: Path) -> None:
    """Measure what larger photos, more objects and more photos cost in the page."""
    made = json.loads(out.read_text()) if render else measure(2 if quick else None)
    if not render:
        write_json(out, made)
    text = markdown(made)
    write_whole(out.with_suffix(".md"), text.encode())
    click.echo(text)


def measure(first: int | None) -> dict[str, object]:
    """Each row's figures: {"device": …, "megapixels": {"1": {"open_s": …}}, "objects": …, "photos": …}."""
    if not (DIST / "index.html").is_file():
        raise ExportError("The page is not built: run `npm run build`.")
    found: dict[str, object] = {"device": f"{os.cpu_count()} cores, WASM"}
    rows: list[tuple[str, Sequence[int], Callable[[Desk, int], Row]]] = [
        ("megapixels", MEGAPIXELS[:first], with_megapixels),
        ("objects", OBJECTS[:first], with_objects),
        ("photos", PHOTOS[:first], with_photos),
    ]
    total = sum(len(counts) for _, counts, _ in rows)
    with browser.serving(DIST) as (address, _), tqdm(total=total, desc="growth", unit="row") as progress:
        for name, counts, measured in rows:
            figures = {}
            for count in counts:
                with opened(address) as desk:
                    figures[str(count)] = measured(desk, count)
                progress.update()
            found[name] = figures
    return found


class Desk:
    """The page in a fresh browser, and a folder for photos."""

    def __init__(self, page: Page, folder: Path) -> None:
        self.page, self.folder = page, folder
        self.size = (0, 0)  # of the photo that is open
        self.client = page.context.new_cdp_session(page)
        self.client.send("Performance.enable")
        browser_of = page.context.browser
        assert browser_of
        self.whole = browser_of.new_browser_cdp_session()
        self.status = page.get_by_test_id("status")
        self.markers = page.locator("ol.markers").get_by_role("listitem")

    def ready(self) -> None:
        expect(self.status).to_have_attribute("data-state", "ready", timeout=PATIENCE)

    def open(self, megapixels: float, name: str) -> float:
        """Seconds until the model has read a photo of that size."""
        path, self.size = photo(self.folder, megapixels, name)
        begun = time.monotonic()
        self.page.get_by_test_id("photo-input").set_input_files(path)
        expect(self.page.get_by_test_id("stage")).to_have_attribute("aria-label", f"Photo {name}", timeout=PATIENCE)
        self.ready()
        return time.monotonic() - begun

    def tap(self, at: tuple[float, float]) -> float:
        """Milliseconds until a tap at a place (of the photo's width and height) is answered and can be saved."""
        stage = self.page.get_by_test_id("stage")
        view = json.loads(stage.get_attribute("data-view") or "")
        box = stage.bounding_box()
        assert box
        x, y = (part * side * view["scale"] for part, side in zip(at, self.size, strict=True))
        self.page.evaluate(WATCH, [self.markers.count() + 1, PATIENCE])
        self.page.mouse.click(box["x"] + view["x"] + x, box["y"] + view["y"] + y)
        return float(self.page.evaluate("() => globalThis.answered"))

    def taps(self) -> float:
        """The median of some taps beside the object, each undone."""
        times = []
        for _ in range(REPEATS):
            before = self.markers.count()
            times.append(self.tap(ELSEWHERE))
            self.page.keyboard.press("Control+z")
            expect(self.markers).to_have_count(before, timeout=PATIENCE)
            self.ready()
        return median(times)

    def redraw(self) -> float:
        """Milliseconds of the page's own thread for one frame, while the view is zoomed."""
        self.page.mouse.move(640, 400)

        def busy() -> float:
            metrics = self.client.send("Performance.getMetrics")["metrics"]
            return float(next(it["value"] for it in metrics if it["name"] == "TaskDuration"))

        before = busy()
        for step in range(FRAMES):
            self.page.mouse.wheel(0, -120 if step < FRAMES / 2 else 120)
            self.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        return 1000 * (busy() - before) / FRAMES

    def save(self) -> float:
        """Seconds until a cut-out is downloaded."""
        times = []
        for _ in range(REPEATS):
            begun = time.monotonic()
            with self.page.expect_download(timeout=PATIENCE) as download:
                self.page.get_by_test_id("save-cutout").click()
            download.value.path()
            times.append(time.monotonic() - begun)
        return median(times)

    def memory(self) -> float | None:
        """Megabytes of all of the browser's processes, shared pages counted once; None where the system does not tell."""
        self.client.send("HeapProfiler.collectGarbage")
        shares = [
            proportional(process["id"]) for process in self.whole.send("SystemInfo.getProcessInfo")["processInfo"]
        ]
        return round(sum(filter(None, shares)), 0) if all(shares) else None

    def row(self, open_s: float) -> Row:
        """The figures of what is open now."""
        return {
            "open_s": round(open_s, 2),
            "tap_ms": round(self.taps(), 0),
            "redraw_ms": round(self.redraw(), 1),
            "save_s": round(self.save(), 2),
            "memory_mb": self.memory(),
        }


# From the press until there are so many markers and an answer that can be saved.
WATCH = """([count, patience]) => {
  const done = () => document.querySelectorAll("ol.markers > li").length === count
    && document.querySelector('[data-testid="status"]').dataset.state === "ready"
    && !document.querySelector('[data-testid="save-mask"]').disabled;
  globalThis.answered = new Promise((resolve, reject) => {
    setTimeout(() => reject(new Error(`A tap was not answered by ${count} points within ${patience} ms.`)), patience);
    addEventListener("pointerdown", async () => {
      const begun = performance.now();
      while (!done()) await new Promise((later) => setTimeout(later, 1));
      resolve(performance.now() - begun);
    }, { once: true, capture: true });
  });
  globalThis.answered.catch(() => undefined);
}"""


def with_megapixels(desk: Desk, megapixels: int) -> Row:
    """One object in a photo of that size."""
    took = desk.open(megapixels, f"photo-{megapixels}")
    desk.tap(CUP)
    return desk.row(took)


def with_objects(desk: Desk, objects: int) -> Row:
    """A thing beside and so many copies of another; the cut-out is of all of them."""
    took = desk.open(ASIDE[0], "objects")
    desk.tap(CUP)
    if objects > 1:  # one alone is in no list
        desk.page.keyboard.press("n")
        expect(desk.markers).to_have_count(0)
        desk.tap(ELSEWHERE)
        desk.page.get_by_test_id("object-1").locator(".object-main").click()
    for number in range(3, objects + 1):
        original = 1 if number == 3 else number - 1  # only what is edited has the button
        desk.page.get_by_test_id(f"object-{original}-duplicate").click()
        expect(desk.page.get_by_test_id(f"object-{number}")).to_be_attached()
        desk.ready()
    if objects > 1:
        desk.page.get_by_test_id("save-all").click()
    return desk.row(took)


def with_photos(desk: Desk, photos: int) -> Row:
    """So many photos in the strip, each with an object; figures are of the last one."""
    took = 0.0
    for number in range(1, photos + 1):
        took = desk.open(ASIDE[1], f"photo-{number}")
        desk.tap(CUP)
    return desk.row(took)


@contextmanager
def opened(address: str) -> Iterator[Desk]:
    """The page in a browser of its own, once the model runs."""
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        try:
            chromium = playwright.chromium.launch(executable_path=browser.chromium(), args=browser.SWITCHES)
        except Error as error:
            raise ExportError(f"Chromium did not start; name one in TAPMASK_CHROMIUM. {error.message}") from error
        page = chromium.new_page(viewport={"width": 1280, "height": 800})
        page.goto(f"{address}?tiers=precise&look=once")
        desk = Desk(page, Path(folder))
        desk.ready()
        yield desk
        chromium.close()


def photo(folder: Path, megapixels: float, name: str) -> tuple[Path, tuple[int, int]]:
    """The sample, enlarged or reduced to so many megapixels, and its width and height.

    Each file is another one, by its comment: the page knows a photo again by its bytes, whatever it is called.
    """
    path = folder / f"{name}.jpg"
    with Image.open(SAMPLE) as sample:
        factor = (megapixels * 1e6 / (sample.width * sample.height)) ** 0.5
        size = (round(sample.width * factor), round(sample.height * factor))
        sample.resize(size, Image.Resampling.BILINEAR).save(path, quality=90, comment=name)
    return path, size


def proportional(process: int) -> float | None:
    """Megabytes that a process holds, its share of what others hold too; None where Linux's /proc is not there."""
    try:
        text = Path(f"/proc/{process}/smaps_rollup").read_text()
    except OSError:
        return None
    found = re.search(r"^Pss:\s+(\d+) kB", text, re.MULTILINE)
    return int(found[1]) / 1024 if found else None


TEXT = """# What more costs

`python -m export growth` writes this file from [growth.json](growth.json): the built page in Chromium, {device}; the default
model, one look. A photo is *read* from when it is chosen until it can be tapped; a *tap* is the second one on an object, from
the press until its answer can be saved; a *redraw* is what the page's own thread does for one frame while the view is zoomed;
*memory* is that of all of the browser's processes. A row is measured in a browser of its own. Times belong to this machine and
to what else it did.

{tables}
{verdict}
"""
NOTHING_FASTER = "Nothing grows faster than its input, to a tenth."
HEADS = {
    "megapixels": ("megapixels, one object", "Larger photos"),
    "objects": (f"objects in {ASIDE[0]} megapixels; the cut-out is of all", "More objects"),
    "photos": (f"photos of {ASIDE[1]} megapixels, each with an object", "More photos in the strip"),
}


def markdown(made: dict[str, object]) -> str:
    """The tables, and whether anything grows faster than its input."""
    tables = []
    for name, (head, title) in HEADS.items():
        rows: dict[str, Row] = made[name]  # type: ignore[assignment]
        lines = [f"## {title}", "", f"| {head} | {' | '.join(UNITS.values())} |", "|---" * (1 + len(UNITS)) + "|"]
        for count, row in rows.items():
            lines.append(f"| {count} | {' | '.join(written(key, row[key]) for key in UNITS)} |")
        tables.append("\n".join([*lines, ""]))
    return TEXT.format(device=made["device"], tables="\n".join(tables), verdict=verdict(made))


def written(key: str, value: float | None) -> str:
    """A figure with its unit, which its key ends with."""
    unit = key.rsplit("_", 1)[1].replace("mb", "MB")
    return "–" if value is None else f"{value:g} {unit}"


def verdict(made: dict[str, object]) -> str:
    """What grows faster than its input from one row to the next, and whether zooming is smooth at 12 megapixels."""
    faster = []
    for name in HEADS:
        rows: dict[str, Row] = made[name]  # type: ignore[assignment]
        counts = list(rows)
        for before, after in pairwise(counts):
            for key, title in UNITS.items():
                least, most = rows[before][key], rows[after][key]
                if least and most and most / least > NOISE * int(after) / int(before):
                    faster.append(
                        f"{title} from {before} to {after} {name} ({written(key, least)} → {written(key, most)})"
                    )
    megapixels: dict[str, Row] = made["megapixels"]  # type: ignore[assignment]
    drawn = megapixels.get(str(SMOOTH_MEGAPIXELS), {}).get("redraw_ms")
    smooth = (
        f"A redraw at {SMOOTH_MEGAPIXELS} megapixels takes {drawn:g} ms, "
        f"{'within' if drawn <= SMOOTH_MS else 'above'} the {SMOOTH_MS} of a smooth picture."
        if drawn is not None
        else ""
    )
    grows = f"More than a tenth faster than its input grows: {'; '.join(faster)}." if faster else NOTHING_FASTER
    return f"{grows} {smooth}"
