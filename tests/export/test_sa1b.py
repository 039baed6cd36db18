"""SA-1B's own layout: run lengths, overlapping masks, and a shard beside our own shards."""

import io
import json
import tarfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from export.data import rle
from export.data.dataset import Dataset
from export.data.drawn import scene, write_folder
from export.data.parts import SampleError
from export.data.photos import Photos
from export.data.sa1b import Sa1bDataset, layered
from tests.export.conftest import run


def test_counts_are_read_as_coco_writes_them():
    """By hand: 6 is "6"; 40 = 8 + 1·32 is "X1"; from the fourth on, differences: 9 after … 6 … is 3, 4 after 9 … is −5."""
    assert rle.runs("6") == [6]
    assert rle.runs("X1") == [40]
    assert rle.runs("06;3") == [0, 6, 11, 9]
    assert rle.runs("06;3K") == [0, 6, 11, 9, 6]


def test_runs_go_down_the_columns_and_begin_with_background():
    expected = np.zeros((3, 4), bool)
    expected[1:, 1] = True
    assert np.array_equal(rle.mask([4, 2, 6], 3, 4), expected)


@settings(max_examples=60)
@given(st.lists(st.integers(1, 100_000), min_size=1, max_size=30))
def test_any_runs_survive_compressing(lengths):
    assert rle.runs(rle.compress(lengths)) == lengths


@pytest.mark.parametrize("text", ["\x10", "X", "~"])
def test_damaged_counts_are_refused(text):
    with pytest.raises(ValueError, match="counts"):
        rle.runs(text)


def test_runs_that_do_not_fill_the_photo_are_refused():
    with pytest.raises(ValueError, match="cover 7 pixels"):
        rle.mask([3, 4], 3, 4)


def test_overlapping_masks_lie_in_layers_and_none_is_lost():
    whole, part, other = np.zeros((3, 8, 8), bool)
    whole[:6], part[1:3], other[6:, :4] = True, True, True
    layers = layered([part, whole, other])
    assert len(layers) == 2
    found = [layer == number for layer in layers for number in np.unique(layer) if number]
    assert {m.tobytes() for m in found} == {m.tobytes() for m in (whole, part, other)}


def lengths_of(mask):
    flat = np.concatenate([[False], mask.T.ravel(), [not mask.T.ravel()[-1]]])
    ends = np.flatnonzero(np.diff(flat))
    return [int(n) for n in np.diff(np.concatenate([[0], ends]))]


def sa1b_shard(path, count=3):
    with tarfile.open(path, "w") as tar:
        for number in range(count):
            photo, ids = scene(number)
            masks = [ids == 1, ids == 2, ids > 0]
            annotations = [
                {"segmentation": {"size": list(m.shape), "counts": rle.compress(lengths_of(m))}, "area": int(m.sum())}
                for m in masks
            ]
            record = {"image": {"width": 160, "height": 120}, "annotations": annotations}
            buffer = io.BytesIO()
            Image.fromarray(photo).save(buffer, "jpeg", quality=95)
            for ending, content in (("jpg", buffer.getvalue()), ("json", json.dumps(record).encode())):
                info = tarfile.TarInfo(f"sa_{number}.{ending}")
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
    return path


def test_a_shard_of_sa1b_gives_samples_with_all_their_masks(tmp_path):
    samples = Sa1bDataset([sa1b_shard(tmp_path / "sa_000000.tar")])
    assert [sample.key for sample in samples] == ["sa_0", "sa_1", "sa_2"]
    sample, (_, ids) = samples[1], scene(1)
    assert sample.photo.shape == (120, 160, 3)
    assert {m.tobytes() for m in sample.masks()} == {(ids == 1).tobytes(), (ids == 2).tobytes(), (ids > 0).tobytes()}


def test_both_layouts_train_as_one_dataset(tmp_path, checkpoint):
    ours = write_folder(tmp_path / "ours", 3)
    theirs = sa1b_shard(tmp_path / "sa_000000.tar")
    both = Dataset([ours, theirs])
    assert len(both) == 6
    assert [both[i].key for i in (0, 5)] == ["scene000", "sa_2"]
    assert [both.name(i) for i in range(6)] == Photos([ours, theirs]).names
    run("finetune", "--data", theirs, "--student", checkpoint, "--target", "truth", "--out", tmp_path / "run",
        "--samples", 4, "--batch", 2, "--workers", 0)  # fmt: skip


def test_a_damaged_record_is_named(tmp_path):
    folder = tmp_path / "sa"
    folder.mkdir()
    Image.fromarray(scene(0)[0]).save(folder / "sa_7.jpg")
    (folder / "sa_7.json").write_text('{"annotations": [{"segmentation": {"size": [2, 2], "counts": "3"}}]}')
    with pytest.raises(SampleError, match=r"sa_7 of .*cover 3 pixels"):
        Dataset([folder])[0]
