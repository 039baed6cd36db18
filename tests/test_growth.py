"""What larger photos, more objects and more photos cost: the tables, and one row measured for real."""

import json
from concurrent.futures import ThreadPoolExecutor

from click.testing import CliRunner

from bench import browser, growth

ROW = {"open_s": 1.0, "tap_ms": 50.0, "redraw_ms": 4.0, "save_s": 0.5, "memory_mb": 400.0}


def figures(**later: float) -> dict[str, object]:
    """Rows in which nothing grows but `later`, in the larger photo."""
    rows = {
        name: {"1": ROW, str(more): ROW | (later if name == "megapixels" else {})}
        for name, more in (("megapixels", 12), ("objects", 10), ("photos", 10))
    }
    return {"device": "2 cores, WASM", **rows}


def test_a_cost_that_grows_as_fast_as_its_input_is_no_finding():
    assert growth.verdict(figures(save_s=6.0)).startswith("Nothing grows faster than its input, to a tenth.")


def test_a_cost_that_grows_faster_than_its_input_is_named():
    text = growth.verdict(figures(save_s=6.7))
    assert "cut-out saved from 1 to 12 megapixels (0.5 s → 6.7 s)" in text


def test_a_redraw_above_a_sixtieth_of_a_second_is_named():
    assert "4 ms, within the 16" in growth.verdict(figures())
    assert "20 ms, above the 16" in growth.verdict(figures(redraw_ms=20.0))


def test_render_writes_the_tables_from_the_json(tmp_path):
    out = tmp_path / "growth.json"
    out.write_text(json.dumps(figures() | {"photos": {"1": ROW | {"memory_mb": None}}}))
    result = CliRunner().invoke(growth.growth_command, ["--render", "--out", str(out)])
    assert result.exit_code == 0, result.output
    text = out.with_suffix(".md").read_text()
    assert "| 12 | 1 s | 50 ms | 4 ms | 0.5 s | 400 MB |" in text
    assert "| 1 | 1 s | 50 ms | 4 ms | 0.5 s | – |" in text


def test_a_row_is_measured_in_the_built_page():
    def measured() -> growth.Row:
        with browser.serving(growth.DIST) as (address, _), growth.opened(address) as desk:
            return growth.with_megapixels(desk, 1)

    # In a thread of its own: in this one the browser of other tests may be running, and Playwright allows one a thread.
    with ThreadPoolExecutor(1) as pool:
        row = pool.submit(measured).result()
    assert all(value is None or value > 0 for value in row.values())
