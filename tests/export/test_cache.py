"""Teacher embeddings on disk: true to the teacher, resumed, verified, and refused for anything they do not belong to."""

import json
import shutil

import numpy as np
import pytest
import safetensors.torch
import torch

from export.data.drawn import write_folder
from export.data.embeddings import Embeddings
from export.data.photos import Photos
from export.models.checkpoint import load_model
from export.models.geometry import Letterbox
from tests.export.conftest import refuse, run


@pytest.fixture(scope="module")
def cached(scenes, checkpoint, tmp_path_factory):
    out = tmp_path_factory.mktemp("cache")
    run(*cache(scenes, checkpoint, out), "--flip")
    return out


def cache(data, teacher, out):
    return ("cache", "--data", data, "--teacher", teacher, "--out", out, "--shard", 5, "--workers", 0)


def test_cached_row_is_the_embedding_of_the_letterboxed_photo(cached, scenes, checkpoint):
    photos, found, teacher = Photos([scenes]), Embeddings(cached), load_model(checkpoint)
    for flipped in (False, True):
        photo = photos[7][:, ::-1] if flipped else photos[7]
        resized = Letterbox(photo.shape[1], photo.shape[0], teacher.input_size).resize(photo)
        with torch.no_grad():
            expected = teacher.encode(torch.from_numpy(resized.copy()).permute(2, 0, 1)[None].float())
        maps = found.read(photos.names[7], flipped)
        assert maps.keys() == expected.keys()
        for name, value in maps.items():
            assert value.dtype == torch.float16
            assert torch.allclose(value.float(), expected[name][0], atol=0.01, rtol=0.01), name


def test_every_photo_is_cached_once_whatever_the_number_of_shards(cached, scenes):
    assert len(list(Embeddings(cached).rows())) == 2 * len(Photos([scenes, scenes]))
    assert "28 embeddings are sound" in run("cache", "--check", "--out", cached)


def test_a_run_that_was_cut_short_makes_only_what_is_missing(cached, scenes, checkpoint, tmp_path):
    again = shutil.copytree(cached, tmp_path / "again")
    before = (again / "embeddings-00000.safetensors").stat().st_mtime_ns
    lost = again / "embeddings-00001"
    content = lost.with_suffix(".safetensors").read_bytes()
    expected = safetensors.torch.load(content)
    lost.with_suffix(".safetensors").write_bytes(content[:-10])
    assert "embeddings-00001.safetensors: missing or cut short" in refuse("cache", "--check", "--out", again)
    assert "lacks 1 of 3 shards" in refuse_reading(again, scenes, checkpoint)
    assert "Wrote 10 embeddings" in run(*cache(scenes, checkpoint, again), "--flip")
    made = safetensors.torch.load_file(lost.with_suffix(".safetensors"))
    assert all(torch.allclose(made[name].float(), expected[name].float(), atol=2e-3) for name in expected)
    assert (again / "embeddings-00000.safetensors").stat().st_mtime_ns == before


def refuse_reading(folder, scenes, teacher):
    out = folder / "never"
    return refuse("distill", "--data", scenes, "--teacher", teacher, "--cache", folder, "--out", out)


def test_check_finds_a_flipped_bit_and_names_the_remedy(cached, tmp_path):
    damaged = shutil.copytree(cached, tmp_path / "damaged")
    shard = damaged / "embeddings-00002.safetensors"
    content = bytearray(shard.read_bytes())
    content[-100] ^= 4
    shard.write_bytes(content)
    message = refuse("cache", "--check", "--out", damaged)
    assert "sha256" in message
    assert f"rm -f {shard}" in message


def test_values_that_are_not_finite_are_found(cached, tmp_path):
    from export.files import sha256

    damaged = shutil.copytree(cached, tmp_path / "damaged")
    shard = damaged / "embeddings-00000.safetensors"
    content = bytearray(shard.read_bytes())
    content[-2:] = np.float16("nan").tobytes()
    shard.write_bytes(content)
    record = json.loads(shard.with_suffix(".json").read_text())
    shard.with_suffix(".json").write_text(json.dumps({**record, "sha256": sha256(shard)}))
    assert "not finite" in refuse("cache", "--check", "--out", damaged)


def test_cache_of_another_teacher_size_or_photos_is_refused(cached, scenes, checkpoint, tmp_path):
    other = tmp_path / "other.pt"
    content = torch.load(checkpoint, weights_only=True)
    torch.save({**content, "seen": 17}, other)
    assert "another teacher" in refuse(*cache(scenes, other, cached), "--flip")
    assert "another input size" in refuse(*cache(scenes, checkpoint, cached), "--flip", "--input-size", 96)
    assert "another photos" in refuse(*cache(write_folder(tmp_path / "few", 3), checkpoint, cached), "--flip")
    assert "another --flip" in refuse(*cache(scenes, checkpoint, cached))


def test_an_unreadable_photo_is_skipped_counted_and_named(checkpoint, tmp_path):
    folder = write_folder(tmp_path / "photos", 4)
    (folder / "scene002.webp").write_bytes(b"not a photo")
    words = run(*cache(folder, checkpoint, tmp_path / "out"))
    assert "Skipped photos/scene002" in words
    assert "Wrote 3 embeddings" in words
    assert "skipped 1 unreadable" in words
    assert "1 photos had been skipped" in run("cache", "--check", "--out", tmp_path / "out")


def test_full_disk_leaves_no_partial_shard(scenes, checkpoint, tmp_path, monkeypatch):
    from export.data import embeddings

    def full(path, content):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(embeddings, "write_whole", full)
    assert "make room and run the same command again" in refuse(*cache(scenes, checkpoint, tmp_path))
    assert [p.name for p in tmp_path.iterdir()] == ["cache.json"]


def test_a_size_that_does_not_fit_and_an_empty_folder_are_refused(scenes, checkpoint, tmp_path):
    assert "multiple of 32" in refuse(*cache(scenes, checkpoint, tmp_path), "--input-size", 100)
    assert "No embeddings in" in refuse("cache", "--check", "--out", tmp_path)
    assert "Give --data and --teacher" in refuse("cache", "--out", tmp_path)
