"""How good and how fast matching is, beside simple baselines, in one run.

    python benchmarks/matching.py [--data ../shared/data] [--speed 100000] [--terms 80000]

Quality: agreement with the human coder at the preferred term, for the first candidate and for the
first five, over

* ``statin``: the statin study's verbatims over ``ae_dev``;
* ``hpo``: lay phrases of the Human Phenotype Ontology over its names;
* ``hpo, unseen``: the same where no name of the dictionary is the phrase itself.

Nothing is tuned to these: the thesaurus is general knowledge, and the weights are round numbers
around which the figures do not change.
"""

from __future__ import annotations

import argparse
import random
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
from rapidfuzz import fuzz, process, utils

from coding.matching.engine import MatchRules, match_requests
from coding.matching.index import build_index
from coding.records import fold
from coding.study import Outcomes
from dictionaries.loading import import_release
from dictionaries.model import PATHS_FILE, TERMS_FILE, Dictionary, Release, write_release_file
from dictionaries.registry import open_dictionary
from schemas.tables import read_csv, text_frame, write_parquet

Scorer = Callable[..., float]


@dataclass(frozen=True)
class Case:
    """Verbatims with the right preferred code, over a dictionary."""

    name: str
    dictionary: Dictionary
    verbatims: list[str]
    right: list[set[str]]


def two_level_release(name: str, low: pd.DataFrame, folder: Path) -> Dictionary:
    """A release of ``code, text, parent`` where each parent is its own preferred term."""
    preferred = low.drop_duplicates("parent")
    terms = pd.concat(
        [
            low.assign(level="LLT", status="current"),
            text_frame({"code": preferred["parent"], "text": preferred["text"]}).assign(
                level="PT", status="current", parent=""
            ),
        ],
        ignore_index=True,
    )
    folder.mkdir(parents=True)
    write_parquet(terms[["code", "text", "level", "status", "parent"]].astype("str"), folder / TERMS_FILE)
    paths = text_frame({"code": preferred["parent"]}).assign(primary=True)
    write_parquet(paths, folder / PATHS_FILE)
    release = Release(name, "1", "English", "0" * 64, ("LLT", "PT"), "LLT", "PT", False, False)
    write_release_file(release, folder)
    return Dictionary.open(folder)


def statin(data: Path, folder: Path) -> Case:
    import_release(data / "dictionaries" / "ae_dev", folder, name="ae_dev", licensed=False)
    dictionary = open_dictionary("ae_dev", folders=[folder])
    answers = read_csv(data / "eval" / "statin_verbatims.csv")
    terms = dictionary.terms
    preferred = terms[terms["level"] == "PT"]
    codes: dict[str, set[str]] = {}
    for code, text in zip(preferred["code"], preferred["text"], strict=True):
        codes.setdefault(fold(text), set()).add(code)
    right = [codes.get(fold(text), set()) for text in answers["pt"]]
    return Case("statin", dictionary, answers["verbatim"].to_list(), right)


def hpo(data: Path, folder: Path, unseen: bool) -> Case:
    names = read_csv(data / "eval" / "hpo_dict.csv")
    lay = read_csv(data / "eval" / "hpo_lay.csv")
    low = text_frame(
        {
            "code": [f"T{at:06d}" for at in range(len(names))],
            "text": names["name"],
            "parent": names["concept_id"],
        }
    )
    if unseen:
        low = low[~low["text"].map(fold).isin(set(lay["verbatim"].map(fold)))].reset_index(drop=True)
        lay = lay[lay["concept_id"].isin(low["parent"])]
    name = "hpo, unseen" if unseen else "hpo"
    dictionary = two_level_release(name, low, folder / name.replace(", ", "_"))
    return Case(name, dictionary, lay["verbatim"].to_list(), [{code} for code in lay["concept_id"]])


