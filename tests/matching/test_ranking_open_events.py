"""What the open event dictionary offers first for wordings that are no name of it."""

from __future__ import annotations

import pytest
from made_dictionary import candidates_of

from coding.matching.engine import match_requests
from coding.matching.index import MatchIndex

CASES = {
    "acute kidny injury": "Acute kidney injury",
    "severe acute kidney injury": "Acute kidney injury",
    "second degre AV block": "Second degree atrioventricular block",
    "intermitent pain in back": "Back pain",
    "AST was elevated": "Aspartate aminotransferase increased",
    "pain left arm since monday": "Pain in arm or leg",
    "migrane": "Migraine",
    "cut on left hand": "Cut",
    "fell down the stairs at home": "Fall",
    "weight loss 5 kg": "Weight decreased",
    "rash due to penicillin": "Rash",
    "chemo-induced nausea": "Nausea",
    "severe headaches": "Headache",
    "mild nausia": "Nausea",
    "dizzyness": "Dizziness",
    "stones in the kidney": "Kidney stones",
    "nose bleeding": "Nosebleed",
    "tummy hurts": "Abdominal pain",
    "wrist fractured": "Wrist fracture",
    "gallbladder was removed": "Gallbladder removal",
}


@pytest.fixture(scope="module")
def first(open_events: MatchIndex) -> dict[str, str]:
    """Verbatim → the preferred term of its first candidate."""
    from made_dictionary import requests_of, rules_of

    found = match_requests(requests_of(list(CASES)), open_events, rules_of()).candidates
    best = found[found["rank"] == 1].set_index("key")["preferred_code"]
    terms = open_events.dictionary.terms
    names = terms[terms["level"] == "PT"].set_index("code")["text"]
    return {text: names[best[f"k{at:03d}"]] for at, text in enumerate(CASES)}


@pytest.mark.parametrize("verbatim", CASES)
def test_first_candidate(first: dict[str, str], verbatim: str) -> None:
    assert first[verbatim] == CASES[verbatim]


@pytest.mark.parametrize(
    "verbatim",
    ["Acute kidney injury", "Second degree AV block", "Heart attack", "Left arm pain", "High blood pressure"],
)
def test_a_name_of_the_release_is_itself(open_events: MatchIndex, verbatim: str) -> None:
    found = candidates_of(open_events, verbatim.lower())
    assert (found.index[0], found.iloc[0]["method"], found.iloc[0]["score"]) == (verbatim, "exact", 1.0)


def test_the_open_dictionary_has_no_further_names_of_its_own(open_events: MatchIndex) -> None:
    assert open_events.further.texts == []
    assert not open_events.further.twin.any()


def test_every_offered_term_is_current(open_events: MatchIndex) -> None:
    found = candidates_of(open_events, "pain")
    assert all(open_events.current[open_events.row_of_code[code]] for code in found["code"])
