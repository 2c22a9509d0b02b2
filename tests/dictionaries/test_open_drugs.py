"""The open drug dictionary: its sources, its release, and that one comes from the other."""

from __future__ import annotations

import csv
import shutil
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest

from dictionaries.authoring.codes import CodeRegistry
from dictionaries.authoring.review import findings, read_settled, unsettled
from dictionaries.authoring.source_rows import LONGEST_NAME, sort_key, source_files
from dictionaries.model import RELEASE_FILE, Dictionary, DictionaryError
from dictionaries.open_drugs import (
    CHANGES_FILE,
    FOLDER,
    PREVIOUS_FOLDER,
    RELEASE_FILES_FOLDER,
    RELEASE_FOLDER,
    SOURCE_FOLDER,
    VERSION,
)
from dictionaries.open_drugs.build import LEVELS, RANGES, Built, build
from dictionaries.open_drugs.sources import SINGLE_KINDS, read_sources
from dictionaries.registry import open_dictionary, search_terms, shipped_folders
from dictionaries.wording import spelling_twins, wording_key
from schemas.tables import read_csv

FEWEST_SUBSTANCES, FEWEST_NAMES = 1_500, 8_000


@pytest.fixture(scope="module")
def dictionary() -> Dictionary:
    return Dictionary.open(RELEASE_FOLDER)


@pytest.fixture(scope="module")
def rebuilt(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Built]:
    """The committed sources copied and built once more."""
    folder = tmp_path_factory.mktemp("open_drugs")
    shutil.copytree(SOURCE_FOLDER, folder / "source")
    out = folder / "release", folder / "release_files", folder / "changes.csv"
    return folder, build(folder / "source", PREVIOUS_FOLDER, *out)


def level(dictionary: Dictionary, name: str) -> pd.DataFrame:
    return dictionary.terms[dictionary.terms["level"] == name]


def facts(dictionary: Dictionary, drug: str, name: str) -> list[str]:
    code = level(dictionary, "DRUG").set_index("text")["code"][drug]
    rows = dictionary.attributes
    return rows[(rows["code"] == code) & rows["name"].str.startswith(name)]["value"].to_list()


# --- the release --------------------------------------------------------------------------------


def test_the_registry_finds_it() -> None:
    assert {RELEASE_FOLDER, PREVIOUS_FOLDER} - {None} <= set(shipped_folders())
    release = open_dictionary("open_drugs", newest=True).release
    assert (release.name, release.version, release.language) == ("open_drugs", VERSION, "English")
    assert release.levels == LEVELS
    assert (release.coding_level, release.preferred_level) == ("NAME", "DRUG")
    assert not release.licensed and not release.numeric_codes and not release.for_submissions
    assert "not WHODrug" in release.note


def test_licence_and_notes_are_there() -> None:
    assert "CC0 1.0 Universal" in (FOLDER / "LICENSE").read_text(encoding="utf-8")
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert "It is not WHODrug and is not for submissions." in readme


def test_it_is_large_enough(rebuilt: tuple[Path, Built]) -> None:
    _, built = rebuilt
    assert built.substances >= FEWEST_SUBSTANCES
    assert built.written_names >= FEWEST_NAMES


def test_every_drug_has_one_primary_path_and_complete_paths(dictionary: Dictionary) -> None:
    paths, terms = dictionary.paths, dictionary.terms
    assert (paths.groupby("code")["primary"].sum() == 1).all()
    assert set(paths["code"]) == set(level(dictionary, "DRUG")["code"])
    primary = paths[paths["primary"]]
    for name in ("CLASS", "GROUP", "AREA"):
        assert set(primary[f"{name}_code"]) == set(terms[terms["level"] == name]["code"]), f"empty {name}"
    for lower, upper in (("CLASS", "GROUP"), ("GROUP", "AREA")):
        pairs = paths[[f"{lower}_code", f"{upper}_code"]].drop_duplicates()
        assert pairs[f"{lower}_code"].is_unique, f"{lower} under two {upper}"


def test_no_orphans_and_each_drug_is_a_name_of_itself(dictionary: Dictionary) -> None:
    drugs, names = level(dictionary, "DRUG"), level(dictionary, "NAME")
    assert set(names["parent"]) == set(drugs["code"])
    own = names[names["code"] == names["parent"]]
    assert dict(zip(own["code"], own["text"], strict=True)) == dict(
        zip(drugs["code"], drugs["text"], strict=True)
    )


def test_no_name_stands_twice(dictionary: Dictionary) -> None:
    for name in LEVELS:
        keys = Counter(level(dictionary, name)["text"].map(wording_key))
        assert [key for key, count in keys.items() if count > 1] == []


