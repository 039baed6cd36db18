"""Opening ONNX files, with a sentence for what is none."""

from pathlib import Path

import onnx
import onnxruntime

from export.errors import ExportError
from export.filetype import binary, told


def open_session(path: Path) -> onnxruntime.InferenceSession:
    """Open a graph under onnxruntime on the CPU; ExportError if it cannot be."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    _existing(path)
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's own types, without a common base
        raise ExportError(_unreadable(path, error)) from error


def load_graph(path: Path) -> onnx.ModelProto:
    """Read a graph; ExportError if it cannot be."""
    _existing(path)
    try:
        model = onnx.load(path)
    except Exception as error:  # the parser's own kinds of error are no part of its interface
        raise ExportError(_unreadable(path, error)) from error
    if not model.graph.node:  # the parser takes some files of other kinds for empty graphs
        raise ExportError(_unreadable(path, ValueError("it holds no graph")))
    return model


def _existing(path: Path) -> None:
    if not path.exists():
        raise ExportError(f"No model file at {path}: export it with `python -m export onnx`.")


def _unreadable(path: Path, error: Exception) -> str:
    what = told(path) or (f"it is {kind}" if (kind := binary(path)) and kind != "an ONNX graph" else None)
    if what is None:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
        what = f"it is damaged, cut short, or of a kind that this version does not know ({reason})"
    return f"{path} is not a readable ONNX file: {what}. Export one with `python -m export onnx`."
