"""Python refuses what the page would refuse: the same broken manifests as in web/tests/engine/core/manifest.test.ts."""

import copy
import json
from pathlib import Path

import pytest

from export.errors import ExportError
from export.publish import manifest as contract

ROOT = Path(__file__).parents[2]
GOLDEN = json.loads((ROOT / "tests" / "golden" / "manifest.json").read_text())


def test_a_valid_manifest_is_accepted_and_fields_of_a_later_version_do_not_disturb():
    assert contract.check({**GOLDEN["manifest"], "later": True}, "it")["default"] == "tiny"


@pytest.mark.parametrize("case", GOLDEN["broken"], ids=lambda case: case["name"])
def test_what_is_wrong_is_named(case):
    manifest = copy.deepcopy(GOLDEN["manifest"])
    inner = manifest
    for key in case["at"][:-1]:
        inner = inner[key]
    if case["value"] is None:
        del inner[case["at"][-1]]
    else:
        inner[case["at"][-1]] = case["value"]
    with pytest.raises(ExportError) as refusal:
        contract.check(manifest, "it")
    assert all(word in refusal.value.message for word in case["says"]), refusal.value.message


def test_the_published_manifest_is_valid():
    contract.read(ROOT / "web" / "public" / "models" / "manifest.json")
