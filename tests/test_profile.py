"""`make profile`: onnxruntime-web's own profiler on a small graph, and the tables that come of it."""

import shutil

import pytest
from click.testing import CliRunner
from onnx import TensorProto, helper

from bench import profile
from export.errors import ExportError


@pytest.fixture(scope="module")
def graph(tmp_path_factory):
    nodes = [
        helper.make_node("Transpose", ["image"], ["t"], perm=[0, 3, 1, 2]),
        helper.make_node("Cast", ["t"], ["y"], to=1),
    ]
    made = helper.make_graph(
        nodes, "g",
        [helper.make_tensor_value_info("image", TensorProto.UINT8, [1, "height", "width", 3])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
    )  # fmt: skip
    path = tmp_path_factory.mktemp("graph") / "encoder.onnx"
    path.write_bytes(
        helper.make_model(made, opset_imports=[helper.make_opsetid("", 20)], ir_version=10).SerializeToString()
    )
    return path


@pytest.mark.skipif(not shutil.which("node"), reason="Node is not installed")
def test_a_graph_of_one_s_own_is_profiled_in_wasm(graph, tmp_path):
    done = CliRunner().invoke(profile.profile_command, ["--encoder", str(graph), "--runs", "1", "--threads", "1"])
    assert done.exit_code == 0, done.output
    rows = [line.split(" | ")[0].strip("| ") for line in done.output.splitlines() if line.startswith("| ")]
    assert set(rows) == {"operator", "Transpose", "Cast", "all"}


def event(kind, index, ms):
    return {
        "cat": "Node",
        "name": f"n{index}_kernel_time",
        "dur": ms * 1000,
        "args": {"op_name": kind, "node_index": index},
    }


def test_the_least_time_of_each_node_counts():
    events = [event("Conv", "1", 5), event("Gelu", "2", 9), event("Conv", "1", 4), event("Conv", "3", 2)]
    events.append({"cat": "Session", "name": "model_run", "dur": 1e9, "args": {}})
    found = profile.by_operator(events)
    assert found == {"Gelu": profile.Operator(1, 9), "Conv": profile.Operator(2, 6)}
    assert list(found) == ["Gelu", "Conv"]
    text = profile.table("An encoder", {1: found, 2: {"Gelu": profile.Operator(1, 5), "Conv": profile.Operator(2, 5)}})
    assert "| Gelu | 1 | 9.0 ms, 60.0% | 5.0 ms, 50.0% |" in text
    assert "| all | 3 | 15.0 ms, 100.0% | 10.0 ms, 100.0% |" in text


def test_what_is_printed_between_events_is_left_out():
    printed = '[\n{"cat" : "Node","dur" :5},\na word of a thread\n{"cat" : "Session","dur" :9}\n]\n'
    assert profile.events(printed) == [{"cat": "Node", "dur": 5}, {"cat": "Session", "dur": 9}]


def test_only_the_tables_of_the_document_are_renewed():
    text = f"before\n{profile.BEGIN}\nold\n{profile.END}\nafter"
    assert profile.renewed(text, "new") == f"before\n{profile.BEGIN}\n\nnew\n{profile.END}\nafter"
    with pytest.raises(ExportError, match="no place"):
        profile.renewed("nothing", "new")
