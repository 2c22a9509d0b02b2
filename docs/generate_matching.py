"""Write the generated parts of matching.md anew: python docs/generate_matching.py

A part stands between ``<!-- generated: NAME -->`` and ``<!-- end -->``, a worked example between
``<!-- example: VERBATIM -->`` and ``<!-- end -->``. An example may also say on which form the verbatim
stands and what people decided before::

    <!-- example: sore arm after 2nd jab | field: AETERM | decided: sore arm after jab = Injury -->

Examples are run over the open event dictionary, with the default outcomes of a study.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from coding.matching import decided, features, hierarchy, ranking, retrieval, settling, similar_words
from coding.matching import normalisation as normal
from coding.matching.candidates import HIGHEST_SIMILAR, LEAST_SIMILARITY
from coding.matching.engine import Matches, MatchRules, match_requests
from coding.matching.flags import FLAGS, flag_texts
from coding.matching.index import MatchIndex, build_index
from coding.matching.reasons import RULES
from coding.matching.settling import EXACT_SCORE, NONCURRENT_SCORE, NORMALISED_SCORE
from coding.matching.signals import UNSURE_RULES
from coding.matching.structure import roles_of
from coding.matching.word_lists import (
    abbreviations,
    broader_rows,
    form_rows,
    no_event_phrases,
    opposites,
    phrases_of_role,
    ranking_abbreviations,
    thesaurus,
)
from coding.matching.wordings import NEXT_READING, PARTIAL, READING_FACTOR, Asked, Wording, make_wordings
from coding.records import fold
from coding.study import Outcomes
from dictionaries.model import Dictionary
from dictionaries.open_events import MEASURED_FOLDER
from schemas.tables import text_frame

PAGE = Path(__file__).with_name("matching.md")
TOP = 3

_BLOCK = re.compile(r"(<!-- (generated|example): (.+?) -->\n)(.*?)(<!-- end -->)", re.DOTALL)

#: Each rule of normalisation: what it does, and a name that shows it; where two names come out equal
#: only by their key, the other one.
NORMALISATION = {
    "diacritics": ("marks of Latin letters go", "café", ""),
    "apostrophe": ("apostrophes and the possessive s go", "crohn's", ""),
    "brackets": ("brackets go, their content stays", "rash(es)", ""),
    "conjunction": ("`&`, `/` and `+` between words become *and*; `hiv+` keeps its sign", "fever/chills", ""),
    "punctuation": ("other marks go; `< > = % ± ? ↑ ↓` and an attached `+` stay", "c.o.p.d.", ""),
    "abbreviations": ("those of `wording/abbreviations.csv`, which mean one thing only", "copd", ""),
    "uk_us_spelling": ("UK → US spelling (`dictionaries/wording.py`)", "oedema", ""),
    "numerals": (
        "Roman numbers and number words; `i`, `iv`, `v`, `x` only after *type, grade …*",
        "type ii",
        "",
    ),
    "stop_words": ("*of, the, in …* go; never *a* (hepatitis A), *with*, *and*, *on*", "pain in the toe", ""),
    "plural": ("plural → singular", "headaches", ""),
    "compounding": ("equal when written without spaces", "head ache", "headache"),
    "word_order": (
        "the same words; not where *with*, *due*, *metastatic*, *without* … say which is which",
        "pain abdominal",
        "abdominal pain",
    ),
}

#: Why a request is left to a person.
HELD = {
    settling.DO_NOT_AUTOCODE: "verbatim or term stands on the study's list `do_not_autocode`",
    settling.NEGATED: "the verbatim denies something",
    settling.QUESTIONED: "`? MI`: no name that it has counts",
    settling.SIGNED: "an arrow, a plus or a minus at the edge, which folding takes away",
    settling.SYNONYMS_DISAGREE: "two synonyms of one scope name different terms",
    settling.AMBIGUOUS_EXACT: "the name stands at several preferred terms; all are shown",
    settling.AMBIGUOUS_NORMALISED: "the same after the rules of normalisation",
    settling.NONCURRENT: "the name is that of a term which is no longer current; the current one is shown",
    settling.DECIDED_OTHERWISE: "the same after the rules, but people coded it to another preferred term",
    settling.NO_CANDIDATE: "nothing is near",
    settling.SEVERAL_CONCEPTS: "a score could settle, but for the flag `several_concepts`",
    settling.AMBIGUOUS_ABBREVIATION: "a score could settle, but for the flag `ambiguous_abbreviation`",
    settling.BELOW_MINIMUM: "the score is below `score_minimum`",
    settling.TOO_LITTLE_EVIDENCE: "the confidence is below the threshold that was proven",
    settling.EQUAL_SCORES: "two candidates share the highest score",
}

#: What each kind of wording is (PARTIAL).
WORDINGS = {
    "whole": "the verbatim, its abbreviations with one meaning written out",
    "reading": "an ambiguous abbreviation or a finding read in one of its ways",
    "main": "without brackets and without the cause",
    "part": "the first of several concepts",
    "later part": "each further concept",
    "core": "without places of the body",
}

#: Roles of words that only qualify (LIGHT), with an example.
ROLES = {
    "severity": "*mild*, *grade 3*",
    "course": "*intermittent*, *worsening*",
    "time": "*since Monday*, *for 3 days*",
    "side": "*left*, *both*",
    "uncertain": "*possible*, *r/o*",
    "filler": "*patient complains of*",
    "cause": "*due to*, *after*",
    "joining": "*and*, *with*",
    "negation": "*no*, *denies*",
    "measure": "*39.5 °C*, *180/100*",
}


@dataclass(frozen=True)
class Example:
    """A verbatim of the page, the field it stands in, and what people decided (verbatim, term)."""

    verbatim: str
    field: str = ""
    decided: tuple[tuple[str, str], ...] = ()


@cache
def open_index() -> MatchIndex:
    """The index of the open event dictionary."""
    return build_index(Dictionary.open(MEASURED_FOLDER))


def example_of(told: str) -> Example:
    """Read what stands in an example's marker."""
    verbatim, *rest = (part.strip() for part in told.split(" | "))
    options = dict(part.split(": ", 1) for part in rest)
    pairs = [pair.split(" = ", 1) for pair in filter(None, options.pop("decided", "").split("; "))]
    return Example(verbatim, options.pop("field", ""), tuple((one, other) for one, other in pairs), **options)


