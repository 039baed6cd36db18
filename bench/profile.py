"""`profile`: which operators the time goes to, by onnxruntime-web's own profiler → the tables in docs/profile.md.

The graphs run in Node, in the WASM build that the page loads: the profiler prints what it saw, and a page could not read it.
"""

import json
import re
import subprocess
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from bench.site import MOBILE_SAM, ROOT, node_path
from export.cli.steps import command
from export.errors import ExportError
from export.files import write_whole
from export.publish import manifest as contract
from export.publish.publish import MODELS

DOCS = Path("docs/profile.md")
PHOTO = (1024, 683)  # 3:2, as it reaches the encoder
THREADS = (1, 2)
SHOWN = 8  # operators a table; the others are its last row
BEGIN, END = "<!-- tables: make profile -->", "<!-- end of the tables -->"


@dataclass(frozen=True)
class Operator:
    """All nodes of one kind in a graph: how many, and their milliseconds in one run."""

    count: int
    ms: float


Profile = Mapping[str, Operator]


@command("profile")
@click.option(
    "--encoder", type=click.Path(exists=True, path_type=Path), help="Profile this graph alone, and only print."
)
@click.option(
    "--runs", type=click.IntRange(1), default=5, show_default=True, help="Of each graph; the least time counts."
)
@click.option("--threads", type=click.IntRange(1), multiple=True, default=THREADS, show_default=True)
@click.option(
    "--out", type=click.Path(path_type=Path), default=DOCS, show_default=True, help="Whose tables are renewed."
)
def profile_command(encoder: Path | None, runs: int, threads: tuple[int, ...], out: Path) -> None:
    """Say which operators the time of the published encoders and of a tap goes to, in WASM."""
    graphs = {str(encoder): encoder} if encoder else published()
    tables = []
    for title, file in graphs.items():
        click.echo(f"Profiling {title}.")
        tables.append(table(title, {count: measure(file, count, runs) for count in threads}))
    text = "\n".join(tables)
    click.echo(text)
    if not encoder:
        write_whole(out, renewed(out.read_text(), text).encode())


def published() -> dict[str, Path]:
    """The graphs of the table, by title: both encoders and a tap."""
    folder = ROOT / MODELS
    manifest = contract.read(folder / "manifest.json")
    default, variant = contract.find_variant(manifest, None, None)
    official, of_official = contract.find_variant(manifest, MOBILE_SAM, None)
    ours = contract.run_in_wasm(default["variants"][variant])
    files = {
        f"{default['title']}: encoder": ours["encoder"],
        f"{official['title']}: encoder": contract.run_in_wasm(official["variants"][of_official])["encoder"],
        f"{default['title']}: a tap": ours["decoder"],
    }
    return {title: folder / part["file"] for title, part in files.items()}


def measure(file: Path, threads: int, runs: int) -> Profile:
    """Run a graph and sum up its nodes by kind."""
    arguments = [str(ROOT / "bench" / "profile.mjs"), *map(str, (threads, runs, *PHOTO))]
    with file.open("rb") as graph:
        done = subprocess.run([node_path(), *arguments], stdin=graph, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ExportError(f"{file} could not be profiled:\n{done.stderr[-2000:]}")
    return by_operator(events(done.stdout))


def events(printed: str) -> list[Mapping[str, Any]]:
    """The profiler's events, one a line; what Node or a thread printed between them is left out."""
    lines = (line.rstrip(",") for line in printed.splitlines() if line.startswith('{"cat"'))
    return [json.loads(line) for line in lines]


def by_operator(events: Iterable[Mapping[str, Any]]) -> dict[str, Operator]:
    """The profiler's events → operators, the slowest first. Of each node the least time counts: a busy machine only adds to it."""
    least: dict[tuple[str, str], float] = {}
    for event in events:
        if event["cat"] == "Node" and event["name"].endswith("_kernel_time"):
            node = (event["args"]["op_name"], f"{event['args']['node_index']} {event['name']}")
            least[node] = min(least.get(node, float("inf")), event["dur"] / 1000)
    found: dict[str, list[float]] = defaultdict(list)
    for (kind, _), ms in least.items():
        found[kind].append(ms)
    operators = {kind: Operator(len(times), sum(times)) for kind, times in found.items()}
    return dict(sorted(operators.items(), key=lambda item: -item[1].ms))


def table(title: str, profiles: Mapping[int, Profile]) -> str:
    """A Markdown table: an operator a row, in the order of the first profile; milliseconds and share by number of threads."""
    first = next(iter(profiles.values()))
    totals = {threads: sum(it.ms for it in profile.values()) for threads, profile in profiles.items()}
    heads = [f"{threads} thread{'s' if threads > 1 else ''}" for threads in profiles]
    lines = [f"### {title}", "", "| operator | nodes | " + " | ".join(heads) + " |", "|---|---|" + "---|" * len(heads)]

    def row(name: str, kinds: Iterable[str]) -> str:
        kinds = list(kinds)
        cells = []
        for threads, profile in profiles.items():
            ms = sum(profile[kind].ms for kind in kinds if kind in profile)
            cells.append(f"{ms:.1f} ms, {ms / totals[threads]:.1%}")
        return f"| {name} | {sum(first[kind].count for kind in kinds)} | " + " | ".join(cells) + " |"

    kinds = list(first)
    lines += [row(kind, [kind]) for kind in kinds[:SHOWN]]
    if kinds[SHOWN:]:
        lines.append(row(f"{len(kinds[SHOWN:])} others", kinds[SHOWN:]))
    return "\n".join([*lines, row("all", kinds), ""])


def renewed(text: str, tables: str) -> str:
    """The document with other tables between its two marks."""
    parts = re.split(f"{re.escape(BEGIN)}.*{re.escape(END)}", text, flags=re.DOTALL)
    if len(parts) != 2:
        raise ExportError(f"The document has no place for the tables: put {BEGIN} and {END} into it, once.")
    return f"{parts[0]}{BEGIN}\n\n{tables}\n{END}{parts[1]}"
