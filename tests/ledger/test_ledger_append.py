"""Recording events and what is derived from them, on both databases."""

from __future__ import annotations

import math
import os
import threading
import time
from collections.abc import Iterator
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

from coding.ledger import ORGANISATION, Head, Ledger, LedgerBusyError, LedgerError, NewEvent
from coding.ledger.chain import EMPTY
from schemas.vocabulary import Action, Method, Status

AT = datetime(2026, 3, 1, 8, 30, tzinfo=UTC)
AT_TEXT = "2026-03-01T08:30:00.000000Z"

REQUEST_COLUMNS = [
    "key", "dictionary", "release", "verbatim", "context", "status", "method", "rules", "score",
    "decision", "decided_by", "decided_at", "reason",
]  # fmt: skip


def request_row(ledger: Ledger, verbatim: str, study: str = "S") -> dict[str, object]:
    frame = ledger.requests(study)
    (row,) = frame[frame["key"] == key(verbatim)].to_dict("records")
    return row


def test_an_empty_ledger(ledger: Ledger) -> None:
    assert ledger.head("S") == Head(0, "0" * 64)
    assert ledger.state_head("S") == Head(0, "0" * 64)
    assert list(ledger.events("S")) == []
    assert ledger.last_event("S", Action.DECIDED) is None
    assert ledger.append("S", "ann", []) == EMPTY
    assert list(ledger.requests("S").columns) == REQUEST_COLUMNS
    assert [str(kind) for kind in ledger.requests("S").dtypes] == (
        ["str"] * 8 + ["float64", "int64"] + ["str"] * 3
    )
    assert ledger.verify("S").ok
    assert ledger.history("S") == []
    with pytest.raises(LedgerError, match="nothing is recorded"):
        ledger.state_time("S")


def test_events_come_back_as_recorded(ledger: Ledger) -> None:
    head = ledger.append("S", "ann", [configured(a=1), opened("Headache")], at=AT)
    assert head == ledger.head("S")
    first, second = ledger.events("S")
    assert (first.chain, first.sequence, first.at, first.actor) == ("S", 1, AT, "ann")
    assert first.action is Action.STUDY_CONFIGURED
    assert first.payload == {"config": {"a": 1}, "config_sha256": "0" * 64}
    assert first.previous_hash == "0" * 64
    assert second.previous_hash == first.hash
    assert head == Head(2, second.hash)
    assert [event.sequence for event in ledger.events("S", after=1)] == [2]
    assert [event.sequence for event in ledger.events("S", until=1)] == [1]
    assert ledger.count("S", Action.REQUEST_OPENED) == 1
    assert ledger.count("S", Action.REQUEST_OPENED, after=2) == 0


def test_both_databases_give_the_same_hash(ledger: Ledger) -> None:
    events = [opened("Übelkeit 😀"), decided("Übelkeit 😀", "100", score=0.1 + 0.2)]
    assert (
        ledger.append("S", "ann", events, at=AT).hash
        == "c7eb7f0eb148c53ad4e115d8089e5f3bb84725ad104ec7fd4e5fdda3b63ed7c5"
    )


def test_an_opened_request_waits(ledger: Ledger) -> None:
    ledger.append("S", "ann", [opened("Headache")])
    row = request_row(ledger, "Headache")
    assert math.isnan(row.pop("score"))
    assert row == {
        "key": key("Headache"), "dictionary": "events", "release": "", "verbatim": "Headache",
        "context": "", "status": "NEEDS_CODING", "method": "", "rules": "", "decision": 0,
        "decided_by": "", "decided_at": "", "reason": "",
    }  # fmt: skip
    assert ledger.decision_parts("S").empty


def test_a_decision_is_current_until_the_next(ledger: Ledger) -> None:
    ledger.append("S", "tool", [opened("Headache"), decided("Headache", "1", "2", "3", score=0.87654)], at=AT)
    assert request_row(ledger, "Headache") == {
        "key": key("Headache"), "dictionary": "events", "release": RELEASE, "verbatim": "Headache",
        "context": "", "status": "AUTOCODED", "method": "exact", "rules": "case;spelling",
        "score": 0.8765, "decision": 2, "decided_by": "tool", "decided_at": AT_TEXT, "reason": "",
    }  # fmt: skip
    again = decided(
        "Headache", "4", supersedes=2, reason="site said so", status=Status.CODED, method=Method.PERSON
    )
    ledger.append("S", "ann", [again], at=AT)
    row = request_row(ledger, "Headache")
    assert (row["decision"], row["decided_by"], row["reason"]) == (3, "ann", "site said so")
    assert ledger.decision_parts("S").to_dict("records") == [
        {"key": key("Headache"), "part": 1, "code": "4", "text": "Term 4", "modify": ""}
    ]


