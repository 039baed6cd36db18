"""Distilling: each mode optimises what the paper says, padding counts for nothing, and a run resumes exactly."""

import signal

import numpy as np
import pytest
import torch
from PIL import Image

from export.data.drawn import scene, write_folder
from export.data.frames import inside, letterboxed, pixels
from export.models import checkpoint as checkpoints
from export.models.checkpoint import load_model
from export.models.encoder import build_encoder
from export.models.mobile_sam import MobileSam
from export.training import loop
from export.training.losses import embedding_loss, focal
from export.training.prompts import random_prompts
from export.training.teacher import as_student, student_of
from export.training.trainer import Trainer
from tests.export.conftest import refuse, run

STUDENT = ("--backbone", "lcnet_050", "--workers", 0, "--holdout", 2, "--batch", 4, "--device", "cpu")


@pytest.fixture(scope="module")
def cached(scenes, checkpoint, tmp_path_factory):
    out = tmp_path_factory.mktemp("cache")
    run("cache", "--data", scenes, "--teacher", checkpoint, "--out", out, "--shard", 5, "--workers", 0)
    return out


def distill(scenes, teacher, out, *more):
    return ("distill", "--data", scenes, "--teacher", teacher, "--out", out, *STUDENT, *more)


def weights(path, part):
    return {name: value for name, value in checkpoints.load(path)["model"].items() if name.startswith(part)}


def same(a, b):
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


@pytest.mark.parametrize("mode", ["decoupled", "semi-coupled", "coupled"])
def test_each_mode_trains_only_its_part(scenes, checkpoint, cached, tmp_path, mode):
    run(*distill(scenes, checkpoint, tmp_path, "--cache", cached, "--mode", mode, "--samples", 8, "--measure-every", 8))
    path = tmp_path / "checkpoint.pt"
    teacher = load_model(checkpoint).state_dict()
    decoder = {name: value for name, value in teacher.items() if name.startswith(("mask_decoder", "prompt_encoder"))}
    assert same(weights(path, ("mask_decoder", "prompt_encoder")), decoder) == (mode != "coupled")
    start = tmp_path / "start"
    run(*distill(scenes, checkpoint, start, "--cache", cached, "--mode", mode, "--samples", 4, "--rate", 0))
    assert not same(weights(path, "image_encoder.neck"), weights(start / "checkpoint.pt", "image_encoder.neck"))
    assert {"heldout_mse_loss", "heldout_alignment"} <= set(checkpoints.load(path)["log"][-1])


def test_a_student_comes_closer_to_its_teacher(scenes, checkpoint, cached, tmp_path):
    more = ("--samples", 160, "--measure-every", 40, "--rate", 3e-3, "--average-decay", 0.8)
    run(*distill(scenes, checkpoint, tmp_path, "--cache", cached, *more))
    log = checkpoints.load(tmp_path / "checkpoint.pt")["log"]
    assert log[-1]["heldout_mse_loss"] < 0.8 * log[0]["heldout_mse_loss"]


def test_unpadded_run_ends_where_the_padded_one_does_for_square_photos(checkpoint, tmp_path):
    """Where there is no padding, there is nothing to leave out."""
    (tmp_path / "photos").mkdir()
    for seed in range(6):
        Image.fromarray(scene(seed, 120, 120)[0]).save(tmp_path / "photos" / f"{seed}.webp", lossless=True)
    for name, more in (("padded", ()), ("unpadded", ("--unpadded",))):
        run(*distill(tmp_path / "photos", checkpoint, tmp_path / name, "--samples", 8, "--rate", 1e-4, *more))
    a, b = (weights(tmp_path / name / "checkpoint.pt", "image_encoder.lateral") for name in ("padded", "unpadded"))
    assert all(torch.allclose(a[name], b[name], atol=2e-4) for name in a)


@pytest.mark.parametrize("mode", ["decoupled", "semi-coupled"])
def test_unpadded_student_learns_from_photos_that_are_not_square(scenes, checkpoint, cached, tmp_path, mode):
    more = ("--cache", cached, "--mode", mode, "--unpadded", "--samples", 8, "--measure-every", 8)
    run(*distill(scenes, checkpoint, tmp_path, *more))
    content = checkpoints.load(tmp_path / "checkpoint.pt")
    assert content["recipe"]["unpadded"] is True
    assert {"heldout_mse_loss", "heldout_alignment"} <= set(content["log"][-1])