def test_spelling_twins_are_complete(dictionary: Dictionary) -> None:
    names = level(dictionary, "NAME")
    parent = dict(zip(names["text"].map(wording_key), names["parent"], strict=True))
    missing = [
        (text, twin.text)
        for text, code in zip(names["text"], names["parent"], strict=True)
        for twin in spelling_twins(text)
        if parent.get(wording_key(twin.text)) != code
    ]
    assert missing == []


def test_names_have_a_form(dictionary: Dictionary) -> None:
    for text in dictionary.terms["text"]:
        assert len(text) <= LONGEST_NAME
        assert text == " ".join(text.split())
        assert "|" not in text and '"' not in text, text
        assert not text.startswith(("=", "+", "-", "@")), text


def test_codes_are_those_of_the_committed_registry(dictionary: Dictionary) -> None:
    registry = CodeRegistry.read(SOURCE_FOLDER / "codes.csv", RANGES)
    for name in LEVELS:
        rows, in_registry = level(dictionary, name), "NAME" if name == "DRUG" else name
        assert rows["code"].is_unique
        assert [registry.code(in_registry, text) for text in rows["text"]] == rows["code"].tolist()


@pytest.mark.parametrize(
    ("verbatim", "drug"),
    [
        ("Tylenol", "Paracetamol"),
        ("Acetaminophen", "Paracetamol"),
        ("APAP", "Paracetamol"),
        ("ASA", "Acetylsalicylic acid"),
        ("Aspirin", "Acetylsalicylic acid"),
        ("HCTZ", "Hydrochlorothiazide"),
        ("Lasix", "Furosemide"),
        ("Frusemide", "Furosemide"),
        ("Albuterol sulfate", "Salbutamol"),
        ("Ventolin", "Salbutamol"),
        ("Metformin HCl", "Metformin"),
        ("Glucophage", "Metformin"),
        ("Lipitor", "Atorvastatin"),
        ("Amlodipine besylate", "Amlodipine"),
        ("Synthroid", "Levothyroxine"),
        ("Augmentin", "Amoxicillin/clavulanic acid"),
        ("Bactrim", "Sulfamethoxazole/trimethoprim"),
        ("Lisinopril and hydrochlorothiazide", "Lisinopril/hydrochlorothiazide"),
        ("Flu shot", "Influenza vaccine"),
        ("Physiotherapy", "Physiotherapy"),
        ("Antibiotics", "Antibiotic"),
        ("Vitamin C", "Ascorbic acid"),
        ("Packed red blood cells", "Red blood cells"),
        ("St John's wort", "St John's wort"),
    ],
)
def test_names_of_sites_lead_where_they_should(dictionary: Dictionary, verbatim: str, drug: str) -> None:
    found = search_terms(dictionary, verbatim, 1).iloc[0]
    assert (wording_key(found["text"]), found["preferred"]) == (wording_key(verbatim), drug)


def test_a_combination_has_all_its_ingredients(dictionary: Dictionary) -> None:
    assert facts(dictionary, "Amoxicillin/clavulanic acid", "ingredient") == [
        "Amoxicillin",
        "Clavulanic acid",
    ]
    assert "oral" in facts(dictionary, "Amoxicillin/clavulanic acid", "route")
    assert facts(dictionary, "Amoxicillin/clavulanic acid", "kind") == ["combination"]
    drugs = set(level(dictionary, "DRUG")["text"])
    rows = dictionary.attributes
    assert set(rows[rows["name"].str.startswith("ingredient")]["value"]) <= drugs
    assert (rows["name"] == "ingredient 01").sum() >= 300


def test_a_trade_name_of_several_products_is_no_name_of_any(dictionary: Dictionary) -> None:
    rows = dictionary.attributes[dictionary.attributes["name"] == "ambiguous name"]
    assert rows["value"].nunique() >= 20
    assert rows.groupby("value").size().min() >= 2
    names = set(level(dictionary, "NAME")["text"].map(wording_key))
    assert set(rows["value"].map(wording_key)) & names == set()


def test_every_name_says_what_kind_it_is(dictionary: Dictionary) -> None:
    rows = dictionary.attributes[dictionary.attributes["name"] == "name type"]
    assert sorted(rows["code"]) == sorted(level(dictionary, "NAME")["code"])
    assert {"preferred", "substance name", "other name", "trade name", "salt"} <= set(rows["value"])


# --- the sources --------------------------------------------------------------------------------


