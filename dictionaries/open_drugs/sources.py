"""Read the source files of the open drug dictionary and check each for itself.

Files of ``source/``, all sorted by their rows and UTF-8; several values in a cell are separated by ``|``:

* ``classes.csv``: ``area, group, class``, the therapeutic classes in plain words, one row per class;
* ``drugs_*.csv``: one row per drug, see :class:`Drug`;
* ``ambiguous.csv``: ``name, drugs``, trade names that mean several products, and so are no name of any;
* ``noncurrent.csv``: ``name, drug``, names once released and now given up;
* ``settled.csv``: what the review listing showed and a person found right, see
  :mod:`dictionaries.authoring.review`;
* ``codes.csv``: the registry of codes, see :mod:`dictionaries.authoring.codes`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from dictionaries.authoring.source_rows import read_rows, split, unique_rows
from dictionaries.model import DictionaryError
from dictionaries.wording import wording_key

CLASS_COLUMNS = ("area", "group", "class")
DRUG_COLUMNS = (
    "drug", "kind", "ingredients", "class", "secondary", "routes",
    "salts", "substance_names", "other_names", "trade_names",
)  # fmt: skip
AMBIGUOUS_COLUMNS = ("name", "drugs")
NONCURRENT_COLUMNS = ("name", "drug")

#: Kinds of one active ingredient; each row of such a kind counts as a substance.
SINGLE_KINDS = (
    "biological", "contrast", "herbal", "homeopathic", "radiopharmaceutical", "substance", "supplement",
    "vitamin or mineral",
)  # fmt: skip
#: Products of several or of changing ingredients, treatments without a medicine, and groups of drugs.
OTHER_KINDS = ("blood product", "combination", "solution", "therapy", "umbrella", "vaccine")
KINDS = (*SINGLE_KINDS, *OTHER_KINDS)

ROUTES = frozenset(
    {
        "buccal", "dental", "epidural", "haemodialysis", "implant", "inhalation", "intraarterial",
        "intraarticular", "intracavernous", "intradermal", "intralesional", "intramuscular",
        "intraperitoneal", "intrathecal", "intrauterine", "intravenous", "intravesical", "intravitreal",
        "local infiltration", "nasal", "ophthalmic", "oral", "oromucosal", "other", "otic", "rectal",
        "subcutaneous", "sublingual", "topical", "transdermal", "urethral", "vaginal",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Drug:
    """A row of ``drugs_*.csv``: a preferred name with everything that is said of it.

    ``name`` is the international name of a substance or the ingredients' names of a combination.
    ``classes``: the primary one first. ``salts`` are added to the name and to ``substance_names``
    (US, British and older names of the same substance). ``other_names`` are abbreviations, codes and
    lay words, ``trade_names`` products with exactly these active ingredients.
    """

    name: str
    kind: str
    ingredients: tuple[str, ...]
    classes: tuple[str, ...]
    routes: tuple[str, ...]
    salts: tuple[str, ...]
    substance_names: tuple[str, ...]
    other_names: tuple[str, ...]
    trade_names: tuple[str, ...]
    place: str


@dataclass(frozen=True, slots=True)
class Sources:
    """Everything people wrote. ``classes``: class → (area, group)."""

    classes: dict[str, tuple[str, str]]
    drugs: tuple[Drug, ...]
    ambiguous: dict[str, tuple[str, ...]]
    noncurrent: dict[str, str]


def read_sources(folder: Path) -> Sources:
    """Read and check all source files of a folder. Raises DictionaryError naming file and line."""
    classes = _read_classes(folder / "classes.csv")
    drugs = tuple(
        _drug(row, classes)
        for path in sorted(folder.glob("drugs_*.csv"))
        for row in read_rows(path, DRUG_COLUMNS)
    )
    named: dict[str, Drug] = {}
    for drug in drugs:
        taken = named.setdefault(wording_key(drug.name), drug)
        if taken is not drug:
            raise DictionaryError(f"{drug.place}: {drug.name} stands in {taken.place} already")
    there = {drug.name for drug in drugs}
    for drug in drugs:
        _check_ingredients(drug, there)
    ambiguous = {
        row["name"]: split(row["drugs"])
        for row in unique_rows(folder / "ambiguous.csv", AMBIGUOUS_COLUMNS, "name")
    }
    for name, possible in ambiguous.items():
        unknown = sorted(set(possible) - there)
        if unknown or len(possible) < 2:
            what = f"there is no drug {unknown[0]}" if unknown else "two drugs are needed at least"
            raise DictionaryError(f"ambiguous.csv: {name}: {what}")
    rows = unique_rows(folder / "noncurrent.csv", NONCURRENT_COLUMNS, "name")
    return Sources(classes, drugs, ambiguous, {row["name"]: row["drug"] for row in rows})


def _read_classes(path: Path) -> dict[str, tuple[str, str]]:
    rows = unique_rows(path, CLASS_COLUMNS, "class")
    area_of: dict[str, str] = {}
    for row in rows:
        if area_of.setdefault(row["group"], row["area"]) != row["area"]:
            raise DictionaryError(f"{row['place']}: the group {row['group']} stands under two areas")
    names = Counter([*set(area_of.values()), *area_of, *(row["class"] for row in rows)])
    twice = sorted(name for name, count in names.items() if count > 1)
    if twice:
        raise DictionaryError(f"{path.name}: {twice[0]} stands on two levels")
    return {row["class"]: (row["area"], row["group"]) for row in rows}


def _drug(row: dict[str, str], classes: dict[str, tuple[str, str]]) -> Drug:
    place = row["place"]
    named = (row["class"], *split(row["secondary"]))
    unknown = [name for name in named if name not in classes]
    if unknown:
        raise DictionaryError(f"{place}: the class {unknown[0]!r} is not in classes.csv")
    if len(set(named)) < len(named):
        raise DictionaryError(f"{place}: a class is named twice")
    if row["kind"] not in KINDS:
        raise DictionaryError(f"{place}: {row['kind']!r} is no kind; allowed: {', '.join(KINDS)}")
    routes = split(row["routes"])
    if not set(routes) <= ROUTES:
        raise DictionaryError(f"{place}: unknown route; allowed: {', '.join(sorted(ROUTES))}")
    return Drug(
        row["drug"], row["kind"], split(row["ingredients"]), named, routes, split(row["salts"]),
        split(row["substance_names"]), split(row["other_names"]), split(row["trade_names"]), place,
    )  # fmt: skip


def _check_ingredients(drug: Drug, there: set[str]) -> None:
    if drug.kind in SINGLE_KINDS and drug.ingredients:
        raise DictionaryError(f"{drug.place}: a {drug.kind} has no list of ingredients")
    if drug.kind == "combination" and len(drug.ingredients) < 2:
        raise DictionaryError(f"{drug.place}: a combination has two ingredients at least")
    unknown = sorted(set(drug.ingredients) - there)
    if unknown:
        raise DictionaryError(f"{drug.place}: the ingredient {unknown[0]} is not in the dictionary")
    if len(set(drug.ingredients)) < len(drug.ingredients):
        raise DictionaryError(f"{drug.place}: an ingredient is named twice")
