"""Names of files: as the page makes them (tests/golden/names.json), and results that never take each other's place."""

import json
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from export.evaluation.results import Results
from export.names import distinct, file_name, kept_name

GOLDEN = json.loads((Path(__file__).resolve().parents[1] / "golden" / "names.json").read_text())


@pytest.mark.parametrize(("name", "expected"), GOLDEN["file_name"])
def test_a_name_becomes_the_same_file_name_as_in_the_page(name, expected):
    assert file_name(name) == expected


@pytest.mark.parametrize(("names", "expected"), GOLDEN["distinct"])
def test_names_that_occur_again_are_numbered_as_in_the_page(names, expected):
    assert distinct(names) == expected


def test_a_long_name_is_cut_at_a_whole_letter():
    long = file_name("क्षि" * 60)
    assert len(long.encode()) <= 120
    assert long == "क्षि" * (len(long) // 4)


@pytest.mark.parametrize(
    "name",
    [
        "IMG_0001.JPG",
        "scene.jpg",
        "a b (2).png",
        "हिन्दी.png",
        "ภูเขา ที่ 2.jpg",
        "نمی‌شود.webp",
        "Ünïcödé.jpeg",
        "v1.2.jpg",
        "🐱.png",
    ],
)
def test_what_every_system_takes_is_kept(name):
    assert kept_name(name) == unicodedata.normalize("NFC", name)
    assert kept_name(unicodedata.normalize("NFD", name)) == unicodedata.normalize("NFC", name)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("CON.jpg", "con-object.jpg"),
        ("nul", "nul-object"),
        ("aux.tar.jpg", "aux-tar.jpg"),
        ("CONIN$.jpg", "conin.jpg"),
        (f"{'a' * 120}.{'b' * 120}", "a" * 120),
        ("a:b?.jpg", "a-b.jpg"),
        ("a\\b.jpg", "a-b.jpg"),
        ("photo .jpg", "photo.jpg"),
        ("photo..jpg", "photo.jpg"),
        ("photo.", "photo"),
        (" photo.jpg", "photo.jpg"),
        ("-rf.jpg", "rf.jpg"),
        (".hidden.jpg", "hidden.jpg"),
        ("a\nb.jpg", "a-b.jpg"),
        ("a\u202egpj.exe", "a-gpj.exe"),
        ("bad\udcff.jpg", "bad.jpg"),
        ("???.jpg", "object.jpg"),
    ],
)
def test_what_some_system_refuses_is_made_safe(name, expected):
    assert kept_name(name) == expected


def test_numbers_come_before_the_ending():
    assert distinct(["a.jpg", "A.JPG", "a.png", "a-2.jpg"], {"a.png"}) == ["a.jpg", "A-2.JPG", "a-2.png", "a-2-2.jpg"]


def photo(path: Path, value: int) -> Path:
    path.parent.mkdir(exist_ok=True)
    Image.fromarray(np.full((8, 8, 3), value, np.uint8)).save(path)
    return path


def written(results: Results, path: Path, digest: str) -> str:
    name = results.name(path)
    results.write(name, np.zeros((8, 8, 3), np.uint8), {"images": [{"sha256": digest}]})
    return name


def test_results_of_several_photos_and_runs_do_not_meet(tmp_path):
    from export.files import sha256

    photos = [photo(tmp_path / folder / "cup.png", value) for folder, value in (("a", 1), ("b", 2))]
    out = tmp_path / "out"
    first = Results(out)
    assert [written(first, path, sha256(path)) for path in photos] == ["cup.png", "cup-2.png"]
    again = Results(out)
    assert [again.name(path) for path in photos] == ["cup.png", "cup-2.png"], "the same photos: their own results"
    assert Results(out).name(photo(tmp_path / "c" / "Cup.png", 3)) == "Cup-3.png"
    assert sorted(path.name for path in out.iterdir()) == [
        "cup-2.png.everything.json", "cup-2.png.everything.png", "cup.png.everything.json", "cup.png.everything.png",
    ]  # fmt: skip