def matched(example: Example) -> Matches:
    """What the engine says of an example."""
    index = open_index()
    columns = {
        "key": "k",
        "verbatim": example.verbatim,
        "context": "",
        "earlier_code": "",
        "earlier_term": "",
    }
    requests = text_frame({name: [text] for name, text in (columns | {"fields": example.field}).items()})
    requests = requests.assign(serious=False, earlier_disagrees=False)
    synonyms = text_frame({name: [] for name in ("folded", "context", "code", "text", "scope")})
    rows = [(fold(verbatim), index.find_exact(fold(term)).row) for verbatim, term in example.decided]
    before = {"folded": [text for text, _ in rows], "code": [index.codes[row] for _, row in rows]}
    history = text_frame(before | {"source": ["decision"] * len(rows)}) if rows else None
    return match_requests(
        requests, index, MatchRules(frozenset(), synonyms, Outcomes(), TOP, decided=history)
    )


def example_block(told: str) -> str:
    """The reading of an example, and its candidates."""
    example = example_of(told)
    matches = matched(example)
    lines = [*_reading(example), f"- flags: {_flags(matches)}", f"- {_outcome(matches)}", ""]
    if matches.candidates.empty:
        return "\n".join([*lines, "No candidate."])
    index = open_index()
    preferred = index.dictionary.primary_paths[index.dictionary.release.preferred_level]
    columns = [matches.candidates[name].astype(str) for name in ("rank", "term", "code", "rules", "reason")]
    scores = [f"{score:.2f}" for score in matches.candidates["score"]]
    rows = [
        (rank, term, preferred[code], score, _codes(rules), reason)
        for rank, term, code, rules, reason, score in zip(*columns, scores, strict=True)
    ]
    return "\n".join([*lines, *table(("", "candidate", "preferred term", "score", "rules", "reason"), rows)])


def _reading(example: Example) -> Iterator[str]:
    folded = fold(example.verbatim)
    wordings = _wordings(folded)
    whole = wordings[0]
    yield f"- words: {_quoted(whole.words)}{_roles(whole.words)}"
    plain = tuple(dict.fromkeys(token.text for token in whole.tokens))
    if plain != whole.words:
        yield f"- plain words: {_quoted(plain)}"
    others = [f"{_quoted(item.words)} ({item.kind})" for item in wordings[1:]]
    if others:
        yield f"- also looked for: {', '.join(others)}"


def _wordings(folded: str) -> list[Wording]:
    index = open_index()
    asked = Asked(folded, normal.normalise(folded, index.without))
    return make_wordings(index.ranker.space, [asked], not index.without).items


def _roles(words: tuple[str, ...]) -> str:
    found: dict[str, list[str]] = {}
    for word, role in zip(words, roles_of(words), strict=True):
        if role:
            found.setdefault(role, []).append(word)
    return "".join(f"; {role}: {_quoted(texts)}" for role, texts in found.items())


def _flags(matches: Matches) -> str:
    return flag_texts(matches.flags, matches.parts).get("k", "none")


