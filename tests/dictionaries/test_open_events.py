"""The open event dictionary: its sources, its release, and that one comes from the other."""

from __future__ import annotations

import csv
import re
import shutil
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest

from dictionaries.authoring.codes import CodeRegistry
from dictionaries.authoring.review import findings, read_settled, unsettled
from dictionaries.authoring.source_rows import LONGEST_NAME, sort_key, source_files
from dictionaries.loading import import_release
from dictionaries.model import RELEASE_FILE, Dictionary, DictionaryError
from dictionaries.open_events import (
    CHANGES_FILE,
    FOLDER,
    PREVIOUS,
    PREVIOUS_FOLDER,
    RELEASE_FILES_FOLDER,
    RELEASE_FOLDER,
    SOURCE_FOLDER,
    VERSION,
)
from dictionaries.open_events.build import LEVELS, RANGES, Built, build
from dictionaries.open_events.expand import expand
from dictionaries.open_events.sources import read_sources
from dictionaries.registry import open_dictionary, search_terms, shipped_folders
from dictionaries.wording import spelling_twins, to_uk, wording_key
from schemas.tables import read_csv

FEWEST_PREFERRED, FEWEST_LOWEST = 2_500, 15_000


@pytest.fixture(scope="module")
def dictionary() -> Dictionary:
    return Dictionary.open(RELEASE_FOLDER)


@pytest.fixture(scope="module")
def rebuilt(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Built]:
    """The committed sources copied and built once more."""
    folder = tmp_path_factory.mktemp("open_events")
    shutil.copytree(SOURCE_FOLDER, folder / "source")
    return folder, build(
        folder / "source",
        PREVIOUS_FOLDER,
        folder / "release",
        folder / "release_files",
        folder / "changes.csv",
    )


def level(dictionary: Dictionary, name: str) -> pd.DataFrame:
    return dictionary.terms[dictionary.terms["level"] == name]


# --- the release --------------------------------------------------------------------------------


def test_the_registry_finds_it() -> None:
    assert {RELEASE_FOLDER, PREVIOUS_FOLDER} <= set(shipped_folders())
    release = open_dictionary("open_events", newest=True).release
    assert (release.name, release.version, release.language) == ("open_events", VERSION, "English")
    assert release.levels == LEVELS == ("LLT", "PT", "HLT", "HLGT", "SOC")
    assert (release.coding_level, release.preferred_level) == ("LLT", "PT")
    assert not release.licensed
    assert release.numeric_codes
    assert "not MedDRA" in release.note
    assert "not for submissions" in release.note


def test_licence_and_notes_are_there() -> None:
    assert "CC0 1.0 Universal" in (FOLDER / "LICENSE").read_text(encoding="utf-8")
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert "It is not MedDRA and is not for submissions." in readme


def test_it_is_large_enough(dictionary: Dictionary) -> None:
    assert len(level(dictionary, "PT")) >= FEWEST_PREFERRED
    assert len(level(dictionary, "LLT")) >= FEWEST_LOWEST


def test_every_preferred_term_has_one_primary_path_and_complete_paths(dictionary: Dictionary) -> None:
    paths, terms = dictionary.paths, dictionary.terms
    assert (paths.groupby("code")["primary"].sum() == 1).all()
    assert set(paths["code"]) == set(level(dictionary, "PT")["code"])
    for name in ("HLT", "HLGT", "SOC"):
        assert set(paths[f"{name}_code"]) == set(terms[terms["level"] == name]["code"]), f"empty {name}"
    for lower, upper in (("HLT", "HLGT"), ("HLGT", "SOC")):
        pairs = paths[[f"{lower}_code", f"{upper}_code"]].drop_duplicates()
        assert pairs[f"{lower}_code"].is_unique, f"{lower} under two {upper}"
    assert not paths.duplicated(["code", "SOC_code"]).any(), "two paths in one class"


def test_every_high_level_term_is_the_primary_path_of_one_at_least(dictionary: Dictionary) -> None:
    primary = dictionary.paths[dictionary.paths["primary"]]
    assert set(primary["HLT_code"]) == set(level(dictionary, "HLT")["code"])


