"""From the records of a form to occurrences, and from occurrences to coding requests.

Works on plain frames with the columns of :data:`coding.records.FORM_COLUMNS`; one call per codable
field and dictionary. Costs are per distinct verbatim, not per record.
"""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from coding.records import canonical_json, fold, request_key
from schemas.vocabulary import VERBATIM_VARIABLE, domain_of_field

#: One row per coding request of an extract. ``occurrences`` and ``subjects`` are counts,
#: ``serious`` is true when any occurrence is; ``earlier_code``/``earlier_term`` are filled when
#: all occurrences that have an earlier coding agree, and ``earlier_disagrees`` when they do not.
REQUEST_COLUMNS = (
    "key", "dictionary", "fields", "verbatim", "context", "occurrences", "subjects", "serious",
    "earlier_code", "earlier_term", "earlier_disagrees",
)  # fmt: skip


def verbatim_column(field: str) -> str:
    """The form column that holds a codable field: ``verbatim``, or ``indication`` for CMINDC."""
    return "verbatim" if VERBATIM_VARIABLE[domain_of_field(field)] == field else "indication"


def occurrence_columns(field: str, context: Iterable[str] = ()) -> list[str]:
    """The form columns that :func:`occurrences_of` needs."""
    own = ["earlier_code", "earlier_term"] if verbatim_column(field) == "verbatim" else []
    needed = ["source", "subject", "record_id", "serious", verbatim_column(field), *own, *context]
    return list(dict.fromkeys(needed))


def occurrences_of(
    form: pd.DataFrame, field: str, dictionary: str, context: Iterable[str] = ()
) -> pd.DataFrame:
    """The occurrences of one field: a row per record whose field is filled.

    Columns ``position`` (row number in ``form``), ``field, dictionary, verbatim, context,
    request`` and, from the form, ``source, subject, record_id, serious, earlier_code,
    earlier_term`` (blank for fields other than the form's own verbatim).
    """
    verbatim = form[verbatim_column(field)].reset_index(drop=True)
    filled = (verbatim.str.strip() != "").to_numpy()
    position = pd.RangeIndex(len(form)) if filled.all() else pd.Index(filled.nonzero()[0])
    rows = form if filled.all() else form.iloc[position]
    own = verbatim_column(field) == "verbatim"
    columns = ["source", "subject", "record_id", "serious"]
    found = rows[columns].reset_index(drop=True)
    found["position"] = position.to_numpy()
    found["field"] = pd.Series(field, index=found.index, dtype="str")
    found["dictionary"] = pd.Series(dictionary, index=found.index, dtype="str")
    found["verbatim"] = verbatim.iloc[position].reset_index(drop=True)
    for column in ("earlier_code", "earlier_term"):
        found[column] = (
            rows[column].reset_index(drop=True) if own else pd.Series("", index=found.index, dtype="str")
        )
    found["context"], found["request"] = _contexts_and_keys(rows, found["verbatim"], dictionary, context)
    return found


def _contexts_and_keys(
    rows: pd.DataFrame, verbatim: pd.Series, dictionary: str, context: Iterable[str]
) -> tuple[pd.Series, pd.Series]:
    parts = pd.DataFrame({"verbatim": _folded(verbatim)})
    names = sorted(context)
    for name in names:
        parts[name] = _folded(rows[name].reset_index(drop=True))
    codes = parts.groupby(list(parts.columns), sort=False, observed=True).ngroup().to_numpy()
    distinct = parts[~pd.Series(codes).duplicated().to_numpy()]
    contexts, keys = [], []
    for values in distinct.itertuples(index=False, name=None):
        given = {name: value for name, value in zip(names, values[1:], strict=True) if value}
        text = canonical_json(given) if given else ""
        contexts.append(text)
        keys.append(request_key(dictionary, values[0], text))
    # ngroup numbers the groups in order of first appearance, as `distinct` is ordered.
    return (
        pd.Series(contexts, dtype="str").take(codes).reset_index(drop=True),
        pd.Series(keys, dtype="str").take(codes).reset_index(drop=True),
    )


def _folded(column: pd.Series) -> pd.Series:
    codes, distinct = pd.factorize(column)
    folded = pd.Series([fold(str(value)) for value in distinct], dtype="str")
    return folded.take(codes).reset_index(drop=True)


def requests_of(occurrences: pd.DataFrame) -> pd.DataFrame:
    """The distinct coding requests behind occurrences: :data:`REQUEST_COLUMNS`, sorted by key."""
    if occurrences.empty:
        return pd.DataFrame({name: _empty(name) for name in REQUEST_COLUMNS})
    by_key = occurrences.groupby("request", sort=True)
    found = pd.DataFrame(
        {
            "dictionary": by_key["dictionary"].first(),
            "context": by_key["context"].first(),
            "occurrences": by_key.size(),
            "subjects": by_key["subject"].nunique(),
        }
    )
    found["verbatim"] = _most_frequent(occurrences)
    found["fields"] = _fields(occurrences)
    serious = set(occurrences.loc[occurrences["serious"] == "Y", "request"].unique())
    found["serious"] = found.index.isin(serious)
    earlier = _earlier(occurrences)
    found = found.join(earlier)
    for column in ("earlier_code", "earlier_term"):
        found[column] = found[column].fillna("").astype("str")
    found["earlier_disagrees"] = found["earlier_disagrees"].eq(True).to_numpy(dtype=bool)
    found = found.rename_axis("key").reset_index()
    return found[list(REQUEST_COLUMNS)]


def _empty(name: str) -> pd.Series:
    kind = {"occurrences": "int64", "subjects": "int64", "serious": "bool", "earlier_disagrees": "bool"}
    return pd.Series(dtype=kind.get(name, "str"))


def _most_frequent(occurrences: pd.DataFrame) -> pd.Series:
    counts = occurrences.groupby(["request", "verbatim"], sort=False).size().rename("n").reset_index()
    counts = counts.sort_values(["request", "n", "verbatim"], ascending=[True, False, True], kind="stable")
    first = counts.drop_duplicates("request")
    return pd.Series(first["verbatim"].to_numpy(), index=first["request"].to_numpy(), dtype="str")


def _fields(occurrences: pd.DataFrame) -> pd.Series:
    pairs = occurrences[["request", "field"]].drop_duplicates().sort_values(["request", "field"])
    return pairs.groupby("request")["field"].agg(";".join).astype("str")


def _earlier(occurrences: pd.DataFrame) -> pd.DataFrame:
    coded = occurrences[(occurrences["earlier_code"] != "") | (occurrences["earlier_term"] != "")]
    pairs = coded[["request", "earlier_code", "earlier_term"]].copy()
    pairs["earlier_term"] = _folded(pairs["earlier_term"].reset_index(drop=True)).to_numpy()
    pairs = pairs.drop_duplicates()
    disagree = pairs["request"].duplicated(keep=False)
    agreed = pairs[~disagree].assign(earlier_disagrees=False)
    several = pairs.loc[disagree, ["request"]].drop_duplicates()
    several = several.assign(earlier_code="", earlier_term="", earlier_disagrees=True)
    return pd.concat([agreed, several]).set_index("request")