def requests_of(verbatims: list[str]) -> pd.DataFrame:
    frame = text_frame({"key": [f"{at:09d}" for at in range(len(verbatims))], "verbatim": verbatims})
    for name in ("context", "earlier_code", "earlier_term"):
        frame[name] = pd.Series("", index=frame.index, dtype="str")
    return frame.assign(serious=False, earlier_disagrees=False)


def default_rules() -> MatchRules:
    names = ("folded", "context", "code", "text", "scope")
    return MatchRules(frozenset(), text_frame({name: [] for name in names}), Outcomes(), 5)


def engine_ranks(case: Case) -> tuple[list[list[str]], pd.DataFrame]:
    """The preferred codes of the candidates, best first, and the decisions."""
    matches = match_requests(requests_of(case.verbatims), build_index(case.dictionary), default_rules())
    by_key = matches.candidates.groupby("key")["preferred_code"].apply(list)
    ranks = [by_key.get(f"{at:09d}", []) for at in range(len(case.verbatims))]
    return ranks, matches.decisions


def scorer_ranks(case: Case, scorer: Scorer) -> list[list[str]]:
    terms = case.dictionary.coding_terms
    names = [utils.default_process(text) for text in terms["text"]]
    preferred = terms["preferred_code"].to_list()
    found = []
    for begin in range(0, len(case.verbatims), 200):
        asked = [utils.default_process(text) for text in case.verbatims[begin : begin + 200]]
        scores = process.cdist(asked, names, scorer=scorer, dtype=np.float32, workers=2)
        nearest = np.argsort(-scores, axis=1, kind="stable")[:, :60]
        found += [list(dict.fromkeys(preferred[at] for at in row))[:5] for row in nearest]
    return found


def tfidf_ranks(case: Case) -> list[list[str]]:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sparse_dot_topn import sp_matmul_topn

    terms = case.dictionary.coding_terms
    preferred = terms["preferred_code"].to_list()
    vectorizer = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 3), lowercase=True, dtype=np.float32)
    names = vectorizer.fit_transform(terms["text"])
    asked = vectorizer.transform(case.verbatims)
    near = sp_matmul_topn(asked, names.T.tocsr(), top_n=60, sort=True, n_threads=2)
    rows = [near.indices[near.indptr[at] : near.indptr[at + 1]] for at in range(near.shape[0])]
    return [list(dict.fromkeys(preferred[at] for at in row))[:5] for row in rows]


def exact_ranks(case: Case) -> list[list[str]]:
    index = build_index(case.dictionary)
    hits = [index.find_exact(fold(text)).rows for text in case.verbatims]
    return [[index.preferred[row] for row in rows] for rows in hits]


def agreement(case: Case, ranks: list[list[str]]) -> tuple[float, float]:
    first = [bool(found) and found[0] in right for found, right in zip(ranks, case.right, strict=True)]
    five = [bool(right & set(found[:5])) for found, right in zip(ranks, case.right, strict=True)]
    return sum(first) / len(first), sum(five) / len(five)


def show_quality(case: Case, slow: bool) -> None:
    terms = len(case.dictionary.coding_terms)
    print(f"\n{case.name}: {len(case.verbatims)} verbatims over {terms} terms (first / first five)")
    ways: dict[str, Callable[[], list[list[str]]]] = {"exact": lambda: exact_ranks(case)}
    if slow:
        ways["token_sort"] = lambda: scorer_ranks(case, fuzz.token_sort_ratio)
        ways["WRatio"] = lambda: scorer_ranks(case, fuzz.WRatio)
    ways["trigram TF-IDF"] = lambda: tfidf_ranks(case)
    for name, way in ways.items():
        begun = time.monotonic()
        first, five = agreement(case, way())
        print(f"  {name:<16}{first:6.3f} {five:6.3f}   {time.monotonic() - begun:6.1f} s")
    begun = time.monotonic()
    ranks, decisions = engine_ranks(case)
    first, five = agreement(case, ranks)
    print(f"  {'trialcoder':<16}{first:6.3f} {five:6.3f}   {time.monotonic() - begun:6.1f} s")
    preferred = dict(
        zip(case.dictionary.coding_terms["code"], case.dictionary.coding_terms["preferred_code"], strict=True)
    )
    for method, rows in decisions.groupby("method"):
        agreed = [
            preferred.get(code) in case.right[int(key)]
            for key, code in zip(rows["key"], rows["code"], strict=True)
        ]
        print(f"    settled by {method}: {len(rows)}, of which agree {sum(agreed)}")


