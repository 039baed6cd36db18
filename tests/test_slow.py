"""scripts/slow.py: every slow test exists, and a change calls for the right groups."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import slow

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize("test", [test for group in slow.GROUPS.values() for test in group.tests])
def test_slow_tests_exist(test: str) -> None:
    path, _, name = test.partition("::")
    text = (ROOT / path).read_text(encoding="utf-8")
    assert not name or re.search(rf"^def {name}\(", text, re.M)


def test_parameters_do_not_count_and_names_do_not_run_together() -> None:
    group = slow.Group("", ("tests/a.py::test_one", "tests/b.py"), ())
    assert group.has("tests/a.py::test_one[desktop]")
    assert group.has("tests/b.py::test_any")
    assert not group.has("tests/a.py::test_one_more")
    assert not group.has("tests/b.pyc::test_any")


@pytest.mark.parametrize(
    ("paths", "groups"),
    [
        ([], set()),
        (["README.md", "docs/hosting.md"], set()),
        (["web/hosting/nginx.conf"], {"nginx"}),
        (["tests/e2e/test_nginx.py"], {"nginx"}),
        (["web/src/ui/App.tsx"], {"photos"}),
        (["web/src/engine/queue.ts"], {"photos", "package", "webgpu", "bench", "session"}),
        (["export/models/mobile_sam.py"], {"bench", "distributed", "graphs", "official", "pipeline"}),
        (["constraints.txt"], set(slow.GROUPS)),
    ],
)
def test_a_change_calls_for_the_groups_that_it_touches(paths: list[str], groups: set[str]) -> None:
    assert slow.called_for(paths) == groups


def test_without_a_history_everything_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slow, "ROOT", tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert slow.changed() is None
    assert slow.chosen("changed") == set(slow.GROUPS)


def test_groups_are_chosen_by_name() -> None:
    assert slow.chosen("all") == set(slow.GROUPS)
    assert slow.chosen("none") == set()
    assert slow.chosen("nginx,photos") == {"nginx", "photos"}
    with pytest.raises(ValueError, match="no group nowhere"):
        slow.chosen("nowhere")
