"""``trialcoder dictionary``: import releases, list, search and show them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Group, Parameter
from cyclopts.validators import Number

from flows.cli.dictionary_views import facts_json, show_facts, show_hits, show_top
from flows.cli.reports import show_lines, show_places, show_table
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
    from dictionaries.model import Dictionary, Release
    from dictionaries.registry import StoredRelease

EXAMPLES = """\
Examples:
  trialcoder dictionary add MedDRA_27_1/MedAscii
  trialcoder dictionary add icd-10-cm
  trialcoder dictionary add ours.csv --description ours.yaml --name OURS --release 3
  trialcoder dictionary list
  trialcoder dictionary search open_events "head ache" --tree
  trialcoder dictionary show open_events
  trialcoder dictionary show open_events Headache
  trialcoder dictionary show MedDRA@27.1 10019211
  trialcoder dictionary page open_drugs --output drugs.html
"""

NameArgument = Annotated[
    str, Parameter(name="NAME", help="NAME or NAME@RELEASE; without a release, the newest.")
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
    app.command(page)
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
    """Open ``NAME`` (the newest release) or ``NAME@RELEASE``. DictionaryError lists what there is."""
    from dictionaries.registry import open_dictionary

    plain, at, version = name.partition("@")
    return open_dictionary(plain, version if at else None, language, folders=folders, newest=True)


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
    tree: Annotated[
        bool,
        Parameter(
            name="--tree", negative=(), show_default=False, help="Show hits below their classes and terms."
        ),
    ] = False,
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
    if found.empty:
        note(f"{dictionary.release.label}: no term holds these words")
        return Exit.FINE
    show_hits(dictionary, found, text, tree=tree)
    return Exit.FINE


def show(
    name: NameArgument,
    term: Annotated[
        str | None,
        Parameter(
            name="TERM", show_default=False, help="A code or a whole name, on any level; none: the top."
        ),
    ] = None,
    /,
    *,
    every: Annotated[
        bool, Parameter(name="--all", negative=(), show_default=False, help="Show every wording.")
    ] = False,
    language: LanguageOption = "English",
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Show a term: every path it rolls up along, its other wordings, what stands below it.

    Without a term: the highest level, to browse from there.
    """
    from dictionaries.lookup import find_terms, top_terms

    dictionary = open_named(name, language, folders_of(workspace))
    release = dictionary.release
    if term is None:
        children = top_terms(dictionary)
        if as_json:
            listed = [
                {"code": item.term.code, "text": item.term.text, "below": item.below} for item in children
            ]
            print_json({"release": _release_json(release), "children": listed})
        else:
            show_top(release.label, children)
        return Exit.FINE
    facts = find_terms(dictionary, term)
    if as_json:
        print_json({"release": _release_json(release), **facts_json(facts)})
    else:
        show_facts(facts, release.label, every=every)
    return Exit.FINE


def page(
    name: NameArgument,
    /,
    *,
    output: Annotated[
        Path | None,
        Parameter(name="--output", show_default=False, help="The file; NAME-RELEASE.html if not told."),
    ] = None,
    for_licence_holders: Annotated[
        bool,
        Parameter(
            name="--for-licence-holders",
            negative=(),
            show_default=False,
            help="Needed for a licensed dictionary: whoever gets the page must hold the licence.",
        ),
    ] = False,
    language: LanguageOption = "English",
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Write one HTML page to browse and search a release in a browser, without a network."""
    from dictionaries.browse_page import write_page
    from dictionaries.model import DictionaryError

    dictionary = open_named(name, language, folders_of(workspace))
    release = dictionary.release
    if release.licensed and not for_licence_holders:
        raise DictionaryError(
            f"{release.label} is licensed, and the page holds all of it: say --for-licence-holders if "
            "everybody who gets the page holds the licence"
        )
    target = output or Path(f"{release.name}-{release.version}.html")
    write_page(dictionary, target)
    if as_json:
        print_json({"release": _release_json(release), "page": str(target)})
    else:
        show_places({"page": target})
    return Exit.FINE


def _release_json(release: Release) -> dict[str, Any]:
    from dataclasses import asdict

    return {**asdict(release), "label": release.label}


def _stored_json(item: StoredRelease) -> dict[str, Any]:
    return {**_release_json(item.release), "folder": str(item.folder), "terms": dict(item.counts)}
