"""A model's masks of small things become labels that training reads."""

import numpy as np
import pytest

from export.data.samples import ShardDataset
from export.evaluation.label import Wanted, labels
from tests.export.conftest import refuse, run

SMALL = Wanted(min_share=0.01, max_share=0.2, min_masks=1)


def square(top: int, left: int, side: int) -> np.ndarray:
    mask = np.zeros((20, 20), bool)
    mask[top : top + side, left : left + side] = True
    return mask


def test_masks_too_large_too_small_or_covered_by_an_earlier_one_are_no_labels():
    masks = [square(0, 0, 15), square(2, 2, 5), square(3, 2, 5), square(6, 6, 4), square(19, 19, 1), square(12, 12, 4)]
    ids = labels(masks, (20, 20), SMALL)
    assert ids.max() == 3
    assert np.array_equal(ids == 1, square(2, 2, 5))
    assert np.array_equal(ids == 2, square(6, 6, 4) & ~square(2, 2, 5))
    assert np.array_equal(ids == 3, square(12, 12, 4))


@pytest.fixture
def accepting() -> list[object]:
    """Thresholds that let the masks of a model pass that has hardly been trained."""
    return ["--points", 4, "--predicted-iou", -9, "--stability", 0, "--min-share", 0, "--max-share", 1]


def test_the_shard_is_read_like_any_other_and_the_same_seed_writes_the_same(tmp_path, checkpoint, scenes, accepting):
    out = tmp_path / "small-000.tar"
    command = ["label", "--checkpoint", checkpoint, "--data", scenes, "--out", out, "--limit", 3, *accepting]
    run(*command, "--min-masks", 1)
    samples = ShardDataset([out])
    assert 1 <= len(samples) <= 3
    for sample in samples:
        for mask in sample.masks():
            assert mask.any()
            assert mask.shape == sample.photo.shape[:2]
    before = out.read_bytes()
    run(*command, "--min-masks", 1)
    assert out.read_bytes() == before


def test_where_nothing_is_found_nothing_is_written(tmp_path, checkpoint, scenes):
    out = tmp_path / "small-000.tar"
    said = refuse("label", "--checkpoint", checkpoint, "--data", scenes, "--out", out, "--limit", 2, "--points", 2,
                  "--predicted-iou", 2)  # fmt: skip
    assert "--predicted-iou" in said
    assert not out.exists()