def test_with_and_without_a_cache_a_student_learns_the_same(scenes, checkpoint, cached, tmp_path):
    run(*distill(scenes, checkpoint, tmp_path / "a", "--cache", cached, "--samples", 8, "--rate", 1e-4))
    run(*distill(scenes, checkpoint, tmp_path / "b", "--samples", 8, "--rate", 1e-4))
    a, b = (weights(tmp_path / name / "checkpoint.pt", "image_encoder.lateral") for name in "ab")
    assert all(torch.allclose(a[name], b[name], atol=2e-4) for name in a)


def test_an_interrupted_run_resumes_within_the_epoch_to_the_very_same_weights(
    scenes, checkpoint, cached, tmp_path, monkeypatch
):
    """12 photos in training, batches of 4: the run is stopped after the second step of the second epoch."""
    options = ("--cache", cached, "--mode", "semi-coupled", "--samples", 32)
    run(*distill(scenes, checkpoint, tmp_path / "whole", *options))
    step, calls = Trainer.step, []

    def interrupted(self, batch):
        calls.append(1)
        if len(calls) == 5:
            signal.raise_signal(signal.SIGINT)
        return step(self, batch)

    monkeypatch.setattr(Trainer, "step", interrupted)
    message = refuse(*distill(scenes, checkpoint, tmp_path / "cut", *options))
    assert "Stopped at 20 of 32 photos" in message
    assert "Run the same command again" in message
    monkeypatch.undo()
    assert "at 20 of 32" in run(*distill(scenes, checkpoint, tmp_path / "cut", *options))
    whole, cut = (checkpoints.load(tmp_path / name / "checkpoint.pt") for name in ("whole", "cut"))
    for part in ("model", "average"):
        assert same(whole[part], cut[part]), part


def test_a_finished_run_is_left_as_it_is(scenes, checkpoint, cached, tmp_path):
    command = distill(scenes, checkpoint, tmp_path, "--cache", cached, "--samples", 4)
    run(*command)
    before = (tmp_path / "checkpoint.pt").read_bytes()
    assert "Nothing is left to do" in run(*command)
    assert (tmp_path / "checkpoint.pt").read_bytes() == before


def test_mismatched_teacher_cache_or_mode_is_refused(scenes, checkpoint, cached, tmp_path):
    content = torch.load(checkpoint, weights_only=True)
    other = tmp_path / "other.pt"
    torch.save({**content, "seen": 17}, other)
    message = refuse(*distill(scenes, other, tmp_path, "--cache", cached))
    assert "another teacher" in message
    assert "python -m export cache" in message
    message = refuse(*distill(scenes, checkpoint, tmp_path, "--cache", cached, "--input-size", 96))
    assert "--input-size 64" in message
    message = refuse(*distill(write_folder(tmp_path / "new", 2), checkpoint, tmp_path, "--cache", cached))
    assert "none of the photos" in message
    run(*distill(scenes, checkpoint, tmp_path / "run", "--cache", cached, "--samples", 4))
    message = refuse(*distill(scenes, checkpoint, tmp_path / "run", "--cache", cached, "--mode", "coupled"))
    assert "mode decoupled → coupled" in message
    assert "goes with coupled" in refuse(*distill(scenes, checkpoint, tmp_path, "--decoder", "fresh"))


def test_a_photo_that_changed_since_it_was_cached_is_noticed(checkpoint, tmp_path):
    folder = write_folder(tmp_path / "photos", 4)
    out = tmp_path / "cache"
    run("cache", "--data", folder, "--teacher", checkpoint, "--out", out, "--workers", 0)
    for number in range(4):
        (folder / f"scene00{number}.webp").write_bytes((folder / "scene001.webp").read_bytes() + b" ")
    assert "is not the one that was cached" in refuse(*distill(folder, checkpoint, tmp_path / "run", "--cache", out))


def test_an_unreadable_photo_is_skipped_and_named(checkpoint, tmp_path):
    folder = write_folder(tmp_path / "photos", 8)
    (folder / "scene003.webp").write_bytes(b"not a photo")
    words = run(*distill(folder, checkpoint, tmp_path / "run", "--samples", 16, "--holdout", 0))
    assert "Skipped (1 so far)" in words
    assert "photos/scene003" in words


def test_a_gpu_out_of_memory_says_what_to_lower(scenes, checkpoint, tmp_path, monkeypatch):
    def burst(self, batch):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20 GiB.")

    monkeypatch.setattr(Trainer, "step", burst)
    message = refuse(*distill(scenes, checkpoint, tmp_path, "--samples", 8))
    assert all(word in message for word in ("--batch", "--input-size", "--half"))


def test_full_disk_keeps_last_checkpoint(scenes, checkpoint, tmp_path, monkeypatch):
    def full(path, content):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoints, "write_whole", full)
    assert "make room" in refuse(*distill(scenes, checkpoint, tmp_path, "--samples", 4))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("half", ["bf16", "fp16"])
