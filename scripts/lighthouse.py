"""`make lighthouse`: Lighthouse on the built page as server.py serves it, several times over.

    scripts/python.sh scripts/lighthouse.py [--runs 5] [--preset desktop]

Lighthouse comes through npx, is kept in npm's cache and is no dependency of the project. The reports go to test-results/lighthouse.
Fails when accessibility, best practices or SEO is below 100 in any run, or the median of performance below 90.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import browser
import setup

LIGHTHOUSE = "lighthouse@12"
REPORTS = setup.ROOT / "test-results" / "lighthouse"
FLAWLESS = ("accessibility", "best-practices", "seo")
FAST = 90
TIMES = {
    "first-contentful-paint": "first paint",
    "largest-contentful-paint": "largest paint",
    "total-blocking-time": "blocked",
    "speed-index": "speed index",
}


@contextlib.contextmanager
def served() -> Iterator[str]:
    """The address of the page, served on a free port."""
    command = [str(setup.VENV_PYTHON), str(setup.ROOT / "server.py"), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        try:
            yield server.stdout.readline().split()[-1]
        finally:
            server.terminate()


def chromium() -> str:
    """A Chromium, or the end of the program."""
    found = os.environ.get("TAPMASK_CHROMIUM") or next(filter(None, map(shutil.which, browser.NAMES)), None)
    return found or sys.exit("Lighthouse needs Chromium; name one in TAPMASK_CHROMIUM.")


def examine(url: str, report: Path, options: list[str]) -> dict[str, Any]:
    """One run of Lighthouse, and its report."""
    npx = shutil.which("npx") or sys.exit("Lighthouse needs npx, which comes with Node.")
    flags = ["--quiet", "--output=json", f"--output-path={report}", "--chrome-flags=--headless=new --no-sandbox"]
    environment = {**os.environ, "CHROME_PATH": chromium()}
    done = subprocess.run(
        [npx, "--yes", LIGHTHOUSE, url, *flags, *options], cwd=report.parent, env=environment, check=False
    )
    if done.returncode:
        sys.exit(f"Lighthouse ended with status {done.returncode}.")
    result: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))
    return result


def scores(report: dict[str, Any]) -> dict[str, int]:
    """The categories, 0 to 100."""
    return {name: round(100 * (category["score"] or 0)) for name, category in report["categories"].items()}


def describe(number: int, report: dict[str, Any]) -> str:
    """A run in one line."""
    rated = ", ".join(f"{name} {score}" for name, score in scores(report).items())
    timed = ", ".join(f"{word} {report['audits'][name]['displayValue']}" for name, word in TIMES.items())
    return f"{number}: {rated} ({timed})"


def main() -> None:
    """Set up, run, judge."""
    parser = argparse.ArgumentParser(description="Lighthouse on the built page.")
    parser.add_argument(
        "--runs", type=int, default=5, help="the score depends on what else the machine does (default: 5)"
    )
    parser.add_argument("--preset", choices=["mobile", "desktop"], default="mobile", help="default: %(default)s")
    options = parser.parse_args()
    setup.prepare()
    shutil.rmtree(REPORTS, ignore_errors=True)
    REPORTS.mkdir(parents=True)
    preset = ["--preset=desktop"] if options.preset == "desktop" else []
    rated = []
    with served() as url:
        for number in range(1, options.runs + 1):
            report = examine(url, REPORTS / f"{options.preset}-{number}.json", preset)
            print(describe(number, report), flush=True)
            rated.append(scores(report))
    median = statistics.median(run["performance"] for run in rated)
    print(
        f"performance: median {median:g}, {min(r['performance'] for r in rated)} to {max(r['performance'] for r in rated)}"
    )
    flaws = [name for name in FLAWLESS if min(run[name] for run in rated) < 100]
    if flaws or median < FAST:
        sys.exit(f"Not good enough: {', '.join(flaws or ['performance'])}.")


if __name__ == "__main__":
    main()
