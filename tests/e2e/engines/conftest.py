"""A window of the engine that a test class names, and pages in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from urllib3.exceptions import HTTPError

from tests.e2e.conftest import FAILED, RESULTS
from tests.e2e.engines.page import Page
from tests.e2e.engines.window import Window
from tests.e2e.expected import Expected, PhotoAnswers
from tests.e2e.serving import Site
from tests.e2e.truth import SAMPLES

COFFEE = SAMPLES / "coffee.jpg"

pytest.register_assert_rewrite("tests.e2e.engines.main_path")


@pytest.fixture(scope="class")
def window(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Window]:
    """One browser for all tests of a class: starting it takes long."""
    engine = request.cls.engine
    program = engine.program()
    if program is None:
        pytest.skip(f"There is no {engine.needs}.")
    window = engine(program, tmp_path_factory.mktemp(engine.name))
    window.resize(1280, 800)
    yield window
    window.close()


@pytest.fixture(scope="class")
def open_page(window: Window, site: Site) -> Page:
    """A page that has the discs, for tests that open a photo of their own in it."""
    return Page(window, site.url).open().is_ready()


def marked(photo: Path, copy: Path) -> Path:
    """A copy of a JPEG with its new name in a comment: the page shows a file that it knows already as it was left."""
    start, rest, comment = photo.read_bytes()[:2], photo.read_bytes()[2:], copy.name.encode()
    copy.write_bytes(start + b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment + rest)
    return copy


@pytest.fixture
def coffee(open_page: Page, tmp_path: Path, request: pytest.FixtureRequest) -> Page:
    """The photo, under a name of its own."""
    return open_page.choose_file(marked(COFFEE, tmp_path / f"{request.node.originalname}.jpg"))


@pytest.fixture
def answers(expected: Expected) -> PhotoAnswers:
    """What the Python side says about it."""
    return expected.read(COFFEE)


@pytest.fixture
def allowed_errors() -> list[str]:
    """A test adds parts of what may be in the console."""
    return []


@pytest.fixture(autouse=True)
def calm(request: pytest.FixtureRequest, window: Window, allowed_errors: list[str]) -> Iterator[None]:
    """Photographs a page whose test fails, and looks for errors after the others."""
    yield
    if request.node.stash.get(FAILED, False):
        try:
            window.photograph(RESULTS / f"failed-{window.name}-{request.node.name}.png")
        except HTTPError:
            window.close()  # it answers nothing any more: the tests that follow fail at once, instead of waiting too
            raise
    errors = window.errors()
    assert [text for text in errors if not any(part in text for part in allowed_errors)] == []
