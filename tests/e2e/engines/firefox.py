"""Firefox, without a window."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from selenium.webdriver import FirefoxOptions, Remote

from tests.e2e.engines.marionette import Marionette
from tests.e2e.engines.window import ONE_ANSWER, PATIENCE, Window, wait_for

NAMES = ("firefox-esr", "firefox")
PREFERENCES = {
    "marionette.port": 0,  # any that is free
    "browser.download.folderList": 2,  # into browser.download.dir
    "browser.download.alwaysOpenPanel": False,
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.homepage_override.mstone": "ignore",
    "ui.prefersReducedMotion": 1,
    "intl.accept_languages": "en-US",
    # Nothing is asked of the network but the page.
    "app.normandy.enabled": False,
    "app.update.disabledForTesting": True,
    "browser.safebrowsing.downloads.enabled": False,
    "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "services.settings.server": "data:,#remote-settings-dummy/v1",
    "toolkit.telemetry.enabled": False,
}

# The browser's own side. A page may be narrower than a window can be, so the element that shows it gets the size.
RESIZE = """
const [width, height] = args;
window.resizeTo(Math.max(width, 500) + 20, height + 150);
const { style } = gBrowser.selectedBrowser;
for (const bound of ["", "min-", "max-"]) {
  style.setProperty(`${bound}width`, `${width}px`);
  style.setProperty(`${bound}height`, `${height}px`);
}
"""
ERRORS = """
const isOurs = (source) => /^(https?|blob):/.test(source ?? "");
const thrown = Services.console.getMessageArray()
  .filter((message) => message instanceof Ci.nsIScriptError && !(message.flags & message.warningFlag) && isOurs(message.sourceName))
  .map(({ errorMessage, sourceName }) => `${errorMessage} (${sourceName})`);
const storage = Cc["@mozilla.org/consoleAPI-storage;1"].getService(Ci.nsIConsoleAPIStorage);
const logged = storage.getEvents()
  .filter(({ level, filename }) => level === "error" && isOurs(filename))
  .map(({ arguments: words, filename }) => `${words.map(String).join(" ")} (${filename})`);
Services.console.reset();
storage.clearEvents();
return [...thrown, ...logged];
"""


class Firefox(Window):
    name = "firefox"
    needs = "Firefox (on Debian: apt-get install firefox-esr)"

    @staticmethod
    def program() -> str | None:
        return next(filter(None, map(shutil.which, NAMES)), None)

    def __init__(self, program: str, folder: Path) -> None:
        """Start it with a fresh profile in `folder`."""
        (folder / "Downloads").mkdir()
        preferences = {**PREFERENCES, "browser.download.dir": str(folder / "Downloads")}
        lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in preferences.items()]
        (folder / "user.js").write_text("".join(lines))
        with open(folder / "output.log", "wb") as log:
            # System access: the size of the page and its errors are the browser's own affair.
            flags = [
                "--headless",
                "--marionette",
                "--remote-allow-system-access",
                "--no-remote",
                "--profile",
                str(folder),
            ]
            # The home too: Firefox remembers profiles there.
            environment = {**os.environ, "HOME": str(folder)}
            self.process = subprocess.Popen(
                [program, *flags, "about:blank"], stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment
            )
        try:
            super().__init__(self._connect(folder), folder)
        except BaseException:
            self.process.kill()
            raise

    def _connect(self, folder: Path) -> Remote:
        file = folder / "MarionetteActivePort"

        def port() -> int:
            assert self.process.poll() is None, f"Firefox has ended: {(folder / 'output.log').read_text()[-2000:]}"
            return int(file.read_text() or 0) if file.exists() else 0

        options = FirefoxOptions()
        options.timeouts = {"script": ONE_ANSWER * 1000, "pageLoad": PATIENCE * 1000}
        executor: Any = Marionette(wait_for(port, "Firefox listens"))
        return Remote(command_executor=executor, options=options)

    def resize(self, width: int, height: int) -> None:
        self._inside(RESIZE, width, height)
        self.becomes("innerWidth === args[0] && innerHeight === args[1]", width, height)

    def errors(self) -> list[str]:
        return list(self._inside(ERRORS))

    def _inside(self, script: str, *args: Any) -> Any:
        """Run a script on the browser's own side."""
        self.driver.execute("setContext", {"value": "chrome"})
        try:
            return self.run(script, *args)
        finally:
            self.driver.execute("setContext", {"value": "content"})

    def close(self) -> None:
        try:
            self.driver.quit()
            self.process.wait(PATIENCE)
        finally:
            self.process.kill()
            self.process.wait()