@pytest.mark.parametrize("path", source_files(SOURCE_FOLDER), ids=lambda path: path.name)
def test_source_files_are_sorted_and_plain(path: Path) -> None:
    data = path.read_bytes()
    assert b"\r" not in data
    assert data.endswith(b"\n")
    with path.open(encoding="utf-8", newline="") as lines:
        _, *rows = csv.reader(lines)
    assert rows == sorted(rows, key=sort_key)
    assert len({tuple(row) for row in rows}) == len(rows)


def test_every_kind_and_route_is_used() -> None:
    drugs = read_sources(SOURCE_FOLDER).drugs
    kinds = Counter(drug.kind for drug in drugs)
    assert sum(kinds[kind] for kind in SINGLE_KINDS) >= FEWEST_SUBSTANCES
    for kind in (
        "vaccine",
        "herbal",
        "blood product",
        "contrast",
        "therapy",
        "vitamin or mineral",
        "umbrella",
    ):
        assert kinds[kind] >= 10, kind
    for drug in drugs:
        if drug.kind in SINGLE_KINDS or drug.kind in {"combination", "vaccine"}:
            assert drug.routes, drug.place


def test_nothing_is_left_in_the_review_listing(dictionary: Dictionary) -> None:
    settled = read_settled(SOURCE_FOLDER / "settled.csv")
    found = findings(dictionary)
    assert unsettled(found, settled).to_dict("records") == []
    keys = set(zip(found["finding"], found["first"], found["second"], strict=True))
    assert settled - keys == set(), "settled rows that nothing finds any more"


# --- the build ----------------------------------------------------------------------------------


def test_built_again_it_is_the_committed_release(rebuilt: tuple[Path, Built], dictionary: Dictionary) -> None:
    folder, built = rebuilt
    for name in ("terms", "paths", "attributes", "history"):
        ours, theirs = getattr(built.content, name), getattr(dictionary, name)
        by = list(theirs.columns)
        pd.testing.assert_frame_equal(
            ours[by].sort_values(by, ignore_index=True), theirs.sort_values(by, ignore_index=True)
        )
    committed = {path.name: path.read_bytes() for path in RELEASE_FILES_FOLDER.iterdir()}
    assert {path.name: path.read_bytes() for path in (folder / "release_files").iterdir()} == committed
    assert (folder / "source/codes.csv").read_bytes() == (SOURCE_FOLDER / "codes.csv").read_bytes()
    assert (folder / "release" / RELEASE_FILE).read_bytes() == (RELEASE_FOLDER / RELEASE_FILE).read_bytes()
    if PREVIOUS_FOLDER is not None:
        assert (folder / "changes.csv").read_bytes() == CHANGES_FILE.read_bytes()


def test_its_plain_files_hold_the_same(dictionary: Dictionary) -> None:
    names = read_csv(RELEASE_FILES_FOLDER / "names.csv")
    ours = level(dictionary, "NAME")[["code", "text", "parent"]]
    assert names[["code", "name", "drug_code"]].to_numpy().tolist() == ours.to_numpy().tolist()
    drugs = read_csv(RELEASE_FILES_FOLDER / "drugs.csv").set_index("drug")
    row = drugs.loc["Amoxicillin/clavulanic acid"]
    assert (row["kind"], row["ingredients"]) == ("combination", "Amoxicillin|Clavulanic acid")
    assert row["area"] == "Infections"
    paths = read_csv(RELEASE_FILES_FOLDER / "drug_classes.csv")
    assert len(paths) == len(dictionary.paths)
    assert (paths["primary"] == "Y").sum() == len(drugs)


HEADERS = {
    "classes": "area,group,class",
    "drugs_a": "drug,kind,ingredients,class,secondary,routes,salts,substance_names,other_names,trade_names",
    "ambiguous": "name,drugs",
    "noncurrent": "name,drug",
}
ROWS = {
    "classes": "Pain,Painkillers,Simple painkillers\nPain,Painkillers,Strong painkillers",
    "drugs_a": (
        "Codeine,substance,,Strong painkillers,,oral,sulfate,,,\n"
        "Painkiller,umbrella,,Simple painkillers,,,,,,\n"
        "Paracetamol,substance,,Simple painkillers,,oral|rectal,hydrochloride,Acetaminophen,APAP,Tylenol\n"
        "Paracetamol/codeine,combination,Paracetamol|Codeine,Strong painkillers,,oral,,,,Co-codamol"
    ),
    "ambiguous": "",
    "noncurrent": "",
}


