"""The official MobileSAM beside the default model."""

from __future__ import annotations

import re

import pytest

from tests.e2e.app import App
from tests.e2e.expected import iou
from tests.e2e.models import DEFAULT
from tests.e2e.test_models import TAP, leave, running, settings


@pytest.mark.real_model(DEFAULT)
def test_mobile_sam_is_on_offer_and_answers(app: App) -> None:
    app.open().choose_sample("coffee").tap(*TAP)
    before = app.is_answered().mask()
    settings(app)["models"].get_by_role("radio", name=re.compile("^MobileSAM")).click()
    assert running(app) == "model-mobile-sam/int8"
    leave(app)
    assert iou(app.is_answered().mask(), before) > 0.5
