"""What people decided in a study: the confidence of suggestions, and how far a score may settle."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from coding.ledger.ledger import Event, Ledger, NewEvent
from coding.operations.code_study import code_study
from coding.operations.evaluate_study import evaluate_study
from coding.operations.inspect_ledger import ledger_history
from coding.records import Decision, DecisionPart, UserError, canonical_json, fold, request_key
from coding.workspace import Workspace
from schemas.tables import read_csv
from schemas.vocabulary import Action, Method, Status

MakeStudy = Callable[..., "object"]
HEADER = "USUBJID,AESPID,AETERM,AESER,AESTDTC,AEENDTC,ARM"
HEADACHE, MIGRAINE, RASH, DIZZINESS = (
    ("10000002", "Headache"), ("10000003", "Migraine"), ("10000005", "Rash"), ("10000010", "Dizziness"),
)  # fmt: skip
#: Unlike all the others, and coded to another term than its words say.
ODD = "Cough vortex"
BY_SCORE = "outcomes: {score: approved, score_precision: 0.95}\ncoding:"


def wordings(count: int, word: str = "Headache") -> list[str]:
    """Verbatims that are a term and one unknown word: no rule settles them, the term is first."""
    letters = "bcdfghjklm"
    return [f"{word} {letters[at // 10 % 10]}{letters[at % 10]}qxz" for at in range(count)]


def ae_rows(verbatims: list[str], serious: frozenset[str] = frozenset()) -> tuple[str, ...]:
    return tuple(
        f"S{at % 3 + 1},{at},{text},{'Y' if text in serious else 'N'},2024-01-02,,A"
        for at, text in enumerate(verbatims)
    )


def decide(
    workspace: Workspace,
    study: str,
    codes: Mapping[str, tuple[str, str]],
    status: Status = Status.CODED,
) -> None:
    """A coder's own decisions, as events."""
    with Ledger.open(workspace.ledger_url) as ledger:
        known = ledger.requests(study).set_index("key")["decision"]
        events = []
        for verbatim, (code, text) in codes.items():
            key = request_key("Tiny", fold(verbatim))
            decision = Decision(
                key, (DecisionPart(code, text),), status, Method.PERSON, "Coder.", "Tiny 1.0", "0",
                supersedes=int(known[key]),
            )  # fmt: skip
            events.append(NewEvent(Action.DECIDED, {**decision.payload(), "release": release_of(workspace)}))
        ledger.append(study, "coder", events)


def release_of(workspace: Workspace) -> str:
    (path,) = workspace.dictionaries.glob("Tiny/*/release.json")
    data = json.loads(path.read_text(encoding="utf-8"))
    return f"Tiny 1.0 English sha256:{data['checksum'][:16]}"


def thresholds(workspace: Workspace, study: str) -> list[Event]:
    with Ledger.open(workspace.ledger_url) as ledger:
        return list(ledger.events_of(study, Action.SCORE_THRESHOLD_SET))


def request_of(workspace: Workspace, study: str, verbatim: str) -> Mapping[str, object]:
    with Ledger.open(workspace.ledger_url) as ledger:
        requests = ledger.requests(study).set_index("key")
    return dict(requests.loc[request_key("Tiny", fold(verbatim))])


