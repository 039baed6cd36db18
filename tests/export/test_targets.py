"""Where a command is to write is checked before it works."""

import pytest

from tests.export.conftest import refuse

# Commands with all that they need, but for the place that they write to. No file is read before that is checked.
TO_FOLDERS = {
    "cache": ("--data", "photos", "--out"),
    "train": ("--data", "photos", "--out"),
    "distill": ("--data", "photos", "--teacher", "sam.pt", "--out"),
    "finetune": ("--data", "photos", "--student", "a.pt", "--out"),
    "onnx": ("student", "--checkpoint", "a.pt", "--out"),
    "plots": ("a.json", "--out"),
    "everything": ("a.png", "--checkpoint", "a.pt", "--out"),
    "evaluate": ("--data", "photos", "--checkpoint", "a.pt", "--plots"),
    "fetch": ("mobile_sam", "--to"),
}
TO_FILES = {
    "evaluate": ("--data", "photos", "--checkpoint", "a.pt", "--json"),
    "sheet": ("--data", "photos", "--checkpoint", "a.pt", "--out"),
    "calibrate": ("--data", "photos", "--checkpoint", "a.pt", "--out"),
    "heldout": ("--data", "photos", "--out"),
    "compose": ("--data", "photos", "--out"),
    "bench": ("--render", "--out"),
}


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "taken"
    path.write_text("mine")
    return path


@pytest.mark.parametrize("command", TO_FOLDERS)
def test_file_in_the_place_of_a_folder_is_refused(command, file):
    assert f"{file} is a file: name a folder." in refuse(command, *TO_FOLDERS[command], file)
    assert file.read_text() == "mine"


@pytest.mark.parametrize("command", TO_FILES)
def test_folder_in_the_place_of_a_file_is_refused(command, tmp_path):
    assert f"{tmp_path} is a folder: name a file in it." in refuse(command, *TO_FILES[command], tmp_path)


def test_path_through_a_file_is_refused(file):
    told = refuse("evaluate", *TO_FILES["evaluate"], file / "deep" / "figures.json")
    assert f"cannot be written: {file} is a file, not a folder." in told


def test_folder_without_permission_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("export.cli.paths.os.access", lambda path, mode: False)
    assert f"{tmp_path} allows no writing" in refuse("evaluate", *TO_FILES["evaluate"], tmp_path / "figures.json")
