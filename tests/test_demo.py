"""scripts/: one clear line for each thing that is missing, nothing made twice, and a sum of tests that adds up."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import run_tests

ROOT = Path(__file__).resolve().parent.parent


def script(path: Path, *lines: str) -> Path:
    """A small executable shell script."""
    path.write_text("\n".join(["#!/bin/sh", *lines, ""]), encoding="utf-8")
    path.chmod(0o755)
    return path


def gives_up(*command: str | Path, **environment: str) -> str:
    """The one line with which a program ends in failure."""
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr


def demo(*options: str, path: str = "") -> str:
    return gives_up(sys.executable, "scripts/demo.py", "--port", "0", *options, PATH=path)


def test_node_is_missing(tmp_path: Path) -> None:
    assert "found no node" in demo(path=str(tmp_path))


def test_npm_is_missing(tmp_path: Path) -> None:
    script(tmp_path / "node", "echo v24.0.0")
    assert "found no npm" in demo(path=str(tmp_path))


@pytest.mark.parametrize("version", ["v18.20.4", "v20.5.0"])
def test_node_is_too_old(tmp_path: Path, version: str) -> None:
    script(tmp_path / "node", f"echo {version}")
    script(tmp_path / "npm", "exit 1")
    assert f"found {version}" in demo(path=str(tmp_path))


def test_python_is_missing(tmp_path: Path) -> None:
    line = gives_up("/bin/sh", "scripts/python.sh", "scripts/demo.py", PATH=str(tmp_path))
    assert line == "Tapmask needs Python 3.11 or newer; found: no Python.\n"


def test_python_is_too_old(tmp_path: Path) -> None:
    script(tmp_path / "python3", '[ "$1" = --version ] && echo Python 3.9.2 || exit 1')
    line = gives_up("/bin/sh", "scripts/python.sh", "scripts/demo.py", PATH=str(tmp_path))
    assert "Python 3.11 or newer; found: Python 3.9.2" in line


def test_the_first_python_that_is_new_enough_runs(tmp_path: Path) -> None:
    script(tmp_path / "python3", "exit 1")
    (tmp_path / "python3.11").symlink_to(sys.executable)
    command = ["/bin/sh", "scripts/python.sh", "-c", "print('hello')"]
    done = subprocess.run(command, cwd=ROOT, env={"PATH": str(tmp_path)}, capture_output=True, text=True)
    assert done.stdout == "hello\n"


def test_the_port_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        line = demo("--port", port)
    assert f"Port {port} is taken" in line
    assert "PORT=" in line


@pytest.mark.parametrize("port", ["http", "65536", "-1", ""])
def test_the_port_is_not_a_port(port: str) -> None:
    assert repr(port) in demo(f"--port={port}")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project of the same form, with an npm that only notes what it is asked to do."""
    shutil.copytree(ROOT / "scripts", tmp_path / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("package.json", "package-lock.json", "web/src/main.ts", "web/public/models/manifest.json"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("{}", encoding="utf-8")
    (tmp_path / "bin").mkdir()
    script(
        tmp_path / "bin" / "npm",
        'echo "$1" >> npm.log',
        '[ "$1" = ci ] && rm -rf node_modules && mkdir node_modules',
        '[ "$1" = run ] && rm -rf web/dist && mkdir web/dist',
        "exit 0",
    )
    return tmp_path


def npm_calls(project: Path) -> list[str]:
    """What npm is asked to do when the project is set up now."""
    (project / "npm.log").write_text("", encoding="utf-8")
    code = "import setup; setup.npm_packages('v20'); setup.web_build('v20')"
    path = f"{project / 'bin'}:{os.environ['PATH']}"
    subprocess.run([sys.executable, "-c", code], cwd=project / "scripts", env={**os.environ, "PATH": path}, check=True)
    return (project / "npm.log").read_text(encoding="utf-8").split()


def test_nothing_is_made_twice(project: Path) -> None:
    assert npm_calls(project) == ["ci", "run"]
    assert npm_calls(project) == []


@pytest.mark.parametrize(
    ("changed", "calls"),
    [
        ("web/src/main.ts", ["run"]),
        ("web/src/new.ts", ["run"]),
        ("web/public/models/manifest.json", ["run"]),
        ("tsconfig.json", ["run"]),
        ("package-lock.json", ["ci", "run"]),
        ("web/dist/extra.txt", []),
        ("README.md", []),
    ],
)
def test_changed_inputs_are_rebuilt(project: Path, changed: str, calls: list[str]) -> None:
    npm_calls(project)
    (project / changed).write_text("changed", encoding="utf-8")
    assert npm_calls(project) == calls


def test_missing_outputs_are_rebuilt(project: Path) -> None:
    npm_calls(project)
    shutil.rmtree(project / "web" / "dist")
    assert npm_calls(project) == ["run"]
    shutil.rmtree(project / "node_modules")
    assert npm_calls(project) == ["ci"]


def test_a_build_that_fails_is_tried_again(project: Path) -> None:
    working = (project / "bin" / "npm").read_text(encoding="utf-8")
    script(project / "bin" / "npm", "exit 3")
    with pytest.raises(subprocess.CalledProcessError):
        npm_calls(project)
    script(project / "bin" / "npm", working)
    assert npm_calls(project) == ["ci", "run"]


# The sum at the end of `make test`


def test_vitest_and_pytest_are_counted(tmp_path: Path) -> None:
    vitest, pytest_report = tmp_path / "vitest.json", tmp_path / "pytest.xml"
    vitest.write_text('{"numPassedTests": 5, "numFailedTests": 1, "numPendingTests": 2, "numTodoTests": 1}')
    pytest_report.write_text(
        "<testsuites><testsuite><testcase/><testcase><failure/></testcase><testcase><error/></testcase>"
        "<testcase><skipped/></testcase><testcase><properties/></testcase></testsuite></testsuites>"
    )
    total = run_tests.read_vitest(vitest) + run_tests.read_junit(pytest_report)
    assert str(total) == "7 passed, 3 failed, 4 skipped"
    assert str(run_tests.Count(passed=1)) == "1 passed, 0 failed"


@pytest.mark.parametrize(
    ("status", "failures", "expected"),
    [(0, 0, "4 passed, 0 failed"), (1, 2, "4 passed, 2 failed"), (1, 0, "4 passed, 1 failed")],
)
def test_a_run_that_breaks_off_counts_as_failed(tmp_path: Path, status: int, failures: int, expected: str) -> None:
    report = tmp_path / "vitest.json"
    content = f'{{"numPassedTests": 4, "numFailedTests": {failures}, "numPendingTests": 0, "numTodoTests": 0}}'
    writer = f"import sys; open(sys.argv[1], 'w').write({content!r}); sys.exit({status})"
    count = run_tests.tests("Test", report, run_tests.read_vitest, sys.executable, "-c", writer, str(report))
    assert str(count) == expected


def test_a_report_of_an_earlier_run_is_not_counted(tmp_path: Path) -> None:
    report = tmp_path / "vitest.json"
    report.write_text('{"numPassedTests": 9, "numFailedTests": 0, "numPendingTests": 0, "numTodoTests": 0}')
    count = run_tests.tests("Test", report, run_tests.read_vitest, sys.executable, "-c", "raise SystemExit(2)")
    assert str(count) == "0 passed, 1 failed"


TESTS = """
from pathlib import Path
import pytest

def test_steady():
    pass

def test_passes_alone(tmp_path_factory):
    seen = Path(__file__).with_name("seen")
    if not seen.exists():
        seen.touch()
        pytest.fail("busy")
"""


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("", "2 passed, 0 failed"),
        ("\ndef test_never():\n    assert False\n", "2 passed, 1 failed"),
        ("\ndef test_never(): assert False\ndef test_not(): assert False\n", "1 passed, 3 failed"),
    ],
    ids=["accident", "accident and failure", "many"],
)
def test_few_failed_tests_run_once_more(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, more: str, expected: str
) -> None:
    """With many failures nothing is tried again."""
    monkeypatch.setattr(run_tests, "FEW", 2)
    (tmp_path / "test_some.py").write_text(TESTS + more, encoding="utf-8")
    pytest_here = [sys.executable, "-m", "pytest", "-c", str(tmp_path / "pytest.ini"), str(tmp_path)]
    (tmp_path / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    count = run_tests.steady_tests(tmp_path / "pytest.xml", pytest_here, [])
    assert str(count) == expected
    named = "UNSTEADY: test_some.test_passes_alone failed, and passed alone" in capfd.readouterr().out
    assert named == (expected != "1 passed, 3 failed")
