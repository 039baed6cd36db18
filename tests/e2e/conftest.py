"""A browser, the served app, and contexts whose pages fail the test when they complain."""

from __future__ import annotations

import functools
import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Playwright, expect, sync_playwright

from tests.e2e.app import PATIENCE, App
from tests.e2e.complaints import Complaints
from tests.e2e.expected import Expected
from tests.e2e.models import DISCS, Model
from tests.e2e.serving import DIST, Site, serve
from tests.e2e.truth import ROOT

RESULTS = ROOT / "test-results" / "e2e"
FLAGS = [
    "--no-sandbox",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    # Chromium guesses it from how fast answers come, and takes a busy machine for a slow line: there the page does with less.
    "--force-effective-connection-type=4G",
]
SOFTWARE_GPU = ["--enable-unsafe-webgpu", "--enable-features=Vulkan", "--use-webgpu-adapter=swiftshader"]
PROFILES: dict[str, dict[str, Any]] = {
    "desktop": {"viewport": {"width": 1280, "height": 800}},
    "phone": {
        "viewport": {"width": 390, "height": 844},
        "device_scale_factor": 3,
        "is_mobile": True,
        "has_touch": True,
    },
}

expect.set_options(timeout=30_000)  # several browsers at once on a busy machine

FAILED = pytest.StashKey[bool]()


@pytest.fixture(scope="session")
def site() -> Iterator[Site]:
    if not (DIST / "index.html").is_file():
        pytest.fail("web/dist is not built; run `npm run build` first, as `make test` does.")
    site = serve()
    yield site
    site.stop()


@pytest.fixture
def own_site() -> Iterator[Site]:
    """Another origin, where nothing is stored yet. The test may stop it."""
    site = serve()
    yield site
    site.stop()


@pytest.fixture
def model(request: pytest.FixtureRequest) -> Model:
    """The model that `visit` opens pages with: the discs, or the one of the nearest `real_model` mark."""
    mark = request.node.get_closest_marker("real_model")
    chosen: Model = mark.args[0] if mark else DISCS
    return chosen


opened = functools.cache(Expected)


@pytest.fixture
def expected(site: Site, model: Model) -> Expected:
    """The Python side of the same model."""
    return opened(model)


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as playwright:
        yield playwright


def launch(playwright: Playwright, *flags: str) -> Browser:
    """Chromium: the one that is named, the machine's own, or Playwright's."""
    path = os.environ.get("TAPMASK_CHROMIUM") or shutil.which("chromium")
    return playwright.chromium.launch(executable_path=path, args=[*FLAGS, *flags])


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    browser = launch(playwright)
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def gpu_browser(playwright: Playwright) -> Iterator[Browser]:
    """Chromium with a GPU that is emulated in software, where it has one."""
    browser = launch(playwright, *SOFTWARE_GPU)
    yield browser
    browser.close()


class Contexts:
    """Contexts that tests take turns in: the page's scripts and the compiled runtime stay cached, nothing else stays.

    Each new context would fetch and compile them again, which takes longer than most tests.
    """

    # What a site keeps; the cache of HTTP is not among it.
    KEPT = "cookies,local_storage,indexeddb,cache_storage,file_systems,service_workers"

    def __init__(self, browser: Browser) -> None:
        self.browser = browser
        self.idle: dict[str, list[BrowserContext]] = {}
        self.complaints: dict[BrowserContext, Complaints] = {}

    def take(self, profile: str) -> tuple[BrowserContext, Complaints]:
        """One that nobody uses now, without anything that an earlier test stored."""
        if idle := self.idle.get(profile):
            context = idle.pop()
        else:
            context = new_context(self.browser, PROFILES[profile])
            self.complaints[context] = Complaints(context)
        self.complaints[context].forget()
        return context, self.complaints[context]

    def give_back(self, profile: str, context: BrowserContext, origin: str) -> None:
        """Close its pages and delete what they stored for `origin`, the only one that they were at."""
        context.unroute_all()
        context.set_offline(False)
        context.clear_permissions()
        blank = context.new_page()
        for page in context.pages:
            if page is not blank:
                page.close()
        session = context.new_cdp_session(blank)
        session.send("Storage.clearDataForOrigin", {"origin": origin, "storageTypes": self.KEPT})
        blank.close()
        self.idle.setdefault(profile, []).append(context)


