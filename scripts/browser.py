"""Find a Chromium for the end-to-end tests, or install one; install Firefox and WebKitGTK where that is possible.

Tried in turn, until one really starts: the Chromium that TAPMASK_CHROMIUM names, the machine's own, the one that Playwright
downloads, Debian's package. The tests in the other engines are skipped where those are missing.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import setup

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Debian's packages, and the programs that the tests of tests/e2e/engines look for.
ENGINES = {"firefox-esr": ("firefox-esr", "firefox"), "webkit2gtk-driver": ("WebKitWebDriver",), "xvfb": ("Xvfb",)}

# An empty path stands for Playwright's own.
START = """
import sys
from playwright.sync_api import sync_playwright

with sync_playwright() as playwright:
    playwright.chromium.launch(executable_path=sys.argv[1] or None, args=["--no-sandbox"]).close()
"""


def find_or_install() -> str | None:
    """The path of a Chromium that starts, or None for Playwright's own, which knows its path; else ends the program."""
    named = os.environ.get("TAPMASK_CHROMIUM")
    if named:
        return named if starts(named) else sys.exit(f"TAPMASK_CHROMIUM={named} does not start.")
    for path in filter(None, map(shutil.which, NAMES)):
        if starts(path):
            return path
    if starts("") or (playwright_download() and starts("")):
        return None
    installed = shutil.which("chromium") if debian_packages("Chromium", "chromium", "fonts-liberation") else None
    if installed and starts(installed):
        return installed
    sys.exit("The end-to-end tests need Chromium, which could not be installed here; name one in TAPMASK_CHROMIUM.")


def starts(path: str) -> bool:
    """Whether Playwright can start this browser: one that is there may still lack a library."""
    return quiet([str(setup.VENV_PYTHON), "-c", START, path], seconds=120)


def playwright_download() -> bool:
    """Let Playwright fetch its browser; gives up early where its host cannot be reached."""
    setup.say("Chromium, from Playwright")
    os.environ.setdefault("PLAYWRIGHT_DOWNLOAD_CONNECTION_TIMEOUT", "10000")
    return loud([str(setup.VENV_PYTHON), "-m", "playwright", "install", "chromium"], seconds=900)


def install_engines() -> None:
    """Install what the tests in Firefox and WebKitGTK need and is missing, where that is possible without a question."""
    missing = [package for package, names in ENGINES.items() if not any(map(shutil.which, names))]
    if missing and not debian_packages("Firefox and WebKitGTK", *missing):
        print(f"Not installed: {', '.join(missing)}; the tests that need them are skipped.", flush=True)


def debian_packages(title: str, *packages: str) -> bool:
    """Install Debian's packages, where that is possible without a question."""
    if not shutil.which("apt-get") or os.geteuid() != 0:
        return False
    setup.say(f"{title}, from Debian")
    os.environ["DEBIAN_FRONTEND"] = "noninteractive"
    return loud(["apt-get", "update", "-q"], seconds=300) and loud(
        ["apt-get", "install", "-q", "-y", "--no-install-recommends", *packages], seconds=1200
    )


def loud(command: list[str], seconds: float) -> bool:
    """Run a program, its output shown; whether it went well in time."""
    try:
        return subprocess.run(command, check=False, timeout=seconds, stdin=subprocess.DEVNULL).returncode == 0
    except subprocess.TimeoutExpired:
        return False


def quiet(command: list[str], seconds: float) -> bool:
    """The same with its output dropped."""
    try:
        return subprocess.run(command, check=False, timeout=seconds, capture_output=True).returncode == 0
    except subprocess.TimeoutExpired:
        return False


if __name__ == "__main__":
    print(find_or_install() or "Playwright's own")
