"""The thesaurus and the word lists as data: what every row must be, whoever writes the next one."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from coding.matching.concepts import plain_words, taken_apart
from coding.matching.normalisation import normalise
from coding.matching.word_lists import (
    BROADER_FILE,
    FORMS_FILE,
    THESAURUS_FOLDER,
    WORDING_FOLDER,
    Group,
    broader_rows,
    form_rows,
    opposites,
    phrases_of_role,
    ranking_abbreviations,
    thesaurus,
)
from coding.records import fold
from dictionaries.wording import singular

#: File of groups → the kinds of its rows.
KINDS = {
    "body_parts.csv": {"body"},
    "diseases.csv": {"condition", "infection", "injury", "neoplasm", "organism"},
    "lay_wordings.csv": {"general", "lay"},
    "procedures.csv": {"procedure"},
    "symptoms.csv": {"symptom"},
    "tests.csv": {"direction", "finding", "test"},
}
#: File → its columns.
COLUMNS = {
    **{THESAURUS_FOLDER / name: ["kind", "term", "equivalents", "source"] for name in KINDS},
    THESAURUS_FOLDER / BROADER_FILE: ["kind", "term", "broader", "source"],
    THESAURUS_FOLDER / FORMS_FILE: ["form", "position", "meaning", "source"],
    WORDING_FOLDER / "abbreviations.csv": ["abbreviation", "expansion", "source"],
    WORDING_FOLDER / "abbreviations_ranking.csv": ["abbreviation", "expansion", "certainty", "source"],
    WORDING_FOLDER / "no_event.csv": ["phrase", "kind"],
    WORDING_FOLDER / "opposites.csv": ["axis", "pole", "word"],
    WORDING_FOLDER / "qualifiers.csv": ["word", "kind", "source"],
    WORDING_FOLDER / "words.csv": ["word", "kind", "note"],
}
QUALIFIERS = {
    "cause", "course", "course_kept", "filler", "filler_kept", "joining", "negation", "severity", "side",
    "time", "uncertain",
}  # fmt: skip

FILES = pytest.mark.parametrize("path", COLUMNS, ids=lambda path: path.name)


def rows_of(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"), newline=""), strict=True))


def words_of(text: str) -> tuple[str, ...]:
    return normalise(fold(text)).words


def firm_groups() -> Iterator[Group]:
    """The groups whose wordings mean the same; those of kind ``finding`` only read further."""
    return (group for group in thesaurus() if group.kind != "finding")


def wordings_of(group: Group) -> tuple[str, ...]:
    return group.term, *group.equivalents


def repeated(items: Iterable[object]) -> list[object]:
    return [item for item, count in Counter(items).items() if count > 1]


# --- files ------------------------------------------------------------------------------------------


def test_no_file_is_unknown() -> None:
    folders = (THESAURUS_FOLDER, WORDING_FOLDER)
    assert {path for folder in folders for path in folder.iterdir() if path.suffix == ".csv"} == set(COLUMNS)


@FILES
def test_a_file_has_its_columns_in_every_row(path: Path) -> None:
    lines = csv.reader(io.StringIO(path.read_text(encoding="utf-8"), newline=""), strict=True)
    header, *rows = lines
    assert header == COLUMNS[path]
    assert [row for row in rows if len(row) != len(header)] == []


@FILES
def test_cells_are_filled_and_trimmed(path: Path) -> None:
    cells = [cell for row in rows_of(path) for cell in row.values()]
    assert [cell for cell in cells if not cell or cell != cell.strip() or not cell.isprintable()] == []


@FILES
def test_no_row_stands_twice(path: Path) -> None:
    assert repeated(tuple(row.values()) for row in rows_of(path)) == []


@pytest.mark.parametrize(
    "path", [path for path in COLUMNS if "source" in COLUMNS[path]], ids=lambda p: p.name
)
def test_every_row_names_its_source(path: Path) -> None:
    allowed = {"general medical knowledge", "general medical usage"}
    assert {row["source"] for row in rows_of(path)} <= allowed


# --- groups -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", KINDS)
def test_groups_have_the_kinds_of_their_file(name: str) -> None:
    assert {row["kind"] for row in rows_of(THESAURUS_FOLDER / name)} == KINDS[name]


def test_there_are_thousands_of_groups() -> None:
    assert len(thesaurus()) >= 3_000
    assert all(group.equivalents for group in thesaurus())


def test_wordings_are_written_as_they_are_looked_up() -> None:
    wordings = [text for group in thesaurus() for text in wordings_of(group)]
    assert [text for text in wordings if fold(text) != text] == []


def test_every_wording_keeps_a_word_after_the_rules() -> None:
    wordings = [text for group in thesaurus() for text in wordings_of(group)]
    assert [text for text in wordings if not words_of(text)] == []


def test_no_wording_is_in_two_groups() -> None:
    owned = {(words_of(text), group.term) for group in firm_groups() for text in wordings_of(group)}
    assert repeated(words for words, _ in owned) == []


def test_no_group_names_a_wording_twice() -> None:
    twice = {group.term: repeated(wordings_of(group)) for group in thesaurus()}
    assert {term: texts for term, texts in twice.items() if texts} == {}


def test_a_single_word_that_leads_a_group_stays_as_it_is() -> None:
    heads = [words for group in firm_groups() if len(words := words_of(group.term)) == 1]
    assert [words for words in heads if plain_words(words) != words] == []


def test_all_wordings_of_a_group_have_the_same_plain_words() -> None:
    other = [
        (group.term, text)
        for group in firm_groups()
        for text in group.equivalents
        if plain_words(words_of(text)) != plain_words(words_of(group.term))
    ]
    assert other == []


# --- what is part of what ---------------------------------------------------------------------------


def circle_in(edges: dict[object, set[object]]) -> list[object]:
    """The nodes that lie on a circle or lead to one."""
    left = {node: set(others) for node, others in edges.items()}
    while True:
        done = {node for node, others in left.items() if not others & left.keys()}
        if not done:
            return sorted(left, key=repr)
        left = {node: others for node, others in left.items() if node not in done}


def test_a_circle_is_seen() -> None:
    assert circle_in({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": {"e"}}) == ["a", "b", "c"]


def test_nothing_is_broader_than_itself() -> None:
    edges: dict[object, set[object]] = {}
    for row in broader_rows():
        narrow, wide = plain_words(words_of(row.term)), plain_words(words_of(row.broader))
        if narrow != wide:
            edges.setdefault(narrow, set()).add(wide)
    assert circle_in(edges) == []


def test_kinds_of_broader_rows() -> None:
    assert {row.kind for row in broader_rows()} == {"finding", "organism", "site"}


# --- forms ------------------------------------------------------------------------------------------


def test_forms_are_letters_with_a_known_position() -> None:
    assert {row.position for row in form_rows()} == {"start", "end"}
    assert [row.form for row in form_rows() if not (row.form.isascii() and row.form.isalpha())] == []


def test_a_form_has_one_meaning_in_each_position() -> None:
    assert repeated((row.form, row.position) for row in form_rows()) == []


@pytest.mark.parametrize(
    ("word", "plain"),
    [
        ("gastroenteritis", "stomach intestine inflammation"),
        ("hyperkalemia", "high potassium blood"),
        ("nephrolithiasis", "kidney stone"),
        ("arthralgia", "joint pain"),
        ("hepatomegaly", "liver enlargement"),
        ("table", ""),
        ("headache", ""),
    ],
)
def test_words_that_are_made_of_forms(word: str, plain: str) -> None:
    assert " ".join(taken_apart(word)) == plain


# --- word lists -------------------------------------------------------------------------------------


def test_qualifiers_have_known_kinds() -> None:
    assert {row["kind"] for row in rows_of(WORDING_FOLDER / "qualifiers.csv")} == QUALIFIERS
    assert all(phrases_of_role(kind) for kind in QUALIFIERS)


def test_a_qualifier_has_one_kind() -> None:
    assert repeated(row["word"] for row in rows_of(WORDING_FOLDER / "qualifiers.csv")) == []


def test_an_abbreviation_with_several_readings_is_called_ambiguous() -> None:
    rows = rows_of(WORDING_FOLDER / "abbreviations_ranking.csv")
    count = Counter(row["abbreviation"] for row in rows)
    said = {row["abbreviation"]: row["certainty"] for row in rows}
    expected = {short: "one" if number == 1 else "ambiguous" for short, number in count.items()}
    assert said == expected


def test_an_abbreviation_that_ends_in_s_is_no_plural_of_another() -> None:
    for short, meanings in ranking_abbreviations().items():
        if len(short.split()) == 1 and words_of(short) != (short,):
            single = ranking_abbreviations().get(singular(short), ())
            changed = words_of(short) == (singular(short),) and single
            shared = {words_of(text) for text in meanings} & {words_of(text) for text in single}
            assert not changed or shared, short


def test_each_axis_of_opposites_has_two_poles() -> None:
    poles: dict[str, set[int]] = {}
    for axis, pole in opposites().values():
        poles.setdefault(axis, set()).add(pole)
    assert {axis for axis, found in poles.items() if found != {1, 2}} == set()
    assert len(poles) <= 31  # two bits each in one number