def test_no_orphans_and_each_preferred_term_is_a_wording_of_itself(dictionary: Dictionary) -> None:
    preferred, lowest = level(dictionary, "PT"), level(dictionary, "LLT")
    assert set(lowest["parent"]) == set(preferred["code"])
    own = lowest[lowest["code"] == lowest["parent"]]
    assert dict(zip(own["code"], own["text"], strict=True)) == dict(
        zip(preferred["code"], preferred["text"], strict=True)
    )
    assert set(own["status"]) == {"current"}


def test_no_wording_stands_twice(dictionary: Dictionary) -> None:
    for name in LEVELS:
        keys = Counter(level(dictionary, name)["text"].map(wording_key))
        assert [key for key, count in keys.items() if count > 1] == []


def test_spelling_twins_are_complete(dictionary: Dictionary) -> None:
    lowest = level(dictionary, "LLT")
    current = lowest[lowest["status"] == "current"]
    parent = dict(zip(current["text"].map(wording_key), current["parent"], strict=True))
    missing = [
        (text, twin.text)
        for text, code in zip(current["text"], current["parent"], strict=True)
        for twin in spelling_twins(text)
        if parent.get(wording_key(twin.text)) != code
    ]
    assert missing == []


def test_preferred_terms_and_upper_levels_are_in_uk_spelling(dictionary: Dictionary) -> None:
    names = dictionary.terms[dictionary.terms["level"] != "LLT"]["text"]
    assert [text for text in names if to_uk(text) != text] == []


def test_names_have_a_form(dictionary: Dictionary) -> None:
    for text in dictionary.terms["text"]:
        assert len(text) <= LONGEST_NAME
        assert text == " ".join(text.split())
        assert "$" not in text, "the field separator of the file layout"
        assert "{" not in text, "a template that was not filled"
        assert text.isascii() or text in NOT_ASCII, text
        assert not text[:1].islower() or re.match(r"[a-z]+[A-Z]|pH", text), text


#: Names that are also written with their accent.
NOT_ASCII = {"Guillain-Barré syndrome", "Ménière's disease", "Ménière disease", "Sjögren's syndrome",
             "Sjögren syndrome", "Behçet's disease", "Behçet disease", "Café au lait spots"}  # fmt: skip


def test_codes_are_those_of_the_committed_registry(dictionary: Dictionary) -> None:
    registry = CodeRegistry.read(SOURCE_FOLDER / "codes.csv", RANGES)
    for name in LEVELS:
        rows, in_registry = level(dictionary, name), "LLT" if name == "PT" else name
        span = RANGES[in_registry]
        assert rows["code"].is_unique
        assert rows["code"].map(span.number).notna().all()
        assert [registry.code(in_registry, text) for text in rows["text"]] == rows["code"].tolist()
        if name != "PT":
            assert sorted(registry.texts(name)) == sorted(rows["text"])


