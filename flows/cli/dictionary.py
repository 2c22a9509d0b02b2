"""``trialcoder dictionary``: import releases, list, search and show them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Group, Parameter
from cyclopts.validators import Number

from flows.cli.reports import show_lines, show_table
from flows.cli.terminal import (
    Exit,
    JsonOption,
    WorkspaceOption,
    console,
    note,
    open_workspace,
    print_json,
    progress_bars,
    workspace_if_any,
)

if TYPE_CHECKING:
    from dictionaries.model import Dictionary, HierarchyPath, Release
    from dictionaries.registry import StoredRelease

EXAMPLES = """\
Examples:
  trialcoder dictionary add MedDRA_27_1/MedAscii
  trialcoder dictionary add icd-10-cm
  trialcoder dictionary add ours.csv --description ours.yaml --name OURS --release 3
  trialcoder dictionary list
  trialcoder dictionary search open_events "head ache"
  trialcoder dictionary show MedDRA@27.1 10019211
"""

NameArgument = Annotated[
    str, Parameter(name="NAME", help="NAME or NAME@RELEASE; the release is needed where there are several.")
]
LanguageOption = Annotated[
    str, Parameter(name="--language", help="Language of the release, as an English word.")
]


def build_dictionary_app(group: Group) -> App:
    """The command with its verbs."""
    app = App(
        name="dictionary",
        group=group,
        help="Import dictionary releases, and look into them.",
        help_epilogue=EXAMPLES,
    )
    app.command(add)
    app.command(list_releases, name="list")
    app.command(search)
    app.command(show)
    return app


def folders_of(workspace: Path | None) -> list[Path]:
    """Where releases lie: the workspace's folder, or none at all outside a workspace."""
    place = workspace_if_any(workspace)
    return [place.dictionaries] if place else []


def cache_of(workspace: Path | None) -> Path | None:
    """The workspace's cache folder, or None outside a workspace."""
    place = workspace_if_any(workspace)
    return place.cache if place else None


def open_named(name: str, language: str, folders: Sequence[Path]) -> Dictionary:
    """Open ``NAME`` or ``NAME@RELEASE``. Raises DictionaryError that lists what there is."""
    from dictionaries.registry import open_dictionary

    plain, at, version = name.partition("@")
    return open_dictionary(plain, version if at else None, language, folders=folders)


