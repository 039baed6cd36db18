"""Teacher alignment: mask IoU between a student and its teacher for the same prompts, as in MobileSAM's Table 7.

The paper places a foreground and a background point 100 to 500 pixels apart and averages the IoU of the student's mask with
the teacher's. It does not say where the points lie or in which frame pixels are counted; what is done here stands in RULES.
No ground truth takes part: a student that repeats its teacher's mistakes scores 1.
"""

import numpy as np

from export.evaluation import clicks
from export.models.predictor import Opened, Prompt

DISTANCES = (100, 200, 300, 400, 500)
FRAME = 1024  # pixels of a distance are counted with the photo's long side at this, SAM's own frame
PAIRS = 4  # foreground points a photo
TRIES = 64
SEED = 20230625
RULES = {
    "align_points": (
        f"{PAIRS} foreground points a photo, drawn evenly over it with a fixed seed; for each distance one background "
        f"point in a random direction that stays inside the photo; distances in pixels of a frame whose long side is {FRAME}"
    ),
    "align_choice": (
        "two points: token 0 of both models (single-mask output); one point (the foreground point alone): of tokens 1-3 "
        "each model's own best predicted IoU"
    ),
    "align_resolution": "the photo's own; IoU of student with teacher, mean over prompts; two empty masks agree",
}


def prompt_pairs(width: int, height: int, number: int) -> list[tuple[tuple[float, float], dict[int, Prompt]]]:
    """Foreground points of photo `number`, each with its prompt by distance; a distance that does not fit has none."""
    rng = np.random.default_rng([SEED, number])
    scale = max(width, height) / FRAME
    pairs = []
    for _ in range(PAIRS):
        x, y = float(rng.uniform(0, width - 1)), float(rng.uniform(0, height - 1))
        prompts = {}
        for distance in DISTANCES:
            for angle in rng.uniform(0, 2 * np.pi, TRIES):
                other = (x + distance * scale * np.cos(angle), y + distance * scale * np.sin(angle))
                if 0 <= other[0] <= width - 1 and 0 <= other[1] <= height - 1:
                    prompts[distance] = Prompt(((x, y), (float(other[0]), float(other[1]))), (1, 0))
                    break
        pairs.append(((x, y), prompts))
    return pairs


def alignment(student: Opened, teacher: Opened, width: int, height: int, number: int) -> dict[str, list[float]]:
    """IoU of the two models' masks on photo `number`: {"1": lone points, "100": pairs 100 px apart, …}."""
    pairs = prompt_pairs(width, height, number)
    groups = {"1": [Prompt((point,), (1,)) for point, _ in pairs]}
    groups |= {str(d): [prompts[d] for _, prompts in pairs if d in prompts] for d in DISTANCES}
    return {
        name: [
            clicks.iou(ours.mask, theirs.mask)
            for ours, theirs in zip(student.answers(prompts), teacher.answers(prompts), strict=True)
        ]
        for name, prompts in groups.items()
    }


def summary(photos: list[dict[str, list[float]]]) -> dict[str, object]:
    """Mean IoU by distance over all photos' prompts, and how many prompts each mean has."""
    pooled = {name: [v for photo in photos for v in photo[name]] for name in ("1", *map(str, DISTANCES))}
    means = {name: round(float(np.mean(values)), 4) if values else None for name, values in pooled.items()}
    return {
        "align_one_point_miou": means.pop("1"),
        "align_miou": means,
        "align_prompts": {name: len(values) for name, values in pooled.items()},
    }