def new_context(browser: Browser, options: dict[str, Any]) -> BrowserContext:
    """Service workers hide requests from tests: only some of these allow them."""
    context = browser.new_context(**{"reduced_motion": "reduce", "service_workers": "block", **options})
    context.set_default_timeout(PATIENCE)
    return context


class Visits:
    """Opens the app as somebody who was never there. At the end, none of the pages may have complained."""

    def __init__(self, browser: Browser, site: Site, model: Model = DISCS, contexts: Contexts | None = None) -> None:
        """Without `contexts` each visit has a fresh one."""
        self.browser, self.site, self.model, self.contexts = browser, site, model, contexts
        self.apps: list[App] = []
        self.borrowed: list[tuple[str, BrowserContext]] = []

    def __call__(self, profile: str = "desktop", url: str | None = None, **options: Any) -> App:
        """An app that is not loaded yet, alone in its context."""
        if self.contexts and url is None and not options:
            context, complaints = self.contexts.take(profile)
            self.borrowed.append((profile, context))
        else:
            context = new_context(self.browser, {**PROFILES[profile], **options})
            complaints = Complaints(context)
        self.apps.append(App(context.new_page(), url or self.site.url, complaints, self.model.query))
        return self.apps[-1]

    def end(self, failed: bool = False) -> None:
        """@param failed: the contexts may be in any state, nobody is to use them again."""
        borrowed = {context for _, context in self.borrowed}
        for app in self.apps:
            if failed or app.page.context not in borrowed:
                app.page.context.close()
        for profile, context in () if failed else self.borrowed:
            assert self.contexts
            self.contexts.give_back(profile, context, self.site.url.rstrip("/"))
        assert [text for app in self.apps for text in app.complaints.unexpected()] == []


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Remember how the test went, for the fixtures that clean up after it."""
    report = yield
    if report.when == "call":
        item.stash[FAILED] = report.failed
    return report


@pytest.fixture(scope="session")
def contexts(browser: Browser) -> Contexts:
    """Closed with the browser."""
    return Contexts(browser)


@pytest.fixture
def visit(
    browser: Browser, site: Site, model: Model, contexts: Contexts, request: pytest.FixtureRequest
) -> Iterator[Visits]:
    """Opens pages; those of a test that fails are photographed."""
    visits = Visits(browser, site, model, contexts)
    yield visits
    failed = request.node.stash.get(FAILED, False)
    if failed:
        for number, app in enumerate(visits.apps):
            app.page.screenshot(path=RESULTS / f"failed-{request.node.name}-{number}.png")
    visits.end(failed)


@pytest.fixture
def app(visit: Visits) -> App:
    """The desktop page, not loaded yet."""
    return visit()


class Loaded:
    """Pages that are loaded once for a module: for tests that leave nothing behind but photos and what was said about them.

    Loading a page takes three times as long as choosing a photo and tapping it.
    """

    def __init__(self, browser: Browser, site: Site, contexts: Contexts) -> None:
        self.browser, self.site, self.contexts = browser, site, contexts
        self.visits: dict[str, Visits] = {}

    def start(self, profile: str) -> App:
        """The start view of the discs' page, with the model running."""
        if profile not in self.visits:
            self.visits[profile] = Visits(self.browser, self.site, DISCS, self.contexts)
            return self.visits[profile](profile).open().is_ready()
        return self.visits[profile].apps[0]

    def leave(self, profile: str, test: str, failed: bool) -> None:
        """Make room for the next test; after a failure with a page of its own."""
        visits = self.visits[profile]
        app = visits.apps[0]
        if failed:
            app.page.screenshot(path=RESULTS / f"failed-{test}-0.png")
            del self.visits[profile]
            visits.end(failed)
        else:
            assert app.forget_photos().complaints.unexpected() == []


@pytest.fixture(scope="module")
def loaded(browser: Browser, site: Site, contexts: Contexts) -> Iterator[Loaded]:
    loaded = Loaded(browser, site, contexts)
    yield loaded
    for visits in loaded.visits.values():
        visits.end()


def start_of(profile: str) -> Any:
    """A fixture: a page that other tests have used and will use; see Loaded."""

    @pytest.fixture
    def start(loaded: Loaded, request: pytest.FixtureRequest) -> Iterator[App]:
        yield loaded.start(profile)
        loaded.leave(profile, request.node.name, request.node.stash.get(FAILED, False))

    return start


start = start_of("desktop")
phone_start = start_of("phone")
