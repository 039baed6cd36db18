"""What `heldout` writes is just what `train` never saw, pixel by pixel."""

import numpy as np
from click.testing import CliRunner

from export.cli.data import heldout_command
from export.data.dataset import Dataset
from export.data.drawn import write_folder
from export.data.order import split
from export.data.samples import ShardDataset


def test_the_photos_set_aside_become_a_shard(tmp_path):
    folder, out = write_folder(tmp_path / "photos", 10), tmp_path / "held-000.tar"
    result = CliRunner().invoke(heldout_command, ["--data", str(folder), "--holdout", "2", "--out", str(out)])
    assert result.exit_code == 0, result.output
    dataset = Dataset([folder])
    _, held = split([dataset.identity(i) for i in range(len(dataset))], 2, 0)
    written = ShardDataset([out])
    assert len(written) == len(held) == 2
    for index, sample in zip(held, written, strict=True):
        assert np.array_equal(sample.photo, dataset[int(index)].photo)
        assert np.array_equal(sample.layers[0], dataset[int(index)].layers[0])


def test_a_pattern_that_fits_nothing_is_named(tmp_path):
    folder = write_folder(tmp_path / "photos", 10)
    result = CliRunner().invoke(
        heldout_command, ["--data", str(folder), "--only", "cars-*", "--out", str(tmp_path / "parts-000.tar")]
    )
    assert result.exit_code == 1
    assert "cars-*" in result.output
