"""An export on a dictionary that is not for submissions says so wherever its rows go."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from coding.exports.open_dictionaries import COLUMN, marked, not_for_submissions, sentence
from dictionaries.model import Release
from dictionaries.registry import list_releases

OWN = Release("Ours", "3", "English", "c" * 64, ("LLT", "PT"), "LLT", "PT", True, False)
OPEN = replace(OWN, name="open", version="1", licensed=False, note="For trying; Not For Submissions.")
PUBLIC = replace(OWN, name="ICD", version="2026", licensed=False, note="Public domain.")


def test_only_releases_that_say_so_are_named() -> None:
    assert not_for_submissions([OWN, PUBLIC]) == ()
    assert not_for_submissions([OPEN, OWN, OPEN, replace(OPEN, language="French")]) == (
        "open 1",
        "open 1 (French)",
    )


def test_every_release_that_ships_says_so() -> None:
    shipped = [item.release for item in list_releases([])]
    assert {release.name for release in shipped} == {"open_events", "open_drugs"}
    assert not any(release.for_submissions for release in shipped)


def test_a_listing_says_it_in_every_row_and_in_its_header() -> None:
    listing = pd.DataFrame({"verbatim": ["sore head", "itch"]})
    assert marked(listing, ()).columns.tolist() == ["verbatim"]
    said = marked(listing, ("open 1", "open 2"))
    assert said[COLUMN].tolist() == ["coded with open 1, open 2"] * 2
    assert marked(listing.head(0), ("open 1",)).columns.tolist() == ["verbatim", COLUMN]
    assert listing.columns.tolist() == ["verbatim"]


def test_the_sentence_asks_for_a_signed_reason() -> None:
    assert sentence(()) == ""
    assert sentence(("open 1",)) == (
        "Coded with open 1: not for submissions. A final transfer on it needs a signed reason."
    )