def add(
    path: Annotated[
        str,
        Parameter(
            name="PATH",
            help="A MedDRA folder, a CMS order file, NCI's CTCAE table, any table with --description, or "
            "the word icd-10-cm for the codes that come with the program.",
        ),
    ],
    /,
    *,
    name: Annotated[
        str | None,
        Parameter(name="--name", show_default=False, help="The dictionary's name, if the files do not say."),
    ] = None,
    release: Annotated[
        str | None,
        Parameter(name="--release", show_default=False, help="The release, if the files do not say."),
    ] = None,
    language: Annotated[
        str | None,
        Parameter(name="--language", show_default=False, help="The language, if the files do not say."),
    ] = None,
    format: Annotated[
        str | None,
        Parameter(
            name="--format",
            show_default=False,
            help="meddra, icd-10-cm, icd-10-cm-order, ctcae or table; found from the files if not told.",
        ),
    ] = None,
    description: Annotated[
        Path | None,
        Parameter(
            name="--description",
            show_default=False,
            help="YAML file that says which column of a table holds what (docs/dictionaries.md).",
        ),
    ] = None,
    licensed: Annotated[
        bool | None,
        Parameter(
            name="--licensed",
            negative="--open",
            show_default=False,
            help="Whether only people with a licence may get the content.",
        ),
    ] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Check a release whole and store it in the workspace, where it is never changed again.

    A broken release is refused with the file and line of each fault.
    """
    from coding.operations.add_dictionary import add_dictionary

    place = open_workspace(workspace)
    with progress_bars() as progress:
        stored = add_dictionary(
            place,
            path,
            name=name,
            version=release,
            language=language,
            format=format,
            description=description,
            licensed=licensed,
            progress=progress,
        )
    if as_json:
        print_json(_release_json(stored))
        return Exit.FINE
    out = console()
    out.print(f"{stored.label} is in {place.dictionaries}", soft_wrap=True)
    out.print(f"  levels {' < '.join(stored.levels)}; coded on {stored.coding_level}", soft_wrap=True)
    out.print(f'  use it in study.yaml with: dictionary: {stored.name}, release: "{stored.version}"')
    return Exit.FINE


def list_releases(*, workspace: WorkspaceOption = None, as_json: JsonOption = False) -> int:
    """List the releases of the workspace and those that ship with the program."""
    from dictionaries import registry

    stored = registry.list_releases(folders_of(workspace))
    if as_json:
        print_json([_stored_json(item) for item in stored])
        return Exit.FINE
    rows = [
        (
            item.release.name,
            item.release.version,
            item.release.language,
            ", ".join(f"{level} {count:,}" for level, count in item.counts.items()),
            "licensed" if item.release.licensed else "open",
            str(item.folder),
        )
        for item in stored
    ]
    show_table("Dictionaries", ("Name", "Release", "Language", "Terms", "Use", "Folder"), rows)
    show_lines(
        "Notes", [f"{item.release.label}: {item.release.note}" for item in stored if item.release.note]
    )
    return Exit.FINE


def search(
    name: NameArgument,
    text: Annotated[str, Parameter(name="TEXT", help="Words, or a code.")],
    /,
    *,
    level: Annotated[
        str | None,
        Parameter(name="--level", show_default=False, help="Another level than the one coded on."),
    ] = None,
    limit: Annotated[
        int, Parameter(name="--limit", validator=Number(gte=1, lte=10_000), help="Most terms to list.")
    ] = 20,
    language: LanguageOption = "English",
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Find the terms that hold every word of a text; the exact term or code comes first."""
    from dictionaries.registry import search_terms

    dictionary = open_named(name, language, folders_of(workspace))
    found = search_terms(dictionary, text, limit, level=level)
    if as_json:
        print_json(found.to_dict("records"))
        return Exit.FINE
    release = dictionary.release
    if found.empty:
        note(f"{release.label}: no term holds these words")
        return Exit.FINE
    columns = {
        "code": "Code",
        "text": "Term",
        "level": "Level",
        "status": "Status",
        "preferred": release.preferred_level.upper(),
        "top": release.levels[-1].upper(),
    }
    show_table(release.label, tuple(columns.values()), found[list(columns)].itertuples(index=False))
    return Exit.FINE


def show(
    name: NameArgument,
    code: Annotated[str, Parameter(name="CODE", help="A code, on any level of the dictionary.")],
    /,
    *,
    language: LanguageOption = "English",
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Show a term: its level, whether it is current, and every path it rolls up along."""
    dictionary = open_named(name, language, folders_of(workspace))
    facts = _term_facts(dictionary, code)
    if as_json:
        print_json(facts)
    else:
        _show_term(facts)
    return Exit.FINE


def _term_facts(dictionary: Dictionary, code: str) -> dict[str, Any]:
    """Everything about a code: its terms (one code may stand on several levels), paths, attributes."""
    from dictionaries.model import DictionaryError

    release = dictionary.release
    rows = dictionary.terms[dictionary.terms["code"] == code]
    if rows.empty:
        raise DictionaryError(
            f"{release.label} has no code {code}; look for it with `trialcoder dictionary search`"
        )
    attributes = dictionary.attributes
    found = attributes[attributes["code"] == code]
    return {
        "release": _release_json(release),
        "terms": rows[["code", "text", "level", "status"]].to_dict("records"),
        "paths": [_path_json(path) for path in dictionary.hierarchy(code)],
        "attributes": found[["level", "name", "value"]].to_dict("records"),
    }


def _show_term(facts: dict[str, Any]) -> None:
    title = f"{facts['release']['label']}, code {facts['terms'][0]['code']}"
    show_table(
        title,
        ("Level", "Term", "Status"),
        [(row["level"], row["text"], row["status"]) for row in facts["terms"]],
    )
    for path in facts["paths"]:
        rows = [(term["level"], term["code"], term["text"]) for term in path["terms"]]
        show_table("Primary path" if path["primary"] else "Secondary path", ("Level", "Code", "Term"), rows)
    attributes = [(row["level"], row["name"], row["value"]) for row in facts["attributes"]]
    if attributes:
        show_table("Further facts", ("Level", "Name", "Value"), attributes)


def _path_json(path: HierarchyPath) -> dict[str, Any]:
    terms = [
        {"level": term.level, "code": term.code, "text": term.text, "status": str(term.status)}
        for term in path.terms
    ]
    return {"primary": path.primary, "terms": terms}


def _release_json(release: Release) -> dict[str, Any]:
    from dataclasses import asdict

    return {**asdict(release), "label": release.label}


def _stored_json(item: StoredRelease) -> dict[str, Any]:
    return {**_release_json(item.release), "folder": str(item.folder), "terms": dict(item.counts)}
