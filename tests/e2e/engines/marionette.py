"""Firefox's own WebDriver, for Selenium.

Selenium talks to geckodriver, which talks to Firefox in its protocol Marionette. Debian packs Firefox without geckodriver, so
Selenium's commands are sent to Firefox directly here.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping
from typing import Any

from selenium.common.exceptions import WebDriverException
from selenium.webdriver.remote.command import Command

NAMES = {
    Command.NEW_SESSION: "WebDriver:NewSession",
    Command.QUIT: "Marionette:Quit",
    Command.GET: "WebDriver:Navigate",
    Command.W3C_EXECUTE_SCRIPT_ASYNC: "WebDriver:ExecuteAsyncScript",
    Command.FIND_ELEMENT: "WebDriver:FindElement",
    Command.SEND_KEYS_TO_ELEMENT: "WebDriver:ElementSendKeys",
    Command.W3C_ACTIONS: "WebDriver:PerformActions",
    Command.W3C_GET_WINDOW_HANDLES: "WebDriver:GetWindowHandles",
    Command.SCREENSHOT: "WebDriver:TakeScreenshot",
    "setContext": "Marionette:SetContext",
}
WHOLE_SCREEN_ONLY = {"full": False}  # Firefox would photograph what is scrolled away too


class Marionette:
    """Stands where Selenium has its connection to a server: `webdriver.Remote(command_executor=Marionette(port))`."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.stream = self.socket.makefile("rb")
        self.last = 0
        self._receive()  # Firefox introduces itself

    def execute(self, command: str, parameters: Mapping[str, Any] | None) -> dict[str, Any]:
        """Send one of Selenium's commands, wait for the answer. @raises WebDriverException: what Firefox says is wrong."""
        if command not in NAMES:
            raise WebDriverException(f"{command} has no name in Marionette here; add it to NAMES.")
        self.last += 1
        extra = WHOLE_SCREEN_ONLY if command == Command.SCREENSHOT else {}
        message = json.dumps([0, self.last, NAMES[command], {**(parameters or {}), **extra}]).encode()
        self.socket.sendall(b"%d:%s" % (len(message), message))
        _, number, error, result = self._receive()
        assert number == self.last, f"answer {number} to command {self.last}"
        if error:
            raise WebDriverException(f"{error['error']}: {error['message']}")
        return result if isinstance(result, dict) and set(result) == {"value"} else {"value": result}

    def close(self) -> None:
        self.stream.close()
        self.socket.close()

    def _receive(self) -> Any:
        """A message is its length in bytes, a colon, and JSON."""
        length = bytearray()
        while (byte := self.stream.read(1)) != b":":
            if not byte:
                raise WebDriverException("Firefox has closed the connection.")
            length += byte
        return json.loads(self.stream.read(int(length)))