def scrawled(name: str, chance: random.Random) -> str:
    """A name as a site might write it: shortened, turned round, misspelled, with words added."""
    words = name.lower().split()
    words = words[: chance.randint(2, 4)] if len(words) > 4 else words
    kind = chance.random()
    if kind < 0.2:
        chance.shuffle(words)
    elif kind < 0.5:
        at = chance.randrange(len(words))
        if len(words[at]) > 3:
            cut = chance.randrange(1, len(words[at]))
            words[at] = words[at][:cut] + chance.choice("abcdeinorst") + words[at][cut + 1 :]
    elif kind < 0.7:
        words.insert(0, chance.choice(["mild", "severe", "left", "intermittent", "worsening"]))
    elif kind < 0.8:
        words.append(f"for {chance.randint(1, 30)} days")
    return " ".join(words)


def show_speed(data: Path, folder: Path, verbatims: int, terms: int) -> None:
    """Made-up verbatims over real names: the ICD-10-CM's and the Disease Ontology's."""
    icd = read_csv(data / "dictionaries" / "icd10cm_2018.csv")["description"].str.strip()
    columns = pd.read_csv(
        data / "dictionaries" / "doid_meddra_shape" / "llt.asc",
        sep="$", header=None, dtype=str, keep_default_na=False, quoting=3,
    )  # fmt: skip
    names = pd.concat([columns[1], icd], ignore_index=True).drop_duplicates().head(terms)
    codes = [f"{at:06d}" for at in range(len(names))]
    low = text_frame({"code": codes, "text": names.to_list(), "parent": codes})
    dictionary = two_level_release(f"{len(names)} terms", low, folder / f"speed{terms}")
    chance = random.Random(1)
    pool = names.to_list()
    asked: set[str] = set()
    while len(asked) < verbatims:
        asked.add(scrawled(chance.choice(pool), chance))
    requests = requests_of(sorted(asked))
    marks: list[tuple[str, float, float]] = []

    def progress(stage: str, done: int, total: int) -> None:
        if not marks or marks[-1][0] != stage:
            marks.append((stage, time.monotonic(), time.process_time()))

    begun, processor = time.monotonic(), time.process_time()
    matches = match_requests(requests, build_index(dictionary), default_rules(), progress)
    progress("", 0, 0)
    print(f"\nspeed: {len(requests)} verbatims over {len(names)} terms")
    print(f"  {'stage':<40}{'seconds':>10}{'processor':>11}")
    for (stage, at, used), (_, end, used_then) in pairwise(marks):
        print(f"  {stage:<40}{end - at:10.1f}{used_then - used:11.1f}")
    ended, used = marks[-1][1] - begun, marks[-1][2] - processor
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"  {'total':<40}{ended:10.1f}{used:11.1f}")
    print(f"  {len(matches.candidates)} candidates, peak {peak:.0f} MB")


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[2] / "shared" / "data")
    parser.add_argument("--speed", type=int, default=0, help="also time so many made-up verbatims")
    parser.add_argument("--terms", type=int, default=80_000)
    parser.add_argument("--no-quality", action="store_true")
    told = parser.parse_args()
    if not told.data.is_dir():
        print(f"{told.data}: not there; tell the folder with --data", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if not told.no_quality:
            show_quality(statin(told.data, folder), slow=True)
            show_quality(hpo(told.data, folder, unseen=False), slow=False)
            show_quality(hpo(told.data, folder, unseen=True), slow=False)
        if told.speed:
            show_speed(told.data, folder, told.speed, told.terms)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
