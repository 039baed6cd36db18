"""axe-core, the accessibility checker, on whatever a page shows now."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.e2e.truth import ROOT

# Colours on their way are not those that stay. What turns for ever is not waited for.
SETTLED = """() => Promise.all(document.getAnimations()
  .filter((animation) => Number.isFinite(animation.effect.getComputedTiming().endTime))
  .map((animation) => animation.finished.catch(() => undefined)))
  .then(() => undefined)"""
SCRIPT = ROOT / "node_modules" / "axe-core" / "axe.min.js"


def script() -> str:
    """The source of axe-core."""
    if not SCRIPT.is_file():
        pytest.fail("axe-core is not installed; run `npm ci` first.")
    return SCRIPT.read_text()


def violations(page: Page) -> list[str]:
    """All that axe finds, however small, with where it is."""
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(script())  # not as a script tag: the content security policy would refuse it
    page.evaluate(SETTLED)
    result = page.evaluate("axe.run({ resultTypes: ['violations'] })")
    assert result["passes"], "axe has looked at nothing"
    return [
        f"{violation['id']} ({violation['impact']}): {node['html']} {node['failureSummary']}"
        for violation in result["violations"]
        for node in violation["nodes"]
    ]
