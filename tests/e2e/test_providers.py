"""Where the model runs: each provider, and what happens when one lies or fails."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from playwright.sync_api import Browser, Route, expect

from tests.e2e.app import App
from tests.e2e.conftest import Visits
from tests.e2e.expected import Expected, iou
from tests.e2e.models import DEFAULT, DISCS, FINEST, TINY, Model
from tests.e2e.serving import Site
from tests.e2e.truth import SAMPLES

pytestmark = pytest.mark.real_model(TINY)

CUP = (290, 60)
WORKERS = "**/assets/worker-*.js"
HAS_ADAPTER = "async () => Boolean(await navigator.gpu?.requestAdapter())"

# A fault that browsers have had: results come out as zeros, without an error. Here it strikes where there are threads.
ZEROS_FROM_THREADS = """
const { Worker } = self;
let threads = 0;
self.Worker = class extends Worker {
  constructor(...options) { super(...options); threads++; }
};
const copy = Uint8Array.prototype.set;
Uint8Array.prototype.set = function (source, at) {
  const isResult = source?.buffer instanceof SharedArrayBuffer && !(this.buffer instanceof SharedArrayBuffer);
  return copy.call(this, threads && isResult ? new Uint8Array(source.length) : source, at);
};
"""
MORTAL = """
new BroadcastChannel("end").onmessage = () => setTimeout(() => { throw new Error("the test ends this worker"); });
"""


@pytest.fixture
def gpu_visit(gpu_browser: Browser, site: Site, model: Model) -> Iterator[Visits]:
    visits = Visits(gpu_browser, site, model)
    yield visits
    visits.end()


def lying_manifest(route: Route) -> None:
    """The manifest, with a self-test that no provider can pass."""
    lies = json.loads(route.fetch().body())
    for model in lies["models"]:
        for variant in model["variants"].values():
            variant["self_test"]["iou_predictions"] = [9, 9, 9, 9]
    route.fulfill(json=lies)


def prepend(script: str) -> Callable[[Route], None]:
    """Puts something in front of the worker's own script."""

    def fulfil(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, body=script + answer.text())

    return fulfil


@pytest.mark.real_model(DEFAULT)
def test_the_default_choice_runs_and_says_why(app: App) -> None:
    app.open(provider=None).choose_sample("coffee")
    provider = app.status.get_attribute("data-provider")
    attempts = app.attempts()
    assert provider in ("webgpu", "wasm-threads")
    assert attempts[provider].startswith("running")
    for skipped in list(attempts)[:-1]:
        outcome, *reason = attempts[skipped].split()
        assert outcome in ("skipped", "failed")
        assert reason
    app.tap(*CUP)


@pytest.mark.parametrize("provider", ["wasm", "wasm-threads"])
def test_a_forced_provider_is_used_and_agrees_with_python(app: App, expected: Expected, provider: str) -> None:
    app.open(provider).choose_sample("coffee")
    expect(app.status).to_have_attribute("data-provider", provider)
    assert list(app.attempts()) == [provider]
    assert iou(app.tap(*CUP).mask(), expected.read(SAMPLES / "coffee.jpg").tap(*CUP)) >= 0.97


@pytest.mark.real_model(FINEST)
def test_every_variant_of_the_default_model_agrees_with_python(visit: Visits, model: Model) -> None:
    for variant in model.entry["variants"]:
        wanted = Expected(model, variant).read(SAMPLES / "coffee.jpg").tap(*CUP)
        mask = visit().open(variant=variant).choose_sample("coffee").tap(*CUP).mask()
        assert iou(mask, wanted) >= 0.97, variant


def test_webgpu_agrees_with_wasm(gpu_visit: Visits) -> None:
    app = gpu_visit().open("webgpu")
    if not app.page.evaluate(HAS_ADAPTER):
        app.reaches("error")
        expect(app.message).to_contain_text("WebGPU")
        return
    app.choose_sample("coffee")
    expect(app.status).to_have_attribute("data-provider", "webgpu")
    on_gpu = app.tap(*CUP).mask()
    on_cpu = gpu_visit().open("wasm").choose_sample("coffee").tap(*CUP).mask()
    assert on_cpu.any()
    assert iou(on_gpu, on_cpu) >= 0.95


@pytest.mark.real_model(DISCS)
def test_webgpu_runs_without_jspi_too(gpu_visit: Visits) -> None:
    app = gpu_visit()
    app.page.route(WORKERS, prepend("delete WebAssembly.Suspending;"))
    app.open("webgpu")
    if not app.page.evaluate(HAS_ADAPTER):
        app.reaches("error")
        pytest.skip("This browser emulates no GPU.")
    with app.page.expect_request("**/*.asyncify-*.wasm"):
        app.page.reload()
    on_gpu = app.choose_sample("coffee").tap(*CUP).mask()
    on_cpu = gpu_visit().open("wasm").choose_sample("coffee").tap(*CUP).mask()
    assert iou(on_gpu, on_cpu) >= 0.95


def test_a_gpu_that_is_none_is_passed_over(gpu_visit: Visits) -> None:
    """An emulated GPU is slower than WASM; without any, there is nothing to choose."""
    app = gpu_visit().open(provider=None).is_ready()
    expect(app.status).to_have_attribute("data-provider", "wasm-threads")
    reason = app.attempts()["webgpu"]
    assert ("emulated in software" if app.page.evaluate(HAS_ADAPTER) else "GPU") in reason
    app.choose_sample("coffee").tap(*CUP)


def test_a_provider_that_computes_nonsense_is_replaced(app: App, expected: Expected) -> None:
    app.page.route(WORKERS, prepend(ZEROS_FROM_THREADS))
    app.open(provider=None).is_ready()
    expect(app.status).to_have_attribute("data-provider", "wasm")
    attempts = app.attempts()
    assert attempts["wasm-threads"].startswith("failed The self-test failed")
    assert attempts["wasm"].startswith("running")
    mask = app.choose_sample("coffee").tap(*CUP).mask()
    assert iou(mask, expected.read(SAMPLES / "coffee.jpg").tap(*CUP)) >= 0.97


def test_page_says_so_when_every_provider_fails_the_self_test(app: App) -> None:
    app.page.route("**/models/manifest.json", lying_manifest)
    app.open(provider=None).reaches("error")
    expect(app.message).to_contain_text("The model does not run here")
    for provider in ("webgpu", "wasm-threads", "wasm"):
        expect(app.message).to_contain_text(f"{provider}:")
    expect(app.status).to_have_attribute("data-provider", "")
    app.page.unroute("**/models/manifest.json")
    app.message.get_by_role("button", name="Load again").click()
    app.is_ready().choose_sample("coffee").tap(*CUP)


def test_a_worker_that_dies_is_replaced_and_nothing_is_lost(app: App) -> None:
    app.complaints.allow("the test ends this worker")
    app.page.route(WORKERS, prepend(MORTAL))
    before = app.open("wasm").choose_sample("coffee").tap(*CUP).mask()
    with app.page.expect_worker():  # the next one
        app.page.evaluate("new BroadcastChannel('end').postMessage('now')")
    app.shows("coffee")
    expect(app.markers).to_have_count(1)
    app["undo"].click()
    assert np.array_equal(app.tap(*CUP).mask(), before)