def _outcome(matches: Matches) -> str:
    if len(matches.decisions):
        settled = matches.decisions.iloc[0]
        outcome = settled["outcome"].replace("_", " ")
        term = settled["text"] or "no term"
        return f"settled by `{settled['method']}`, {outcome}: {term}. {settled['reason']}"
    return f"left to a person: {matches.held.iloc[0]['reason']}"


def _quoted(words: Iterable[str]) -> str:
    return f"`{' '.join(words)}`"


def _codes(rules: str) -> str:
    return ", ".join(f"`{rule}`" for rule in rules.split(";") if rule)


def table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> list[str]:
    """A Markdown table."""
    lines = [[str(cell).replace("|", "\\|") for cell in row] for row in (head, *rows)]
    ruled = [f"| {' | '.join(cells)} |" for cells in lines]
    return [ruled[0], "|---" * len(lines[0]) + "|", *ruled[1:]]


def _rule_rows() -> Iterator[tuple[str, str, str]]:
    for rule, text in RULES.items():
        yield f"`{rule}`", text, "yes" if rule in UNSURE_RULES else ""


def _normalisation_rows() -> Iterator[tuple[str, str, str]]:
    for rule in normal.RULES:
        text, name, other = NORMALISATION[rule]
        shown = f"{name} = {other}" if other else f"{name} → {normal.normalise(name).ordered}"
        yield f"`{rule}`", text, shown


def _wording_rows() -> Iterator[tuple[str, str, str]]:
    for kind, least, more in zip(PARTIAL, ranking.LEAST_SHARE, ranking.MORE_BY_SHARE, strict=True):
        factor = f"{least:g} + {more:g} × share" if more else f"{least:g}"
        if kind == "reading":
            factor = (
                f"{READING_FACTOR:g} for the first, {NEXT_READING:g} less for each next, and for findings"
            )
        yield kind, WORDINGS[kind], factor


def _role_rows() -> Iterator[tuple[str, str, str, object]]:
    for role, weight in features.LIGHT.items():
        yield role, ROLES[role], f"{weight:g}", len(phrases_of_role(role)) or "by form"


def _weight_rows() -> Iterator[tuple[str, str, str]]:
    def row(rule: str, text: str, *values: float) -> tuple[str, str, str]:
        return rule and f"`{rule}`", text, ", ".join(f"{value:g}" for value in values)

    yield row("", "names looked at closely for each wording", ranking.NEAREST)
    yield row("", "a piece or word of more names is left out, if the rest says enough", retrieval.FREQUENT)
    yield row(
        "", "weight of pieces, of plain words in the cosine", retrieval.PIECES_WEIGHT, retrieval.WORDS_WEIGHT
    )
    yield row("", "coverage: weight", ranking.COVERAGE_WEIGHT)
    yield row("", "spelling: weight", ranking.SPELLING_WEIGHT)
    yield row("", "cosine: weight", ranking.COSINE_WEIGHT)
    yield row("", "no score by likeness is higher than", ranking.HIGHEST_SCORE)
    yield row("", "and none lower is shown than", ranking.LEAST_SCORE)
    yield row("stem", "a word meets another form of itself", similar_words.STEM_CREDIT)
    yield row(
        "broader",
        "a word meets what it is a part or kind of: one, two, three steps up",
        *similar_words.BROADER_CREDIT,
    )
    yield row(
        "narrower",
        "a word meets a part or kind of it: one, two, three steps down",
        *similar_words.NARROWER_CREDIT,
    )
    yield row(
        "misspelling",
        "a misspelled word: its likeness, at least (long words)",
        similar_words.LEAST_LIKENESS,
        similar_words.LEAST_LIKENESS_OF_LONG,
    )
    yield row("", "a word of the name that only qualifies", features.LIGHT_IN_NAME)
    yield row("", "a place of the body in the verbatim", features.SITE_IN_VERBATIM)
    yield row("opposite", "factor: increased and decreased, acute and chronic …", ranking.OPPOSITE_FACTOR)
    yield row(
        "negated",
        "factor: only the verbatim denies; only the name does",
        ranking.NEGATED_FACTOR,
        ranking.ONLY_NAME_NEGATED_FACTOR,
    )
    yield row("noncurrent", "factor: found by a name that is not current", ranking.NONCURRENT_FACTOR)
    yield row(
        "form",
        "factor: a procedure on an AE or CE form, anything else on a PR form",
        ranking.RARE_ON_FORM_FACTOR,
    )
    yield row("unplaced", "factor: the release has no class for the term", ranking.UNPLACED_FACTOR)
    yield row(
        "open_synonym",
        "factor: first, second, third term that a further name may mean",
        *ranking.FURTHER_FACTORS[1:],
    )
    yield row("", "hierarchy: the share of the score that depends on agreement", hierarchy.AGREEMENT_WEIGHT)
    yield row("decided_before", "likeness of two verbatims that counts, at least", decided.LEAST_SCORE)
    yield row("decided_before", "it is drawn so far to the highest score", decided.DRAWN)
    yield row("used_before", "factor: people used the preferred term before", decided.USED_FACTOR)
    yield row("semantic", "score: nothing below this cosine; at cosine 1", LEAST_SIMILARITY, HIGHEST_SIMILAR)
    yield row(
        "",
        "score of an exact name, a normalised one, one that is not current",
        EXACT_SCORE,
        NORMALISED_SCORE,
        NONCURRENT_SCORE,
    )


