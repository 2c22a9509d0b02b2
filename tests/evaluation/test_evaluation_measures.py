"""Cross-validation that never sees what it is asked about, and what is counted about it."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from made_cases import MadeMatcher, Said, answers_of, matches_of

from coding.evaluation.agreement import Agreement, agreement
from coding.evaluation.answers import class_of_preferred
from coding.evaluation.calibration import calibration
from coding.evaluation.cases import Cases, decided_cases
from coding.evaluation.coverage import precision_curve
from coding.evaluation.intervals import rate_of
from coding.evaluation.judging import judge
from coding.evaluation.listings import (
    EXACT_REMARK,
    answered_differently,
    confidence_text,
    disagreements,
    not_in_release,
)
from coding.evaluation.measures import (
    Evaluation,
    beside_cases,
    cross_validation,
    evaluation_of,
    judged_cases,
    score_coverage,
)
from coding.evaluation.page import evaluation_page
from coding.evaluation.plots import precision_plot, reliability_plot
from coding.evaluation.sentences import (
    how_measured,
    lead_sentences,
    left_out,
    not_measured,
    percent,
)
from coding.matching.index import MatchIndex
from dictionaries.model import Dictionary

RIGHT, WRONG = Said(("101",), score=0.9, margin=0.5), Said(("201", "101"), score=0.4, margin=0.05)


def many(count: int, wrong: int = 0, **answer: object) -> tuple[list[dict[str, object]], dict[str, Said]]:
    """Answers "Headache" for made-up verbatims, of which the last ``wrong`` are said otherwise."""
    rows: list[dict[str, object]] = []
    says = {}
    for at in range(count):
        text = f"sore {chr(97 + at % 26)}{chr(97 + at // 26)}x"
        rows.append({"verbatim": text, "code": "101", "domain": "AE" if at % 2 else "MH", **answer})
        says[text] = WRONG if at >= count - wrong else RIGHT
    return rows, says


def evaluated(
    dictionary: Dictionary,
    index: MatchIndex,
    rows: list[dict[str, object]],
    says: dict[str, Said],
    *,
    history: bool = True,
) -> tuple[Evaluation, MadeMatcher]:
    matcher = MadeMatcher(says)
    cases = decided_cases(answers_of(rows), dictionary)
    judged = judged_cases(cross_validation(cases, index, matcher, None, history=history))
    return evaluation_of("ASPEN", dictionary.release, cases, judged, history=history), matcher


def test_no_case_is_matched_with_its_own_fold_as_history(dictionary: Dictionary, index: MatchIndex) -> None:
    rows, says = many(80, wrong=20)
    found, matcher = evaluated(dictionary, index, rows, says)
    fold_of = dict(zip(found.judged["verbatim"], found.judged["fold"], strict=True))
    # Ten folds, then each pair of folds without both.
    assert len(matcher.calls) == 10 + 45
    for asked, shown in matcher.calls:
        assert shown is not None
        folds_asked = {fold_of[text] for text in asked}
        assert folds_asked.isdisjoint(fold_of[text] for text in shown)
        assert len(asked) + len(shown) == 80
    assert found.folds == 10


def test_the_confidence_of_a_case_never_saw_its_answer(dictionary: Dictionary, index: MatchIndex) -> None:
    rows, says = many(80, wrong=20)
    found, _ = evaluated(dictionary, index, rows, says)
    changed = found.judged["fold"] == found.judged["fold"].iloc[0]
    texts = set(found.judged.loc[changed, "verbatim"])
    other = [{**row, "code": "301"} if row["verbatim"] in texts else row for row in rows]
    again, _ = evaluated(dictionary, index, other, says)
    keep = changed.to_numpy()
    assert again.judged["confidence"][keep].tolist() == found.judged["confidence"][keep].tolist()
    assert again.judged["confidence"][~keep].tolist() != found.judged["confidence"][~keep].tolist()


def test_without_history_everything_is_matched_at_once(dictionary: Dictionary, index: MatchIndex) -> None:
    rows, says = many(80)
    _, matcher = evaluated(dictionary, index, rows, says, history=False)
    assert [(len(asked), shown) for asked, shown in matcher.calls] == [(80, None)]


def test_synonyms_beyond_the_cases_are_history_but_not_in_their_own_fold(
    dictionary: Dictionary, index: MatchIndex
) -> None:
    rows, says = many(30)
    synonyms = pd.DataFrame(
        {"folded": ["aax sore", "cough"], "code": ["101", "401"], "source": ["synonym", "synonym"]}
    )
    matcher = MadeMatcher(says)
    cases = decided_cases(answers_of(rows), dictionary)
    cross_validation(cases, index, matcher, synonyms).judged()
    for asked, shown in matcher.calls:
        assert shown is not None
        # The same words as "sore aax": out of sight together with it.
        assert ("aax sore" in shown) == ("sore aax" not in asked)


def test_below_sixty_cases_confidence_is_not_measured(dictionary: Dictionary, index: MatchIndex) -> None:
    rows, says = many(59)
    found, matcher = evaluated(dictionary, index, rows, says)
    assert found.judged["confidence"].isna().all()
    assert (found.model, found.calibration(), found.coverage()) == (None, None, {})
    assert len(matcher.calls) == 10
    assert lead_sentences(found) == [
        "Of 59 verbatims that people decided, 100 % have the people's PT as first suggestion (95 % interval: "
        "94 % to 100 %), and 100 % have it among the first five.",
        "Confidence is not measured: that takes 60 decided verbatims with a suggestion; there are 59.",
    ]


def test_judging_case_by_case(dictionary: Dictionary) -> None:
    rows = [
        {"key": "a", "verbatim": "a", "code": "102"},
        {"key": "b", "verbatim": "b", "preferred": "Rash"},
        {"key": "c", "verbatim": "c", "code": "NO_TERM"},
        {"key": "d", "verbatim": "d", "code": "401"},
        {"key": "e", "verbatim": "e", "code": "201"},
    ]
    cases = decided_cases(answers_of(rows), dictionary).frame
    told = [
        ("a", Said(("101", "102"))),
        ("b", Said(("401", "302"), method="normalised")),
        ("c", Said((), method="no_event")),
        ("d", Said(())),
        ("e", Said(("101",), settles=False)),
    ]
    found = judge(cases, matches_of(told), class_of_preferred(dictionary))
    columns = [
        "said_code",
        "method",
        "agree_code",
        "agree_preferred",
        "agree_class",
        "among_code",
        "among_preferred",
    ]
    rows_found = found[columns].astype(object).where(found[columns].notna(), None).to_numpy().tolist()
    assert rows_found == [
        ["101", "score", 0, 1, 1, 1, 1],
        ["401", "normalised", None, 0, 0, None, 1],
        ["NO_TERM", "no_event", 1, 1, 1, 1, 1],
        ["", "no_candidate", 0, 0, 0, 0, 0],
        ["101", "score", 0, 0, 1, 0, 0],
    ]
    assert found["by_score"].tolist() == [True, False, False, False, False]
    assert found["score"].isna().tolist() == [False, False, True, True, False]


def test_agreement_by_group(dictionary: Dictionary, index: MatchIndex) -> None:
    rows, says = many(20, wrong=5, rows=3)
    found, _ = evaluated(dictionary, index, rows, says)
    assert found.agreement()[1] == Agreement("all", "preferred", rate_of(15, 20), rate_of(20, 20), 45, 60)
    by_domain = [item for item in found.agreement("domain") if item.level == "code"]
    assert [(item.group, item.first.agreed, item.first.cases, item.rows_share) for item in by_domain] == [
        ("AE", 7, 10, 0.7),
        ("MH", 8, 10, 0.8),
    ]
    assert [item.level for item in found.agreement()] == ["code", "preferred", "class"]
    assert agreement(found.judged.iloc[:0]) == ()


def test_rows_with_another_answer_do_not_agree(dictionary: Dictionary, index: MatchIndex) -> None:
    rows: list[dict[str, object]] = [
        {"key": "a", "verbatim": "sore", "code": "101", "rows": 3},
        {"key": "a", "verbatim": "sore", "code": "201", "rows": 1},
    ]
    found, _ = evaluated(dictionary, index, rows, {"sore": RIGHT})
    preferred = found.agreement()[1]
    assert (preferred.first, preferred.rows_agreed, preferred.rows) == (rate_of(1, 1), 3, 4)


def test_levels_that_nobody_answered_are_not_told(dictionary: Dictionary, index: MatchIndex) -> None:
    rows, says = many(10)
    named = [{**row, "code": "", "preferred": "Headache"} for row in rows]
    found, _ = evaluated(dictionary, index, named, says)
    assert [item.level for item in found.agreement()] == ["preferred", "class"]


def test_the_score_is_measured_on_what_the_rules_leave_to_it(
    dictionary: Dictionary, index: MatchIndex
) -> None:
    rows, says = many(90)
    for at, row in enumerate(rows):
        if at < 25:
            says[str(row["verbatim"])] = replace(RIGHT, method="exact", score=1.0)
        elif at < 30:
            says[str(row["verbatim"])] = replace(RIGHT, settles=False)
    found, _ = evaluated(dictionary, index, rows, says)
    proof = score_coverage(found.judged, 0.95, 0.95)
    assert (proof.cases, proof.proven.cases, proof.needed, proof.missing) == (60, 60, 59, 0)
    assert score_coverage(found.judged.iloc[:0], 0.99, 0.95).missing == 299


@pytest.fixture(scope="module")
def mixed(dictionary: Dictionary, index: MatchIndex) -> Evaluation:
    """150 cases, 30 of them wrong; one exact name coded otherwise, one unknown answer, one doubt."""
    rows, says = many(150, wrong=30)
    rows += [
        {"verbatim": "<b>Rash</b> & more", "code": "201", "domain": "AE"},
        {"verbatim": "unknown", "code": "999", "domain": "AE"},
        {"verbatim": "doubt", "code": "101", "domain": "AE", "rows": 2},
        {"verbatim": "doubt", "code": "401", "domain": "AE"},
        {"verbatim": "=sum(1)", "code": "102", "domain": "AE"},
    ]
    exact = Said(("301",), method="exact", score=1.0, margin=0.9)
    says |= {"<b>Rash</b> & more": exact, "doubt": RIGHT, "=sum(1)": RIGHT}
    found, _ = evaluated(dictionary, index, rows, says)
    return found


def test_disagreements_are_listed_most_confident_first(mixed: Evaluation, dictionary: Dictionary) -> None:
    listed = disagreements(mixed, dictionary, exact=False)
    assert len(listed) == 31
    first = listed.iloc[0]
    assert (first["differs_at"], first["answer"], first["said"], first["said_preferred"]) == (
        "PT", "Headache", "Migraine", "Migraine",
    )  # fmt: skip
    assert (first["among_first"], first["method"], first["score"], first["reason"], first["remark"]) == (
        "yes", "score", "0.4000", "Reason 1.", "",
    )  # fmt: skip
    assert listed["confidence"][:30].is_monotonic_decreasing
    last = listed.iloc[-1]
    assert (last["verbatim"], last["differs_at"], last["remark"]) == (
        "=sum(1)", "LLT", "Another term of the same preferred term.",
    )  # fmt: skip
    (exact,) = disagreements(mixed, dictionary, exact=True).to_dict("records")
    assert (exact["verbatim"], exact["answer"], exact["said"], exact["remark"]) == (
        "<b>Rash</b> & more", "Migraine", "Rash", EXACT_REMARK,
    )  # fmt: skip


def test_what_people_should_look_at_is_listed(mixed: Evaluation, dictionary: Dictionary) -> None:
    listed = answered_differently(mixed, dictionary)
    assert listed.to_numpy().tolist() == [
        ["AE", "doubt", "2", "101", "Headache", "Headache"],
        ["AE", "doubt", "1", "401", "Nausea", "Nausea"],
    ]
    assert list(listed.columns) == ["domain", "verbatim", "rows", "code", "term", "preferred"]
    assert not_in_release(mixed)[["verbatim", "code", "problem"]].to_dict("records") == [
        {"verbatim": "unknown", "code": "999", "problem": "the code is not in the release"}
    ]
    assert dict(left_out(mixed).itertuples(index=False, name=None)) == {
        "answers left out: the code is not in the release": 1,
        "verbatims that were answered differently (the most frequent answer counts)": 1,
    }


def test_sentences_for_a_data_manager(mixed: Evaluation) -> None:
    assert lead_sentences(mixed) == [
        "Of 153 verbatims that people decided, 80 % have the people's PT as first suggestion (95 % interval: "
        "72 % to 86 %), and 99 % have it among the first five.",
        "84 % of the verbatims could be coded without a person at 95 % agreement, 80 % at 99 %, as counted "
        "on these cases.",
        "With 95 % confidence: none yet (cases without an error needed: 59 for 95 %, 149 for 98 %, 299 for "
        "99 %). The first error is the most confident one.",
    ]
    assert how_measured(mixed)[0].startswith("The decided verbatims were put into 10 parts;")
    assert not_measured(mixed)[1] == (
        "Confidence below the PT: it is about the PT, the level of analysis, not about which LLT of it was "
        "chosen."
    )


def test_sentences_where_something_is_proven(dictionary: Dictionary, index: MatchIndex) -> None:
    rows, says = many(200, wrong=20)
    found, _ = evaluated(dictionary, index, rows, says)
    assert lead_sentences(found)[-1] == (
        "With 95 % confidence: 90 % at 95 % agreement, 90 % at 98 % agreement; none yet at 99 % (cases "
        "without an error needed: 299 for 99 %). The first error comes after the 180 most confident."
    )


def test_no_case_gives_one_sentence(mixed: Evaluation) -> None:
    nothing = replace(mixed, judged=mixed.judged.iloc[:0])
    assert lead_sentences(nothing) == ["There are no decided cases yet, so nothing could be measured."]
    assert "nothing could be measured" in evaluation_page(nothing)


@pytest.mark.parametrize(
    ("share", "text"), [(0.5, "50 %"), (0.99999, "99.9 %"), (0.0, "0 %"), (1.0, "100 %"), (None, "–")]
)
def test_percentages(share: float | None, text: str) -> None:
    assert percent(share) == text


def test_confidences_in_words() -> None:
    assert (confidence_text(0.93), confidence_text(float("nan"))) == ("0.9300", "not measured")


class _Reader(HTMLParser):
    """Tags that are open, and what stands in the page."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag != "meta":
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_stands_alone(mixed: Evaluation) -> None:
    page = evaluation_page(mixed)
    reader = _Reader()
    reader.feed(page)
    assert reader.open == []
    names = [tag for tag, _ in reader.tags]
    assert names.count("h1") == names.count("title") - 2 == 1  # each drawing has a title of its own
    assert not {"script", "link", "img", "iframe"} & set(names)
    links = re.findall(r"https?://[^\s\"']+", page)
    assert set(links) <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}
    assert "url(http" not in page
    headers = [told for tag, told in reader.tags if tag == "th"]
    assert all(told.get("scope") in {"col", "row"} for told in headers)
    drawings = [told for tag, told in reader.tags if tag == "svg"]
    assert [told["role"] for told in drawings] == ["img", "img"]
    assert all(told["aria-label"] for told in drawings)
    ids = [told["id"] for _, told in reader.tags if told.get("id")]
    assert len(ids) == len(set(ids))
    assert '<html lang="en">' in page
    assert "Made 1" in page
    assert dictionary_identity(mixed) in page