def suggestions(folder: Path) -> list[dict[str, str]]:
    with (folder / "work" / "suggestions.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def kept_study(make_study_in: MakeStudy, tmp_path_factory: pytest.TempPathFactory) -> object:
    """A study with 80 decided wordings of one term, three that nobody decided, and a serious one.
    It was evaluated once, so that what every test would measure is in its cache."""
    made = make_study_in(tmp_path_factory.mktemp("decided") / "w")
    decided, left = wordings(80), wordings(84)[80:]
    made.write_ae(ae_rows([*decided, *left, "Itching", ODD], serious=frozenset(left[-1:])))
    code_study(made.workspace, made.study, actor="dana")
    decide(made.workspace, made.study, dict.fromkeys(decided, HEADACHE))
    evaluate_study(made.workspace, made.study)
    return made


@pytest.fixture
def decided_study(kept_study: object, tmp_path: Path) -> object:
    """A copy of it to work on."""
    folder = tmp_path / "w"
    shutil.copytree(kept_study.workspace.folder, folder)
    workspace = Workspace(folder)
    return replace(kept_study, workspace=workspace, folder=workspace.study_folder(kept_study.study))


def test_without_decisions_nothing_is_measured(make_study: MakeStudy) -> None:
    made = make_study()
    made.write_ae(ae_rows(wordings(3)))
    code_study(made.workspace, made.study, actor="dana")
    listed = suggestions(made.folder)
    assert {row["confidence"] for row in listed} == {"not measured"}
    assert all(row["reason"] for row in listed)
    with pytest.raises(UserError, match="nobody decided or approved anything yet"):
        evaluate_study(made.workspace, made.study)


def test_sixty_decided_cases_give_suggestions_a_confidence(decided_study: object) -> None:
    made = decided_study
    code_study(made.workspace, made.study, actor="dana")
    first = [row for row in suggestions(made.folder) if row["rank"] == "1" and row["verbatim"] != ODD]
    assert [row["term"] for row in first] == ["Headache"] * 4
    assert all(0.9 < float(row["confidence"]) < 1 for row in first)
    later = [row for row in suggestions(made.folder) if row["rank"] not in {"", "1"}]
    assert {row["confidence"] for row in later} <= {"not measured"}
    # The scores only suggest: that is the default.
    assert thresholds(made.workspace, made.study) == []
    assert request_of(made.workspace, made.study, wordings(81)[-1])["status"] == "NEEDS_CODING"


def test_a_proven_threshold_is_recorded_and_named_by_the_decisions(decided_study: object) -> None:
    made = decided_study
    made.configure("coding:", BY_SCORE)
    code_study(made.workspace, made.study, actor="dana")
    (event,) = thresholds(made.workspace, made.study)
    told = event.payload
    assert {name: told[name] for name in ("dictionary", "level", "precision", "confidence")} == {
        "dictionary": "Tiny",
        "level": "PT",
        "precision": 0.95,
        "confidence": 0.95,
    }
    assert (told["cases"], told["agreed"], told["measured_cases"], told["missing"]) == (80, 80, 80, 0)
    assert told["lower_bound"] == 0.9632
    assert 0.9 < told["threshold"] < 1
    assert told["model"]["cases"] == 80
    new, serious = wordings(81)[-1], wordings(84)[-1]
    found = request_of(made.workspace, made.study, new)
    assert (found["status"], found["method"]) == ("AUTOCODED", "score")
    assert str(found["reason"]).endswith(f"Threshold: event {event.sequence}.")
    assert int(str(found["decision"])) > event.sequence
    assert request_of(made.workspace, made.study, serious)["status"] == "PENDING_APPROVAL"


def test_the_evidence_of_a_threshold_can_be_checked(decided_study: object) -> None:
    made = decided_study
    made.configure("coding:", BY_SCORE)
    code_study(made.workspace, made.study, actor="dana")
    with Ledger.open(made.workspace.ledger_url) as ledger:
        requests = ledger.requests(made.study)
        parts = ledger.decision_parts(made.study).set_index("key")["code"]
        head = ledger.head(made.study).sequence
    decided = requests[requests["status"] == "CODED"]
    rows = [[row.key, parts[row.key], row.decision] for row in decided.itertuples()]
    (event,) = thresholds(made.workspace, made.study)
    assert event.payload["evidence_sha256"] == sha256(canonical_json(rows).encode()).hexdigest()
    entry = next(item for item in ledger_history(made.workspace, made.study) if item.action == event.action)
    assert entry.reason == f"coded by score from confidence {event.payload['threshold']} on"
    # Nothing new: nothing is recorded, and the ledger can be made anew.
    code_study(made.workspace, made.study, actor="dana")
    with Ledger.open(made.workspace.ledger_url) as ledger:
        assert ledger.head(made.study).sequence == head
        ledger.rebuild(made.study)
        assert ledger.verify(made.study).problems == ()


def test_thin_evidence_codes_nothing_by_score(decided_study: object) -> None:
    made = decided_study
    made.configure("coding:", "outcomes: {score: approved, score_precision: 0.99}\ncoding:")
    summary = code_study(made.workspace, made.study, actor="dana")
    (event,) = thresholds(made.workspace, made.study)
    assert (event.payload["threshold"], event.payload["needed"], event.payload["missing"]) == (None, 299, 219)
    assert request_of(made.workspace, made.study, wordings(81)[-1])["status"] == "NEEDS_CODING"
    assert summary.notes[-1] == (
        "Tiny: nothing is coded by score: 99 % agreement with 95 % confidence takes 299 decided verbatims "
        "without an error; at least 219 more are needed"
    )


def test_evidence_that_turns_takes_the_threshold_back(decided_study: object) -> None:
    made = decided_study
    made.configure("coding:", BY_SCORE)
    code_study(made.workspace, made.study, actor="dana")
    decide(made.workspace, made.study, dict.fromkeys(wordings(80)[:40], MIGRAINE))
    more = wordings(90)[84:]
    made.write_ae(ae_rows([*wordings(84), *more, "Itching"]))
    summary = code_study(made.workspace, made.study, actor="dana")
    first, second = thresholds(made.workspace, made.study)
    assert first.payload["threshold"] is not None
    assert second.payload["threshold"] is None
    assert request_of(made.workspace, made.study, more[0])["status"] == "NEEDS_CODING"
    assert "nothing is coded by score" in summary.notes[-1]


def test_what_the_engine_settled_alone_is_no_evidence(make_study: MakeStudy) -> None:
    made = make_study()
    made.configure("coding:", BY_SCORE)
    code_study(made.workspace, made.study, actor="dana")
    (event,) = thresholds(made.workspace, made.study)
    assert (event.payload["measured_cases"], event.payload["threshold"]) == (0, None)
    with pytest.raises(UserError, match="nothing to measure"):
        evaluate_study(made.workspace, made.study)


def test_synonyms_are_evidence_on_the_first_run_as_on_later_ones(make_study: MakeStudy) -> None:
    made = make_study()
    lines = [f"{text},10000002,Headache" for text in wordings(70)]
    made.folder.joinpath("synonyms.csv").write_text("\n".join(["verbatim,code,term", *lines]) + "\n", "utf-8")
    made.configure("coding:", "synonyms: [{file: synonyms.csv, dictionary: Tiny}]\n" + BY_SCORE)
    made.write_ae(ae_rows([*wordings(65), "Headache zzqxz"]))
    code_study(made.workspace, made.study, actor="dana")
    (event,) = thresholds(made.workspace, made.study)
    # Only those that occur in the data are evidence: 65 of 70.
    assert (event.payload["measured_cases"], event.payload["cases"]) == (65, 65)
    assert request_of(made.workspace, made.study, "Headache zzqxz")["method"] == "score"
    code_study(made.workspace, made.study, actor="dana")
    assert len(thresholds(made.workspace, made.study)) == 1


def test_a_study_is_evaluated_on_its_decisions(decided_study: object) -> None:
    made = decided_study
    decide(made.workspace, made.study, {"Itching": RASH, ODD: DIZZINESS}, Status.APPROVED)
    summary = evaluate_study(made.workspace, made.study)
    (found,) = summary.evaluations
    assert found.release == "Tiny 1.0"
    assert found.sentences[0].startswith(
        "Of 82 verbatims that people decided, 98 % have the people's PT as first suggestion"
    )
    (level,) = [item for item in found.figures["agreement"] if item["level"] == "code"]
    assert (level["first"]["agreed"], level["first"]["cases"], level["rows"]) == (80, 82, 82)
    folder = made.folder / "work" / "evaluation" / "Tiny"
    assert sorted(path.name for path in folder.iterdir()) == [
        "answered_differently.csv", "disagreements.csv", "evaluation.html", "evaluation.json",
        "exact_coded_otherwise.csv", "not_in_release.csv",
    ]  # fmt: skip
    (wrong,) = read_csv(folder / "disagreements.csv").to_dict("records")
    assert (wrong["verbatim"], wrong["answer"], wrong["said"], wrong["method"]) == (
        ODD, "Dizziness", "Cough", "score",
    )  # fmt: skip
    (exact,) = read_csv(folder / "exact_coded_otherwise.csv").to_dict("records")
    assert (exact["verbatim"], exact["answer"], exact["said"], exact["domain"]) == (
        "Itching", "Rash", "Itching", "AE",
    )  # fmt: skip
    page = (folder / "evaluation.html").read_text(encoding="utf-8")
    assert "Itching" not in page
    assert "qxz" not in page
    assert "vortex" not in page


def test_evaluating_again_gives_the_same_bytes_from_the_cache(decided_study: object) -> None:
    made = decided_study
    evaluate_study(made.workspace, made.study)
    folder = made.folder / "work" / "evaluation" / "Tiny"
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    kept = sorted(made.workspace.cache.glob("evaluation/*/*"))
    stages: list[str] = []
    evaluate_study(made.workspace, made.study, progress=lambda stage, done, total: stages.append(stage))
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert sorted(made.workspace.cache.glob("evaluation/*/*")) == kept
    assert stages == []


def test_an_evaluation_may_show_verbatims_or_leave_history_out(decided_study: object) -> None:
    made = decided_study
    decide(made.workspace, made.study, {ODD: DIZZINESS}, Status.APPROVED)
    summary = evaluate_study(made.workspace, made.study, history=False, with_verbatims=True)
    assert summary.evaluations[0].figures["history"] is False
    page = summary.evaluations[0].places["page"].read_text(encoding="utf-8")
    assert ODD in page


def test_a_dictionary_that_the_study_does_not_have(decided_study: object) -> None:
    made = decided_study
    with pytest.raises(UserError, match="MedDRA is not a dictionary of study S-1; it has: Tiny"):
        evaluate_study(made.workspace, made.study, dictionary="MedDRA")


def test_a_study_that_was_never_run(make_study: MakeStudy) -> None:
    made = make_study()
    with pytest.raises(UserError, match="was never run"):
        evaluate_study(made.workspace, made.study)
