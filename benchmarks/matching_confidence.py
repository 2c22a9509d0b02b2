"""How much could be coded without a person at a given agreement, as ``trialcoder evaluate`` measures it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from coding.evaluation.cases import decided_cases
from coding.evaluation.coverage import PRECISIONS
from coding.evaluation.measures import Evaluation, cross_validation, evaluation_of, judged_cases
from coding.operations.evaluate_study import CodedColumns, file_answers
from coding.operations.matching_tools import MatchingTools
from coding.operations.measured_confidence import measuring_matcher
from coding.study import Outcomes
from matching_cases import Case, CaseSets
from matching_peers import exact_ranks
from matching_tables import Cell, Table
from schemas.tables import text_frame


def measure_confidence(sets: CaseSets) -> Iterator[Table]:
    """A table for each set; the blind set also without the verbatims that have several accepted terms,
    of which an evaluation knows the first alone."""
    if sets.statin is not None:
        yield confidence_table(sets.statin)
    yield confidence_table(sets.blind)
    single = [at for at, names in enumerate(sets.blind.answers) if len(names) == 1]
    yield confidence_table(replace(sets.blind.at(single), name="blind, one accepted term"))


def confidence_table(case: Case) -> Table:
    """The share of verbatims at each agreement, cross-validated, beside that of the exact match."""
    shares = [f"share at ≥ {precision:.0%}" for precision in PRECISIONS]
    columns = (
        "way", "cases", "first", *shares, f"proven at {PRECISIONS[0]:.0%}", "calibration error", "Brier",
    )  # fmt: skip
    without, with_history = (evaluated(case, history=history) for history in (False, True))
    exact, settled, right = exact_row(case, without)
    rows = [
        confidence_row("trialcoder, nothing decided", without),
        confidence_row("trialcoder, the other folds decided", with_history),
        exact,
    ]
    cases = len(without.measured)
    notes = [
        f"the exact match settles {settled:,} of {cases:,} ({settled / cases:.3f}), "
        f"of which {right:,} agree ({right / max(settled, 1):.3f})"
    ]
    if cases < len(case.verbatims):
        notes.append(f"{len(case.verbatims):,} verbatims are {cases:,} when case and outer marks are folded")
    several = sum(len(names) > 1 for names in case.answers)
    if several:
        notes.append(f"of several accepted terms ({several:,} verbatims) the first alone counts as right")
    title = f"{case.name}: share that could be coded without a person"
    return Table(title, columns, rows, tuple(notes))


def evaluated(case: Case, *, history: bool) -> Evaluation:
    """The evaluation that ``trialcoder evaluate`` makes of a file with these verbatims and answers."""
    dictionary = case.index.dictionary
    frame = text_frame({"verbatim": case.verbatims, "preferred": [names[0] for names in case.answers]})
    columns = CodedColumns("verbatim", preferred="preferred")
    answers, left_out = file_answers(frame, columns, dictionary.release.name)
    cases = decided_cases(answers, dictionary, left_out)
    matcher = measuring_matcher(MatchingTools(case.index), Outcomes(), frozenset())
    judged = judged_cases(cross_validation(cases, case.index, matcher, None, history=history))
    return evaluation_of(case.name, dictionary.release, cases, judged, history=history)


def confidence_row(name: str, found: Evaluation) -> tuple[Cell, ...]:
    """One row; nothing is measured with too few cases."""
    level = next(item for item in found.agreement() if item.level == "preferred")
    reached = found.coverage().get("all", ())
    calibrated = found.calibration()
    shares: list[Cell] = [item.counted.share for item in reached] or [None] * len(PRECISIONS)
    return (
        name,
        len(found.judged),
        level.first.agreed / level.first.cases,
        *shares,
        reached[0].proven.share if reached else None,
        calibrated.error if calibrated else None,
        calibrated.brier if calibrated else None,
    )


def exact_row(case: Case, found: Evaluation) -> tuple[tuple[Cell, ...], int, int]:
    """The row of the exact match over the same cases; how many it settles, and how many of them agree."""
    cases = found.measured
    asked = replace(case, verbatims=cases["verbatim"].to_list())
    pairs = [
        (set(names), right)
        for names, right in zip(exact_ranks(asked), cases["preferred"], strict=True)
        if len(set(names)) == 1
    ]
    settled, right = len(pairs), sum(right in names for names, right in pairs)
    reached = [
        settled / len(cases) if settled and right >= precision * settled else 0.0 for precision in PRECISIONS
    ]
    return ("exact match", len(cases), right / len(cases), *reached, None, None, None), settled, right
