"""Whatever was recorded, in whatever portions: the derived tables are those of a rebuild, and of a
model that knows nothing of the program."""

from __future__ import annotations

import itertools
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ledger_events import (
    decided,
    exported,
    key,
    opened,
    recoded,
    status_changed,
    synonym,
    synonym_withdrawn,
)

from coding.ledger import Ledger, NewEvent
from schemas.vocabulary import Status

VERBATIMS = ["Rash", "Headache", "Cough \x00", "😀 \ufdd0"]
_STUDIES = itertools.count(1)

steps = st.lists(
    st.one_of(
        st.tuples(st.just("open"), st.sampled_from(VERBATIMS)),
        st.tuples(
            st.just("decide"),
            st.sampled_from(VERBATIMS),
            st.lists(st.sampled_from(["1", "2", "3"]), max_size=3),
            st.none() | st.floats(0, 1),
            st.text(max_size=5),
        ),
        st.tuples(st.just("status"), st.sampled_from(VERBATIMS), st.sampled_from(list(Status))),
        st.tuples(st.just("synonym"), st.sampled_from(VERBATIMS), st.sampled_from(["1", "2"])),
        st.tuples(st.just("withdraw"), st.sampled_from(VERBATIMS)),
        st.tuples(
            st.just("recode"),
            st.sampled_from(["01", "02"]),
            st.sampled_from(VERBATIMS),
            st.sampled_from(VERBATIMS),
        ),
        st.tuples(st.just("export")),
    ),
    max_size=25,
)


class Model:
    """What should stand after each step, kept as simply as can be."""

    def __init__(self) -> None:
        self.events: list[NewEvent] = []
        self.status: dict[str, str] = {}
        self.decision: dict[str, tuple[int, list[str], str]] = {}
        self.synonyms: dict[str, str] = {}
        self.recoded: dict[str, tuple[str, str]] = {}

    def take(self, step: Any) -> None:
        kind, *rest = step
        verbatim = rest[0] if rest else ""
        if kind in {"decide", "status"} and verbatim not in self.status:
            self.take(("open", verbatim))
        if kind == "open":
            self.events.append(opened(verbatim))
            self.status.setdefault(verbatim, "NEEDS_CODING")
        elif kind == "decide":
            _, codes, score, reason = rest
            before = self.decision.get(verbatim, (0, [], ""))[0]
            self.events.append(
                decided(verbatim, *codes, supersedes=before, reason=reason, score=score, status=Status.CODED)
            )
            self.decision[verbatim] = (len(self.events), codes, reason)
            self.status[verbatim] = "CODED"
        elif kind == "status":
            self.events.append(status_changed(verbatim, rest[1]))
            self.status[verbatim] = str(rest[1])
        elif kind == "synonym":
            self.events.append(synonym(verbatim, rest[1]))
            self.synonyms[verbatim] = rest[1]
        elif kind == "withdraw":
            self.events.append(synonym_withdrawn(verbatim))
            self.synonyms.pop(verbatim, None)
        elif kind == "recode":
            self.events.append(recoded(*rest))
            self.recoded[rest[0]] = (key(rest[1]), key(rest[2]))
        else:
            self.events.append(exported())


def tables(ledger: Ledger, study: str) -> list[pd.DataFrame]:
    return [
        ledger.requests(study),
        ledger.decision_parts(study),
        ledger.synonyms(study, "Acme"),
        ledger.recoded_records(study),
    ]


def compare(ledger: Ledger, study: str, model: Model) -> None:
    requests, parts, synonyms, moved = tables(ledger, study)
    assert dict(zip(requests["verbatim"], requests["status"], strict=True)) == model.status
    for verbatim in model.status:
        sequence, codes, reason = model.decision.get(verbatim, (0, [], ""))
        (row,) = requests[requests["verbatim"] == verbatim].itertuples()
        assert (row.decision, row.reason, row.key) == (sequence, reason, key(verbatim))
        assert list(parts.loc[parts["key"] == key(verbatim), "code"]) == codes
    assert sorted(synonyms["code"]) == sorted(model.synonyms.values())
    found = {row.subject: (row.from_request, row.to_request) for row in moved.itertuples()}
    assert found == model.recoded


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=steps,
    cuts=st.lists(st.integers(1, 6), min_size=1),
    batch=st.integers(1, 4),
    few=st.sampled_from([0, 200]),
)
def test_incremental_is_rebuilt_is_the_model(
    ledger: Ledger, steps: list[Any], cuts: list[int], batch: int, few: int
) -> None:
    study, model = f"S{next(_STUDIES)}", Model()
    for step in steps:
        model.take(step)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("coding.ledger.store.BATCH", batch)
        patch.setattr("coding.ledger.store.PAGE", batch)
        patch.setattr("coding.ledger.postgresql.FEW", few)
        remaining, sizes = iter(model.events), itertools.cycle(cuts)
        while portion := list(itertools.islice(remaining, next(sizes))):
            ledger.append(study, "ann", portion)
        assert ledger.head(study).sequence == len(model.events)
        compare(ledger, study, model)
        assert ledger.verify(study).problems == ()
        before = tables(ledger, study)
        ledger.rebuild(study)
        for now, then in zip(tables(ledger, study), before, strict=True):
            pd.testing.assert_frame_equal(now, then)
        assert [event.payload for event in ledger.events(study)] == [e.payload for e in model.events]
