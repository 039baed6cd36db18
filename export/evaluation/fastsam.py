"""Run FastSAM for comparison: its exported ONNX file, decoded and prompted here (after arXiv 2306.12156 and the YOLACT paper).

FastSAM finds all masks of a photo first and then picks by the prompt. Only the exported graph is read; its project's code
is AGPL and none of it is here. The graph: input `images` [1, 3, H, W] float 0…1; output 0 [1, 4 + classes + 32, N] (box centre and
size in input pixels, class scores 0…1, mask coefficients), output 1 [1, 32, H/4, W/4] (mask prototypes).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torchvision.ops import box_iou, nms

from export.errors import ExportError
from export.models.onnx_file import open_session
from export.models.predictor import Answer, Prompt

DEFAULT_SIZE = 1024  # the paper's; used where the graph leaves its input size open
GREY = 114  # of the letterbox's bars, as in YOLO's training
CONFIDENCE, OVERLAP = 0.4, 0.9  # the demo's published settings
SHOWN = 3  # candidates for a prompt, as many as SAM offers
RULES = {
    "choice": (
        "points: of FastSAM's masks those that are right about most points, among them the most confident; "
        "box: the mask whose box fits best (IoU); no fitting mask: an empty one"
    ),
    "oracle": "best IoU of the three masks first in that order",
    "fastsam": f"confidence > {CONFIDENCE}, box NMS at IoU {OVERLAP}; earlier masks are not used as prompts",
}


@dataclass(frozen=True)
class Frame:
    """Where a photo lies in the graph's input: scaled by `scale`, centred, `left` and `top` pixels from its corner."""

    scale: float
    left: int
    top: int


