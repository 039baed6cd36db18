"""The teacher of `cache`, `distill` and `finetune`: any checkpoint, at its own input size or another."""

from pathlib import Path

from export.errors import ExportError
from export.models.checkpoint import load_model
from export.models.encoder import PAPER, REDUCED
from export.models.promptable import Config, Promptable, PromptableModel
from export.models.tiny_vit import TinyVitEncoder


def load_teacher(path: Path, name: str | None = None, input_size: int | None = None) -> PromptableModel:
    """Load a frozen teacher. name: of an official checkpoint, where its keys do not tell (see models/registry.py)."""
    model = load_model(path, name) if name else load_model(path)
    if input_size:
        try:
            model.set_input_size(input_size)
        except ValueError as error:
            raise ExportError(str(error)) from error
    model.requires_grad_(False)
    return model.eval()


def student_of(teacher: PromptableModel, backbone: str, fresh_decoder: bool = False) -> Promptable:
    """A student whose decoder fits the teacher's maps; unless it is to be fresh, it is a copy of the teacher's.

    The prompt encoder is copied always: its random Fourier features say where in the photo a prompt is.
    """
    if isinstance(teacher, Promptable):
        own = teacher.config
        config = Config(backbone, own.dim, own.fine_8, own.fine_4, teacher.input_size)
    else:
        dim = teacher.prompt_encoder.embed_dim
        # A form at half the frame is what we publish, and `calibrate` fits how its candidates are ranked.
        calibrated = backbone in REDUCED
        config = Config(backbone, dim, fine_8=0, fine_4=0, input_size=teacher.input_size, calibrated=calibrated)
    try:
        student = Promptable(config)
    except (ValueError, RuntimeError) as error:  # timm raises RuntimeError for an unknown name
        raise ExportError(str(error)) from error
    student.prompt_encoder.load_state_dict(teacher.prompt_encoder.state_dict())
    if not fresh_decoder:
        student.mask_decoder.load_state_dict(teacher.mask_decoder.state_dict())
    if backbone in REDUCED and type(teacher.image_encoder) is TinyVitEncoder:
        student.image_encoder.start_from(teacher.image_encoder)  # type: ignore[operator]
    return student


def as_student(model: PromptableModel, path: Path) -> Promptable:
    """Convert a loaded model to a trainable student: a student is returned as it is, MobileSAM's weights are copied into one."""
    if isinstance(model, Promptable):
        return model
    student = Promptable(Config(PAPER, model.prompt_encoder.embed_dim, fine_8=0, fine_4=0, input_size=model.input_size))
    try:
        student.load_state_dict(model.state_dict())
    except RuntimeError as error:
        raise ExportError(
            f"{path} is not a student, and not MobileSAM either: only these can be trained on."
        ) from error
    return student
