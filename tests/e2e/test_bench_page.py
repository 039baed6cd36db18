"""`?bench`: every provider measured on the spot, and a report that can be copied."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.e2e.app import PATIENCE, App
from tests.e2e.conftest import Visits
from tests.e2e.test_providers import HAS_ADAPTER, gpu_visit

__all__ = ["gpu_visit"]

FIGURES = r"\| \d+ \|( [\d.]+ ms \|){5}"  # threads, then the five times


def report(app: App) -> str:
    expect(app["bench"]).to_have_attribute("data-state", "done", timeout=PATIENCE)
    return app["bench-report"].inner_text()


def test_the_settings_lead_to_a_report_that_can_be_copied(visit: Visits) -> None:
    app = visit(permissions=["clipboard-read", "clipboard-write"]).open(provider=None).is_ready()
    app["settings-button"].click()
    app["bench-link"].click()
    text = report(app)
    assert re.search(rf"\| wasm-threads \| onnxruntime-web [\d.]+ \(WASM\) {FIGURES}", text)
    assert re.search(rf"\| wasm \| onnxruntime-web [\d.]+ \(WASM\) {FIGURES}", text)
    assert "\n| webgpu |" in text
    for name in ("Version", "Model", "Device", "Cores", "Browser"):
        assert re.search(rf"\| {name} \| .+ \|", text), name
    app["copy-bench"].click()
    expect(app["bench-copied"]).to_contain_text("Copied")
    assert app.page.evaluate("navigator.clipboard.readText()").strip() == text.strip()
    app.is_accessible()
    app.page.get_by_role("link", name="Back to the start").click()
    expect(app["sample-coffee"]).to_be_visible()


def test_a_gpu_is_measured_with_the_runtime_that_the_browser_can_run(gpu_visit: Visits) -> None:
    app = gpu_visit().open("webgpu", bench="")
    text = report(app)
    if not app.page.evaluate(HAS_ADAPTER):
        assert "WebGPU" in text
        return
    assert re.search(rf"\| webgpu \| onnxruntime-web [\d.]+ \(WebGPU, JSPI\) {FIGURES}", text)