def test_a_status_change_keeps_the_decision_and_its_reason(ledger: Ledger) -> None:
    events = [opened("Rash"), decided("Rash", "7", reason="exact term")]
    ledger.append("S", "tool", [*events, status_changed("Rash", Status.STALE, "verbatim changed")])
    row = request_row(ledger, "Rash")
    assert (row["status"], row["decision"], row["reason"]) == ("STALE", 2, "exact term")
    assert list(ledger.decision_parts("S")["code"]) == ["7"]


def test_a_request_opened_again_takes_the_new_spelling_and_keeps_its_coding(ledger: Ledger) -> None:
    ledger.append("S", "tool", [opened("Rash"), decided("Rash", "7")])
    ledger.append("S", "tool", [opened("RASH.")])
    row = request_row(ledger, "Rash")
    assert (row["verbatim"], row["status"], row["decision"]) == ("RASH.", "AUTOCODED", 2)


def test_requests_are_sorted_by_key_and_kept_apart_by_study(ledger: Ledger) -> None:
    verbatims = [f"event {number}" for number in range(50)]
    ledger.append("S", "tool", [opened(verbatim) for verbatim in verbatims])
    ledger.append("T", "tool", [opened("other")])
    assert list(ledger.requests("S")["key"]) == sorted(key(verbatim) for verbatim in verbatims)
    assert list(ledger.requests("T")["verbatim"]) == ["other"]
    assert ledger.head("T").sequence == 1


def test_synonyms_of_study_sponsor_and_world(ledger: Ledger) -> None:
    ledger.append("S", "ann", [synonym("bad head", "1"), synonym("gone", "2"), synonym_withdrawn("gone")])
    ledger.append("T", "ann", [synonym("bad head", "3")])
    ledger.append(
        ORGANISATION,
        "ann",
        [
            synonym("bad head", "4", "sponsor", "Acme"),
            synonym("bad head", "5", "sponsor", "Zenith"),
            synonym("bad head", "6", "global"),
            synonym("Bad Head", "7", "global"),
        ],
    )

    def codes(study: str, sponsor: str) -> list[tuple[str, str]]:
        frame = ledger.synonyms(study, sponsor)
        assert list(frame.columns) == ["dictionary", "folded", "context", "code", "text", "scope"]
        return list(zip(frame["scope"], frame["code"], strict=True))

    assert codes("S", "Acme") == [("global", "7"), ("sponsor", "4"), ("study", "1")]
    assert codes("S", "") == [("global", "7"), ("study", "1")]
    assert codes("T", "Zenith") == [("global", "7"), ("sponsor", "5"), ("study", "3")]
    assert codes("U", "Nobody") == [("global", "7")]


def test_recoded_records_show_the_latest_move(ledger: Ledger) -> None:
    events = [opened("a"), opened("b"), opened("c"), recoded("2", "a", "c"), recoded("1", "a", "b")]
    ledger.append("S", "tool", [*events, recoded("1", "b", "c")])
    row = {"domain": "AE", "field": "AETERM", "dictionary": "events", "record_id": "1"}
    assert ledger.recoded_records("S").to_dict("records") == [
        {**row, "subject": "1", "from_request": key("b"), "to_request": key("c"), "sequence": 6},
        {**row, "subject": "2", "from_request": key("a"), "to_request": key("c"), "sequence": 4},
    ]


def test_exports_do_not_change_the_state(ledger: Ledger) -> None:
    state = ledger.append("S", "ann", [opened("Rash")], at=AT)
    after = ledger.append("S", "ann", [exported(), exported()], at=AT + timedelta(days=1))
    assert ledger.head("S") == after
    assert ledger.state_head("S") == state
    assert ledger.state_time("S") == AT
    last = ledger.last_event("S", Action.EXPORTED)
    assert last is not None
    assert last.sequence == 3