def test_half_precision_trains(scenes, checkpoint, cached, tmp_path, half):
    run(*distill(scenes, checkpoint, tmp_path, "--cache", cached, "--samples", 8, "--half", half))
    content = checkpoints.load(tmp_path / "checkpoint.pt")
    assert all(torch.isfinite(value).all() for value in content["model"].values())
    assert bool(content["scaler"]) == (half == "fp16")


def test_frozen_batchnorm_keeps_its_statistics(scenes, checkpoint, cached, tmp_path):
    run(*distill(scenes, checkpoint, tmp_path, "--cache", cached, "--samples", 8, "--freeze-batchnorm"))
    model = checkpoints.load(tmp_path / "checkpoint.pt")["model"]
    means = [value for name, value in model.items() if name.endswith("running_mean")]
    assert means
    assert not any(value.any() for value in means)


def test_the_embedding_loss_is_a_plain_mean_over_the_cells_inside_the_photo():
    torch.manual_seed(0)
    teacher = torch.randn(2, 3, 4, 4)
    student = teacher + 2
    student[0, :, 2:] = 1e4  # padding
    area = inside(torch.tensor([[32, 64], [64, 64]]), stride=16, cells=4)
    assert embedding_loss(student, teacher, area).item() == pytest.approx(4, rel=1e-5)


def test_focal_loss_weights_errors_more_than_near_hits():
    expected, valid = torch.ones(1, 1, 2, 2), torch.ones(1, 2, 2, dtype=torch.bool)
    sure, unsure, wrong = (focal(torch.full((1, 1, 2, 2), at), expected, valid).item() for at in (6.0, 0.0, -6.0))
    assert sure < 1e-6
    assert unsure == pytest.approx(0.25 * 0.25 * np.log(2), rel=1e-4)
    assert wrong > 1


def test_batch_of_mixed_shapes_equals_single_photos(checkpoint):
    model = load_model(checkpoint)
    photos = [scene(0)[0], scene(1, width=100, height=150)[0]]
    frames = [letterboxed(photo, 64) for photo in photos]
    image, size = (torch.from_numpy(np.stack([frame[name] for frame in frames])) for name in ("image", "size"))
    with torch.no_grad():
        together = model.encode(pixels(image, size))
        for number, frame in enumerate(frames):
            height, width = frame["size"]
            alone = model.encode(torch.from_numpy(frame["image"][:height, :width]).permute(2, 0, 1)[None].float())
            for name, value in alone.items():
                assert torch.allclose(together[name][number], value[0], atol=1e-4), name


def test_random_prompts_stay_inside_the_photo():
    prompts = random_prompts(40, 64, 500, np.random.default_rng(0))
    is_box = prompts["labels"][:, 0] == 2
    assert 150 < is_box.sum() < 350
    boxes, points = prompts["coords"][is_box], prompts["coords"][~is_box]
    assert (boxes >= 0).all()
    assert (boxes <= [63, 39]).all()
    assert (boxes[:, 1] > boxes[:, 0]).all()
    assert (points[:, 0] <= [63, 39]).all()
    assert prompts["labels"][~is_box].tolist() == [[1, -1]] * len(points)


def test_a_student_of_a_sam_has_its_embedding_and_its_decoder():
    teacher = MobileSam()
    teacher.set_input_size(64)
    student = student_of(teacher, "tiny_vit_5m").eval()
    with torch.no_grad():
        maps = student.encode(torch.zeros(1, 3, 64, 48))
    assert {name: tuple(value.shape) for name, value in maps.items()} == {"image_embeddings": (1, 256, 4, 4)}
    assert same(student.mask_decoder.state_dict(), teacher.mask_decoder.state_dict())
    assert sum(p.numel() for p in student.image_encoder.parameters()) == 5_743_892  # the paper's TinyViT, counted
    own = as_student(teacher, "mobile_sam.pt")
    assert same(own.state_dict(), teacher.state_dict())


def test_a_backbone_without_the_wanted_strides_is_refused():
    with pytest.raises(ValueError, match=r"efficientvit_m2 has no features at stride \[4, 8\]"):
        build_encoder("efficientvit_m2", 32, (16, 8))
    assert "image_embeddings" in build_encoder("efficientvit_m2", 32, (0, 0)).eval()(torch.zeros(1, 3, 128, 128))
    with pytest.raises(ValueError, match="256 channels and no finer maps"):
        build_encoder("tiny_vit_5m", 128, (64, 32))


def test_batch_not_divisible_by_processes_is_refused(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "3")
    monkeypatch.setenv("RANK", "1")
    with pytest.raises(Exception, match="multiple of 3"):
        loop.batches([], 0, 8, 4, 0)