def dictionary_identity(evaluation: Evaluation) -> str:
    return evaluation.release.identity


def test_the_page_holds_verbatims_only_when_told(mixed: Evaluation, dictionary: Dictionary) -> None:
    plain = evaluation_page(mixed)
    for verbatim in ("sore", "doubt", "Rash", "=sum"):
        assert verbatim not in plain
    shown = evaluation_page(mixed, {"Disagreements": disagreements(mixed, dictionary, exact=True)})
    assert "&lt;b&gt;Rash&lt;/b&gt; &amp; more" in shown
    assert "<b>Rash" not in shown


def test_the_same_evaluation_gives_the_same_page(mixed: Evaluation) -> None:
    assert evaluation_page(mixed) == evaluation_page(mixed)


def test_the_plots_are_drawings_in_the_pages_colours(mixed: Evaluation) -> None:
    measured = mixed.measured
    found = mixed.calibration()
    assert found is not None
    curve = precision_curve(measured["confidence"], measured["agree_preferred"])
    for text in (reliability_plot(found), precision_plot(curve)):
        root = ET.fromstring(text)
        assert root.attrib["role"] == "img"
        assert "var(--accent)" in text
        assert not re.search(r"#0[1-5]{1}0[1-5]0[1-5]", text)
        assert "DejaVu" not in text


