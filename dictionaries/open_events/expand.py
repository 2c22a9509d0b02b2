"""From what people wrote to every term of the release: families, spelling twins, plurals, word orders.

Wordings come in layers, and an earlier layer keeps its wording against a later one:

1. names of preferred terms, written and made by families;
2. synonyms that people wrote;
3. synonyms made by families;
4. plurals and word orders of all these.

In layers 1 and 2 a wording under two preferred terms is an error of the sources. In layer 3 a
wording that an earlier layer has is left out; that two families make the same wording is an error.
In layer 4 such a wording is left out on both sides. Spelling twins belong to the layer of the
wording they are twins of, so that a wording is never there without its twin.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from dictionaries.authoring.source_rows import LONGEST_NAME
from dictionaries.authoring.wordings import Lowest, Wordings
from dictionaries.model import DictionaryError
from dictionaries.open_events.sources import Family, Finding, Member, Sources
from dictionaries.wording import plural_variants, sentence_case, word_orders, wording_key


@dataclass(slots=True)
class Preferred:
    """A preferred term with its high-level terms, the primary one first, and its wordings."""

    text: str
    high_level_terms: tuple[str, ...]
    place: str
    written: list[str] = field(default_factory=list)
    made: list[str] = field(default_factory=list)


def expand(sources: Sources) -> tuple[list[Preferred], list[Lowest]]:
    """All preferred and all lowest-level terms, each sorted by text.

    Raises DictionaryError that names the places of two rows that do not go together.
    """
    preferred = _preferred_terms(sources)
    wordings = Wordings()
    everything = list(preferred.values())
    for term in everything:
        wordings.take(term.text, term.place, term.text, "preferred", strict=True)
    for term in everything:
        for text in term.written:
            wordings.take(term.text, term.place, text, "synonym", strict=True)
    wordings.close_layer()
    for term in everything:
        for text in term.made:
            wordings.take(term.text, term.place, text, "family", strict=False)
    wordings.close_layer()
    _add_variants(preferred, wordings)
    terms = sorted(everything, key=lambda term: (term.text.casefold(), term.text))
    lowest = sorted(wordings.found.values(), key=lambda item: (item.text.casefold(), item.text))
    return terms, lowest


def _preferred_terms(sources: Sources) -> dict[str, Preferred]:
    preferred: dict[str, Preferred] = {}
    for row in sources.terms:
        _add(preferred, Preferred(row.text, (row.high_level_term, *row.secondary), row.place))
        preferred[wording_key(row.text)].written.extend(row.synonyms)
    combinations = [
        (family, member, finding, sources.exceptions.get((family.name, member.name, finding.name)))
        for family in sources.families
        for member, finding in _pairs(family)
    ]
    for _, member, finding, exception in combinations:
        if exception is None and "{n}" in finding.preferred_term:
            levels = (finding.high_level_term or member.high_level_term, *finding.secondary)
            if not levels[0]:
                raise DictionaryError(f"{member.place}: no high-level term here nor with the finding")
            text = sentence_case(finding.preferred_term.replace("{n}", member.name))
            _add(preferred, Preferred(text, levels, f"{member.place} with {finding.name}"))
    for _, member, finding, exception in combinations:
        if exception == "":
            continue
        name = exception or sentence_case(finding.preferred_term.replace("{n}", member.name))
        target = preferred.get(wording_key(name))
        if target is None:
            raise DictionaryError(f"{member.place} with {finding.place}: no preferred term {name}")
        target.made.extend(_family_wordings(member, finding))
    return preferred


def _add(preferred: dict[str, Preferred], term: Preferred) -> None:
    key = wording_key(term.text)
    if key in preferred:
        raise DictionaryError(f"{term.place}: {term.text} stands in {preferred[key].place} already")
    preferred[key] = term


def _pairs(family: Family) -> Iterator[tuple[Member, Finding]]:
    for member in family.members:
        for finding in family.findings:
            if not member.findings or finding.name in member.findings:
                yield member, finding


def _family_wordings(member: Member, finding: Finding) -> Iterator[str]:
    templates = (finding.preferred_term, *finding.synonyms)
    for template in templates:
        if "{n}" in template:
            for name in (member.name, *member.other_names):
                yield sentence_case(template.replace("{n}", name))
        elif "{a}" in template:
            for adjective in member.adjectives:
                yield sentence_case(template.replace("{a}", adjective))


def _add_variants(preferred: dict[str, Preferred], wordings: Wordings) -> None:
    """Plurals and word orders of the wordings found so far, where they stay unique."""
    by_term = {term.text: term for term in preferred.values()}
    proposed: dict[str, list[Lowest]] = {}
    for item in list(wordings.found.values()):
        if item.rule in {"uk_spelling", "us_spelling"}:
            continue
        orders = () if item.rule == "family" else word_orders(item.text)
        for variant in (*plural_variants(item.text), *orders):
            made = Lowest(variant.text, item.preferred, variant.rule)
            proposed.setdefault(wording_key(variant.text), []).append(made)
    for key, makers in proposed.items():
        if key in wordings.found or not _same_term(makers) or len(makers[0].text) > LONGEST_NAME:
            continue
        place = by_term[makers[0].preferred].place
        wordings.take(makers[0].preferred, place, makers[0].text, makers[0].rule, strict=False)


def _same_term(items: Iterable[Lowest]) -> bool:
    return len({item.preferred for item in items}) == 1
