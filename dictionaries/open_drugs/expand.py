"""From what people wrote to every name of the release: salts, their spellings, combinations.

Names come in layers as in :mod:`dictionaries.authoring.wordings`:

1. preferred names;
2. names that people wrote: of the substance, others, trade names;
3. names by rule: each name of the substance with each salt, in the spellings of the salt; the
   ingredients of a combination in other orders, joined by "and", and by their US names;
   names in the plural or singular where a group of drugs or a treatment is named.

In layers 1 and 2 a name under two drugs is an error of the sources, in layer 3 it is left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import permutations, product

from dictionaries.authoring.source_rows import LONGEST_NAME
from dictionaries.authoring.wordings import Lowest, Wordings
from dictionaries.model import DictionaryError
from dictionaries.open_drugs.sources import Drug, Sources
from dictionaries.wording import plural_variants, spelling_twins, wording_key

#: How a salt is also written: US and British names, and short forms.
SALT_SPELLINGS: dict[str, tuple[str, ...]] = {
    "besilate": ("besylate",),
    "camsilate": ("camsylate",),
    "edisilate": ("edisylate",),
    "esilate": ("esylate",),
    "hydrobromide": ("HBr",),
    "hydrochloride": ("HCl",),
    "mesilate": ("mesylate",),
    "monohydrochloride": ("mono-HCl",),
    "tosilate": ("tosylate",),
}

#: With more ingredients only the written order is kept: their orders are too many to be names.
_MOST_TURNED = 3


def expand(sources: Sources) -> list[Lowest]:
    """All names, sorted by text; ``rule`` says what kind of name each is.

    Raises DictionaryError that names the places of two rows that do not go together.
    """
    names = Wordings()
    for drug in sources.drugs:
        names.take(drug.name, drug.place, drug.name, "preferred", strict=True)
    for drug in sources.drugs:
        for rule, written in (
            ("substance name", drug.substance_names),
            ("other name", drug.other_names),
            ("trade name", drug.trade_names),
        ):
            for text in written:
                names.take(drug.name, drug.place, text, rule, strict=True)
    names.close_layer()
    _check_ambiguous(sources, names)
    by_name = {drug.name: drug for drug in sources.drugs}
    sets = Counter(frozenset(drug.ingredients) for drug in sources.drugs if drug.kind == "combination")
    ambiguous = {wording_key(name) for name in sources.ambiguous}
    for drug in sources.drugs:
        # Of two products with the same ingredients, a liposomal one for instance, the name that is
        # made of the ingredients belongs to the plain one.
        plain = wording_key("/".join(drug.ingredients)) == wording_key(drug.name)
        combined = plain or sets[frozenset(drug.ingredients)] == 1
        for rule, text in _made(drug, by_name, combined=combined):
            spelled = {wording_key(text), *(wording_key(twin.text) for twin in spelling_twins(text))}
            fits = len(text) <= LONGEST_NAME and not spelled & ambiguous
            if fits and not names.belongs_to_another(text, drug.name):
                names.take(drug.name, drug.place, text, rule, strict=False)
    return sorted(names.found.values(), key=lambda item: (item.text.casefold(), item.text))


def _check_ambiguous(sources: Sources, names: Wordings) -> None:
    for name in sources.ambiguous:
        taken = names.found.get(wording_key(name))
        if taken is not None:
            raise DictionaryError(
                f"ambiguous.csv: {name} is a name of {taken.preferred}, "
                f"{names.places[wording_key(name)]}; keep it in one place"
            )


def _made(drug: Drug, by_name: dict[str, Drug], *, combined: bool) -> Iterator[tuple[str, str]]:
    for name, salt in product((drug.name, *drug.substance_names), drug.salts):
        yield "salt", f"{name} {salt}"
        for spelled in _spelled(salt):
            yield "salt", f"{name} {spelled}"
    if drug.kind == "combination" and combined:
        yield from (("combination", text) for text in _combined(drug, by_name))
    if drug.kind in {"umbrella", "therapy"}:
        for text in (drug.name, *drug.other_names):
            yield from (("plural", variant.text) for variant in plural_variants(text))


def _spelled(salt: str) -> Iterator[str]:
    """The salt with one of its words spelled otherwise."""
    words = salt.split(" ")
    for at, word in enumerate(words):
        for other in SALT_SPELLINGS.get(word, ()):
            yield " ".join([*words[:at], other, *words[at + 1 :]])


def _combined(drug: Drug, by_name: dict[str, Drug]) -> Iterator[str]:
    """The ingredients' names joined: in every order of two or three and with "and"; in the written
    order with one of them, or all of them, by another name of the substance."""
    names = drug.ingredients
    for order in permutations(names) if len(names) <= _MOST_TURNED else [names]:
        yield _joined(order, "/")
    yield f"{_joined(names[:-1], ', ')} and {_lower_first(names[-1])}"
    others = [by_name[name].substance_names for name in names]
    for at, found in enumerate(others):
        for other in found:
            yield _joined((*names[:at], other, *names[at + 1 :]), "/")
    yield _joined([found[0] if found else name for name, found in zip(names, others, strict=True)], "/")


def _joined(names: Sequence[str], mark: str) -> str:
    return mark.join([names[0], *map(_lower_first, names[1:])])


def _lower_first(name: str) -> str:
    """A generic name inside a combination; one with more capitals or digits keeps its own."""
    return name[:1].lower() + name[1:] if name[1:] == name[1:].lower() else name