@pytest.mark.parametrize(
    ("verbatim", "preferred", "top"),
    [
        ("Throwing up", "Vomiting", "Stomach, bowel and mouth"),
        ("Belly pain", "Abdominal pain", "Stomach, bowel and mouth"),
        ("Pain abdominal", "Abdominal pain", "Stomach, bowel and mouth"),
        ("GERD", "Gastro-oesophageal reflux disease", "Stomach, bowel and mouth"),
        ("GORD", "Gastro-oesophageal reflux disease", "Stomach, bowel and mouth"),
        ("HTN", "Hypertension", "Blood vessels and circulation"),
        ("High blood pressure", "Hypertension", "Blood vessels and circulation"),
        ("Heart attack", "Myocardial infarction", "Heart"),
        ("UTI", "Urinary tract infection", "Infections"),
        ("COPD", "Chronic obstructive pulmonary disease", "Lungs and airways"),
        ("SOB", "Shortness of breath", "Lungs and airways"),
        ("Dyspnea", "Shortness of breath", "Lungs and airways"),
        ("Dyspnoea", "Shortness of breath", "Lungs and airways"),
        ("Nauseated", "Nausea", "Stomach, bowel and mouth"),
        ("Dizzy", "Dizziness", "Brain and nerves"),
        ("Headaches", "Headache", "Brain and nerves"),
        ("Diarrhea", "Diarrhoea", "Stomach, bowel and mouth"),
        ("ALT elevated", "Alanine aminotransferase increased", "Test results"),
        ("Low hemoglobin", "Haemoglobin decreased", "Test results"),
        ("Redness at injection site", "Injection site redness", "Whole-body and treatment-site complaints"),
        ("Broken arm", "Arm fracture", "Injury, poisoning and handling errors"),
        ("Bruised knee", "Bruise", "Injury, poisoning and handling errors"),
        ("Missed dose", "Missed dose", "Injury, poisoning and handling errors"),
        ("Can't sleep", "Insomnia", "Mind and behaviour"),
        ("Hives", "Hives", "Skin, hair and nails"),
        ("Joint pain", "Joint pain", "Muscles, bones and joints"),
    ],
)
def test_wordings_of_sites_lead_where_they_should(
    dictionary: Dictionary, verbatim: str, preferred: str, top: str
) -> None:
    found = search_terms(dictionary, verbatim, 1).iloc[0]
    assert (wording_key(found["text"]), found["status"]) == (wording_key(verbatim), "current")
    path = dictionary.hierarchy(found["code"])[0]
    assert path.primary
    assert [term.level for term in path.terms] == list(LEVELS)
    if preferred != verbatim:
        assert path.terms[1].text == preferred
    assert path.terms[-1].text == top


def test_what_means_two_things_is_no_wording(dictionary: Dictionary) -> None:
    lowest = level(dictionary, "LLT")
    current = set(lowest[lowest["status"] == "current"]["text"].map(wording_key))
    for text in ("PE", "HF", "CHD", "PVD", "MS", "AF", "BPD", "ROM"):
        assert wording_key(text) not in current


# --- the sources --------------------------------------------------------------------------------


@pytest.mark.parametrize("path", source_files(SOURCE_FOLDER), ids=lambda path: path.name)
def test_source_files_are_sorted_and_plain(path: Path) -> None:
    data = path.read_bytes()
    assert b"\r" not in data
    assert data.endswith(b"\n")
    with path.open(encoding="utf-8", newline="") as lines:
        _, *rows = csv.reader(lines)
    # A code does not follow from its text, all else is sorted by the whole row.
    assert rows == sorted(rows, key=sort_key)
    assert len({tuple(row) for row in rows}) == len(rows)


def test_wordings_in_a_cell_stand_once() -> None:
    for term in read_sources(SOURCE_FOLDER).terms:
        keys = [wording_key(text) for text in (term.text, *term.synonyms)]
        assert all(keys), term.place
        assert [key for key, count in Counter(keys).items() if count > 1] == [], term.place


def test_every_exception_says_why() -> None:
    with (SOURCE_FOLDER / "exceptions.csv").open(encoding="utf-8", newline="") as lines:
        assert all(row["reason"] for row in csv.DictReader(lines))


# --- the build ----------------------------------------------------------------------------------


def test_built_again_it_is_the_committed_release(rebuilt: tuple[Path, Built], dictionary: Dictionary) -> None:
    folder, built = rebuilt
    # Parquet's bytes depend on the version of the library that writes them; the rows do not.
    for name in ("terms", "paths", "attributes", "groups", "history"):
        ours, theirs = getattr(built.content, name), getattr(dictionary, name)
        by = list(theirs.columns)
        pd.testing.assert_frame_equal(
            ours[by].sort_values(by, ignore_index=True), theirs.sort_values(by, ignore_index=True)
        )
    again = Dictionary.open(folder / "release")
    pd.testing.assert_frame_equal(again.terms, dictionary.terms)
    pd.testing.assert_frame_equal(again.paths, dictionary.paths)
    committed = {path.name: path.read_bytes() for path in RELEASE_FILES_FOLDER.iterdir()}
    assert {path.name: path.read_bytes() for path in (folder / "release_files").iterdir()} == committed
    assert (folder / "source/codes.csv").read_bytes() == (SOURCE_FOLDER / "codes.csv").read_bytes()
    assert (folder / "release" / RELEASE_FILE).read_bytes() == (RELEASE_FOLDER / RELEASE_FILE).read_bytes()
    assert (folder / "changes.csv").read_bytes() == CHANGES_FILE.read_bytes()


