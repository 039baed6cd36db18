"""What the page loads before it can be used, without runtime and model, stays small: the limit is explained in CONTRIBUTING.md."""

import gzip
from html.parser import HTMLParser
from pathlib import Path

import pytest

DIST = Path(__file__).parents[1] / "web" / "dist"
LIMIT = 120_000  # bytes, gzipped; 100 kB in November 2026
LOADED = {"script": "src", "link": "href"}
AT_ONCE = {"modulepreload", "stylesheet"}


class Referred(HTMLParser):
    """Collects the scripts and style sheets that a page loads before it starts; a bundler lists static imports as modulepreload."""

    def __init__(self):
        super().__init__()
        self.files = []

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        if tag == "script" or (tag == "link" and values.get("rel") in AT_ONCE):
            self.files.append(values[LOADED[tag]])


def first_load(dist):
    """The files of the first load, and their sizes gzipped."""
    referred = Referred()
    referred.feed((dist / "index.html").read_text())
    files = ["index.html", *(file.removeprefix("./") for file in referred.files)]
    return {file: len(gzip.compress((dist / file).read_bytes(), 9)) for file in files}


def test_scripts_and_styles_are_counted_and_what_waits_is_not(tmp_path):
    page = '<link rel="icon" href="i.svg"><script type="module" src="./a.js"></script>' \
        '<link rel="modulepreload" href="./b.js"><link rel="stylesheet" href="./c.css">'  # fmt: skip
    (tmp_path / "index.html").write_text(page)
    for name in ("a.js", "b.js", "c.css"):
        (tmp_path / name).write_bytes(b"x" * 1000)
    sizes = first_load(tmp_path)
    assert list(sizes) == ["index.html", "a.js", "b.js", "c.css"]
    assert 0 < sizes["a.js"] < 1000


def test_the_first_load_is_within_its_limit():
    if not (DIST / "index.html").exists():
        pytest.skip("needs web/dist: npm run build")
    sizes = first_load(DIST)
    assert {Path(file).suffix for file in sizes} == {".html", ".js", ".css"}
    assert sum(sizes.values()) <= LIMIT, f"{sum(sizes.values())} bytes: {sizes}"
