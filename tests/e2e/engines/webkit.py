"""WebKitGTK's MiniBrowser, on a screen that is only in memory."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from selenium.webdriver import WebKitGTK, WebKitGTKOptions
from selenium.webdriver.common.actions.action_builder import ActionBuilder
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.webkitgtk.service import Service

from tests.e2e.engines.window import ONE_ANSWER, PATIENCE, Place, T, Window, wait_for

FOLDERS = ("/usr/lib", "/usr/libexec", "/usr/lib64")
ERROR = re.compile(r"^CONSOLE [A-Z-]+ ERROR ")


class WebKit(Window):
    name = "webkit"
    phone = (450, 844)  # MiniBrowser's bar needs 447 pixels
    needs = "WebKitGTK with its driver, and Xvfb (on Debian: apt-get install webkit2gtk-driver xvfb)"

    @staticmethod
    def program() -> str | None:
        """MiniBrowser, where its driver and a screen are there too."""
        if not (shutil.which("WebKitWebDriver") and shutil.which("Xvfb")):
            return None
        found = [path for folder in FOLDERS for path in sorted(Path(folder).glob("**/webkit2gtk-4*/MiniBrowser"))]
        return str(found[-1]) if found else None

    def __init__(self, program: str, folder: Path) -> None:
        """Start it with `folder` as its home."""
        (folder / "Downloads").mkdir()
        (folder / ".config").mkdir()
        (folder / ".config" / "user-dirs.dirs").write_text(f'XDG_DOWNLOAD_DIR="{folder / "Downloads"}"\n')
        self.log = folder / "output.log"
        self.read_to = 0
        self.screen, display = _screen()
        try:
            # MiniBrowser inherits the driver's environment and output.
            environment = {
                **os.environ,
                "DISPLAY": display,
                "GDK_BACKEND": "x11",
                "LIBGL_ALWAYS_SOFTWARE": "1",
                "NO_AT_BRIDGE": "1",
                "HOME": str(folder),
                "XDG_RUNTIME_DIR": str(folder),
                "LANG": "C.UTF-8",
                "LANGUAGE": "en_US",
            }
            options = WebKitGTKOptions()
            options.binary_location = program
            for flag in ("--automation", "--enable-write-console-messages-to-stdout=true"):
                options.add_argument(flag)
            driver = WebKitGTK(options, Service(log_output=str(self.log), env=environment))
            driver.set_script_timeout(ONE_ANSWER)
            driver.command_executor.client_config.timeout = PATIENCE + 30  # the driver itself may say nothing more
            super().__init__(driver, folder)
        except BaseException:
            self.screen.kill()
            raise

    def resize(self, width: int, height: int) -> None:
        self.size = width, height

        def fits() -> bool:
            inner = self.run("return [innerWidth, innerHeight]")
            outer = self.driver.get_window_size()
            wanted = [outer[side] + size - now for side, size, now in zip(outer, (width, height), inner, strict=True)]
            if inner != [width, height]:
                self.driver.set_window_size(*wanted)
            return bool(inner == [width, height])

        wait_for(fits, f"a window of {width} × {height}")

    def saves(self, act: Callable[[], object], read: Callable[[Path], T]) -> T:
        """MiniBrowser shows a bar that grows with each download and takes its room from the page: give it back."""
        before = self.run("return innerHeight")
        result = super().saves(act, read)
        wait_for(lambda: self.run("return innerHeight") < before, "the bar of downloads")
        self.resize(*self.size)
        return result

    def click(self, place: Place, secondary: bool = False) -> None:
        if not secondary:
            super().click(place)
            return
        # The driver never releases the right button. Control with the left one means the same to the page.
        hold, release = ActionBuilder(self.driver, duration=0), ActionBuilder(self.driver, duration=0)
        hold.key_action.key_down(Keys.CONTROL)
        release.key_action.key_up(Keys.CONTROL)
        hold.perform()
        super().click(place)
        release.perform()

    def errors(self) -> list[str]:
        with open(self.log, "rb") as file:
            file.seek(self.read_to)
            new = file.read()
        self.read_to += len(new)
        return [line for line in new.decode(errors="replace").splitlines() if ERROR.match(line)]

    def close(self) -> None:
        try:
            self.driver.quit()
        finally:
            self.screen.kill()
            self.screen.wait()


def _screen() -> tuple[subprocess.Popen[bytes], str]:
    """A screen with a free number, once it can be drawn on."""
    reading, writing = os.pipe()
    command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1600x4000x24", "-nolisten", "tcp"]
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, pass_fds=(writing,)
    )
    os.close(writing)
    with open(reading, "rb") as file:
        number = file.readline().decode().strip()
    assert number, "Xvfb did not start."
    return process, f":{number}"