def test_its_files_in_the_meddra_layout_are_read_as_the_same_release(
    tmp_path: Path, dictionary: Dictionary
) -> None:
    import_release(RELEASE_FILES_FOLDER, tmp_path, name="open_events_copy", licensed=False)
    copy = open_dictionary("open_events_copy", folders=[tmp_path])
    assert copy.release.levels == LEVELS
    columns = ["level", "code", "text", "status", "parent"]
    for name in ("terms", "paths"):
        ours, theirs = getattr(dictionary, name), getattr(copy, name)
        by = columns if name == "terms" else list(ours.columns)
        pd.testing.assert_frame_equal(
            ours[by].sort_values(by, ignore_index=True), theirs[by].sort_values(by, ignore_index=True)
        )


def write_sources(folder: Path, **files: str) -> Path:
    """A small dictionary: each file given by its name without ``.csv``, rows only."""
    headers = {
        "classes": "class,abbreviation",
        "hierarchy": "class,group,high_level_term",
        "terms_a": "preferred_term,high_level_term,secondary,synonyms",
        "family_site_findings": "finding,preferred_term,high_level_term,secondary,synonyms",
        "family_site_members": "member,other_names,adjectives,high_level_term,findings",
        "exceptions": "family,member,finding,preferred_term,reason",
        "noncurrent": "term,preferred_term",
        "hints": "level,term,sex,from_age,to_age",
        "query_groups": "group,description",
        "query_group_terms": "group,scope,level,term",
    }
    rows = {
        "classes": "Body,BODY\nHead,HEAD",
        "hierarchy": "Body,Trunk,Belly\nHead,Skull,Brow",
        "terms_a": "Belly oedema,Belly,Brow,Fat tum\nHeadache,Brow,,Sore head",
        **dict.fromkeys(("exceptions", "noncurrent", "hints", "query_groups", "query_group_terms"), ""),
        **files,
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in rows.items():
        (folder / f"{name}.csv").write_text(f"{headers[name]}\n{text}\n" if text else f"{headers[name]}\n")
    return folder


def built_from(folder: Path) -> Built:
    out = folder.parent
    return build(folder, None, out / "release", out / "files", out / "changes.csv")


def lowest_of(built: Built) -> dict[str, tuple[str, str]]:
    """Wording → (preferred term, status)."""
    terms = built.content.terms
    preferred, rows = terms[terms["level"] == "PT"], terms[terms["level"] == "LLT"]
    names = dict(zip(preferred["code"], preferred["text"], strict=True))
    parents = [names[code] for code in rows["parent"]]
    return dict(zip(rows["text"], zip(parents, rows["status"], strict=True), strict=True))


def test_rules_write_the_variants_out(tmp_path: Path) -> None:
    built = built_from(write_sources(tmp_path / "source"))
    assert lowest_of(built) == {
        "Belly oedema": ("Belly oedema", "current"),
        "Belly edema": ("Belly oedema", "current"),
        "Oedema belly": ("Belly oedema", "current"),
        "Edema belly": ("Belly oedema", "current"),
        "Fat tum": ("Belly oedema", "current"),
        "Headache": ("Headache", "current"),
        "Headaches": ("Headache", "current"),
        "Sore head": ("Headache", "current"),
    }
    assert built.content.paths[["primary", "SOC_code"]].to_numpy().tolist() == [
        [True, "7000001"],
        [False, "7000002"],
        [True, "7000002"],
    ]


def test_families_make_terms_and_leave_exceptions_out(tmp_path: Path) -> None:
    source = write_sources(
        tmp_path / "source",
        family_site_findings=(
            'ache,{n} ache,,,{a} pain|Pain in {n}\nblow,Headache,,,Hit {n}\nitch,{n} itch,Belly,,""'
        ),
        family_site_members="ear,lug,aural|otic,Brow,\nnose,,,Brow,itch",
        exceptions="site,nose,itch,Belly oedema,for the test",
    )
    made = {text: term for text, (term, _) in lowest_of(built_from(source)).items()}
    assert {
        text: term for text, term in made.items() if re.search("ear$|Ear|ural|tic|lug|Lug|ose", text)
    } == {
        "Ear ache": "Ear ache",
        "Ear aches": "Ear ache",
        "Lug ache": "Ear ache",
        "Lug aches": "Ear ache",
        "Aural pain": "Ear ache",
        "Aural pains": "Ear ache",
        "Otic pain": "Ear ache",
        "Otic pains": "Ear ache",
        "Pain in ear": "Ear ache",
        "Pain in lug": "Ear ache",
        "Hit ear": "Headache",
        "Hit lug": "Headache",
        "Ear itch": "Ear itch",
        "Lug itch": "Ear itch",
        "Nose itch": "Belly oedema",
    }


def test_codes_stay_when_terms_are_added(tmp_path: Path) -> None:
    source = write_sources(tmp_path / "source")
    before = built_from(source).content.terms
    more = "Apple,Belly,,\nBelly oedema,Belly,Brow,Fat tum\nHeadache,Brow,,Sore head"
    after = built_from(write_sources(source, terms_a=more)).content.terms
    kept = before.merge(after, on=["code", "text", "level", "parent"])
    assert len(kept) == len(before)
    assert set(after["code"]) - set(before["code"]) == {"7100009"}


def test_a_wording_once_released_is_not_lost(tmp_path: Path) -> None:
    source = write_sources(tmp_path / "source")
    built_from(source)
    fewer = "Belly oedema,Belly,Brow,\nHeadache,Brow,,Sore head"
    with pytest.raises(DictionaryError, match=r"1 wordings have a code .* first: Fat tum; put them back"):
        built_from(write_sources(source, terms_a=fewer))
    built = built_from(write_sources(source, terms_a=fewer, noncurrent="Fat tum,Belly oedema"))
    assert lowest_of(built)["Fat tum"] == ("Belly oedema", "noncurrent")


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (
            {"terms_a": "Belly ache,Belly,,Sore\nHeadache,Brow,,Sore"},
            r"terms_a.csv line 3: Sore \(for Headache\) is there for Belly ache, terms_a.csv line 2",
        ),
        ({"terms_a": "Ache,Belly,,\nAche,Brow,,"}, "terms_a.csv line 3: Ache stands in terms_a.csv line 2"),
        ({"terms_a": "Ache,Foot,,"}, "terms_a.csv line 2: the high-level term Foot is not in hierarchy.csv"),
        ({"terms_a": "Ache,Belly,"}, "terms_a.csv line 2: 3 values, not 4"),
        ({"terms_a": "Ache ,Belly,,"}, "terms_a.csv line 2: space around or twice inside a value"),
        ({"terms_a": f"{'A' * 101},Belly,,"}, "terms_a.csv line 2: longer than 100 characters"),
        ({"terms_a": "Ache,Belly,,"}, "hierarchy.csv: no preferred term has Brow as its primary path"),
        ({"classes": "Body,BODY\nFoot,FOOT\nHead,HEAD"}, "classes.csv: the class Foot is empty"),
        ({"hierarchy": "Body,Trunk,Belly\nLeg,Shin,Brow"}, "hierarchy.csv line 3: the class Leg is not in"),
        ({"hierarchy": "Body,Trunk,Belly\nHead,Trunk,Brow"}, "the group Trunk stands under two classes"),
        ({"hierarchy": "Body,Trunk,Belly\nHead,Skull,belly"}, "belly stands in hierarchy.csv line 2 already"),
        ({"noncurrent": "Sore head,Headache"}, "noncurrent.csv: Sore head is a current term"),
        ({"noncurrent": "Pate,Toe"}, "noncurrent.csv: Pate: there is no preferred term Toe"),
        (
            {"exceptions": "site,ear,ache,,none"},
            "exceptions.csv line 2: no family has the member and finding",
        ),
        (
            {"family_site_findings": "ache,{n} ache,,,", "family_site_members": "ear,,,Brow,itch"},
            "family_site_members.csv line 2: unknown finding; allowed: ache",
        ),
        (
            {"family_site_findings": "ache,{n} ache,,,", "family_site_members": "ear,,,,"},
            "family_site_members.csv line 2: no high-level term here nor with the finding",
        ),
        (
            {"family_site_findings": "blow,Wound,,,Hit {n}", "family_site_members": "ear,,,Brow,"},
            "no preferred term Wound",
        ),
    ],
)
def test_sources_that_do_not_go_together_are_refused(
    tmp_path: Path, files: dict[str, str], message: str
) -> None:
    with pytest.raises(DictionaryError, match=message):
        built_from(write_sources(tmp_path / "source", **files))


