"""How one wording becomes another with the same meaning: spelling twins, plurals, word orders.

Pure functions over data tables, each change under a named rule. The builder of the open
dictionary uses them to write variants out; matching can use them to recognise variants.
The groups of words the rules look at stand in ``word_groups.csv``: ``group, word`` (UK spelling), where
``counted`` are last words that people put into the plural, ``not_plural`` words that only look like a
plural, ``qualifier`` adjectives that may stand before or after a condition, ``head`` last words that may
also come first (abdominal pain, pain abdominal), ``fixed_first`` first words that belong to the name
(growing pain) and ``name`` names that keep their capital.

The pairs of spellings stand in ``spelling.csv``: ``uk, us, place``, where ``place`` says whether the
pair is a whole ``word``, the ``start`` of one, or stands anywhere ``inside``. A pair with equal sides
protects a word from a shorter pair (``angioedema`` is spelled so on both sides of the Atlantic).
"""

from __future__ import annotations

import csv
import re
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

SPELLING_FILE = Path(__file__).with_name("spelling.csv")
WORD_GROUPS_FILE = Path(__file__).with_name("word_groups.csv")


@dataclass(frozen=True, slots=True)
class Variant:
    """Another wording of a text, and the rule that made it."""

    text: str
    rule: str


def wording_key(text: str) -> str:
    """What two wordings share when they differ in case, spaces and punctuation only.

    >>> wording_key("Crohn's  disease"), wording_key("X-ray abnormal")
    ('crohns disease', 'x ray abnormal')
    """
    folded = unicodedata.normalize("NFKC", text).casefold().replace("'", "").replace("\u2019", "")
    return " ".join(re.sub(r"[^\w+%]|_", " ", folded).split())


def sentence_case(text: str) -> str:
    """The text with its first letter large; the rest stays as written."""
    return text[:1].upper() + text[1:]


@cache
def word_group(group: str) -> frozenset[str]:
    """The words of a group of ``word_groups.csv`` in small letters, in UK and in US spelling."""
    with WORD_GROUPS_FILE.open(encoding="utf-8", newline="") as lines:
        words = {row["word"].lower() for row in csv.DictReader(lines) if row["group"] == group}
    return frozenset(words | {to_us(word) for word in words})


# --- spelling twins -----------------------------------------------------------------------------


@cache
def spelling_pairs() -> tuple[tuple[str, str, str], ...]:
    """The rows of ``spelling.csv``: UK part, US part, place (``word``, ``start`` or ``inside``)."""
    with SPELLING_FILE.open(encoding="utf-8", newline="") as lines:
        return tuple((row["uk"], row["us"], row["place"]) for row in csv.DictReader(lines))


@cache
def _speller(to_uk: bool) -> tuple[re.Pattern[str], dict[str, str]]:
    """One pattern for a direction. Both sides of each pair are in it, the longest first, so that a
    part which already has the wanted spelling is passed over as a whole."""
    turned: dict[str, str] = {}
    patterns: dict[str, str] = {}
    for uk, us, place in spelling_pairs():
        wanted, other = (uk, us) if to_uk else (us, uk)
        turned[other], turned[wanted] = wanted, wanted
        for part in (uk, us):
            before = "" if place == "inside" else r"(?<![a-z])"
            after = r"(?![a-z])" if place == "word" else ""
            # "-is-"/"-iz-" is a verb's ending only before a vowel: localise, but localis in Latin
            if place != "word" and (us.endswith("iz") and uk.endswith("is")):
                after = r"(?=[aei])"
            patterns[part] = f"{before}{part}{after}"
    longest_first = sorted(patterns, key=lambda part: (-len(part), part))
    return re.compile("|".join(patterns[part] for part in longest_first), re.IGNORECASE), turned


_WORD = re.compile(r"[A-Za-z]+")


@lru_cache(maxsize=1 << 16)
def _respelled_word(word: str, to_uk: bool) -> str:
    pattern, turned = _speller(to_uk)

    def replace(match: re.Match[str]) -> str:
        found = match.group()
        wanted = turned[found.lower()]
        if found.isupper():
            return wanted.upper()
        return sentence_case(wanted) if found[0].isupper() else wanted

    return pattern.sub(replace, word)


