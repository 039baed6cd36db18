"""What a page must not do unnoticed: throw, log an error, break its content security policy, talk to anybody else."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Request, WebError

# The console mentions violations only as text, and one in report-only mode not at all.
REPORT_VIOLATIONS = """
addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) =>
  console.error(`Content security policy: ${violatedDirective} blocked ${blockedURI}`));
"""


class Complaints:
    """Collects what goes wrong in all pages of a context, workers included."""

    def __init__(self, context: BrowserContext) -> None:
        self.seen: list[str] = []
        self.allowed: list[re.Pattern[str]] = []
        context.add_init_script(REPORT_VIOLATIONS)
        context.on("console", self._console)
        context.on("weberror", self._error)
        context.on("request", self._request)

    def forget(self) -> None:
        """Begin anew, for the next test that uses the context."""
        self.seen.clear()
        self.allowed.clear()

    def allow(self, pattern: str) -> None:
        """Errors that match are part of this test."""
        self.allowed.append(re.compile(pattern))

    def unexpected(self) -> list[str]:
        return [text for text in self.seen if not any(pattern.search(text) for pattern in self.allowed)]

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.seen.append(f"console: {message.text} ({message.location.get('url', '')})")

    def _error(self, error: WebError) -> None:
        self.seen.append(f"uncaught: {error.error}")

    def _request(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme in ("http", "https", "ws", "wss") and address.hostname != "127.0.0.1":
            self.seen.append(f"request to {request.url}")