def test_a_folder_without_sources_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DictionaryError, match="no source files"):
        source_files(tmp_path)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([("7100001", "LLT", "Ache"), ("7100001", "LLT", "Pain")], "7100001 or its wording is given twice"),
        ([("7100001", "LLT", "Ache"), ("7100002", "LLT", "ache")], "7100002 or its wording is given twice"),
        ([("7000001", "LLT", "Ache")], "7000001 is not a code of the level LLT"),
        ([("71x", "LLT", "Ache")], "71x is not a code of the level LLT"),
    ],
)
def test_a_broken_registry_is_refused(rows: list[tuple[str, str, str]], message: str) -> None:
    with pytest.raises(DictionaryError, match=message):
        CodeRegistry(RANGES, rows)


def test_earlier_layers_keep_their_wording() -> None:
    """What a person wrote for a term is not taken away by a pattern or a rule of another one."""
    preferred, lowest = expand(read_sources(SOURCE_FOLDER))
    of = {wording_key(item.text): item.preferred for item in lowest}
    for term in preferred:
        for text in (term.text, *term.written):
            assert of[wording_key(text)] == term.text


# --- beside the last release --------------------------------------------------------------------


def test_a_released_code_never_changes_its_meaning(dictionary: Dictionary) -> None:
    before = Dictionary.open(PREVIOUS_FOLDER)
    assert (before.release.version, dictionary.release.version) == (PREVIOUS, VERSION)
    for name in ("LLT", "HLT", "HLGT", "SOC"):
        old, new = level(before, name), level(dictionary, name)
        now = dict(zip(new["code"], new["text"].map(wording_key), strict=True))
        was = dict(zip(old["code"], old["text"].map(wording_key), strict=True))
        assert {code: text for code, text in was.items() if now.get(code, text) != text} == {}
        if name == "LLT":
            assert set(was) <= set(now), "a lowest-level term stays for ever, current or not"


