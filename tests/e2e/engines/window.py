"""A window of any engine that Selenium can drive: the pointer, the keyboard, scripts, files that are saved."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from selenium.common.exceptions import TimeoutException, WebDriverException
from selenium.webdriver import Remote
from selenium.webdriver.common.actions.action_builder import ActionBuilder
from selenium.webdriver.common.actions.mouse_button import MouseButton
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.file_detector import UselessFileDetector
from selenium.webdriver.support.wait import WebDriverWait

T = TypeVar("T")
Place = tuple[float, float]

PATIENCE = 180  # seconds; a busy machine compiles WASM slowly
ONE_ANSWER = 60  # seconds for one script: an answer that got lost with its page is asked for again
LEAVING = 250  # milliseconds between the answer of a script and the end of its page
PARTIAL = (".part", ".wkdownload")  # how files are called while they are being written

# WebDriver has no promises: the last argument of a script takes its result.
AWAIT = """
const done = arguments[arguments.length - 1];
const args = [...arguments].slice(0, -1);
const failed = (error) => done({ error: `${error} ${error?.stack ?? ""}` });
(async () => { %s })().then((value) => done({ value: value ?? null }), failed);
"""

SITUATION = """
const { href } = location;
const controller = navigator.serviceWorker?.controller?.state;
const fetched = performance.getEntriesByType("resource");
const files = fetched.map(({ name, responseEnd }) => `${name.split("/").pop()} ${Math.round(responseEnd)}`);
return { href, document: document.readyState, controller, files, text: document.body?.innerText };
"""


def wait_for(condition: Callable[[], T], what: str, seconds: float = PATIENCE) -> T:
    """Ask again and again, until the answer is neither false nor an error of the driver."""
    wait = WebDriverWait(None, seconds, poll_frequency=0.2, ignored_exceptions=[WebDriverException])  # type: ignore[type-var]
    try:
        return wait.until(lambda _: condition())
    except TimeoutException as error:
        raise AssertionError(f"Not within {seconds:.0f} seconds: {what}.") from error


class Window(ABC):
    """CSS pixels of the window everywhere."""

    name: str
    needs: str  # what to install
    phone = (390, 844)  # as small as a window of a phone can be had

    def __init__(self, driver: Remote, folder: Path) -> None:
        self.driver = driver
        self.driver.file_detector = UselessFileDetector()  # the browser is on this machine: nothing to upload
        self.downloads = folder / "Downloads"

    @property
    def version(self) -> str:
        return str(self.driver.capabilities["browserVersion"])

    # What the engines do differently

    @abstractmethod
    def resize(self, width: int, height: int) -> None:
        """Give the page this size."""

    @abstractmethod
    def errors(self) -> list[str]:
        """What pages wrote to the console as errors, and threw, since the last time."""

    @abstractmethod
    def close(self) -> None:
        """End the browser and all that was started for it."""

    # The page

    def go(self, url: str) -> None:
        self.driver.get(url)

    def reload(self) -> None:
        """As its user would: WebDriver's own command makes Firefox go past the service worker."""
        self.run("window.isOld = true;")
        self.leave("location.reload()")
        self.becomes("!window.isOld && document.readyState === 'complete'")

    def leave(self, statement: str) -> None:
        """Run a statement that replaces the page; once the driver has its answer: it would wait in vain otherwise."""
        self.run(f"setTimeout(() => {statement}, {LEAVING})")

    def run(self, script: str, *args: Any) -> Any:
        """What the body of an async function returns; it sees `args`."""
        answer = self.driver.execute_async_script(AWAIT % script, *args)
        if "error" in answer:
            raise WebDriverException(answer["error"])
        return answer["value"]

    def becomes(self, expression: str, *args: Any) -> Any:
        """Wait until an expression is true; its value."""
        try:
            return wait_for(lambda: self.run(f"return {expression}", *args), f"{expression} {args or ''}")
        except AssertionError as error:
            raise AssertionError(f"{error} The page: {self.described()}") from error

    def described(self) -> str:
        """What a page is at that never came to what a test waits for."""
        try:
            return str(self.run(SITUATION))
        except WebDriverException as error:
            return f"it answers nothing ({error.msg})"

    def tabs(self) -> int:
        return len(self.driver.window_handles)

    # Pointer and keyboard

    def click(self, place: Place, secondary: bool = False) -> None:
        builder = ActionBuilder(self.driver, duration=0)
        button = MouseButton.RIGHT if secondary else MouseButton.LEFT
        builder.pointer_action.move_to_location(round(place[0]), round(place[1])).pointer_down(button).pointer_up(
            button
        )
        builder.perform()

    def drag(self, start: Place, end: Place, steps: int = 4) -> None:
        builder = ActionBuilder(self.driver, duration=20)
        pointer = builder.pointer_action
        pointer.move_to_location(round(start[0]), round(start[1])).pointer_down()
        for step in range(1, steps + 1):
            part = step / steps
            pointer.move_to_location(*(round(a + (b - a) * part) for a, b in zip(start, end, strict=True)))
        pointer.pointer_up()
        builder.perform()

    def press(self, keys: str) -> None:
        """As Playwright writes them: `Shift+Enter`."""
        builder = ActionBuilder(self.driver, duration=0)
        codes = [getattr(Keys, _name(part)) if len(part) > 1 else part for part in keys.split("+")]
        for code in codes:
            builder.key_action.key_down(code)
        for code in reversed(codes):
            builder.key_action.key_up(code)
        builder.perform()

    # Files

    def offer(self, css: str, *files: Path) -> None:
        """Choose files in a file field."""
        self.driver.find_element(By.CSS_SELECTOR, css).send_keys("\n".join(map(str, files)))

    def saves(self, act: Callable[[], object], read: Callable[[Path], T]) -> T:
        """Do something that saves one file; what `read` makes of it once it is whole."""
        act()

        def whole() -> list[T]:
            new = set(self.downloads.iterdir())
            if not new or any(path.suffix in PARTIAL for path in new):
                return []
            [path] = new
            try:
                return [read(path)]
            except (OSError, SyntaxError, ValueError):  # not whole yet
                return []

        [result] = wait_for(whole, f"a readable file in {self.downloads}")
        for path in self.downloads.iterdir():  # the next one may have the same name, and WebKitGTK does not number them
            path.unlink()
        return result

    def photograph(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.driver.save_screenshot(str(path))


def _name(key: str) -> str:
    return {
        "ArrowLeft": "ARROW_LEFT",
        "ArrowRight": "ARROW_RIGHT",
        "ArrowUp": "ARROW_UP",
        "ArrowDown": "ARROW_DOWN",
    }.get(key, key.upper())
