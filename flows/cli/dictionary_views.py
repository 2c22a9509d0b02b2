"""How the terminal shows terms: search results with what was found marked, paths as trees, wordings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from rich.columns import Columns
from rich.padding import Padding
from rich.text import Text
from rich.tree import Tree

from flows.cli.reports import show_table
from flows.cli.terminal import console

if TYPE_CHECKING:
    import pandas as pd

    from dictionaries.lookup import Child, TermFacts
    from dictionaries.model import Dictionary, HierarchyPath, Term

#: A tree below this many branches is shown whole; a longer one says how many are left.
MOST_BRANCHES = 200
#: So many wordings of a preferred term are shown unless all are asked for.
MOST_WORDINGS = 60

_LEVEL = "cyan"
_CODE = "dim"


def show_hits(dictionary: Dictionary, found: pd.DataFrame, text: str, *, tree: bool) -> None:
    """Search results as a table, or ``tree``: below their preferred terms and highest classes."""
    release = dictionary.release
    if tree and "preferred" in found.columns and (found["preferred"] != "").any():
        console().print(_hit_tree(release.label, found, text))
        return
    columns = {
        "code": "Code",
        "text": "Term",
        "level": "Level",
        "status": "Status",
        "preferred": release.preferred_level.upper(),
        "top": release.levels[-1].upper(),
    }
    rows = [
        [_marked(value, text) if name == "text" else value for name, value in row.items()]
        for row in found[list(columns)].astype("str").to_dict("records")
    ]
    show_table(release.label, tuple(columns.values()), rows)


def _hit_tree(label: str, found: pd.DataFrame, text: str) -> Tree:
    root = Tree(Text(label, "bold"), guide_style="dim")
    for top, in_class in found.groupby("top", sort=False):
        branch = root.add(Text(str(top), _LEVEL))
        for (code, preferred), terms in in_class.groupby(["preferred_code", "preferred"], sort=False):
            twig = branch.add(Text.assemble((str(preferred), "bold"), "  ", (str(code), _CODE)))
            for row in terms.itertuples(index=False):
                status = "" if row.status == "current" else f"  ({row.status})"
                twig.add(Text.assemble(_marked(str(row.text), text), "  ", (str(row.code), _CODE), status))
    return root


def _marked(term: str, text: str) -> Text:
    """The term with the words that were asked for in bold."""
    shown = Text(term)
    for word in text.split():
        shown.highlight_words([word], "bold", case_sensitive=False)
    return shown


def show_facts(facts: TermFacts, label: str, *, every: bool) -> None:
    """A term: its paths as trees, its other wordings, what stands below it, and further facts."""
    out = console()
    term = facts.terms[0]
    levels = ", ".join(item.level for item in facts.terms)
    note = "" if str(term.status) == "current" else f", {term.status}"
    out.print(Text.assemble((f"{label}, code {term.code}", "bold"), f" ({levels}{note})"))
    for path in facts.paths:
        out.print()
        out.print("Primary path" if path.primary else "Secondary path", style="bold")
        out.print(Padding(_path_tree(path), (0, 0, 0, 2), expand=False))
    _show_wordings(facts.synonyms, every=every)
    if facts.children:
        out.print()
        out.print("Below it", style="bold")
        _show_children(facts.children)
    rows = [(level, name, value) for level, name, value in facts.attributes]
    if rows:
        show_table("Further facts", ("Level", "Name", "Value"), rows)
    if facts.groups:
        show_table("Query groups", ("Group", "Scope"), facts.groups)
    if facts.history:
        show_table("History", ("Release", "Level", "What happened", "Term"), facts.history)


def show_top(label: str, children: Sequence[Child]) -> None:
    """The highest level of a dictionary."""
    out = console()
    out.print(label, style="bold")
    _show_children(children)


def _path_tree(path: HierarchyPath) -> Tree:
    terms = [*reversed(path.terms)]
    root = Tree(_in_tree(terms[0]), guide_style="dim")
    branch = root
    for term in terms[1:]:
        branch = branch.add(_in_tree(term))
    return root


def _in_tree(term: Term) -> Text:
    note = "" if str(term.status) == "current" else f"  ({term.status})"
    return Text.assemble((f"{term.level} ", _LEVEL), term.text, "  ", (term.code, _CODE), note)


def _show_wordings(terms: Sequence[Term], *, every: bool) -> None:
    if not terms:
        return
    out = console()
    out.print()
    shown = terms if every else terms[:MOST_WORDINGS]
    out.print(f"Other wordings ({len(terms)})", style="bold")
    texts = [f"{item.text} (non-current)" if str(item.status) != "current" else item.text for item in shown]
    out.print(Padding(Columns(texts, padding=(0, 3), column_first=True), (0, 0, 0, 2), expand=False))
    if len(shown) < len(terms):
        out.print(f"  … and {len(terms) - len(shown)} more: --all shows every one", style="dim")


def _show_children(children: Iterable[Child]) -> None:
    out = console()
    listed = list(children)
    for child in listed[:MOST_BRANCHES]:
        below = f"  ({child.below:,} below)" if child.below else ""
        out.print(Padding(Text.assemble(_in_tree(child.term), (below, "dim")), (0, 0, 0, 2), expand=False))
    if len(listed) > MOST_BRANCHES:
        out.print(f"  … and {len(listed) - MOST_BRANCHES:,} more: `trialcoder dictionary search` narrows it")


def facts_json(facts: TermFacts) -> dict[str, Any]:
    """The facts as plain JSON values."""
    return {
        "terms": [_term_json(term) for term in facts.terms],
        "paths": [
            {"primary": path.primary, "terms": [_term_json(term) for term in path.terms]}
            for path in facts.paths
        ],
        "synonyms": [_term_json(term) for term in facts.synonyms],
        "children": [{**_term_json(child.term), "below": child.below} for child in facts.children],
        "attributes": [
            {"level": level, "name": name, "value": value} for level, name, value in facts.attributes
        ],
        "groups": [{"group": group, "scope": scope} for group, scope in facts.groups],
        "history": [
            {"release": release, "level": level, "action": action, "text": text}
            for release, level, action, text in facts.history
        ],
    }


def _term_json(term: Term) -> dict[str, str]:
    return {"code": term.code, "text": term.text, "level": term.level, "status": str(term.status)}
