"""Who, when, what (old → new), why, how, from which release."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from ledger_events import (
    RELEASE,
    configured,
    decided,
    exported,
    key,
    opened,
    recoded,
    status_changed,
    synonym,
    synonym_withdrawn,
)

from coding.ledger import HistoryEntry, Ledger
from coding.records import DecisionPart, RecordKey
from schemas.vocabulary import Action, Method, Status

AT = datetime(2026, 3, 1, 8, 30, tzinfo=UTC)


def part(code: str) -> DecisionPart:
    return DecisionPart(code, f"Term {code}")


@pytest.fixture
def told(ledger: Ledger) -> Ledger:
    ledger.append(
        "S",
        "tool",
        [
            configured(),  # 1
            opened("Head  ache."),  # 2
            opened("Rash"),  # 3
            decided("Head ache", "11", score=0.5),  # 4
            decided("Rash", "12"),  # 5
        ],
        at=AT,
    )
    ledger.append(
        "S",
        "ann",
        [
            decided(
                "head ache",
                "13",
                "11",
                supersedes=4,
                reason="two events",
                status=Status.CODED,
                method=Method.PERSON,
            ),  # 6
            status_changed("Rash", Status.STALE, "the site changed it"),  # 7
            recoded("0101", "Rash", "Head ache"),  # 8
            synonym("HEAD ACHE", "14"),  # 9
            synonym_withdrawn("head ache"),  # 10
            exported(),  # 11
        ],
        at=AT + timedelta(days=1),
    )
    return ledger


def test_everything_in_its_order(told: Ledger) -> None:
    entries = told.history("S")
    assert [entry.sequence for entry in entries] == list(range(1, 12))
    assert [entry.action for entry in entries] == [event.action for event in told.events("S")]
    assert entries[0] == HistoryEntry(1, AT, "tool", Action.STUDY_CONFIGURED)
    assert entries[10] == HistoryEntry(11, AT + timedelta(days=1), "ann", Action.EXPORTED)


def test_a_request_from_opening_to_now(told: Ledger) -> None:
    first, coded, again, moved = told.history("S", request=key("head ache"))
    about = {"request": key("head ache"), "dictionary": "events", "verbatim": "Head  ache."}
    how = {"rules": ("case", "spelling"), "release": RELEASE, "tool_version": "0.1.0"}
    assert first == HistoryEntry(
        2, AT, "tool", Action.REQUEST_OPENED, new_status=Status.NEEDS_CODING, **about
    )
    assert coded == HistoryEntry(
        4, AT, "tool", Action.DECIDED,
        new_parts=(part("11"),), old_status=Status.NEEDS_CODING, new_status=Status.AUTOCODED,
        method=Method.EXACT, score=0.5, **about, **how,
    )  # fmt: skip
    assert again == HistoryEntry(
        6, AT + timedelta(days=1), "ann", Action.DECIDED, "two events",
        old_parts=(part("11"),), new_parts=(part("13"), part("11")),
        old_status=Status.AUTOCODED, new_status=Status.CODED,
        method=Method.PERSON, supersedes=4, **about, **how,
    )  # fmt: skip
    assert moved == HistoryEntry(
        8, AT + timedelta(days=1), "ann", Action.RECORD_RECODED,
        old_parts=(part("12"),), new_parts=(part("13"), part("11")),
        old_status=Status.STALE, new_status=Status.CODED,
        record=RecordKey("S", "AE", "0101", "1"), field="AETERM", from_request=key("Rash"), **about,
    )  # fmt: skip


def test_the_request_a_record_left_shows_it_too(told: Ledger) -> None:
    entries = told.history("S", request=key("Rash"))
    assert [entry.sequence for entry in entries] == [3, 5, 7, 8]
    changed = entries[2]
    assert (changed.old_status, changed.new_status) == (Status.AUTOCODED, Status.STALE)
    assert changed.reason == "the site changed it"
    assert changed.old_parts == changed.new_parts == (part("12"),)


@pytest.mark.parametrize("verbatim", ["head ache", " HEAD\u00a0ACHE!", "Head  ache."])
def test_a_verbatim_in_any_spelling(told: Ledger, verbatim: str) -> None:
    entries = told.history("S", verbatim=verbatim)
    assert [entry.sequence for entry in entries] == [2, 4, 6, 8, 9, 10]
    assert (entries[4].new_parts, entries[4].release) == ((part("14"),), RELEASE)
    assert (entries[5].new_parts, entries[5].reason) == ((), "wrong")


@pytest.mark.parametrize(
    ("code", "sequences"),
    [("11", [4, 6, 8]), ("12", [5, 8]), ("13", [6, 8]), ("14", [9]), ("1", []), ("' OR 1=1 --", [])],
)
def test_a_code_as_old_or_new(told: Ledger, code: str, sequences: list[int]) -> None:
    assert [entry.sequence for entry in told.history("S", code=code)] == sequences


@pytest.mark.parametrize(
    ("asked", "sequences"),
    [
        ({"request": key("Rash"), "code": "12"}, [5, 8]),
        ({"verbatim": "rash", "code": "13"}, [8]),
        ({"verbatim": "rash", "request": key("head ache")}, []),
        ({"verbatim": "rash", "request": key("rash")}, [3, 5, 7, 8]),
        ({"request": "no such key"}, []),
        ({"request": key("Rash") + "' OR '1'='1"}, []),
        ({"verbatim": "cough"}, []),
    ],
)
def test_all_conditions_hold(told: Ledger, asked: dict[str, str], sequences: list[int]) -> None:
    assert [entry.sequence for entry in told.history("S", **asked)] == sequences


def test_many_requests_at_once(ledger: Ledger) -> None:
    # Contexts make many requests of one verbatim.
    events = [opened("Rash", f"dictionary {number}") for number in range(60)]
    ledger.append("S", "tool", [opened("Cough"), *events])
    assert [entry.sequence for entry in ledger.history("S", verbatim="RASH")] == list(range(2, 62))


def test_other_studies_are_not_told(told: Ledger) -> None:
    told.append("T", "bob", [opened("Rash")])
    assert [entry.actor for entry in told.history("T", verbatim="rash")] == ["bob"]
    assert len(told.history("S", verbatim="rash")) == 4
