"""A release as one HTML page that is browsed and searched in a browser, without network or program.

The template ``browse_page.html`` has the looks and the script; the release's content goes into it as
JSON. The same release gives the same bytes.
"""

from __future__ import annotations

import html
import json
from pathlib import Path
from typing import Any

from dictionaries.model import Dictionary
from schemas.tables import write_text
from schemas.vocabulary import TermStatus

TEMPLATE = Path(__file__).with_name("browse_page.html")
_SCOPES = {"1": "broad", "2": "narrow"}
#: Said of every single name, and of no use to a reader.
_SKIPPED_ATTRIBUTES = frozenset({"name type"})


def write_page(dictionary: Dictionary, path: Path) -> None:
    """Write the page atomically. The folder of ``path`` is made if need be."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(page(dictionary), path)


def page(dictionary: Dictionary) -> str:
    """The page's text."""
    content = json.dumps(page_content(dictionary), ensure_ascii=False, separators=(",", ":"))
    # Inside a script element only an end tag or a comment could be taken for markup.
    safe = content.replace("<", "\\u003c")
    release = dictionary.release
    template = TEMPLATE.read_text(encoding="utf-8")
    return template.replace("@@TITLE@@", html.escape(release.label)).replace("@@CONTENT@@", safe)


def page_content(dictionary: Dictionary) -> dict[str, Any]:
    """What the page's script reads; short keys, for the page holds tens of thousands of terms.

    ``upper``: for each level above the preferred one (lowest first) ``[code, text]``; ``preferred``:
    ``[code, text, paths, facts, groups]`` with a path as ``[position on each upper level …]``, the
    primary one first; ``names``: ``[code, text, position of the preferred term, current 0 or 1]``.
    """
    release, terms = dictionary.release, dictionary.terms
    upper = []
    position: dict[tuple[str, str], int] = {}
    for level in release.upper_levels:
        rows = terms[terms["level"] == level].sort_values("text", kind="stable")
        upper.append([[code, text] for code, text in zip(rows["code"], rows["text"], strict=True)])
        position.update({(level, code): at for at, code in enumerate(rows["code"])})
    rows = terms[terms["level"] == release.preferred_level]
    rows = rows.sort_values("text", key=lambda text: text.str.casefold(), kind="stable")
    preferred: list[list[Any]] = [
        [code, text, [], [], []] for code, text in zip(rows["code"], rows["text"], strict=True)
    ]
    at_code = {row[0]: at for at, row in enumerate(preferred)}
    paths = dictionary.paths.sort_values(["code", "primary"], ascending=[True, False], kind="stable")
    columns = [paths[f"{level}_code"] for level in release.upper_levels]
    for code, *above in zip(paths["code"], *columns, strict=True):
        places = [
            position[level, upper_code] for level, upper_code in zip(release.upper_levels, above, strict=True)
        ]
        preferred[at_code[code]][2].append(places)
    _add_facts(dictionary, preferred, at_code)
    return {
        "release": {
            "label": release.label, "note": release.note, "licensed": release.licensed,
            "levels": list(release.levels), "coding": release.coding_level,
            "preferred": release.preferred_level, "checksum": release.checksum[:16],
        },
        "upper": upper,
        "preferred": preferred,
        "names": _names(dictionary, at_code),
    }  # fmt: skip


def _add_facts(dictionary: Dictionary, preferred: list[list[Any]], at_code: dict[str, int]) -> None:
    facts = dictionary.attributes
    facts = facts[facts["level"] == dictionary.release.preferred_level]
    for code, name, value in zip(facts["code"], facts["name"], facts["value"], strict=True):
        if code in at_code and name not in _SKIPPED_ATTRIBUTES:
            preferred[at_code[code]][3].append([name, value])
    groups = dictionary.groups
    for code, group, scope in zip(groups["code"], groups["group"], groups["scope"], strict=True):
        if code in at_code:
            preferred[at_code[code]][4].append([group, _SCOPES.get(scope, scope)])


def _names(dictionary: Dictionary, at_code: dict[str, int]) -> list[list[Any]]:
    rows = dictionary.coding_terms
    return [
        [code, text, at_code[parent], int(status == TermStatus.CURRENT)]
        for code, text, status, parent in zip(
            rows["code"], rows["text"], rows["status"], rows["preferred_code"], strict=True
        )
    ]
