"""What a share of SA-1B costs: arithmetic that can be done by hand."""

import pytest

from export.training.scale import SA1B, cost
from tests.export.conftest import refuse, run


def test_one_per_cent_at_sams_own_size():
    one = cost(0.01, row_bytes=256 * 64 * 64 * 2, teacher=1, student=10, epochs=8, processes=2)
    assert one.photos == 110_000
    assert one.cache_gb == pytest.approx(230.7, abs=0.1)
    assert one.cache_hours == pytest.approx(30.56, abs=0.01)
    assert one.distil_hours == pytest.approx(24.44, abs=0.01)
    assert one.hours == pytest.approx((30.56 + 24.44) / 2, abs=0.01)
    whole = cost(1, 256 * 64 * 64 * 2, 1, 10, 8, 2)
    assert whole.photos == SA1B
    assert whole.cache_gb == pytest.approx(100 * one.cache_gb, rel=1e-4)


def test_the_table_has_a_row_for_each_share():
    words = run("scale", "--teacher-rate", 2, "--student-rate", 20, "--processes", 8)
    assert "| 1% | 110,000 |" in words
    assert "| 100% | 11,000,000 |" in words
    assert "on 8 |" in words


def test_rates_must_be_positive():
    assert "positive" in refuse("scale", "--teacher-rate", 0, "--student-rate", 20)
