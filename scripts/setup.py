"""Set up what Tapmask needs, each part once: the virtual environment, the npm packages, the built app.

    scripts/python.sh scripts/setup.py [--extra NAME]...

Every part leaves a stamp with the hash of what it was made from; while that stays the same, the part is not made again.
Runs on the bare Python of the machine, so: standard library only.
"""

from __future__ import annotations

import argparse
import errno
import hashlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
VENV_PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
EXTRAS_FOR_TESTS = ("export", "test")
PORT_TROUBLE = {errno.EADDRINUSE: "taken", errno.EACCES: "for the administrator only"}


def say(text: str) -> None:
    """One line of progress, in order with the output of the programs that run in between."""
    print(f"==> {text}", flush=True)


def run(*command: str | Path) -> None:
    """Run a program in the root of the project, or end with its name and status."""
    try:
        subprocess.run([str(part) for part in command], cwd=ROOT, check=True)
    except subprocess.CalledProcessError as error:
        sys.exit(f"This failed, with status {error.returncode}: {' '.join(map(str, command))}")


def digest(parts: Iterable[str | Path]) -> str:
    """A hash over words, and over the names and contents of files."""
    whole = hashlib.sha256()
    for part in parts:
        if isinstance(part, Path):
            whole.update(f"{part.relative_to(ROOT).as_posix()}\0".encode())
            whole.update(hashlib.sha256(part.read_bytes()).digest())
        else:
            whole.update(f"{part}\0".encode())
    return whole.hexdigest()


def is_current(stamp: Path, made_from: str) -> bool:
    """Whether the part that `stamp` belongs to was made from just this."""
    return stamp.is_file() and stamp.read_text(encoding="utf-8") == made_from


def check_node() -> str:
    """The version of Node, or the end of the program with one line that says what is wrong with it."""
    wanted = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))["engines"]["node"].removeprefix(">=")
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        sys.exit(f"Tapmask needs Node {wanted} or newer with npm; found no {'npm' if node else 'node'} on the PATH.")
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout.strip()
    if numbers(version) < numbers(wanted):
        sys.exit(f"Tapmask needs Node {wanted} or newer; found {version or 'one that does not run'}: {node}")
    return version


def numbers(version: str) -> list[int]:
    """`v20.19.1` as [20, 19, 1]."""
    return [int(number) for number in re.findall(r"\d+", version)]


def check_port(host: str, port: int) -> None:
    """End the program with one line if the port cannot be had: better now than after the build."""
    try:
        socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET).close()
    except OSError as error:
        if error.errno in PORT_TROUBLE:
            sys.exit(f"Port {port} is {PORT_TROUBLE[error.errno]}; choose another (make demo PORT=0 takes a free one).")
        sys.exit(f"Cannot listen on {host}: {error.strerror}.")


def python_packages(extras: Sequence[str] = ()) -> None:
    """A virtual environment with the project, its base dependencies and those of `extras`, at the pinned versions."""
    made_from = digest([str(ROOT), sys.version, ROOT / "pyproject.toml", ROOT / "constraints.txt"])
    # Nothing is ever taken out again: tests can be followed by the demo and the demo by tests.
    stamps = {extra: VENV / f".tapmask-{extra}" for extra in ("base", *extras)}
    if VENV_PYTHON.exists() and all(is_current(stamp, made_from) for stamp in stamps.values()):
        return
    say(f"Python packages in {VENV.name} ({', '.join(stamps)})")
    if not VENV_PYTHON.exists():
        create_venv()
    project = f".[{','.join(extras)}]" if extras else "."
    options = ["--disable-pip-version-check", "--constraint", "constraints.txt"]
    run(VENV_PYTHON, "-m", "pip", "install", *([] if extras else ["--quiet"]), *options, "--editable", project)
    for stamp in stamps.values():
        stamp.write_text(made_from, encoding="utf-8")


def create_venv() -> None:
    """A new virtual environment, or the end of the program with a line that says what is missing."""
    made = subprocess.run([sys.executable, "-m", "venv", "--clear", VENV], capture_output=True, text=True, check=False)
    if made.returncode:
        shutil.rmtree(VENV, ignore_errors=True)
        reason = (made.stderr or made.stdout).strip().splitlines()[-1:] or ["no reason given"]
        sys.exit(
            f"{sys.executable} cannot make a virtual environment; on Debian and Ubuntu: apt install python3-venv"
            f" ({reason[0]})"
        )


def npm_packages(node: str) -> None:
    """`npm ci`, which empties node_modules first and so takes the stamp of an earlier one away."""
    stamp = ROOT / "node_modules" / ".tapmask"
    made_from = digest([node, ROOT / "package.json", ROOT / "package-lock.json"])
    if is_current(stamp, made_from):
        return
    say("npm packages")
    run(npm(), "ci", "--no-audit", "--no-fund")
    stamp.write_text(made_from, encoding="utf-8")


def web_build(node: str) -> None:
    """`npm run build`; the stamp lies in web/dist, which Vite empties."""
    stamp = ROOT / "web" / "dist" / ".tapmask"
    made_from = digest([node, *web_sources()])
    if is_current(stamp, made_from):
        return
    say("web/dist")
    run(npm(), "run", "build")
    stamp.write_text(made_from, encoding="utf-8")


def web_sources() -> list[Path]:
    """All that the build reads: the folder web/, less its output, and the settings in the root."""
    built = {ROOT / "web" / name for name in ("dist", "dev-dist", "package/dist", "node_modules")}
    inside = [path for path in (ROOT / "web").rglob("*") if path.is_file() and built.isdisjoint(path.parents)]
    settings = [*ROOT.glob("*.json"), *ROOT.glob("*.config.*"), ROOT / "contract" / "manifest.schema.json"]
    return sorted(path for path in (*inside, *settings) if path.is_file())


def npm() -> str:
    """npm by its full path: on Windows it is a .cmd file, which is not found otherwise."""
    return shutil.which("npm") or "npm"


def prepare(extras: Sequence[str] = ()) -> None:
    """Everything between a fresh clone and a page that can be served."""
    node = check_node()
    python_packages(extras)
    npm_packages(node)
    web_build(node)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Set up the virtual environment, the npm packages and the built app.")
    parser.add_argument("--extra", action="append", default=[], choices=EXTRAS_FOR_TESTS, help="more Python packages")
    prepare(parser.parse_args().extra)
