"""What an event is and what its hash covers."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone

import pytest

from coding.ledger import ORGANISATION, LedgerError, NewEvent
from coding.ledger.chain import (
    EMPTY,
    NO_HASH,
    StoredEvent,
    bind,
    checked_actor,
    read_event,
    read_utc,
    stored_name,
    utc_text,
)
from schemas.vocabulary import Action

AT = "2026-01-02T03:04:05.000000Z"


def test_hash_is_sha256_of_seven_lines() -> None:
    row = bind("study:S", EMPTY, AT, "ann", NewEvent(Action.STUDY_CONFIGURED, {"b": 1, "a": "é\n"}))
    lines = ["study:S", "1", AT, "ann", "study_configured", '{"a":"é\\n","b":1}', "0" * 64]
    assert row.payload == lines[5]
    assert row.hash == hashlib.sha256("\n".join(lines).encode()).hexdigest()
    assert row.hash == "2483423d4776210ae5420fff8328a6fbc8f250eb3f771e84189e542ce3f5386f"


@pytest.mark.parametrize(
    ("chain", "name"),
    [("STATIN-1", "study:STATIN-1"), ("organisation", "study:organisation"), (ORGANISATION, "organisation:")],
)
def test_no_study_takes_the_organisation_s_place(chain: str, name: str) -> None:
    assert stored_name(chain) == name
    row = bind(name, EMPTY, AT, "ann", NewEvent(Action.STUDY_CONFIGURED, {}))
    assert read_event(row).chain == chain


@pytest.mark.parametrize("chain", ["", "study:S", "a b", "../S", "S\n", "x'; DROP TABLE event; --", "é"])
def test_what_is_no_study_id_is_refused(chain: str) -> None:
    with pytest.raises(LedgerError, match="study id"):
        stored_name(chain)


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), AT),
        (datetime(2026, 1, 2, 12, 4, 5, tzinfo=timezone(timedelta(hours=9))), AT),
        (datetime(999, 1, 1, microsecond=7, tzinfo=UTC), "0999-01-01T00:00:00.000007Z"),
    ],
)
def test_time_is_stored_as_utc(moment: datetime, text: str) -> None:
    assert utc_text(moment) == text
    assert read_utc(text) == moment


def test_time_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        utc_text(datetime(2026, 1, 1))


@pytest.mark.parametrize("actor", ["", "  ", "a\nb", "a\x00", "\x85", "\ud800"])
def test_actor_needs_to_be_a_name(actor: str) -> None:
    with pytest.raises(LedgerError, match="TRIALCODER_ACTOR"):
        checked_actor(actor)


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")])
def test_numbers_that_json_does_not_have_are_refused(number: float) -> None:
    with pytest.raises(LedgerError, match="not finite"):
        bind("study:S", EMPTY, AT, "ann", NewEvent(Action.DECIDED, {"score": [number]}))


def test_the_word_nan_is_text_like_any_other() -> None:
    row = bind("study:S", EMPTY, AT, "ann", NewEvent(Action.DECIDED, {"verbatim": "NaN, Infinity"}))
    assert read_event(row).payload == {"verbatim": "NaN, Infinity"}


def test_half_a_surrogate_pair_is_refused_without_quoting_it() -> None:
    with pytest.raises(LedgerError, match="not valid Unicode") as caught:
        bind("study:S", EMPTY, AT, "ann", NewEvent(Action.DECIDED, {"verbatim": "sore\ud800"}))
    assert "sore" not in str(caught.value)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (StoredEvent("study:S", 4, AT, "a", "flew", "{}", NO_HASH, NO_HASH), "event 4: the action 'flew'"),
        (StoredEvent("study:S", 4, AT, "a", "decided", "{", NO_HASH, NO_HASH), "event 4 cannot be read"),
        (StoredEvent("study:S", 4, "noon", "a", "decided", "{}", NO_HASH, NO_HASH), "event 4 cannot be read"),
    ],
)
def test_an_event_that_cannot_be_read_is_named(row: StoredEvent, message: str) -> None:
    with pytest.raises(LedgerError, match=message):
        read_event(row)


def test_importing_the_ledger_loads_no_database_and_no_pandas() -> None:
    program = (
        "import sys, coding.ledger\n"
        "print(sorted({'sqlalchemy', 'alembic', 'pandas', 'psycopg'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