def _respell(text: str, to_uk: bool) -> str:
    # No pair reaches over a word's end, and words come again and again: each is turned once.
    return _WORD.sub(lambda match: _respelled_word(match.group(), to_uk), text)


def to_uk(text: str) -> str:
    """The text in UK spelling.

    >>> to_uk("Anemia and edema"), to_uk("Gastroesophageal reflux"), to_uk("Chemotherapy")
    ('Anaemia and oedema', 'Gastrooesophageal reflux', 'Chemotherapy')
    """
    return _respell(text, to_uk=True)


def to_us(text: str) -> str:
    """The text in US spelling.

    >>> to_us("Diarrhoea haemorrhagic"), to_us("Angioedema")
    ('Diarrhea hemorrhagic', 'Angioedema')
    """
    return _respell(text, to_uk=False)


def spelling_twins(text: str) -> tuple[Variant, ...]:
    """The UK and the US spelling of a text where they differ from it (none, one or both).

    >>> spelling_twins("Tumour pain")
    (Variant(text='Tumor pain', rule='us_spelling'),)
    """
    pairs = ((to_uk(text), "uk_spelling"), (to_us(text), "us_spelling"))
    return tuple(Variant(other, rule) for other, rule in pairs if other != text)


# --- plurals ------------------------------------------------------------------------------------

IRREGULAR_PLURALS: dict[str, str] = {
    "bacterium": "bacteria",
    "bulla": "bullae",
    "calculus": "calculi",
    "child": "children",
    "crisis": "crises",
    "diagnosis": "diagnoses",
    "diverticulum": "diverticula",
    "embolus": "emboli",
    "fistula": "fistulas",
    "foot": "feet",
    "ganglion": "ganglia",
    "haemorrhoid": "haemorrhoids",
    "metastasis": "metastases",
    "naevus": "naevi",
    "nevus": "nevi",
    "petechia": "petechiae",
    "thrombus": "thrombi",
    "thrombosis": "thromboses",
    "tooth": "teeth",
    "vertebra": "vertebrae",
    "virus": "viruses",
}
_SINGULARS = {many: one for one, many in IRREGULAR_PLURALS.items()}

_NOT_PLURAL_ENDING = re.compile(r"(ss|us|is|ous|itis|sis|xis|eps)$")


def plural(word: str) -> str:
    """The plural of an English or medical noun.

    >>> plural("headache"), plural("biopsy"), plural("rash"), plural("metastasis")
    ('headaches', 'biopsies', 'rashes', 'metastases')
    """
    low = word.lower()
    if low in IRREGULAR_PLURALS:
        return _like(word, IRREGULAR_PLURALS[low])
    if low.endswith("sis") or low.endswith("xis"):
        return word[:-2] + "es"
    if re.search(r"(s|x|z|ch|sh)$", low) and not low.endswith("ach"):
        return word + "es"
    if re.search(r"[^aeiou]y$", low):
        return word[:-1] + "ies"
    return word + "s"


def singular(word: str) -> str:
    """The singular of a noun in the plural; any other word as it is.

    >>> singular("headaches"), singular("allergies"), singular("diabetes"), singular("teeth")
    ('headache', 'allergy', 'diabetes', 'tooth')
    """
    low = word.lower()
    if low in _SINGULARS:
        return _like(word, _SINGULARS[low])
    if low in word_group("not_plural") or len(low) < 4 or not low.endswith("s"):
        return word
    if low.endswith("ies") and len(low) > 4:
        return word[:-3] + "y"
    if re.search(r"(ses|xes|zes|shes|ches)$", low):
        return _singular_of_es(word, low)
    if _NOT_PLURAL_ENDING.search(low):
        return word
    return word[:-1]