def test_figures_are_plain_json(mixed: Evaluation) -> None:
    figures = json.loads(json.dumps(mixed.to_json(), allow_nan=False))
    assert (figures["cases"], figures["rows"], figures["not_in_release"]) == (153, 155, 1)
    assert figures["answered_differently"] == 1
    assert figures["levels"] == {"code": "LLT", "preferred": "PT", "class": "SOC"}
    assert [item["precision"] for item in figures["coverage"]["all"]] == [0.95, 0.98, 0.99]
    assert figures["confidence_model"]["cases"] == 153
    assert figures["calibration"]["cases"] == 153
    # Nothing of the verbatims.
    assert "sore" not in json.dumps(figures)


def test_calibration_is_that_of_cases_with_a_suggestion(dictionary: Dictionary, index: MatchIndex) -> None:
    rows, says = many(70)
    says[str(rows[0]["verbatim"])] = Said(())
    found, _ = evaluated(dictionary, index, rows, says)
    assert found.calibration() == calibration(found.judged["confidence"].dropna(), pd.Series([1.0] * 69))
    assert int(np.isnan(found.judged["confidence"]).sum()) == 1
    assert not_measured(found)[-1] == (
        "Confidence of verbatims without any suggestion (1 here); they count as not coded."
    )


def test_cases_keep_their_order(dictionary: Dictionary, index: MatchIndex) -> None:
    rows, says = many(30)
    cases: Cases = decided_cases(answers_of(rows), dictionary)
    validation = cross_validation(cases, index, MadeMatcher(says), None)
    judged = validation.judged()
    assert judged["key"].to_list() == cases.frame["key"].to_list()
    both = beside_cases(cases.frame, judged)
    assert both["key"].to_list() == cases.frame["key"].to_list()
    assert not both.columns.duplicated().any()
