"""The review listing of an open dictionary: what a person should look at before a release.

``python -m dictionaries.authoring.review open_events`` prints it, or writes it with ``--output FILE``.
Two kinds of findings:

* ``near duplicate``: two names under different preferred terms that are one small slip of the pen
  apart (a letter more, less, another or in another place), or have the same words in another order.
  Names that differ in a number, a letter or a short word are left out: type 1 and type 2, ALT and AST
  are two things. Of one slip between the same two preferred terms one pair of names is listed.
* ``outlier``: a preferred term whose names look most like those of preferred terms in other classes.

What a person found right stands in ``source/settled.csv`` (``finding, first, second, reason``) and is
listed no more; a test holds that nothing is left.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse
from sparse_dot_topn import sp_matmul_topn

from dictionaries.authoring.source_rows import read_rows
from dictionaries.model import Dictionary, DictionaryError
from dictionaries.registry import open_dictionary
from dictionaries.wording import to_us, wording_key
from schemas.tables import text_frame, write_csv
from schemas.vocabulary import TermStatus

FINDING_COLUMNS = ("finding", "first", "first_preferred", "second", "second_preferred")
SETTLED_COLUMNS = ("finding", "first", "second", "reason")
NEAR, OUTLIER = "near duplicate", "outlier"

#: Shorter names differ by one letter all the time without being alike.
_SHORTEST = 8
#: Words up to this length are abbreviations and the like: one letter makes another word of them.
_SHORT_WORD = 4
#: A preferred term is an outlier when this many of its nearest neighbours are all in other classes.
_NEIGHBOURS = 5
#: Less similar names say nothing about where a term belongs.
_LEAST_SIMILAR = 0.6
_FILL_WORDS = frozenset({"a", "and", "at", "by", "for", "from", "in", "of", "on", "the", "to", "with"})


def findings(dictionary: Dictionary) -> pd.DataFrame:
    """Everything to look at, settled or not: FINDING_COLUMNS, sorted."""
    rows = sorted({*_near_duplicates(dictionary), *_outliers(dictionary)})
    return text_frame({name: [row[at] for row in rows] for at, name in enumerate(FINDING_COLUMNS)})


def read_settled(path: Path) -> set[tuple[str, str, str]]:
    """What a person found right: (finding, first, second). Raises DictionaryError for a row without
    a reason."""
    rows = read_rows(path, SETTLED_COLUMNS)
    for row in rows:
        if not row["reason"]:
            raise DictionaryError(f"{row['place']}: the reason is missing")
    return {(row["finding"], row["first"], row["second"]) for row in rows}


def unsettled(found: pd.DataFrame, settled: set[tuple[str, str, str]]) -> pd.DataFrame:
    """The findings that nobody has settled."""
    keys = zip(found["finding"], found["first"], found["second"], strict=True)
    return found[[key not in settled for key in keys]].reset_index(drop=True)


_Row = tuple[str, str, str, str, str]


def _near_duplicates(dictionary: Dictionary) -> Iterator[_Row]:
    terms = dictionary.coding_terms
    terms = terms[terms["status"] == TermStatus.CURRENT]
    names = _preferred_names(dictionary)
    by_word: dict[str, dict[str, tuple[str, str]]] = defaultdict(dict)
    for text, code in zip(terms["text"], terms["preferred_code"], strict=True):
        # One spelling of both is enough to look at; a twin has the same preferred term.
        by_word[" ".join(sorted(_words(text)))].setdefault(code, (text, code))
    for listed in by_word.values():
        yield from _pairs(list(listed.values()), names)
    near: dict[str, set[str]] = defaultdict(set)
    for key in by_word:
        if len(key) >= _SHORTEST:
            for at in range(len(key)):
                near[key[:at] + key[at + 1 :]].add(key)
            near[key].add(key)
    shown = set()
    pairs = {pair for keys in near.values() for pair in combinations(sorted(keys), 2)}
    for one, other in sorted(pairs):
        slip = _slip(one, other)
        if slip is None:
            continue
        for row in _pairs([*by_word[one].values(), *by_word[other].values()], names):
            kind_of_slip = (slip, *sorted((row[2], row[4])))
            if kind_of_slip not in shown:
                shown.add(kind_of_slip)
                yield row


def _words(text: str) -> list[str]:
    return [word for word in wording_key(to_us(text)).split() if word not in _FILL_WORDS]


def _slip(first: str, second: str) -> str | None:
    """The words in which two keys differ, or None where these are numbers, codes or short words."""
    one, other = Counter(first.split()), Counter(second.split())
    left, right = sorted((one - other).elements()), sorted((other - one).elements())
    if any(re.search(r"\d", word) for word in (*left, *right)):
        return None
    if max(map(len, (*left, *right)), default=0) <= _SHORT_WORD:
        return None
    return f"{' '.join(left)} – {' '.join(right)}"


def _pairs(terms: list[tuple[str, str]], names: dict[str, str]) -> Iterator[_Row]:
    for (first, one), (second, other) in combinations(sorted(terms), 2):
        if one != other:
            yield NEAR, first, names[one], second, names[other]


def _preferred_names(dictionary: Dictionary) -> dict[str, str]:
    rows = dictionary.terms[dictionary.terms["level"] == dictionary.release.preferred_level]
    return dict(zip(rows["code"], rows["text"], strict=True))


def _outliers(dictionary: Dictionary) -> Iterator[_Row]:
    names = _preferred_names(dictionary)
    codes = list(names)
    top = f"{dictionary.release.levels[-1]}_code"
    classes = dictionary.paths.groupby("code")[top].agg(set)
    matrix = _trigrams(list(names.values()))
    near = sp_matmul_topn(matrix, matrix.T, top_n=_NEIGHBOURS + 1, threshold=_LEAST_SIMILAR, sort=True)
    for row, code in enumerate(codes):
        columns = [at for at in near.indices[near.indptr[row] : near.indptr[row + 1]] if at != row]
        if len(columns) >= _NEIGHBOURS and not any(classes[code] & classes[codes[at]] for at in columns):
            nearest = codes[columns[0]]
            yield OUTLIER, names[code], names[code], names[nearest], names[nearest]


def _trigrams(texts: list[str]) -> sparse.csr_matrix:
    """One row per text: its letter trigrams, weighted by rarity, of length 1."""
    grams = [Counter(_trigrams_of(wording_key(to_us(text)))) for text in texts]
    counted = Counter(gram for found in grams for gram in found)
    column = {gram: at for at, gram in enumerate(sorted(counted))}
    data = [
        (row, column[gram], count * np.log(len(texts) / counted[gram]))
        for row, found in enumerate(grams)
        for gram, count in found.items()
    ]
    rows, columns, values = (np.array(part) for part in zip(*data, strict=True))
    matrix = sparse.csr_matrix((values, (rows, columns)), shape=(len(texts), len(column)))
    lengths = np.sqrt(matrix.multiply(matrix).sum(axis=1)).A1
    return sparse.diags(1 / np.maximum(lengths, 1e-12)) @ matrix


def _trigrams_of(text: str) -> Iterator[str]:
    padded = f"  {text} "
    return (padded[at : at + 3] for at in range(len(padded) - 2))


def main() -> int:
    """Print what is not settled, or write it as CSV. Returns the exit code: 1 when something is left."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("dictionary", choices=["open_events", "open_drugs"])
    parser.add_argument("--output", type=Path, help="write a CSV file instead of printing")
    told = parser.parse_args()
    folder = Path(__file__).parents[1] / told.dictionary / "source"
    found = findings(open_dictionary(told.dictionary, newest=True))
    left = unsettled(found, read_settled(folder / "settled.csv"))
    if told.output:
        write_csv(left, told.output)
    else:
        for kind, first, one, second, other in left.itertuples(index=False):
            sys.stdout.write(f"{kind}: {first} [{one}] – {second} [{other}]\n")
    sys.stdout.write(f"{len(found)} findings, {len(left)} not settled\n")
    return int(len(left) > 0)


if __name__ == "__main__":
    raise SystemExit(main())
