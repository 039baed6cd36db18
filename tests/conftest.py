"""Slow tests: `--slow` says which of their groups run, and the summary says which did not. Failures are named as they happen."""

from __future__ import annotations

from collections import Counter

import pytest
import slow

LEFT_OUT = "slow_tests_left_out"


def pytest_addoption(parser: pytest.Parser) -> None:
    groups = ", ".join(slow.GROUPS)
    parser.addoption("--slow", default="all", help=f"all, none, changed, or some of {groups} (default: all)")


def pytest_configure(config: pytest.Config) -> None:
    try:
        config.stash[RUN] = slow.chosen(config.getoption("--slow"))
    except ValueError as error:
        raise pytest.UsageError(str(error)) from error
    config.pluginmanager.register(EarlyNames(config))


class EarlyNames:
    """Names a test as soon as it has failed: a run that is ended from outside has no summary."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        printer = self.config.pluginmanager.get_plugin("terminalreporter")
        if report.failed and printer:
            printer.write_line(f"\nFAILED {report.nodeid} ({report.when})")


RUN = pytest.StashKey[set[str]]()
COUNTS = pytest.StashKey[Counter[str]]()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark the slow tests, and leave out the groups that are not asked for."""
    kept, left_out, counts = [], [], Counter[str]()
    for item in items:
        name = next((name for name, group in slow.GROUPS.items() if group.has(item.nodeid)), None)
        if name:
            item.add_marker(pytest.mark.slow)
        if name and name not in config.stash[RUN]:
            left_out.append(item)
            counts[name] += 1
        else:
            kept.append(item)
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = kept
    config.stash[COUNTS] = counts


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker of pytest-xdist tells the process that prints the summary."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output[LEFT_OUT] = dict(session.config.stash.get(COUNTS, {}))


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: object) -> None:
    """Every worker has collected all tests: one of them is enough."""
    config, output = node.config, getattr(node, "workeroutput", {})  # type: ignore[attr-defined]
    config.stash[COUNTS] = Counter(output.get(LEFT_OUT, {}))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    counts = config.stash.get(COUNTS, Counter())
    if counts:
        each = ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))
        terminalreporter.write_line(
            f"{counts.total()} slow tests were left out ({each}). "
            f"Run them with `make test-all` or `pytest --slow={min(counts)}`."
        )