NASTY = [
    "'; DROP TABLE event; --",
    '"); DELETE FROM request; --',
    "%(key)s %s ? :name {0} \\",
    "=1+1",
    "nul \x00 inside \x00",
    "nonchar \ufdd0 \ufdd00 \ufdd01 \ufdd0\x00",
    "😀 𝄞 non-BMP",
    "頭痛 \u2028 \u2029 \x85 \x1f tab\tline\nfeed\r",
    "\\u0000 spelled out, \\N \\.",
    "N" * 200_000,
]


def test_any_text_survives(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("coding.ledger.store.BATCH", 3)
    events = [opened(verbatim) for verbatim in NASTY]
    events += [decided(verbatim, verbatim[:9], reason=verbatim) for verbatim in NASTY]
    events += [synonym(verbatim, "1", context=verbatim) for verbatim in NASTY]
    events += [recoded(verbatim, verbatim, "Rash") for verbatim in NASTY]
    ledger.append("S", "O'Brien 😀 %s", events)
    requests = ledger.requests("S").set_index("key")
    assert [requests.loc[key(verbatim), "verbatim"] for verbatim in NASTY] == NASTY
    assert [requests.loc[key(verbatim), "reason"] for verbatim in NASTY] == NASTY
    assert sorted(ledger.decision_parts("S")["code"]) == sorted(verbatim[:9] for verbatim in NASTY)
    assert sorted(ledger.synonyms("S", "")["context"]) == sorted(NASTY)
    assert sorted(ledger.recoded_records("S")["subject"]) == sorted(NASTY)
    assert [event.payload["verbatim"] for event in ledger.events("S", until=10)] == NASTY
    assert ledger.verify("S").ok
    for verbatim in NASTY:
        assert next(entry.verbatim for entry in ledger.history("S", verbatim=verbatim)) == verbatim


WRONG = [
    (decided("never opened", "1"), "event 2: decided for a request that was never opened"),
    (status_changed("never opened", Status.STALE), "event 2: status_changed for a request that was never"),
    (
        decided("Rash", "1", supersedes=9),
        "event 2: the decision says it replaces that of event 9, but event 0",
    ),
    (status_changed("Rash", "FINE"), "event 2: status_changed needs a known status"),
    (NewEvent(Action.REQUEST_OPENED, {"request": "x"}), "event 2: request_opened needs dictionary as text"),
    (
        NewEvent(Action.DECIDED, {**decided("Rash").payload, "parts": ["1"]}),
        "event 2: decided needs parts as a list",
    ),
    (
        NewEvent(Action.DECIDED, {**decided("Rash").payload, "score": "high"}),
        "event 2: decided needs score as a number",
    ),
    (synonym("x", "1", "global"), "event 2: study synonyms belong to the study's chain"),
    (NewEvent(Action.STATUS_CHANGED, {"request": ["Rash"]}), "event 2: status_changed needs request as text"),
]


@pytest.mark.parametrize(("event", "message"), WRONG, ids=[message[:50] for _, message in WRONG])
def test_an_event_that_does_not_fit_is_refused_with_all_of_its_call(
    ledger: Ledger, event: NewEvent, message: str
) -> None:
    head = ledger.append("S", "ann", [opened("Rash")])
    with pytest.raises(LedgerError, match=message):
        ledger.append("S", "ann", [event, opened("Headache")])
    with pytest.raises(LedgerError):
        ledger.append("S", "ann", [opened("Headache"), event])
    assert ledger.head("S") == head
    assert list(ledger.requests("S")["verbatim"]) == ["Rash"]
    assert ledger.verify("S").ok


@pytest.mark.parametrize(
    ("event", "message"),
    [
        (synonym("x", "1"), "study synonyms belong"),
        (synonym("x", "1", "sponsor"), "needs its sponsor"),
        (synonym("x", "1", "moon"), "scope must be"),
    ],
)
def test_synonyms_have_their_place(ledger: Ledger, event: NewEvent, message: str) -> None:
    with pytest.raises(LedgerError, match=message):
        ledger.append(ORGANISATION, "ann", [event])


def test_an_error_of_the_caller_s_leaves_nothing(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("coding.ledger.store.BATCH", 2)

    def events() -> Iterator[NewEvent]:
        yield from (opened(f"event {number}") for number in range(7))
        raise RuntimeError("the matcher failed")

    with pytest.raises(RuntimeError, match="the matcher failed"):
        ledger.append("S", "ann", events())
    assert ledger.head("S") == EMPTY
    assert list(ledger.events("S")) == []
    assert ledger.requests("S").empty


def test_expected_head(ledger: Ledger) -> None:
    head = ledger.append("S", "ann", [opened("a")], expect=EMPTY)
    ledger.append("S", "bob", [opened("b")], expect=head)
    with pytest.raises(LedgerBusyError, match="somebody recorded events 2 to 2 meanwhile"):
        ledger.append("S", "ann", [opened("c")], expect=head)
    with pytest.raises(LedgerBusyError, match="not the one"):
        ledger.append("S", "ann", [opened("c")], expect=Head(2, "f" * 64))
    assert ledger.head("S").sequence == 2


def test_progress_counts_the_events(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("coding.ledger.store.BATCH", 2)
    seen: list[tuple[str, int, int]] = []
    events = [opened(f"event {number}") for number in range(5)]
    ledger.append("S", "ann", events, progress=lambda *step: seen.append(step))
    ledger.append("S", "ann", iter([exported()]), progress=lambda *step: seen.append(step))
    assert seen == [("ledger", 2, 5), ("ledger", 4, 5), ("ledger", 5, 5), ("ledger", 1, 0)]


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "America/St_Johns"])
def test_time_is_utc_wherever_the_machine_stands(
    ledger: Ledger, zone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        before = datetime.now(UTC)
        ledger.append("S", "ann", [opened("a"), decided("a", "1")])
        event, _ = ledger.events("S")
        assert before <= event.at <= datetime.now(UTC)
        assert event.at.utcoffset() == timedelta(0)
        decided_at = str(request_row(ledger, "a")["decided_at"])
        assert datetime.fromisoformat(decided_at) == event.at
        assert decided_at.endswith("Z")
    finally:
        monkeypatch.delenv("TZ")
        time.tzset()


def test_writers_wait_for_each_other(ledger_url: str) -> None:
    Ledger.open(ledger_url).close()

    def write(writer: int) -> None:
        with Ledger.open(ledger_url, wait=60) as ledger:
            for number in range(8):
                ledger.append("S", f"writer {writer}", [opened(f"{writer} {number}"), exported()])

    threads = [threading.Thread(target=write, args=(writer,)) for writer in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with Ledger.open(ledger_url) as ledger:
        assert ledger.head("S").sequence == 64
        assert len(ledger.requests("S")) == 32
        assert ledger.verify("S").ok


def test_reading_goes_on_while_somebody_writes(
    ledger: Ledger, ledger_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("coding.ledger.store.BATCH", 2)
    head = ledger.append("S", "ann", [opened("a")])
    seen: list[tuple[Head, int]] = []

    def events() -> Iterator[NewEvent]:
        for number in range(6):
            yield opened(f"event {number}")
            with Ledger.open(ledger_url) as reader:
                assert reader.verify("S").ok
                seen.append((reader.head("S"), len(reader.requests("S"))))

    ledger.append("S", "ann", events())
    assert seen == [(head, 1)] * 6
    assert len(ledger.requests("S")) == 7


def test_a_writer_that_waits_too_long_is_told(ledger: Ledger, ledger_url: str) -> None:
    def events() -> Iterator[NewEvent]:
        yield opened("a")
        with Ledger.open(ledger_url, wait=0.2) as other, pytest.raises(LedgerBusyError, match="try again"):
            other.append("S", "bob", [opened("b")])

    ledger.append("S", "ann", events())
    assert list(ledger.requests("S")["verbatim"]) == ["a"]


def test_on_postgresql_two_studies_are_written_at_once(ledger: Ledger, ledger_url: str) -> None:
    if ledger_url.startswith("sqlite"):
        pytest.skip("SQLite has one writer a file")

    def events() -> Iterator[NewEvent]:
        yield opened("a")
        with Ledger.open(ledger_url, wait=0.2) as other:
            other.append("T", "bob", [opened("b")])

    ledger.append("S", "ann", events())
    assert (ledger.head("S").sequence, ledger.head("T").sequence) == (1, 1)


def test_messages_hold_no_patient_data(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    # A primary key given twice: the databases' own messages quote the row.
    ledger.append("S", "ann", [opened("secret verbatim")])
    monkeypatch.setattr("coding.ledger.database.Database.head", lambda *_: EMPTY)
    with pytest.raises(LedgerError) as caught:
        ledger.append("S", "ann", [opened("secret verbatim")])
    assert "secret" not in str(caught.value)
    assert caught.value.__suppress_context__
    assert os.linesep not in str(caught.value)
