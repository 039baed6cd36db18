"""Recipes: a checkpoint records its own, and a run with another one goes on only when told to."""

import pytest
import torch
from click.testing import CliRunner

from export.__main__ import main
from export.data.drawn import write_folder
from export.models import checkpoint as checkpoints
from export.training.recipe import TrainRecipe, changes
from tests.export.conftest import QUICK, TINY, refuse, run


@pytest.fixture
def command(scenes, checkpoint, tmp_path):
    """The command that made the checkpoint, whose copy lies in a run folder of the test's own."""
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "checkpoint.pt").write_bytes(checkpoint.read_bytes())
    return ("train", "--data", scenes, "--out", tmp_path / "run", *TINY, *QUICK, "--samples", 16, "--measure-every", 8)


def test_checkpoint_records_recipe(scenes, checkpoint):
    recipe = checkpoints.load(checkpoint)["recipe"]
    assert recipe["data"] == [scenes.name]
    assert (recipe["photos"], recipe["samples"], recipe["batch"], recipe["warmup"]) == (12, 16, 4, 8)
    assert recipe["step"] == "train"


def test_same_recipe_resumes(command):
    assert "Nothing is left to do" in run(*command)


@pytest.mark.parametrize(
    ("option", "value", "told"),
    [
        ("--rate", 2e-3, "rate 0.0015 → 0.002"),
        ("--batch", 8, "batch 4 → 8"),
        ("--seed", 1, "seed 0 → 1"),
        ("--schedule", "linear", "schedule cosine → linear"),
        ("--samples", 32, "samples 16 → 32"),
        ("--warmup-photos", 4, "warmup 8 → 4"),
        ("--half", "bf16", "half none → bf16"),
    ],
)
def test_other_recipe_is_refused_and_left_alone(command, tmp_path, option, value, told):
    path = tmp_path / "run" / "checkpoint.pt"
    before = path.read_bytes()
    message = refuse(*command, option, value)
    assert told in message
    assert "--accept-changes" in message
    assert message.count("\n") == 1
    assert path.read_bytes() == before


def test_other_data_is_refused_by_name(command, scenes, tmp_path):
    more = write_folder(tmp_path / "more", 2)
    message = refuse(*command, "--data", more)
    assert "data none → more" in message
    assert "photos 12 → 14" in message


def test_accepted_changes_are_printed_and_recorded(command, tmp_path):
    output = run(*command, "--samples", 20, "--rate", 1e-4, "--accept-changes")
    assert "Accepted changes (was → is): samples 16 → 20; rate 0.0015 → 0.0001." in output
    content = checkpoints.load(tmp_path / "run" / "checkpoint.pt")
    assert (content["seen"], content["recipe"]["rate"]) == (20, 1e-4)
    assert "Nothing is left to do" in run(*command, "--samples", 20, "--rate", 1e-4)


def test_checkpoint_of_earlier_version_resumes(command, tmp_path):
    path = tmp_path / "run" / "checkpoint.pt"
    torch.save({**torch.load(path, weights_only=True), "recipe": {"seed": 0}}, path)
    assert "at 16 of 20" in run(*command, "--samples", 20)
    content = torch.load(path, weights_only=True)
    del content["recipe"]
    torch.save(content, path)
    assert "at 20 of 24" in run(*command, "--samples", 24, "--rate", 1e-4)


def test_changes_are_short():
    was = {"data": [f"coco-{n:03}" for n in range(9)], "teacher": "a" * 64, "seed": 1, "half": None}
    now = {"data": ["coco-000", "duts-000"], "teacher": "", "seed": 1, "half": "bf16", "new": 1}
    assert changes(was, now) == [
        "data coco-001, coco-002, coco-003 and 5 more → duts-000",
        "teacher aaaaaaaaaaaa… → none",
        "half none → bf16",
    ]
    assert changes({"data": ["a", "b"]}, {"data": ["b", "a"]}) == ["data in another order"]


def test_old_option_names_still_work(command):
    old = [{"--warmup-photos": "--warmup", "--memory": "--cache"}.get(str(word), word) for word in command]
    assert old != list(command)
    assert "Nothing is left to do" in run(*old, "--decay", TrainRecipe.average_decay)


@pytest.mark.parametrize("step", ["train", "distill", "finetune", "calibrate"])
def test_old_option_names_are_not_shown(step):
    shown = CliRunner().invoke(main, [step, "--help"]).output.split()
    assert "--memory" in shown
    assert not {"--decay", "--warmup"} & set(shown)
    assert ("--cache" in shown) == (step in ("distill", "finetune"))
