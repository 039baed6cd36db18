"""The slow tests, in groups: what each group is about, which tests are in it, and which changes call for it.

`make test` leaves them out, `make test-all` runs all of them, and `.ci/run` runs the groups that the changes since the
merge base (or, on the main branch, the last commit) touch.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
EVERYTHING = ("pyproject.toml", "constraints.txt", "package-lock.json", "scripts/slow.py", ".ci/*")


@dataclass(frozen=True)
class Group:
    """`tests` are node ids or their beginnings; `paths` are patterns in which `*` also matches slashes."""

    title: str
    tests: tuple[str, ...]
    paths: tuple[str, ...]

    def has(self, node: str) -> bool:
        """Whether a test is in this group; its parameters do not count."""
        name = node.partition("[")[0]
        return any(name == test or name.startswith(f"{test}::") for test in self.tests)

    def concerns(self, path: str) -> bool:
        """Whether a change of this file, relative to the root, calls for this group."""
        own = {test.partition("::")[0] for test in self.tests}
        return path in own or any(fnmatchcase(path, pattern) for pattern in (*self.paths, *EVERYTHING))


GROUPS = {
    "photos": Group(
        "photos of 48 and 108 megapixels",
        (
            "tests/e2e/test_photos.py::test_48_megapixels_keep_their_resolution",
            "tests/e2e/test_input.py::test_108_megapixels_are_opened_and_saved",
            "tests/e2e/test_tools.py::test_a_huge_photo_is_painted_and_saved_at_its_own_resolution",
            "tests/e2e/test_output.py::test_a_zip_can_be_cancelled",
        ),
        ("web/src/*", "vite.config.ts"),
    ),
    "power": Group(
        "a browser that is killed while it saves",
        ("tests/e2e/test_power_cut.py",),
        ("web/src/features/library/*", "web/src/document/*"),
    ),
    "session": Group(
        "a hundred photos and a thousand taps in bounded memory",
        ("tests/e2e/test_long_session.py",),
        ("web/src/engine/*", "web/src/state/*", "web/src/document/*", "web/src/features/library/*"),
    ),
    "nginx": Group(
        "the shipped configuration in a real nginx",
        ("tests/e2e/test_nginx.py",),
        ("web/hosting/*", "web/public/_headers", "server.py", "listening.py", "vite.config.ts", "web/compress.mjs"),
    ),
    "package": Group(
        "the packed npm package and its consumers",
        ("tests/e2e/test_package.py",),
        ("web/package/*", "web/src/engine/*", "contract/*", "examples/engine/*", "package.json"),
    ),
    "distributed": Group(
        "training and measuring in two processes",
        (
            "tests/export/test_distributed_training.py",
            "tests/export/test_evaluate.py::test_two_processes_give_the_figures_of_one",
        ),
        ("export/training/*", "export/data/*", "export/models/*", "export/evaluation/*"),
    ),
    "webgpu": Group(
        "a GPU that is emulated in software",
        (
            "tests/e2e/test_providers.py::test_webgpu_agrees_with_wasm",
            "tests/e2e/test_memory.py::test_embedding_stored_by_webgpu_is_restored_to_webgpu",
        ),
        ("web/src/engine/*", "web/src/features/library/*", "export/onnx/*", "web/public/models/*", "package.json"),
    ),
    "truth": Group(
        "masks in the page held against objects that were outlined by hand",
        (
            "tests/e2e/test_refine.py::test_default_post_processing_is_nearer_to_the_truth",
            "tests/e2e/test_tools.py::test_a_lasso_around_an_object_selects_it",
        ),
        ("web/src/postprocess/*", "web/src/document/curves.ts", "web/src/engine/core/*", "web/public/models/*"),
    ),
    "bench": Group(
        "the bench in a browser, and its graphs of the full MobileSAM",
        (
            "tests/test_bench.py::test_browser_that_does_not_start_prints_one_line",
            "tests/test_bench.py::test_a_quick_run_measures_the_default_model_in_a_browser",
            "tests/test_bench.py::test_the_stock_decoder_answers_as_segment_anything_at_any_photo_size",
            "tests/test_bench.py::test_the_plain_encoder_takes_normalised_floats",
            "tests/test_growth.py::test_a_row_is_measured_in_the_built_page",
        ),
        ("bench/*", "web/bench/*", "web/src/engine/*", "export/onnx/*", "export/models/*"),
    ),
    "official": Group(
        "exports of the full MobileSAM and SAM ViT-B, and MobileSAM in the page",
        (
            "tests/e2e/test_official_model.py",
            "tests/export/test_official_graphs.py",
            "tests/test_mobile_sam.py::test_it_exports_like_any_promptable_model",
            "tests/test_mobile_sam.py::test_its_export_answers_as_the_official_model",
            "tests/test_sam.py::test_it_exports_like_any_promptable_model",
            "tests/test_official_chain.py::test_weights_of_one_s_own_become_a_model_of_the_page",
        ),
        ("export/models/*", "export/onnx/*", "export/publish/*", "scripts/official.py", "web/public/models/*"),
    ),
    "graphs": Group(
        "whole encoders and pairs exported and run beside PyTorch",
        (
            "tests/export/test_graphs.py::test_an_unpadded_encoder_is_the_padded_one_for_a_square_and_takes_any_shape",
            "tests/export/test_graphs.py::test_equal_tables_are_stored_once",
            "tests/export/test_graphs.py::test_decoder_has_no_shape_arithmetic",
            "tests/export/test_graphs.py::test_a_pair_answers_many_prompts_at_once_as_pytorch_does",
            "tests/export/test_evaluate.py::test_exported_pair_scores_like_its_checkpoint",
            "tests/export/test_publish.py::test_onnx_answers_as_pytorch_for_any_aspect_ratio",
            "tests/export/test_examples.py::test_export_your_own_writes_three_verified_pairs",
            "tests/test_mobile_sam.py::test_it_answers_as_the_official_model",
        ),
        ("export/onnx/*", "export/models/*", "export/publish/*", "export/evaluation/*", "examples/*"),
    ),
    "pipeline": Group(
        "scripts/pipeline.py, from photos to a manifest",
        ("tests/test_pipeline.py",),
        ("export/*", "scripts/pipeline.py"),
    ),
}


def changed() -> list[str] | None:
    """Files that differ from the merge base with the main branch, or on it from the last commit; None: nobody knows."""
    try:
        head = _git("rev-parse", "HEAD")
        base = _first(("merge-base", "HEAD", "origin/main"), ("merge-base", "HEAD", "main"))
        if base in (None, head):
            base = _git("rev-parse", "HEAD~1")
        committed = _git("diff", "--name-only", str(base))
        added = _git("ls-files", "--others", "--exclude-standard")
    except (OSError, subprocess.CalledProcessError):
        return None
    return [*committed.split("\n"), *added.split("\n")] if committed or added else []


def called_for(paths: Iterable[str] | None) -> set[str]:
    """The names of the groups that a change of these files calls for: all of them where nobody knows what changed."""
    if paths is None:
        return set(GROUPS)
    given = list(paths)
    return {name for name, group in GROUPS.items() if any(group.concerns(path) for path in given)}


def chosen(word: str) -> set[str]:
    """The groups that `all`, `none`, `changed` or a list of names, with commas, means. @raises ValueError: no such group."""
    if word == "changed":
        return called_for(changed())
    names = set(GROUPS) if word == "all" else set(filter(None, word.split(","))) - {"none"}
    if unknown := names - set(GROUPS):
        raise ValueError(
            f"There is no group {', '.join(sorted(unknown))} of slow tests; there are {', '.join(GROUPS)}."
        )
    return names


def _git(*words: str) -> str:
    done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def _first(*commands: tuple[str, ...]) -> str | None:
    for words in commands:
        try:
            return _git(*words)
        except subprocess.CalledProcessError:
            continue
    return None
