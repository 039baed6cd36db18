"""A composed pair touches, keeps its pixels, and is a sample like any other."""

import numpy as np
from click.testing import CliRunner
from PIL import Image

from export.cli.data import compose_command
from export.data.compose import touching
from export.data.drawn import write_folder
from export.data.samples import ShardDataset


def test_the_right_object_stops_where_the_left_one_ends():
    left = np.zeros((3, 6), bool)
    left[1, :4] = True
    left[2, :2] = True
    right = np.zeros((3, 5), bool)
    right[1, 2:] = True
    right[2, :] = True
    assert touching(left, right) == 2
    assert touching(left, np.array([[True], [False], [False]])) is None


def test_composed_photos_hold_two_objects_that_touch_and_do_not_overlap(tmp_path):
    out = tmp_path / "touching-000.tar"
    arguments = ["--data", str(write_folder(tmp_path / "photos", 6)), "--out", str(out), "--count", "5"]
    result = CliRunner().invoke(compose_command, arguments)
    assert result.exit_code == 0, result.output
    samples = ShardDataset([out])
    assert len(samples) == 5
    for sample in samples:
        first, second = sample.masks()
        assert not (first & second).any()
        grown = first.copy()
        grown[:, 1:] |= first[:, :-1]
        assert (grown & second).any()
    before = out.read_bytes()
    CliRunner().invoke(compose_command, arguments)
    assert out.read_bytes() == before  # the same seed gives the same test set


def test_too_few_photos_are_refused(tmp_path):
    out = tmp_path / "touching-000.tar"
    result = CliRunner().invoke(
        compose_command, ["--data", str(write_folder(tmp_path / "photos", 2)), "--out", str(out)]
    )
    assert result.exit_code == 1
    assert "2 photos are too few" in result.output
    assert not out.exists()


def test_data_without_a_whole_object_are_named(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(3):
        Image.fromarray(np.zeros((40, 40, 3), np.uint8)).save(folder / f"{number}.webp")
        Image.fromarray((np.indices((40, 40)).sum(0) % 2).astype(np.uint8)).save(folder / f"{number}.png")
    result = CliRunner().invoke(compose_command, ["--data", str(folder), "--out", str(tmp_path / "t-0.tar")])
    assert result.exit_code == 1
    assert "larger objects" in result.output
