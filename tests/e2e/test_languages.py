"""Other languages: the browser's, a chosen one, and one that is written from right to left."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.e2e.app import App
from tests.e2e.conftest import Visits

OVERFLOW = "() => document.documentElement.scrollWidth - innerWidth"


def side(app: App, test_id: str) -> str:
    """On which half of the window something is."""
    box = app[test_id].bounding_box()
    width = app.page.evaluate("() => innerWidth")
    assert box
    return "left" if box["x"] + box["width"] / 2 < width / 2 else "right"


def test_the_page_speaks_the_browsers_language(visit: Visits) -> None:
    app = visit(locale="de-AT").open()
    expect(app.page.get_by_role("heading", level=1)).to_have_text("Objekt antippen, Ausschnitt bekommen.")
    assert app.page.evaluate("() => document.documentElement.lang") == "de"
    expect(app.is_ready().status).to_contain_text("Bereit")
    app["sample-coffee"].click()
    expect(app.stage).to_have_attribute("aria-label", "Foto coffee")
    app.is_ready().tap(300, 200).is_answered()
    expect(app["save-cutout"]).to_have_text("Motiv")


@pytest.mark.parametrize("lang", ["de", "ar"])
@pytest.mark.parametrize("profile", ["desktop", "phone"])
def test_buttons_are_named_as_they_are_labelled(visit: Visits, profile: str, lang: str) -> None:
    app = visit(profile).open(lang=lang)
    app.is_accessible()["sample-coffee"].click()
    expect(app.stage).to_be_visible()
    app.is_ready().tap(300, 200).is_answered().is_accessible()
    app["save-more"].click()
    expect(app["save-sheet"]).to_be_visible()
    app.is_accessible().page.keyboard.press("Escape")
    app["refine"].click()
    app.is_accessible()["refine-close"].click()
    app["settings-button"].click()
    expect(app["settings"]).to_be_visible()
    app.is_accessible()


def test_a_language_nobody_wrote_is_english(visit: Visits) -> None:
    app = visit(locale="fr-FR").open()
    expect(app.page.get_by_role("heading", level=1)).to_have_text("Tap an object, get its cut-out.")


def test_a_chosen_language_stays_and_keeps_what_was_done(visit: Visits) -> None:
    app = visit().open().choose_sample("coffee").tap(300, 200)
    mask = app.is_answered().mask()
    app["settings-button"].click()
    app["language"].select_option("ar")
    expect(app["settings"].get_by_role("heading", level=2)).to_have_text("الإعدادات")
    app.page.keyboard.press("Escape")
    assert (app.is_answered().mask() == mask).all()
    app.open()
    expect(app.stage).to_be_visible()
    assert app.page.evaluate("() => [document.documentElement.lang, document.documentElement.dir]") == ["ar", "rtl"]
    app.is_ready()["settings-button"].click()
    app["language"].select_option("")
    expect(app["settings"].get_by_role("heading", level=2)).to_have_text("Settings")
    assert app.page.evaluate("() => document.documentElement.dir") == "ltr"


@pytest.mark.parametrize("profile", ["desktop", "phone"])
def test_right_to_left_mirrors_the_page_and_not_the_photo(visit: Visits, profile: str) -> None:
    plain, mirrored = visit(profile).open(), visit(profile).open(lang="ar")
    masks = []
    for app in (plain, mirrored):
        app.is_accessible()
        app["sample-coffee"].click()
        expect(app.stage).to_be_visible()
        app.is_ready().tap(300, 200)
        masks.append(app.is_answered().mask())
        app.is_accessible()
        assert app.page.evaluate(OVERFLOW) <= 0
    assert (masks[0] == masks[1]).all()
    assert [side(app, "settings-button") for app in (plain, mirrored)] == ["right", "left"]
    mirrored["new-object"].click()
    mirrored.tap(60, 60).is_answered().is_accessible()
    assert mirrored.page.evaluate(OVERFLOW) <= 0
    mirrored["save-more"].click()
    expect(mirrored["save-sheet"]).to_be_visible()
    mirrored.is_accessible()


def test_what_the_page_names_is_in_its_language(visit: Visits) -> None:
    app = visit().open(lang="de")
    app["sample-coffee"].click()
    expect(app.stage).to_have_attribute("aria-label", "Foto coffee")
    app.is_ready().tap(300, 200)
    app["new-object"].click()
    app.tap(60, 60)
    expect(app["objects"].locator(".object-name")).to_have_text(["Objekt 2", "Objekt 1"])
    with app.page.expect_download() as download:
        app["save-mask"].click()
    assert download.value.suggested_filename == "coffee-objekt-2-mask.png"
