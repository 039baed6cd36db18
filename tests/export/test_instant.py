"""The small model that answers until the default one is there: `publish --instant`."""

import pytest

from export.errors import ExportError
from export.publish import manifest as contract


def manifest(**more):
    return {"schema": 1, "default": "fine", **more, "models": [{"id": "fine"}, {"id": "quick"}]}


@pytest.mark.parametrize(
    ("before", "asked", "after"),
    [
        (None, None, None),
        (None, "quick", "quick"),
        ("quick", None, "quick"),
        ("quick", "", None),
        ("fine", None, None),  # it has become the default one
        ("gone", None, None),
    ],
)
def test_it_is_named_kept_and_ended(before, asked, after):
    named = manifest(**({"instant": before} if before else {}))
    contract.name_instant(named, asked)
    assert named.get("instant") == after
    assert list(named)[-1] == "models"


@pytest.mark.parametrize(("asked", "complaint"), [("huge", "no such model"), ("fine", "the default model")])
def test_what_cannot_go_before_the_default_is_refused(asked, complaint):
    with pytest.raises(ExportError, match=complaint):
        contract.name_instant(manifest(), asked)
