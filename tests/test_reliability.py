"""docs/reliability.md names a test for every row, and each of them is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "reliability.md"
ROWS = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("|") and "---" not in line]
NAMED = re.compile(r"`([\w./]+)::([^`]+)`")
HEADS = {"| what happens", "| the case"}


def rows() -> list[str]:
    return [row for row in ROWS if not any(row.startswith(head) for head in HEADS)]


@pytest.mark.parametrize("row", rows(), ids=lambda row: row.split("|")[1].strip()[:60])
def test_every_row_has_a_test_that_exists(row: str) -> None:
    named = NAMED.findall(row)
    assert named, "no test is named"
    for file, name in named:
        source = (ROOT / file).read_text(encoding="utf-8")
        if file.endswith(".py"):
            assert re.search(rf"^\s*def {re.escape(name)}\(", source, re.MULTILINE), f"{file} has no {name}"
        else:
            assert f'"{name}"' in source, f"{file} has no test named {name}"


def test_no_row_is_lost() -> None:
    assert len(rows()) >= 50
