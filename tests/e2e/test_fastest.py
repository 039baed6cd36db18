"""The fastest provider is found by trying, behind the person's back, and said in the settings."""

from __future__ import annotations

import json

from playwright.sync_api import expect

from tests.e2e.app import PATIENCE, App

CUP = (290, 60)
FOUND = "() => localStorage.getItem('tapmask-fastest') !== null"
# A verdict of an earlier visit: one thread is the fastest.
ONE_THREAD = "(text) => localStorage.setItem('tapmask-fastest', text)"


def test_fastest_provider_is_measured_once_and_used_at_the_next_visit(app: App) -> None:
    app.open(provider=None).choose_sample("coffee").tap(*CUP)
    app.page.wait_for_function(FOUND, timeout=PATIENCE)
    stored = json.loads(app.page.evaluate("localStorage.getItem('tapmask-fastest')"))
    (key, verdict), *others = stored
    assert not others
    assert [provider for provider, _ in verdict["tried"]] == ["wasm-threads", "wasm"]
    app["settings-button"].click()
    expect(app["fastest"]).to_contain_text(verdict["fastest"])
    expect(app["performance"]).to_contain_text("Speed of wasm-threads")

    app.page.evaluate(ONE_THREAD, json.dumps([[key, {**verdict, "fastest": "wasm"}]]))
    app.page.reload()
    expect(app.shows("coffee").status).to_have_attribute("data-provider", "wasm")
    app.page.evaluate(ONE_THREAD, json.dumps([[key, {"fastest": "abacus"}]]))
    app.page.reload()
    expect(app.shows("coffee").status).to_have_attribute("data-provider", "wasm-threads")