def test_the_release_before_is_kept_as_it_was() -> None:
    """Its bytes are those that were released: what was coded on it can be opened again."""
    before = Dictionary.open(PREVIOUS_FOLDER)
    counts = before.terms["level"].value_counts().to_dict()
    assert counts == {"LLT": 30_014, "PT": 2_572, "HLT": 315, "HLGT": 84, "SOC": 27}
    assert before.release.identity == "open_events 0.1 English sha256:f39ba0cb4145bfcc"


def test_the_change_log_leads_from_one_release_to_the_next(dictionary: Dictionary) -> None:
    """The old terms with the changes made to them are the new terms."""
    before, changes = Dictionary.open(PREVIOUS_FOLDER), read_csv(CHANGES_FILE)
    columns = ["level", "code", "text", "status", "parent"]

    def by_key(terms: pd.DataFrame) -> dict[tuple[str, str], list[str]]:
        return {(row[0], row[1]): list(row[2:]) for row in terms[columns].itertuples(index=False)}

    terms, new = by_key(before.terms), by_key(dictionary.terms)
    names = level(dictionary, "PT").set_index("text")["code"]
    for row in changes.itertuples(index=False):
        key = (row.level, row.code)
        if row.change in {"added", "promoted"}:
            assert key not in terms
            terms[key] = list(new[key])
        elif row.change in {"demoted", "removed"}:
            del terms[key]
        elif row.change == "renamed":
            terms[key][0] = row.now
        elif row.change in {"retired", "restored"}:
            terms[key][1] = row.now
        elif row.change == "moved":
            terms[key][2] = names[row.now]
    assert terms == new


