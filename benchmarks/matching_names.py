"""Real names for measuring speed, made-up ones where these run out, and made-up verbatims."""

from __future__ import annotations

import random
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from coding.records import fold
from schemas.tables import read_csv


def speed_names(data: Path, count: int) -> list[str]:
    """Names of the Disease Ontology and of ICD-10-CM, all distinct; [] if the folder has none."""
    return distinct([*_doid(data), *_icd10cm(data)])[:count]


def growth_names(data: Path, count: int) -> list[str]:
    """Names of all kinds, real ones first, in an order drawn at random (fixed seed); [] without any."""
    real = distinct([*_icd10cm(data), *_doid(data), *_column(data / "eval" / "hpo_dict.csv", "name"),
                     *_drugs(data)])  # fmt: skip
    if not real:
        return []
    chance = random.Random(1)
    chance.shuffle(real)
    return real[:count] + _combined(real, count - len(real), chance)


def distinct(names: Iterable[str]) -> list[str]:
    """Names without those that fold to one before."""
    return list({fold(name): name for name in reversed(list(names)) if name.strip()}.values())[::-1]


def made_up_verbatims(names: list[str], count: int) -> list[str]:
    """Distinct verbatims that sites might write for these names, the same ones in every run."""
    chance = random.Random(1)
    found: dict[str, None] = {}
    while len(found) < count:
        found.setdefault(scrawled(chance.choice(names), chance))
    return sorted(found)


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


def _combined(real: list[str], count: int, chance: random.Random) -> list[str]:
    """Names made by putting words of the real ones together, as often as they occur there."""
    if count <= 0:
        return []
    words = [word for name in real for word in name.split()]
    found: dict[str, str] = {}
    known = {fold(name) for name in real}
    while len(found) < count:
        name = " ".join(chance.choices(words, k=chance.randint(2, 6)))
        if (folded := fold(name)) not in known:
            found.setdefault(folded, name)
    return list(found.values())


def _icd10cm(data: Path) -> list[str]:
    return [name.strip() for name in _column(data / "dictionaries" / "icd10cm_2018.csv", "description")]


def _drugs(data: Path) -> list[str]:
    path = data / "dictionaries" / "fda_drugs.csv"
    return read_csv(path).iloc[:, 0].to_list() if path.exists() else []


def _doid(data: Path) -> list[str]:
    path = data / "dictionaries" / "doid_meddra_shape" / "llt.asc"
    if not path.exists():
        return []
    columns = pd.read_csv(path, sep="$", header=None, dtype=str, keep_default_na=False, quoting=3)
    return columns[1].to_list()


def _column(path: Path, name: str) -> list[str]:
    return read_csv(path)[name].to_list() if path.exists() else []
