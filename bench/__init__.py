"""`bench`: the app against the plain recipe and against its peer, in a browser, in one run → docs/benchmarks.md.

Not a step of the pipeline: it needs a published default model, the npm packages and a Chromium; and a network, unless
MobileSAM's weights and the peer are in runs/official already.
"""

import json
import os
import platform
from pathlib import Path

import click
from playwright.sync_api import Error, sync_playwright
from tqdm import tqdm

from bench import browser, report, site
from export.cli.steps import command
from export.files import write_json, write_whole


@command("bench")
@click.option("--rounds", type=click.IntRange(1), default=5, show_default=True, help="Visits to each side, in turn.")
@click.option("--encodes", type=click.IntRange(1), default=3, show_default=True, help="Further photos a visit.")
@click.option("--taps", type=click.IntRange(1), default=20, show_default=True, help="Taps a visit and kind of tap.")
@click.option("--quick", is_flag=True, help="One short visit with the default model only, nothing compressed.")
@click.option("--work", type=click.Path(path_type=Path), default=Path("runs/bench"), show_default=True)
@click.option("--out", type=click.Path(path_type=Path), default=Path("docs/benchmarks.md"), show_default=True)
def bench_command(rounds: int, encodes: int, taps: int, quick: bool, work: Path, out: Path) -> None:
    """Measure the app against the plain recipe and its peer in a browser; writes a table and a plot."""
    work = work.resolve()
    pages = work / "site"
    click.echo("Building the bench page.")
    site.build_page(pages)
    model = site.add_default(pages)
    sides = [browser.DEFAULT]
    if quick:
        rounds, encodes, taps = 1, 1, 3
    else:
        if site.add_instant(pages):
            sides.append(browser.INSTANT)
        site.add_peer(pages, work)
        site.compress_files(pages)
        site.add_mobile_sam(pages, work)
        sides += [browser.MOBILE_SAM, browser.PLAIN, browser.PEER]
    visits = _measure(pages, sides, rounds, encodes, taps)
    version = visits[0]["default"].runs["browser"]
    machine = report.Machine(_cpu(), os.cpu_count() or 1, version, _onnxruntime_web())
    write_json(work / "results.json", report.raw(visits))
    command = "make bench" if not quick else "python -m export bench --quick"
    text = report.markdown(visits, machine, model, command)
    if not quick:
        picture = out.with_suffix(".png")
        report.plot(visits, picture)
        text += f"\n![The same as bars]({picture.name})\n"
    write_whole(out, text.encode())
    click.echo(f"Wrote {out}; every single measurement is in {work / 'results.json'}.")


def _measure(
    pages: Path, sides: list[browser.Side], rounds: int, encodes: int, taps: int
) -> list[dict[str, browser.Visit]]:
    """Visit the sides in turn, so that a slow spell of the machine meets all of them."""
    visits: list[dict[str, browser.Visit]] = []
    steps = [(i, side) for i in range(rounds) for side in sides]
    with browser.serving(pages) as (address, meter), sync_playwright() as playwright:
        for i, side in tqdm(steps, desc="visits", unit="visit"):
            try:
                measured = browser.visit(playwright, address, meter, side, encodes, taps)
            except Error as error:
                raise click.ClickException(f"The visit to {side.key} failed: {error.message}") from error
            visits[i:] = [{**(visits[i] if i < len(visits) else {}), side.key: measured}]
    return visits


def _cpu() -> str:
    info = Path("/proc/cpuinfo")
    names = [line.split(":", 1)[1].strip() for line in info.read_text().splitlines() if line.startswith("model name")] \
        if info.exists() else []  # fmt: skip
    return names[0] if names else platform.processor() or platform.machine()


def _onnxruntime_web() -> str:
    package = site.ROOT / "node_modules" / "onnxruntime-web" / "package.json"
    return str(json.loads(package.read_text())["version"])
