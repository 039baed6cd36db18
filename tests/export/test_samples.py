"""Reading shards and folders, and what a bad one answers."""

import io
import tarfile

import numpy as np
import pytest
from PIL import Image

from export.data.augment import Augment
from export.data.drawn import scene, write_folder
from export.data.parts import SampleError
from export.data.samples import ShardDataset, grouped, name_of, readable


def shard(path, members: dict[str, bytes]):
    with tarfile.open(path, "w") as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return path


def encoded(pixels, ending):
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, ending, **({"lossless": True} if ending == "webp" else {}))
    return buffer.getvalue()


def test_a_folder_and_a_shard_of_the_same_files_read_alike(tmp_path):
    folder = write_folder(tmp_path / "folder", 3)
    tar = shard(tmp_path / "some-000.tar", {p.name: p.read_bytes() for p in sorted(folder.iterdir())})
    a, b = ShardDataset([folder]), ShardDataset([tar])
    assert [s.key for s in a] == [s.key for s in b] == ["scene000", "scene001", "scene002"]
    for left, right in zip(a, b, strict=True):
        assert np.array_equal(left.photo, right.photo)
        assert [m.sum() for m in left.masks()] == [m.sum() for m in right.masks()]
        assert len(list(left.masks())) == 2


def test_layers_come_in_order_and_each_id_is_a_mask(tmp_path):
    photo, ids = scene(0)
    layers = {f"a{'' if i == 0 else f'.{i}'}.png": encoded(np.full_like(ids, i + 1), "png") for i in range(11)}
    tar = shard(tmp_path / "x.tar", {"a.webp": encoded(photo, "webp"), **layers})
    sample = ShardDataset([tar])[0]
    assert [int(layer[0, 0]) for layer in sample.layers] == list(range(1, 12))


@pytest.mark.parametrize(
    ("source", "name"), [("d/duts-te-000.tar", "duts-te"), ("coco-*.tar", "coco"), ("my-photos", "my-photos")]
)
def test_a_set_is_named_after_its_shards(source, name):
    assert name_of(source) == name


def test_shards_of_one_set_are_grouped_whatever_the_pattern(tmp_path):
    for name in ("coco-000", "coco-001", "duts-te-000"):
        (tmp_path / f"{name}.tar").touch()
    assert {name: len(paths) for name, paths in grouped([f"{tmp_path}/*.tar"]).items()} == {"coco": 2, "duts-te": 1}
    assert grouped(["nowhere/x-*.tar"]) == {"x": ["nowhere/x-*.tar"]}


def test_a_broken_photo_is_named(tmp_path):
    _, ids = scene(0)
    tar = shard(tmp_path / "x.tar", {"broken.webp": b"not an image", "broken.png": encoded(ids, "png")})
    with pytest.raises(SampleError, match=r"broken of .*x\.tar"):
        ShardDataset([tar])[0]


def test_a_mask_of_another_size_is_named(tmp_path):
    photo, ids = scene(0)
    tar = shard(tmp_path / "x.tar", {"odd.webp": encoded(photo, "webp"), "odd.png": encoded(ids[:-1], "png")})
    with pytest.raises(SampleError, match="odd"):
        ShardDataset([tar])[0]


def test_a_truncated_shard_and_a_missing_one_are_named(tmp_path):
    bad = tmp_path / "cut-000.tar"
    bad.write_bytes(b"\x01" * 700)
    with pytest.raises(SampleError, match="cut-000"):
        ShardDataset([bad])
    with pytest.raises(SampleError, match="nowhere"):
        ShardDataset([tmp_path / "nowhere-*.tar"])


def test_broken_samples_are_skipped_and_named_once(tmp_path, capsys):
    folder = write_folder(tmp_path / "folder", 4)
    (folder / "scene001.webp").write_bytes(b"")
    (folder / "scene002.png").write_bytes(b"\x89PNG\r\n\x1a\n cut short")
    skipped: list[str] = []
    samples = ShardDataset([folder])
    read = dict(readable(samples, range(len(samples)), skipped))
    assert sorted(read) == [0, 3]
    assert read[3].key == "scene003"
    printed = capsys.readouterr().err
    for name in ("scene001", "scene002"):
        assert printed.count(f"sample {name}") == 1
        assert sum(name in line for line in skipped) == 1


def test_of_a_truncated_shard_the_whole_samples_are_read(tmp_path):
    folder = write_folder(tmp_path / "folder", 4)
    tar = shard(tmp_path / "cut-000.tar", {p.name: p.read_bytes() for p in sorted(folder.iterdir())})
    content = tar.read_bytes()
    tar.write_bytes(content[: len(content) * 6 // 10])
    with pytest.raises(SampleError, match="cut-000"):
        ShardDataset([tar])
    samples, skipped = ShardDataset([tar], skip=True), []
    assert "cut-000" in samples.broken[0]
    assert [sample.key for _, sample in readable(samples, range(len(samples)), skipped)][:2] == ["scene000", "scene001"]


def test_if_no_shard_can_be_read_nothing_goes_on(tmp_path):
    bad = tmp_path / "bad-000.tar"
    bad.write_bytes(b"\x01" * 700)
    with pytest.raises(SampleError, match="bad-000"):
        ShardDataset([bad], skip=True)


def test_ignored_pixels_are_no_mask(tmp_path):
    photo, ids = scene(0)
    pictures = {"a.webp": encoded(photo, "webp"), "a.png": encoded(ids, "png")}
    ignore = (ids == 2).astype(np.uint8) * 255
    sample = ShardDataset([shard(tmp_path / "x.tar", {**pictures, "a.ignore.png": encoded(ignore, "png")})])[0]
    assert len(sample.layers) == 1
    assert sample.ignore is not None
    assert np.array_equal(sample.ignore, ids == 2)
    assert ShardDataset([shard(tmp_path / "y.tar", pictures)])[0].ignore is None


def test_an_example_keeps_photo_and_mask_together(tmp_path):
    sample = ShardDataset([write_folder(tmp_path, 1)])[0]
    augment = Augment(size=128, masks=2, paste=0, crop=1)
    for seed in range(8):
        example = augment(sample, [sample], np.random.default_rng(seed))
        image, valid = example["image"].astype(float), example["valid"]
        red_over_green = np.kron(example["targets"][0] > 250, np.ones((4, 4), bool))
        inside, outside = image[red_over_green], image[np.kron(valid, np.ones((4, 4), bool)) & ~red_over_green]
        assert (inside[:, 0] - inside[:, 1]).mean() > (outside[:, 0] - outside[:, 1]).mean() + 20


def test_a_pasted_object_leaves_the_mask_it_covers(tmp_path):
    samples = ShardDataset([write_folder(tmp_path, 2)])
    augment = Augment(size=128, masks=2, paste=1, crop=0)
    for seed in range(8):
        targets = augment(samples[0], [samples[1]], np.random.default_rng(seed))["targets"].astype(int)
        assert targets.sum(0).max() <= 255 + 2 or np.array_equal(targets[0], targets[1])