def write_sources(folder: Path, **files: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in {**ROWS, **files}.items():
        (folder / f"{name}.csv").write_text(f"{HEADERS[name]}\n{text}\n" if text else f"{HEADERS[name]}\n")
    return folder


def built_from(folder: Path) -> Built:
    out = folder.parent
    return build(folder, None, out / "release", out / "files", out / "changes.csv")


def names_of(built: Built) -> dict[str, str]:
    """Name → drug."""
    terms = built.content.terms
    drugs, rows = terms[terms["level"] == "DRUG"], terms[terms["level"] == "NAME"]
    of = dict(zip(drugs["code"], drugs["text"], strict=True))
    return {text: of[parent] for text, parent in zip(rows["text"], rows["parent"], strict=True)}


def test_rules_write_salts_and_combinations_out(tmp_path: Path) -> None:
    built = built_from(write_sources(tmp_path / "source"))
    of: dict[str, set[str]] = {}
    for name, drug in names_of(built).items():
        of.setdefault(drug, set()).add(name)
    assert of == {
        "Codeine": {"Codeine", "Codeine sulfate", "Codeine sulphate"},
        "Painkiller": {"Painkiller"},
        "Paracetamol": {
            "Paracetamol", "Acetaminophen", "APAP", "Tylenol", "Paracetamol hydrochloride", "Paracetamol HCl",
            "Acetaminophen hydrochloride", "Acetaminophen HCl",
        },
        "Paracetamol/codeine": {
            "Paracetamol/codeine", "Codeine/paracetamol", "Paracetamol and codeine", "Acetaminophen/codeine",
            "Co-codamol",
        },
    }  # fmt: skip
    assert (built.substances, built.written_names) == (2, 8)


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (
            {"drugs_a": ROWS["drugs_a"].replace("Tylenol", "Codeine sulfate|Painkiller")},
            r"drugs_a.csv line 4: Painkiller \(for Paracetamol\) is there for Painkiller, drugs_a.csv line 3",
        ),
        ({"drugs_a": ROWS["drugs_a"].replace("|Codeine", "|Morphine")}, "the ingredient Morphine is not in"),
        ({"drugs_a": ROWS["drugs_a"].replace("Paracetamol|Codeine", "Codeine")}, "two ingredients at least"),
        (
            {"drugs_a": ROWS["drugs_a"].replace("Codeine,substance,", "Codeine,substance,Paracetamol")},
            "a substance has no list of ingredients",
        ),
        (
            {"drugs_a": ROWS["drugs_a"].replace("oral|rectal", "oral|ear")},
            "line 4: unknown route; allowed",
        ),
        ({"drugs_a": ROWS["drugs_a"].replace("umbrella", "group")}, "line 3: 'group' is no kind; allowed: "),
        ({"drugs_a": ROWS["drugs_a"].replace("Strong", "Weak")}, "the class 'Weak painkillers' is not in cl"),
        (
            {"classes": f"{ROWS['classes']}\nPain,Painkillers,Weak painkillers"},
            "no drug has Weak pain",
        ),
        ({"classes": "Pain,Painkillers,Pain"}, "classes.csv: Pain stands on two levels"),
        ({"ambiguous": "Anadin,Codeine"}, "ambiguous.csv: Anadin: two drugs are needed at least"),
        ({"ambiguous": "Anadin,Codeine|Opium"}, "ambiguous.csv: Anadin: there is no drug Opium"),
        ({"ambiguous": "Tylenol,Codeine|Paracetamol"}, "ambiguous.csv: Tylenol is a name of Paracetamol"),
        ({"noncurrent": "Tylenol,Paracetamol"}, "noncurrent.csv: Tylenol is a current term"),
        ({"noncurrent": "Old,Opium"}, "noncurrent.csv: Old: there is no preferred term Opium"),
    ],
)
def test_sources_that_do_not_go_together_are_refused(
    tmp_path: Path, files: dict[str, str], message: str
) -> None:
    with pytest.raises(DictionaryError, match=message):
        built_from(write_sources(tmp_path / "source", **files))


def test_an_ambiguous_name_is_not_made_by_rule_either(tmp_path: Path) -> None:
    source = write_sources(tmp_path / "source", ambiguous="Codeine sulphate,Codeine|Paracetamol")
    # The twin of a name goes with it: both are left out.
    assert {name for name, drug in names_of(built_from(source)).items() if drug == "Codeine"} == {"Codeine"}


def test_a_name_once_released_is_not_lost(tmp_path: Path) -> None:
    source = write_sources(tmp_path / "source")
    built_from(source)
    fewer = ROWS["drugs_a"].replace(",Tylenol", ",")
    with pytest.raises(DictionaryError, match=r"1 wordings have a code .* first: Tylenol"):
        built_from(write_sources(source, drugs_a=fewer))
    built = built_from(write_sources(source, drugs_a=fewer, noncurrent="Tylenol,Paracetamol"))
    terms = built.content.terms
    assert terms[terms["text"] == "Tylenol"]["status"].tolist() == ["noncurrent"]