def _thesaurus_rows() -> Iterator[tuple[str, str, int, int]]:
    kinds: dict[str, list[int]] = {}
    for group in thesaurus():
        kinds.setdefault(group.kind, []).append(len(group.equivalents))
    for kind, sizes in sorted(kinds.items(), key=lambda item: (-len(item[1]), item[0])):
        yield f"`{kind}`", THESAURUS[kind], len(sizes), sum(sizes)
    every = [size for sizes in kinds.values() for size in sizes]
    yield "all", "", len(every), sum(every)


#: An example of each kind of group.
THESAURUS = {
    "symptom": "numbness: *numb, loss of feeling, went dead*",
    "condition": "abdominal hernia: *ventral hernia*",
    "procedure": "abdominal surgery: *belly surgery*",
    "test": "respiratory rate: *breathing rate, breaths per minute*",
    "body": "abdomen: *belly, tummy*",
    "lay": "gas pain: *trapped wind pain*",
    "finding": "high blood sugar, hyperglycemia: each a further reading of the other",
    "infection": "impetigo: *school sores*",
    "neoplasm": "giant cell tumor of bone: *osteoclastoma*",
    "injury": "jaw dislocation: *jaw out of joint*",
    "organism": "salmonella typhi: *s typhi*",
    "general": "after childbirth: *postpartum, puerperal*",
    "direction": "irregular: *erratic, not regular*",
}


def _list_rows() -> Iterator[tuple[str, str, int]]:
    short = list(ranking_abbreviations().values())
    yield (
        "`wording/abbreviations.csv`",
        "mean one thing only; written out before names are compared",
        len(abbreviations()),
    )
    yield (
        "`wording/abbreviations_ranking.csv`",
        "one usual reading; only help to rank",
        sum(len(item) == 1 for item in short),
    )
    yield "", "several readings", sum(len(item) > 1 for item in short)
    yield "`wording/no_event.csv`", "whole verbatims that name no event", len(no_event_phrases())
    yield "`wording/opposites.csv`", "words on one side of a pair of opposites", len(opposites())
    yield "`thesaurus/broader.csv`", "what is a part or a kind of what", len(broader_rows())
    yield "`thesaurus/combining_forms.csv`", "Greek and Latin forms", len(form_rows())


PARTS: Mapping[str, Callable[[], list[str]]] = {
    "rules": lambda: table(("rule", "what it says", "leaves a doubt"), _rule_rows()),
    "flags": lambda: table(("flag", "what it says"), ((f"`{flag}`", text) for flag, text in FLAGS.items())),
    "held": lambda: table(("reason", "when"), ((f"`{reason}`", when) for reason, when in HELD.items())),
    "normalisation": lambda: table(("rule", "what it does", "example"), _normalisation_rows()),
    "wordings": lambda: table(("wording", "what it is", "its score is multiplied with"), _wording_rows()),
    "roles": lambda: table(("role", "such as", "counts", "words and phrases"), _role_rows()),
    "weights": lambda: table(("rule", "what", "value"), _weight_rows()),
    "thesaurus": lambda: table(("kind", "such as", "groups", "wordings"), _thesaurus_rows()),
    "lists": lambda: table(("file", "what it holds", "rows"), _list_rows()),
}


def blocks(page: str) -> Iterator[tuple[str, str, str]]:
    """(kind, what the marker says, content) of each generated part of a page."""
    for found in _BLOCK.finditer(page):
        yield found[2], found[3], found[4]


def part(name: str) -> str:
    """The content of a part that is not an example."""
    return "\n".join(PARTS[name]()) + "\n"


def generated(page: str) -> str:
    """The page with its generated parts written anew."""

    def renewed(found: re.Match[str]) -> str:
        content = part(found[3]) if found[2] == "generated" else f"\n{example_block(found[3])}\n\n"
        return f"{found[1]}{content}{found[5]}"

    return _BLOCK.sub(renewed, page)


def main() -> None:
    before = PAGE.read_text(encoding="utf-8")
    after = generated(before)
    PAGE.write_text(after, encoding="utf-8", newline="\n")
    changed = sum(one != other for one, other in zip(blocks(before), blocks(after), strict=True))
    sys.stdout.write(f"{PAGE.name}: {changed} parts changed\n")


if __name__ == "__main__":
    main()
