"""What holds for the engine whatever is written, in whatever company, batch or number of threads."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_dictionary import LOW, requests_of, rules_of

from coding.matching.engine import Matches, MatchRules, match_requests
from coding.matching.flags import FLAGS
from coding.matching.index import MatchIndex
from coding.matching.normalisation import RULES as NORMALISING
from coding.matching.reasons import RULES
from coding.matching.settling import NO_TERM_ROW
from schemas.tables import text_frame

ODD = {
    "nothing": "",
    "blanks": " \t\r\n ",
    "marks only": "...!?",
    "an emoji": "🤕",
    "emojis and words": "🤢 nausea 🤮 vomiting",
    "right to left": "صداع شديد",
    "right to left with marks": "\u202eehcadaeh\u202c",
    "another script": "頭痛とめまい",
    "combining marks": "h\u0301e\u0302a\u0303d\u0304ache",
    "full width": "ｈｅａｄａｃｈｅ，ｒａｓｈ",
    "ligatures": "ﬁbrillation œdème",
    "a soft hyphen": "head\u00adache",
    "zero width": "head\u200bache\ufeff",
    "control characters": "head\x00ache\x07\x1b[31m",
    "a unit separator": "head\x1fache",
    "private use": "head\ue000ache\ue001",
    "digits": "1234567890",
    "a long number": "9" * 5_000,
    "numbers": "1 2 3 4/5 6.7 8,9 x10",
    "one long word": "a" * 10_000,
    "ten thousand characters": ("severe headache, rash and " * 400)[:10_000],
    "ten thousand signs": "+/-" * 3_333,
    "a thousand brackets": "(" * 1_000 + "rash" + ")" * 1_000,
    "a thousand abbreviations": "mi pe ra ms cp " * 200,
    "a formula": "=HYPERLINK(1)",
    "quotes": "\"rash\" 'cough' `fever`",
    "a line break": "headache\nrash",
    "markup": "<b>rash</b>&amp;",
    "only function words": "of the in",
    "only qualifiers": "severe left chronic possible 3 days",
    "only denials": "no not without",
}
WORDS = [
    *{word for _, name, _, _ in LOW for word in name.lower().split()},
    "mi",
    "no",
    "left",
    "and",
    ",",
    "/",
]
TEXTS = st.one_of(
    st.lists(st.sampled_from(sorted(WORDS)), max_size=6).map(" ".join),
    st.text(max_size=30),
    st.text(st.characters(categories=("Lo", "Mn", "So", "Cf", "Cc", "Nd", "Sm")), max_size=20),
)
FRAMES = ("decisions", "candidates", "held", "signals", "flags", "parts")

VERBATIMS = [
    "Headache", "severe headache", "left toe pain and rash", "MI", "mi, pe", "no headache", "tummy ache",
    "bumps all over", "migrane", "chest pain due to cold", "", "n/a", "cold", "old nam", "頭痛",
    "nausea / rash", "diabetis", "kidney injury acute severe", "blood presure up", "aura",
    "metastatic lung cancer", "Rash",
]  # fmt: skip


def told(**more: object) -> MatchRules:
    decided = text_frame({"folded": ["bumps all over"], "code": ["1901"], "source": ["decision"]})
    return replace(rules_of(score="needs_approval", score_minimum=0.5, **more), decided=decided)


def assert_same(one: Matches, other: Matches) -> None:
    for name in FRAMES:
        pd.testing.assert_frame_equal(getattr(one, name), getattr(other, name), check_exact=True)


def of_key(matches: Matches, key: str) -> list[list[object]]:
    found = []
    for name in FRAMES:
        frame = getattr(matches, name)
        rows = frame[frame["key"] == key].drop(columns="key").astype(object)
        found.append(rows.where(rows.notna(), None).to_numpy().tolist())
    return found


# --- any text ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def odd(index: MatchIndex) -> Matches:
    return match_requests(requests_of(list(ODD.values())), index, told())


def test_odd_texts_are_decided_or_held_once_each(odd: Matches) -> None:
    answered = sorted([*odd.decisions["key"], *odd.held["key"]])
    assert answered == [f"k{at:03d}" for at in range(len(ODD))]


@pytest.mark.parametrize("what", ODD)
def test_an_odd_text_alone_gives_what_it_gives_among_others(
    index: MatchIndex, odd: Matches, what: str
) -> None:
    alone = match_requests(requests_of([ODD[what]]), index, told())
    assert of_key(alone, "k000") == of_key(odd, f"k{list(ODD).index(what):03d}")


@pytest.mark.parametrize("what", ["nothing", "blanks", "marks only", "an emoji", "another script"])
def test_what_is_like_no_name_has_no_candidate(odd: Matches, what: str) -> None:
    key = f"k{list(ODD).index(what):03d}"
    assert odd.candidates[odd.candidates["key"] == key].empty


@pytest.mark.parametrize(("what", "code"), [("full width", "1001"), ("a line break", "1001")])
def test_what_folding_can_read_is_read(odd: Matches, what: str, code: str) -> None:
    key = f"k{list(ODD).index(what):03d}"
    assert odd.candidates[odd.candidates["key"] == key].iloc[0]["code"] == code


@settings(max_examples=20)
@given(st.lists(TEXTS, max_size=8))
def test_every_key_has_one_answer_and_sound_candidates(index: MatchIndex, verbatims: list[str]) -> None:
    matches = match_requests(requests_of(verbatims), index, told())
    keys = [f"k{at:03d}" for at in range(len(verbatims))]
    assert sorted([*matches.decisions["key"], *matches.held["key"]]) == keys
    found = matches.candidates
    assert found["score"].between(0, 1).all()
    assert (found["score"].round(4) == found["score"]).all()
    told_rules = {rule for rules in found["rules"] for rule in rules.split(";") if rule}
    assert told_rules <= {*RULES, *NORMALISING, "ambiguous"}
    for _, own in found.groupby("key"):
        assert own["rank"].to_list() == list(range(1, len(own) + 1))
        assert own["score"].is_monotonic_decreasing
        assert own["preferred_code"].is_unique
    assert set(matches.flags["flag"]) <= set(FLAGS)
    assert matches.signals["key"].to_list() == sorted(set(found["key"]))
    assert NO_TERM_ROW not in set(found["code"])


@settings(max_examples=10)
@given(st.lists(TEXTS, min_size=1, max_size=5), st.randoms(use_true_random=False))
def test_the_order_of_requests_changes_nothing(index: MatchIndex, verbatims: list[str], random) -> None:  # type: ignore[no-untyped-def]
    requests = requests_of(verbatims)
    order = list(range(len(requests)))
    random.shuffle(order)
    assert_same(match_requests(requests, index, told()), match_requests(requests.iloc[order], index, told()))


@settings(max_examples=10)
@given(TEXTS, st.lists(TEXTS, max_size=4))
def test_what_else_is_asked_changes_nothing(index: MatchIndex, verbatim: str, others: list[str]) -> None:
    alone = match_requests(requests_of([verbatim]), index, told())
    among = match_requests(requests_of([verbatim, *others]), index, told())
    assert of_key(alone, "k000") == of_key(among, "k000")


# --- batches and threads ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def expected(index: MatchIndex) -> Matches:
    return match_requests(requests_of(VERBATIMS), index, told())


def test_the_reference_has_all_kinds_of_answers(expected: Matches) -> None:
    assert {"exact", "no_event", "score"} <= set(expected.decisions["method"])
    assert len(expected.held) >= 3
    assert len(expected.parts) >= 4


@pytest.mark.parametrize(("batch", "small"), [(1, 1), (1, 400), (2, 3), (5, 1), (7, 50), (4_000, 2)])
def test_the_size_of_batches_changes_nothing(
    index: MatchIndex, expected: Matches, monkeypatch: pytest.MonkeyPatch, batch: int, small: int
) -> None:
    monkeypatch.setattr("coding.matching.ranking.BATCH", batch)
    monkeypatch.setattr("coding.matching.ranking.SMALL_BATCH", small)
    assert_same(match_requests(requests_of(VERBATIMS), index, told()), expected)


@pytest.mark.parametrize("processors", [None, 1, 2, 4, 64])
def test_the_number_of_threads_changes_nothing(
    index: MatchIndex, expected: Matches, monkeypatch: pytest.MonkeyPatch, processors: int | None
) -> None:
    monkeypatch.setattr("coding.matching.retrieval.os.cpu_count", lambda: processors)
    assert_same(match_requests(requests_of(VERBATIMS), index, told()), expected)


def test_a_second_run_changes_nothing(index: MatchIndex, expected: Matches) -> None:
    assert_same(match_requests(requests_of(VERBATIMS), index, told()), expected)


def test_fewer_candidates_are_the_first_of_more(index: MatchIndex, expected: Matches) -> None:
    fewer = match_requests(requests_of(VERBATIMS), index, told(top=2))
    more = expected.candidates[expected.candidates["rank"] <= 2].reset_index(drop=True)
    pd.testing.assert_frame_equal(fewer.candidates, more)


def test_two_requests_of_one_verbatim_get_the_same(index: MatchIndex) -> None:
    matches = match_requests(requests_of(["severe headache", "SEVERE  headache."]), index, told())
    assert of_key(matches, "k000") == of_key(matches, "k001")


def test_requests_stay_as_they_were(index: MatchIndex) -> None:
    requests = requests_of(VERBATIMS)
    before = requests.copy()
    match_requests(requests, index, told())
    pd.testing.assert_frame_equal(requests, before)
