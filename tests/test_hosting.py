"""web/hosting and web/public/_headers: other hosts are told to send what server.py sends, which reads `_headers` itself."""

from __future__ import annotations

import re
import tomllib
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

import server

POLICY = dict(part.split(" ", 1) for part in server.HEADERS["Content-Security-Policy"].split("; "))
ROOT = Path(__file__).resolve().parent.parent
HOSTING = ROOT / "web" / "hosting"
GUIDE = (ROOT / "docs" / "hosting.md").read_text(encoding="utf-8")
PATHS = [
    "/index.html",
    "/sw.js",
    "/manifest.webmanifest",
    "/models/manifest.json",
    "/models/tapmask-tiny-encoder.fp16.1a2b3c4d.onnx",
    "/assets/index-AbCd_12-.js",
    "/assets/ort-wasm-simd-threaded-AbCd1234.wasm",
    "/samples/cat.jpg",
]


def read_headers_file() -> dict[str, dict[str, str]]:
    """`_headers` as {pattern: {name: value}}, by the rules of Netlify and Cloudflare."""
    rules: dict[str, dict[str, str]] = {}
    for line in (ROOT / "web" / "public" / "_headers").read_text(encoding="utf-8").splitlines():
        assert len(line) <= 2000, "Cloudflare reads no longer lines"
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith("/"):
            assert line.count("*") <= 1, "Cloudflare takes one * in a path"
            headers = rules.setdefault(line.strip(), {})
        else:
            name, colon, value = line.strip().partition(": ")
            assert colon, line
            headers[name] = value
    return rules


def sent(path: str) -> dict[str, str]:
    """What a host with our `_headers` sends for a path. Where two rules match, their values would be joined."""
    found: dict[str, str] = {}
    for pattern, headers in read_headers_file().items():
        if fnmatchcase(path, pattern):
            assert not found.keys() & headers.keys(), f"two rules for {path}"
            found |= headers
    return found


@pytest.mark.parametrize("path", PATHS)
def test_netlify_and_cloudflare_send_what_our_server_sends(path: str) -> None:
    headers = sent(path)
    cached = headers.pop("Cache-Control", "no-cache")  # both hosts let everything else be asked for again
    assert headers == dict(server.HEADERS)
    assert ("immutable" in cached) == bool(server.HASHED.search(path[1:]))


def test_nginx_is_told_to_send_what_our_server_sends() -> None:
    configuration = (HOSTING / "nginx.conf").read_text(encoding="utf-8")
    told = dict(re.findall(r'add_header ([\w-]+) "(.*)" always;', configuration))
    assert told == dict(server.HEADERS)


def test_the_page_itself_carries_the_policy_for_hosts_without_headers() -> None:
    written = (ROOT / "vite.config.ts").read_text(encoding="utf-8")
    policy = "".join(
        re.findall(r'"(.*?)"', written[written.index("contentSecurityPolicy =") : written.index("const policyTag")])
    )
    tag = dict(part.split(" ", 1) for part in policy.split("; "))
    cannot = {"frame-ancestors"}  # is ignored in a tag
    implied = {name for name in POLICY if POLICY[name] == tag["default-src"]}
    expected = {name: value for name, value in POLICY.items() if name not in cannot}
    assert {name: expected[name] for name in expected if name in tag or name not in implied} == tag


def test_netlify_builds_the_folder_that_vite_writes() -> None:
    build = tomllib.loads((HOSTING / "netlify.toml").read_text(encoding="utf-8"))["build"]
    assert build["command"] == "npm run build"
    assert ROOT / build["publish"] == server.DIST


def test_github_publishes_the_folder_that_vite_writes() -> None:
    yaml = pytest.importorskip("yaml")
    workflow = yaml.safe_load((HOSTING / "github-pages.yml").read_text(encoding="utf-8"))
    steps = workflow["jobs"]["deploy"]["steps"]
    assert [step["run"] for step in steps if "run" in step] == ["npm ci", "npm run build"]
    assert [ROOT / step["with"]["path"] for step in steps if "path" in step.get("with", {})] == [server.DIST]


def test_the_guide_names_every_file() -> None:
    for file in [*HOSTING.iterdir(), ROOT / "web" / "public" / "_headers"]:
        assert f"](../{file.relative_to(ROOT).as_posix()})" in GUIDE
