"""What people decided in a study, as answers to measure the matcher on and to learn from.

People's are decisions that a person made or approved (statuses CODED and APPROVED, also of earlier
codings), and codes that stand by a synonym, which a person answers for. What the engine settled by a
name or a score, and nobody looked at, is never among them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from coding.evaluation.cases import ANSWER_COLUMNS, Cases, decided_cases, empty_answers
from coding.evaluation.held_out import DECIDED_COLUMNS
from coding.records import NO_TERM, fold
from dictionaries.model import Dictionary
from schemas.tables import text_frame
from schemas.vocabulary import Scope, Status, domain_of_field

#: Statuses of a decision that a person made or approved.
BY_PEOPLE = (Status.CODED, Status.APPROVED)
#: The domain of a decided verbatim that the last extract no longer has.
NOT_IN_EXTRACT = "no longer in the data"
SPLIT = "verbatims split into several terms"
DECISION, SYNONYM = "decision", "synonym"
#: Which synonym counts where several scopes have one.
_SCOPES = {str(scope): order for order, scope in enumerate((Scope.STUDY, Scope.SPONSOR, Scope.GLOBAL))}


@dataclass(frozen=True)
class LedgerTables:
    """The ledger's tables of a study that tell what people decided: ``requests``,
    ``decision_parts`` and ``synonyms`` as :class:`coding.ledger.ledger.Ledger` gives them."""

    requests: pd.DataFrame
    parts: pd.DataFrame
    synonyms: pd.DataFrame


def study_cases(dictionary: Dictionary, tables: LedgerTables, requests: pd.DataFrame) -> Cases:
    """The decided cases of one dictionary. ``requests``: those of the extract (REQUEST_COLUMNS)."""
    decided, splits = _decisions(dictionary.release.name, tables)
    now = requests.set_index("key")
    in_synonyms = _by_synonym(dictionary.release.name, tables.synonyms, requests, set(decided["key"]))
    answers = pd.concat([decided, in_synonyms], ignore_index=True)
    if answers.empty:
        return decided_cases(empty_answers(), dictionary, splits)
    counts = now["occurrences"].reindex(answers["key"])
    answers["rows"] = counts.fillna(0).to_numpy().astype("int64")
    fields = now["fields"].reindex(answers["key"]).fillna("").to_list()
    answers["fields"] = pd.Series(fields, index=answers.index, dtype="str")
    answers["domain"] = pd.Series([_domains(value) for value in fields], index=answers.index, dtype="str")
    for name in ("term", "preferred"):
        answers[name] = pd.Series("", index=answers.index, dtype="str")
    return decided_cases(answers[list(ANSWER_COLUMNS)], dictionary, splits)


def _domains(fields: str) -> str:
    if not fields:
        return NOT_IN_EXTRACT
    return ", ".join(sorted({str(domain_of_field(field)) for field in fields.split(";")}))


def _decisions(name: str, tables: LedgerTables) -> tuple[pd.DataFrame, dict[str, int]]:
    """``key, verbatim, context, code, source, sequence`` of people's decisions; splits are counted."""
    known = tables.requests
    own = known[(known["dictionary"] == name) & known["status"].isin([str(one) for one in BY_PEOPLE])]
    parts = tables.parts[tables.parts["key"].isin(own["key"])]
    several = set(parts.loc[parts["part"] > 1, "key"])
    first = parts[(parts["part"] == 1) & ~parts["key"].isin(several)]
    found = own.merge(first[["key", "code"]], on="key").rename(columns={"decision": "sequence"})
    found["source"] = pd.Series(DECISION, index=found.index, dtype="str")
    columns = ["key", "verbatim", "context", "code", "source", "sequence"]
    return found[columns], {SPLIT: len(several)} if several else {}


def _by_synonym(name: str, synonyms: pd.DataFrame, requests: pd.DataFrame, decided: set[str]) -> pd.DataFrame:
    """The extract's requests that a synonym codes and nobody decided by hand."""
    own = synonyms[synonyms["dictionary"] == name]
    rows: list[tuple[str, str, str, str]] = []
    if len(own):
        columns = (own[column] for column in ("scope", "folded", "context", "code"))
        codes: dict[tuple[str, str], list[tuple[int, str]]] = {}
        for scope, folded, context, code in zip(*columns, strict=True):
            codes.setdefault((folded, context), []).append((_SCOPES[scope], code))
        asked = zip(requests["key"], requests["verbatim"], requests["context"], strict=True)
        for key, verbatim, context in asked:
            found = [] if key in decided else _synonym_codes(codes, fold(verbatim), context)
            if found:
                rows.append((key, verbatim, context, found[0]))
    values = list(zip(*rows, strict=True)) if rows else [()] * 4
    frame = text_frame(dict(zip(("key", "verbatim", "context", "code"), values, strict=True)))
    source = pd.Series(SYNONYM, index=frame.index, dtype="str")
    return frame.assign(source=source, sequence=np.zeros(len(frame), dtype="int64"))


def _synonym_codes(
    codes: dict[tuple[str, str], list[tuple[int, str]]], folded: str, context: str
) -> list[str]:
    """The one code of the nearest scope, with the context before without; [] where synonyms disagree."""
    found = [
        (scope, without, code)
        for without, place in enumerate(dict.fromkeys((context, "")))
        for scope, code in codes.get((folded, place), [])
    ]
    if not found:
        return []
    nearest = min(found)[:2]
    same = {code for scope, without, code in found if (scope, without) == nearest}
    return list(same) if len(same) == 1 else []


def synonyms_decided(dictionary: Dictionary, synonyms: pd.DataFrame) -> pd.DataFrame:
    """The synonyms in force for a dictionary as what people decided before: DECIDED_COLUMNS."""
    own = synonyms[(synonyms["dictionary"] == dictionary.release.name) & (synonyms["code"] != NO_TERM.code)]
    known = own[own["code"].isin(dictionary.coding_terms["code"])]
    source = pd.Series(SYNONYM, index=known.index, dtype="str")
    return known.assign(source=source)[list(DECIDED_COLUMNS)].drop_duplicates(ignore_index=True)
