"""Fine-tuning with prompts in the loop: what learns, against what, and the point where student and teacher differ."""

import pytest
import torch

from export.models import checkpoint as checkpoints
from export.training.finetune import disagreement
from export.training.prompts import first_prompts, point_or_box
from tests.export.conftest import refuse, run
from tests.export.test_distill import same, weights
from tests.export.test_train import squares

QUICK = ("--workers", 0, "--holdout", 2, "--batch", 4, "--samples", 8, "--masks", 2, "--device", "cpu")


@pytest.fixture(scope="module")
def student(scenes, checkpoint, tmp_path_factory):
    out = tmp_path_factory.mktemp("student")
    tail = ("--backbone", "lcnet_050", "--workers", 0, "--batch", 4, "--samples", 4, "--holdout", 0)
    run("distill", "--data", scenes, "--teacher", checkpoint, "--out", out, *tail)
    return out / "checkpoint.pt"


@pytest.mark.parametrize("learn", ["encoder", "decoder", "both"])
def test_only_the_learning_part_changes(scenes, checkpoint, student, tmp_path, learn):
    run("finetune", "--data", scenes, "--student", student, "--teacher", checkpoint, "--out", tmp_path, *QUICK,
        "--learn", learn, "--measure-every", 8)  # fmt: skip
    tuned = tmp_path / "checkpoint.pt"
    assert same(weights(tuned, "image_encoder"), weights(student, "image_encoder")) == (learn == "decoder")
    assert same(weights(tuned, "mask_decoder"), weights(student, "mask_decoder")) == (learn == "encoder")
    assert {"heldout_first_iou", "heldout_last_iou"} <= set(checkpoints.load(tuned)["log"][-1])


def test_a_frozen_encoder_keeps_its_batchnorm_statistics(scenes, student, tmp_path):
    run("finetune", "--data", scenes, "--student", student, "--target", "truth", "--out", tmp_path, *QUICK,
        "--learn", "decoder")  # fmt: skip
    tuned = weights(tmp_path / "checkpoint.pt", "image_encoder")
    assert same(tuned, weights(student, "image_encoder"))
    assert not same(weights(tmp_path / "checkpoint.pt", "mask_decoder"), weights(student, "mask_decoder"))


def test_truth_is_measured_on_what_is_held_out(scenes, student, tmp_path):
    run("finetune", *("--data", scenes, "--student", student, "--target", "truth", "--out", tmp_path), *QUICK,
        "--measure-every", 4, "--rate", 0, "--schedule", "constant")  # fmt: skip
    first, last = checkpoints.load(tmp_path / "checkpoint.pt")["log"]
    figures = {name: value for name, value in last.items() if name.startswith("heldout_")}
    assert set(figures) == {"heldout_click1", "heldout_oracle", "heldout_box"}
    assert all(0 <= value <= 1 for value in figures.values())
    assert figures["heldout_click1"] <= figures["heldout_oracle"]
    assert figures.keys() <= first.keys()


def test_finetune_reads_the_cache_of_distill(scenes, checkpoint, student, tmp_path):
    cache = tmp_path / "cache"
    run("cache", "--data", scenes, "--teacher", checkpoint, "--out", cache, "--workers", 0, "--limit", 10)
    tail = ("--data", scenes, "--student", student, "--teacher", checkpoint, *QUICK, "--rate", 1e-5)
    run("finetune", *tail, "--cache", cache, "--out", tmp_path / "a", "--holdout", 0)
    assert checkpoints.load(tmp_path / "a" / "checkpoint.pt")["recipe"]["photos"] == 10


def test_heavy_embedding_weight_holds_the_encoder_to_its_teacher(scenes, checkpoint, student, tmp_path):
    tail = ("--data", scenes, "--student", student, "--teacher", checkpoint, *QUICK, "--samples", 120, "--rate", 2e-3,
            "--learn", "encoder", "--average-decay", 0.5)  # fmt: skip
    error = {}
    for weight in (0, 1000):
        run("finetune", *tail, "--embedding-weight", weight, "--out", tmp_path / str(weight))
        run("finetune", *("--data", scenes, "--student", tmp_path / str(weight) / "checkpoint.pt"),
            *("--teacher", checkpoint, *QUICK, "--rate", 0, "--schedule", "constant", "--measure-every", 8),
            *("--embedding-weight", 1e-9, "--out", tmp_path / f"measured-{weight}"))  # fmt: skip
        error[weight] = checkpoints.load(tmp_path / f"measured-{weight}" / "checkpoint.pt")["log"][-1]["mse_loss"]
    assert error[1000] < error[0]


@pytest.mark.parametrize("target", ["teacher", "truth"])
def test_unpadded_student_is_tuned_on_photos_that_are_not_square(scenes, checkpoint, student, tmp_path, target):
    teacher = ("--teacher", checkpoint) if target == "teacher" else ()
    run("finetune", *("--data", scenes, "--student", student, "--target", target, *teacher, "--out", tmp_path), *QUICK,
        "--unpadded", "--measure-every", 8)  # fmt: skip
    content = checkpoints.load(tmp_path / "checkpoint.pt")
    assert content["recipe"]["unpadded"] is True
    assert any(name.startswith("heldout_") for name in content["log"][-1])


def test_target_and_teacher_must_agree(scenes, checkpoint, student, tmp_path):
    start = ("finetune", "--data", scenes, "--student", student, "--out", tmp_path, *QUICK)
    assert "needs --teacher" in refuse(*start)
    assert "takes none" in refuse(*start, "--target", "truth", "--teacher", checkpoint)


def test_points_and_boxes_mix_in_a_batch():
    torch.manual_seed(0)
    labels = torch.cat([point_or_box(squares()).labels for _ in range(100)]).tolist()
    assert 100 < labels.count([1, -1]) < 200
    assert labels.count([1, -1]) + labels.count([2, 3]) == 300


def test_the_added_point_lies_where_student_and_teacher_differ():
    torch.manual_seed(0)
    valid = torch.ones(3, 16, 16, dtype=torch.bool)
    teacher = torch.full((3, 4, 16, 16), -5.0)
    teacher[:, 2] = squares() * 10 - 5  # token 2 is what the teacher would offer
    student = teacher.clone()
    student[0, 2] = -5.0  # sees nothing
    student[1, 2, :4, :4] = 5.0  # sees too much
    scores = torch.tensor([[0.0, 0.1, 0.9, 0.2]] * 3)
    after = disagreement(first_prompts(squares(), "point"), student, teacher, scores, valid)
    assert after.labels[:, -1].tolist() == [1, 0, 1]
    x, y = ((after.coords[0, -1] + 0.5) / 4).long().tolist()
    assert squares()[0, y, x] == 1
    assert ((after.coords[1, -1] + 0.5) / 4 < 4).all()
    assert not after.has_mask.any()
