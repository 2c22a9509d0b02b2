"""Verbatims as wordings: as a whole, without bracket and cause, by concept, by reading, corrected."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coding.matching.index import MatchIndex
from coding.matching.normalisation import normalise
from coding.matching.wordings import (
    MOST_WORDINGS,
    MOST_WORDS,
    PARTIAL,
    Asked,
    Wordings,
    ambiguous_abbreviations,
    make_wordings,
    without_places,
)
from coding.records import fold

PIECES = (
    "mi", "pe", "ra", "ca", "ms", "rash", "arm", "left", ",", "/", "and", "due", "to", "anemia", "migrane",
    "headachenausea",
)  # fmt: skip
TEXTS = st.one_of(st.text(max_size=60), st.lists(st.sampled_from(PIECES), max_size=14).map(" ".join))


def wordings_of(index: MatchIndex, *verbatims: str, english: bool = True) -> Wordings:
    folded = [fold(text) for text in verbatims]
    asked = [Asked(text, normalise(text)) for text in folded]
    return make_wordings(index.ranker.space, asked, english)


def listed(index: MatchIndex, verbatim: str) -> list[tuple[str, str]]:
    return [(item.kind, " ".join(item.words)) for item in wordings_of(index, verbatim).items]


@pytest.mark.parametrize(
    ("verbatim", "expected"),
    [
        ("rash", [("whole", "rash")]),
        ("rash (arm) due to drug", [("whole", "rash arm due drug"), ("main", "rash"), ("core", "rash drug")]),
        ("chemo-induced nausea", [("whole", "chemotherapy induced nausea"), ("main", "nausea")]),
        ("laceration left arm", [("whole", "laceration left arm"), ("core", "laceration")]),
        ("left arm", [("whole", "left arm")]),  # nothing is left without the place
        (
            "headache, rash",
            [("whole", "headache rash"), ("part", "headache"), ("later part", "rash")],
        ),
        (
            "MI",
            [
                ("whole", "mi"), ("reading", "myocardial infarction"), ("reading", "mitral insufficiency"),
            ],
        ),
        ("rt knee pain", [("whole", "rt knee pain"), ("core", "pain")]),  # a side needs no reading
        ("sob", [("whole", "shortness breath")]),  # one reading only: written out
        ("", [("whole", "")]),
    ],
)  # fmt: skip
def test_wordings_in_their_order(index: MatchIndex, verbatim: str, expected: list[tuple[str, str]]) -> None:
    assert listed(index, verbatim) == expected


def test_further_readings_count_less_and_less(index: MatchIndex) -> None:
    found = wordings_of(index, "MI")
    assert [round(float(factor), 2) for factor in found.factor] == [1.0, 0.96, 0.94]


@pytest.mark.parametrize(
    ("verbatim", "ambiguous"),
    [
        ("mi", ("mi",)),
        ("lft abnormal", ()),
        ("mi and pe", ("mi", "pe")),
        ("rt knee pain", ()),
        ("2 hrs headache", ()),
        ("headache", ()),
    ],
)
def test_what_is_ambiguous_where_it_stands(verbatim: str, ambiguous: tuple[str, ...]) -> None:
    assert ambiguous_abbreviations(normalise(verbatim).words) == ambiguous


@pytest.mark.parametrize(
    ("verbatim", "core"),
    [
        ("laceration left arm", "laceration"),
        ("severe pain of left knee", "pain"),
        ("left arm", ""),
        ("laceration", ""),
        ("severe", ""),
        ("", ""),
    ],
)
def test_the_finding_without_its_place(verbatim: str, core: str) -> None:
    assert " ".join(without_places(normalise(verbatim).words)) == core


@pytest.mark.parametrize(
    ("verbatim", "words", "changed"),
    [
        ("migrane", "migraine", [(0, "migrane", "misspelling")]),
        ("abdominalpain", "abdominal pain", [(at, "abdominalpain", "compounding") for at in (0, 1)]),
        ("sob", "shortness breath", [(at, "sob", "abbreviations") for at in (0, 1)]),
        ("left migrane", "left migraine", [(1, "migrane", "misspelling")]),
        ("migraine", "migraine", []),
    ],
)
def test_the_whole_is_corrected_and_says_so(
    index: MatchIndex, verbatim: str, words: str, changed: list[tuple[int, str, str]]
) -> None:
    whole = wordings_of(index, verbatim).items[0]
    assert (" ".join(whole.words), list(whole.changed)) == (words, changed)


def test_a_corrected_word_is_trusted_less(index: MatchIndex) -> None:
    assert wordings_of(index, "left migrane").trust.tolist()[:2] == pytest.approx([1.0, 0.925])


def test_another_language_has_the_whole_only(index: MatchIndex) -> None:
    found = wordings_of(index, "MI, rash (arm)", english=False)
    assert [item.kind for item in found.items] == ["whole"]


def test_of_a_long_verbatim_the_first_words_are_looked_at(index: MatchIndex) -> None:
    whole = wordings_of(index, "rash " * 100).items[0]
    assert whole.words == ("rash",) * MOST_WORDS


def test_no_more_wordings_than_the_limit(index: MatchIndex) -> None:
    found = wordings_of(index, "mi, pe, ra, ca, ms, headache, rash, nausea, cp, sob (arm)")
    assert len(found.items) == MOST_WORDINGS


@settings(max_examples=60)
@given(st.lists(TEXTS, min_size=1, max_size=4))
def test_wordings_of_any_texts(index: MatchIndex, verbatims: list[str]) -> None:
    found = wordings_of(index, *verbatims)
    assert len(found.items) == len(found.owner) == len(found.factor) == len(found.kind)
    assert sorted(set(found.owner.tolist())) == list(range(len(verbatims)))
    first = [found.items[found.owner.tolist().index(at)].kind for at in range(len(verbatims))]
    assert set(first) == {"whole"}
    assert {item.kind for item in found.items} <= set(PARTIAL)
    for item in found.items:
        assert len(item.roles) == len(item.tokens)
        assert all(0 <= at < len(item.words) for at, _, _ in item.changed)
    assert len(found.trust) == sum(len(item.tokens) for item in found.items)
    assert bool(((found.trust > 0) & (found.trust <= 1)).all())


@settings(max_examples=40)
@given(TEXTS, TEXTS)
def test_a_verbatims_wordings_do_not_depend_on_others(index: MatchIndex, one: str, other: str) -> None:
    together = wordings_of(index, one, other)
    alone = wordings_of(index, other)
    assert [item for item, at in zip(together.items, together.owner, strict=True) if at == 1] == alone.items