class FastSam:
    """FastSAM's exported graph under onnxruntime."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            raise ExportError(f"No FastSAM file at {path}: export it to ONNX with its own tools.")
        self.session = open_session(path)
        inputs, outputs = self.session.get_inputs(), self.session.get_outputs()
        if len(inputs) != 1 or len(inputs[0].shape) != 4 or [len(o.shape) for o in outputs[:2]] != [3, 4]:
            raise ExportError(
                f"{path} is not FastSAM's graph: expected one image input, [1, 4 + 1 + 32, N] and [1, 32, H/4, W/4]."
            )
        self.input = inputs[0].name
        self.height, self.width = (n if isinstance(n, int) else DEFAULT_SIZE for n in inputs[0].shape[2:])

    def open(self, photo: np.ndarray) -> "Detections":
        """Find all masks of a photo (H, W, 3) uint8."""
        frame, image = self._letterbox(photo)
        rows, prototypes = self.session.run(None, {self.input: image})[:2]
        table, prototypes_ = torch.from_numpy(rows[0].T.copy()).float(), torch.from_numpy(prototypes[0]).float()
        classes = table.shape[1] - 4 - len(prototypes_)
        if classes < 1:
            raise ExportError(f"FastSAM's graph gives {table.shape[1]} numbers a box, too few for its prototypes.")
        scores = table[:, 4 : 4 + classes].amax(1)
        table, scores = table[scores > CONFIDENCE], scores[scores > CONFIDENCE]
        centre, half = table[:, :2], table[:, 2:4] / 2
        corners = torch.cat([centre - half, centre + half], dim=1)
        kept = nms(corners, scores, OVERLAP)
        offset = torch.tensor([frame.left, frame.top] * 2)
        return Detections(
            boxes=(corners[kept] - offset) / frame.scale,
            scores=scores[kept],
            logits=torch.einsum("nc,chw->nhw", table[kept, 4 + classes :], prototypes_),
            frame=frame,
            size=(photo.shape[1], photo.shape[0]),
            input_size=(self.width, self.height),
        )

    def _letterbox(self, photo: np.ndarray) -> tuple[Frame, np.ndarray]:
        height, width = photo.shape[:2]
        scale = min(self.width / width, self.height / height)
        new = (max(1, round(width * scale)), max(1, round(height * scale)))
        frame = Frame(scale, (self.width - new[0]) // 2, (self.height - new[1]) // 2)
        canvas = np.full((self.height, self.width, 3), GREY, np.uint8)
        resized = np.asarray(Image.fromarray(photo).resize(new, Image.Resampling.BILINEAR))
        canvas[frame.top : frame.top + new[1], frame.left : frame.left + new[0]] = resized
        return frame, canvas.transpose(2, 0, 1)[None].astype(np.float32) / 255


@dataclass(frozen=True)
class Detections:
    """All masks of one photo, most confident first: boxes (N, 4) in photo pixels, scores (N,), mask logits (N, H/4, W/4)."""

    boxes: torch.Tensor
    scores: torch.Tensor
    logits: torch.Tensor
    frame: Frame
    size: tuple[int, int]
    input_size: tuple[int, int]

    def answers(self, prompts: Sequence[Prompt], all_candidates: bool = False) -> list[Answer]:
        """Pick for each prompt, by its box if it has one, else by its points."""
        return [self._answer(prompt, SHOWN if all_candidates else 1) for prompt in prompts]

    def masks(self, which: Sequence[int]) -> np.ndarray:
        """(n, H, W) bool at the photo's own resolution: logits read bilinearly, each cut to its box."""
        width, height = self.size
        x, y = torch.arange(width) + 0.5, torch.arange(height) + 0.5
        u = (x * self.frame.scale + self.frame.left) * 2 / self.input_size[0] - 1
        v = (y * self.frame.scale + self.frame.top) * 2 / self.input_size[1] - 1
        grid = torch.stack(torch.meshgrid(v, u, indexing="ij")[::-1], dim=-1)
        part = self.logits[list(which)]
        read = F.grid_sample(part[None], grid[None], padding_mode="border", align_corners=False)[0]
        x1, y1, x2, y2 = self.boxes[list(which)][:, :, None, None].unbind(1)
        inside = (x >= x1) & (x <= x2) & (y[:, None] >= y1) & (y[:, None] <= y2)
        return ((read > 0) & inside).numpy()  # sigmoid > 0.5

    def _answer(self, prompt: Prompt, count: int) -> Answer:
        order = self._by_box(prompt.box) if prompt.box else self._by_points(prompt)
        chosen = order[:count]
        if not chosen:
            return Answer(np.zeros((1, *self.size[::-1]), bool), 0, (0.0,))
        return Answer(self.masks(chosen), 0, tuple(float(self.scores[i]) for i in chosen))

    def _by_box(self, box: tuple[float, float, float, float]) -> list[int]:
        overlap = box_iou(torch.tensor([box], dtype=torch.float32), self.boxes)[0]
        return [i for i in torch.argsort(overlap, descending=True, stable=True).tolist() if overlap[i] > 0]

    def _by_points(self, prompt: Prompt) -> list[int]:
        """Masks that hold at least one foreground point: most points right first, then the most confident."""
        points = torch.tensor(prompt.points, dtype=torch.float32)
        foreground = torch.tensor(prompt.labels) == 1
        holds = self._holds(points)
        right = (holds == foreground).sum(1)
        ranked = torch.argsort(-right, stable=True).tolist()  # scores fall with the index already
        return [i for i in ranked if bool((holds[i] & foreground).any())]

    def _holds(self, points: torch.Tensor) -> torch.Tensor:
        """(N, P) bool: which masks hold the pixels that the points (P, 2) lie in."""
        at = points.floor() + 0.5
        u = (at[:, 0] * self.frame.scale + self.frame.left) * 2 / self.input_size[0] - 1
        v = (at[:, 1] * self.frame.scale + self.frame.top) * 2 / self.input_size[1] - 1
        grid = torch.stack([u, v], dim=-1)[None, None]
        read = F.grid_sample(self.logits[None], grid, padding_mode="border", align_corners=False)[0, :, 0]
        x1, y1, x2, y2 = self.boxes[:, :, None].unbind(1)
        return (read > 0) & (at[:, 0] >= x1) & (at[:, 0] <= x2) & (at[:, 1] >= y1) & (at[:, 1] <= y2)
