"""How a verbatim is built: concepts, brackets, cause, doubt, and words that only qualify."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coding.matching.normalisation import normalise
from coding.matching.structure import LIGHT_ROLES, MEASURE, MOST_PARTS, cause_words, roles_of, structure_of
from coding.records import fold

EIGHT = ("headache", "nausea", "rash", "cough", "fever", "fall", "itching", "dizziness")
PIECES = (
    "nausea", "rash", "arm", "left", ",", ";", "/", "&", "+", "-", "(", ")", "[", ":", "due", "to", "and",
    "?", "possible", "3", "days", "x2", "140/90",
)  # fmt: skip
TEXTS = st.one_of(st.text(max_size=60), st.lists(st.sampled_from(PIECES), max_size=12).map(" ".join))


@pytest.mark.parametrize(
    ("verbatim", "parts"),
    [
        ("nausea, vomiting", ("nausea", "vomiting")),
        ("nausea; vomiting", ("nausea", "vomiting")),
        ("nausea/vomiting", ("nausea", "vomiting")),
        ("nausea & vomiting", ("nausea", "vomiting")),
        ("nausea + vomiting", ("nausea", "vomiting")),
        ("nausea - vomiting", ("nausea", "vomiting")),
        ("nausea and vomiting", ("nausea", "vomiting")),
        ("headache with nausea", ("headache", "nausea")),
        ("nausea\nvomiting", ()),  # folding makes a line break a blank
        ("nausea, vomiting and rash on arm", ("nausea", "vomiting", "rash on arm")),
        ("fall, headache, 2 days", ("fall", "headache 2 days")),
        ("headache", ()),
        ("nausea, 2 days", ()),
        ("rash on arms, legs", ()),
        ("pain in arm and leg", ()),
        ("left arm and right leg pain", ()),
        ("x-ray", ()),
        ("1,000 mg", ()),
        ("a/c", ()),
        ("", ()),
    ],
)
def test_concepts_are_told_apart_from_places_and_times(verbatim: str, parts: tuple[str, ...]) -> None:
    assert structure_of(fold(verbatim)).parts == parts


def test_no_more_parts_than_the_limit() -> None:
    parts = structure_of(", ".join(EIGHT)).parts
    assert parts == (*EIGHT[: MOST_PARTS - 1], " ".join(EIGHT[MOST_PARTS - 1 :]))


@pytest.mark.parametrize(
    ("verbatim", "main", "cause"),
    [
        ("headache due to fall", "headache", "fall"),
        ("headache secondary to hypertension", "headache", "hypertension"),
        ("chemo-induced nausea", "nausea", "chemo"),
        ("radiation induced dermatitis", "dermatitis", "radiation"),
        ("drug related rash", "rash", "drug"),
        ("due to fall", "due to fall", ""),  # nothing stands before the cause
        ("pain: left arm", "pain", ""),
        ("chest pain: resolved", "chest pain", ""),
        ("skin: rash", "skin: rash", ""),  # what stands before the colon is a place only
        ("rash (mild) on arm", "rash on arm", ""),
        ("rash [grade 2] {left}", "rash", ""),
        ("headache (", "headache", ""),
        ("(rash)", "rash", ""),
        ("headache", "headache", ""),
        ("", "", ""),
    ],
)
def test_brackets_and_causes(verbatim: str, main: str, cause: str) -> None:
    structure = structure_of(fold(verbatim))
    assert (structure.main, structure.cause) == (main, cause)


@pytest.mark.parametrize(
    ("verbatim", "uncertain"),
    [
        ("possible mi", True),
        ("probable gout", True),
        ("suspected stroke", True),
        ("? stroke", True),
        ("rash？", True),
        ("rash (unclear?)", True),
        ("stroke", False),
        ("impossible to sleep", False),
    ],
)
def test_doubt(verbatim: str, uncertain: bool) -> None:
    # Folding takes a mark at the edge away, so the text is given as it was written.
    assert structure_of(verbatim).uncertain is uncertain


@pytest.mark.parametrize(
    ("verbatim", "roles"),
    [
        ("severe headache", "severity -"),
        ("mild to moderate pain", "severity severity -"),
        ("intermittent fever", "course -"),
        ("pain for 2 weeks", "- time time"),
        ("headache since 3 d", "- time time time"),
        ("2 hr headache", "time time -"),
        ("hr increased", "- -"),
        ("rash right", "- side"),
        ("bilateral knee pain", "side - -"),
        ("possible rash", "uncertain -"),
        ("no rash", "negation -"),
        ("rash due to drug", "- cause -"),
        ("nausea and vomiting", "- joining -"),
        ("temp 101.2 f", "- measure measure"),
        ("weight 80 kg", "- measure measure"),
        ("5 mm nodule", "measure measure -"),
        ("bp 160", "- measure"),
        ("type 2 diabetes", "- - -"),
        ("vitamin b12 low", "- - -"),
        ("factor 8 deficiency", "- - -"),
        ("covid 19", "- -"),
        ("", ""),
    ],
)
def test_roles_of_words(verbatim: str, roles: str) -> None:
    found = roles_of(normalise(fold(verbatim)).words)
    assert " ".join(role or "-" for role in found) == roles


@given(TEXTS)
def test_any_text_has_a_structure(text: str) -> None:
    structure = structure_of(fold(text))
    assert bool(structure.main) == bool(fold(text))
    assert len(structure.parts) != 1
    assert len(structure.parts) <= MOST_PARTS
    assert all(part == part.strip() != "" for part in structure.parts)


@given(TEXTS)
def test_parts_say_nothing_that_the_verbatim_does_not(text: str) -> None:
    said = set(fold(text).split())
    joined = " ".join(structure_of(fold(text)).parts)
    assert all(any(word in whole for whole in said) for word in joined.split())


@given(TEXTS)
def test_every_word_has_one_known_role(text: str) -> None:
    words = normalise(fold(text)).words
    assert len(roles_of(words)) == len(words)
    assert set(roles_of(words)) <= {"", MEASURE, *LIGHT_ROLES}


def test_of_a_very_long_verbatim_the_beginning_is_read() -> None:
    structure = structure_of("nausea, " + "x" * 10_000 + ", rash")
    assert structure.parts[:1] == ("nausea",)
    assert "rash" not in structure.parts


@pytest.mark.parametrize(
    ("verbatim", "words"),
    [
        ("rash due to penicillin", {"due", "penicillin"}),
        ("chemo-induced nausea", {"chemo", "induced"}),
        ("rash on arm", set()),
    ],
)
def test_words_that_only_say_the_cause(verbatim: str, words: set[str]) -> None:
    assert cause_words(fold(verbatim)) == words


def test_two_numbers_with_a_slash_are_a_measured_value() -> None:
    words = normalise(fold("BP 140/90")).words
    assert words[-3:] == ("140", "and", "90")
    assert roles_of(words)[-3:] == (MEASURE, "joining", MEASURE)
    assert structure_of(fold("BP 140/90")).parts == ()


def test_what_the_thesaurus_knows_as_one_concept_stays_whole() -> None:
    assert structure_of("pins and needles").parts == ()
    assert structure_of("pins and needles, rash").parts == ("pins and needles", "rash")