def _singular_of_es(word: str, low: str) -> str:
    """The singular of a word in -ses, -xes, -zes, -shes or -ches."""
    if low.endswith(("oses", "yses", "eses")) and low not in {"doses", "hoses", "noses", "overdoses"}:
        return word[:-2] + "is"  # necroses, dialyses, prostheses
    if re.search(r"(sses|xes|shes|[^aefio]uses|inuses)$", low):
        return word[:-2]  # abscesses, boxes, rashes, boluses
    if low.endswith("ches") and not low.endswith("aches"):
        return word[:-2]  # itches
    return word[:-1]  # diseases, pulses, sizes, headaches


def _like(model: str, word: str) -> str:
    return sentence_case(word) if model[:1].isupper() else word


_RELATION = re.compile(r"\b(after|at|by|during|due|for|from|in|of|on|to|with)\b", re.IGNORECASE)


def plural_variants(text: str) -> tuple[Variant, ...]:
    """The text with its last word in the plural or in the singular, where that word can be counted.

    >>> plural_variants("Kidney stone"), plural_variants("Bad dreams"), plural_variants("Nausea")
    ((Variant(text='Kidney stones', rule='plural'),), (Variant(text='Bad dream', rule='singular'),), ())
    """
    start, space, last = text.rpartition(" ")
    # "Clot in vein", "Abscess wound": the first noun would be put into the plural, not the last.
    if _RELATION.search(start) or start.partition(" ")[0].lower() in word_group("head"):
        return ()
    if last.lower() in word_group("counted"):
        return (Variant(f"{start}{space}{plural(last)}", "plural"),)
    one = singular(last)
    if one != last and one.lower() in word_group("counted"):
        return (Variant(f"{start}{space}{one}", "singular"),)
    return ()


# --- word orders --------------------------------------------------------------------------------


def word_orders(text: str) -> tuple[Variant, ...]:
    """The same words in the orders that coders and sites use.

    Rules: ``comma`` (pain, abdominal → abdominal pain), ``qualifier_last`` (acute bronchitis →
    bronchitis acute), ``qualifier_first`` (the way back), ``head_first`` (abdominal pain → pain
    abdominal) and ``of_phrase`` (fracture of femur → femur fracture).

    >>> [(variant.text, variant.rule) for variant in word_orders("Abdominal pain")]
    [('Pain abdominal', 'head_first')]
    >>> [variant.text for variant in word_orders("Chronic hepatitis")]
    ['Hepatitis chronic']
    """
    if "," in text:
        head, _, rest = text.partition(",")
        turned = f"{rest.strip()} {_lower_first(head.strip())}"
        return (Variant(sentence_case(turned), "comma"),) if rest.strip() and "," not in rest else ()
    words = text.split()
    found = []
    if len(words) in (2, 3):
        found += _two_or_three_words(words)
    match = re.fullmatch(r"(\w+) of (?:the )?([\w-]+(?: [\w-]+)?)", text)
    if match and match.group(1).lower() in word_group("head"):
        found.append(Variant(sentence_case(f"{match.group(2)} {_lower_first(match.group(1))}"), "of_phrase"))
    return tuple(found)


def _two_or_three_words(words: list[str]) -> list[Variant]:
    qualifiers, heads = word_group("qualifier"), word_group("head")
    first, last = words[0].lower(), words[-1].lower()
    found = []
    if first in qualifiers and last not in qualifiers:
        found.append(Variant(_joined([*words[1:], words[0]]), "qualifier_last"))
    elif last in qualifiers and first not in qualifiers:
        found.append(Variant(_joined([words[-1], *words[:-1]]), "qualifier_first"))
    elif len(words) == 2 and last in heads and _may_come_last(first):
        found.append(Variant(_joined([words[1], words[0]]), "head_first"))
    return found


def _may_come_last(first: str) -> bool:
    return first not in word_group("head") | word_group("fixed_first") and not first.endswith("'s")


def _joined(words: list[str]) -> str:
    return sentence_case(" ".join(_lower_first(word) for word in words))


def _lower_first(word: str) -> str:
    """The word without its sentence capital. Abbreviations keep theirs, and so do names: those of
    the group ``name`` and those with a capital or a digit further on or an apostrophe."""
    plain = word[1:] == word[1:].lower() and len(word) > 1 and not re.search(r"\d|['\u2019]", word)
    return word[:1].lower() + word[1:] if plain and word.lower() not in word_group("name") else word