def test_history_says_when_each_term_came(dictionary: Dictionary) -> None:
    first = dictionary.history.drop_duplicates(["level", "code"])
    came = dict(zip(zip(first["level"], first["code"], strict=True), first["version"], strict=True))
    old = set(zip(*(Dictionary.open(PREVIOUS_FOLDER).terms[name] for name in ("level", "code")), strict=True))
    for key in zip(dictionary.terms["level"], dictionary.terms["code"], strict=True):
        assert came[key] == (PREVIOUS if key in old else VERSION)


# --- hints and query groups ---------------------------------------------------------------------


def hint(dictionary: Dictionary, preferred: str) -> dict[str, str]:
    code = level(dictionary, "PT").set_index("text")["code"][preferred]
    rows = dictionary.attributes[dictionary.attributes["code"] == code]
    return dict(zip(rows["name"], rows["value"], strict=True))


def test_hints_of_sex_and_age(dictionary: Dictionary) -> None:
    assert hint(dictionary, "Absent periods") == {"sex": "F", "from_age": "8", "to_age": "60"}
    assert hint(dictionary, "Adenomyosis")["sex"] == "F"
    assert hint(dictionary, "Headache") == {}
    men = dictionary.attributes[dictionary.attributes["value"] == "M"]
    assert len(men) >= 30


def test_query_groups_have_members_of_both_scopes(dictionary: Dictionary) -> None:
    groups = dictionary.groups
    assert groups["group"].nunique() >= 15
    assert set(groups["code"]) <= set(level(dictionary, "PT")["code"])
    for _, members in groups.groupby("group"):
        assert "2" in set(members["scope"])
        assert members["code"].is_unique
    assert set(groups["scope"]) == {"1", "2"}


@pytest.mark.parametrize(
    ("group", "preferred", "scope"),
    [
        ("Liver disorder", "Jaundice", "2"),
        ("Liver disorder", "Alanine aminotransferase increased", "2"),
        ("Bleeding", "Nosebleed", "2"),
        ("Hypersensitivity", "Anaphylactic shock", "2"),
        ("Hypersensitivity", "Itching", "1"),
        ("Heart rhythm", "Atrial fibrillation", "2"),
        ("Ischaemic heart disease", "Myocardial infarction", "2"),
        ("Blood clots", "Pulmonary embolism", "2"),
        ("Infections", "Influenza", "2"),
        ("Cancer", "Acute myeloid leukaemia", "2"),
        ("Fits", "Headache", None),
    ],
)
def test_query_groups_hold_what_they_should(
    dictionary: Dictionary, group: str, preferred: str, scope: str | None
) -> None:
    code = level(dictionary, "PT").set_index("text")["code"][preferred]
    rows = dictionary.groups[(dictionary.groups["group"] == group) & (dictionary.groups["code"] == code)]
    assert rows["scope"].tolist() == ([] if scope is None else [scope])


def test_nothing_is_left_in_the_review_listing(dictionary: Dictionary) -> None:
    settled = read_settled(SOURCE_FOLDER / "settled.csv")
    found = findings(dictionary)
    assert unsettled(found, settled).to_dict("records") == []
    keys = set(zip(found["finding"], found["first"], found["second"], strict=True))
    assert settled - keys == set(), "settled rows that nothing finds any more"


def test_the_benchmarks_answers_are_preferred_terms(dictionary: Dictionary) -> None:
    """What ``benchmarks/verbatims_newest.csv`` accepts must be there, or a miss would be the list's."""
    rows = read_csv(SOURCE_FOLDER.parents[2] / "benchmarks" / "verbatims_newest.csv")
    preferred = set(level(dictionary, "PT")["text"])
    assert {name for cell in rows["preferred_terms"] for name in cell.split("|")} - preferred == set()
