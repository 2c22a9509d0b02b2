"""How much of what trials report the open dictionaries have a name for.

A term of another list is covered when it is a name of the open dictionary exactly or after the
matcher's normalisation; nothing is suggested or ranked here. What is missing is printed in numbers by
family (body system and kind of finding) and never by its words: a gap is filled from medical
knowledge, all sites and directions of the family, and not by the missing strings.

    python benchmarks/dictionary_coverage.py [--data ../shared/data] [--json FILE]

Needs the real studies and dictionaries beside the project. Exit code 1 when a target is missed.
"""

from __future__ import annotations

import argparse
import json
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from coding.matching.index import MatchIndex, build_index
from coding.matching.normalisation import normalise
from coding.records import fold
from dictionaries.registry import open_dictionary
from schemas.tables import read_csv

DATA = Path(__file__).parents[1].parent / "shared" / "data"

#: Kinds of finding by what a term says, the first that fits.
KINDS = (
    ("bleeding", r"haemorrhag|hemorrhag|bleed|haematoma|hematoma"),
    ("narrowing, blockage, hole", r"stenosis|stricture|obstruct|perforat|fistula|leak|prolapse|occlusion"),
    ("direction of a test", r"increased|decreased|abnormal|prolonged|positive|normal\b"),
    ("injury", r"injur|fractur|burn|wound|contusion|laceration|sprain|dislocation|rupture"),
    ("operation, procedure", r"ectomy|o[ts]tomy|plasty|scopy|operation|surgery|repair|removal|transplant"),
    ("infection", r"infect|sepsis|abscess|herpes|fung|bacter|viral|pneumonia"),
    ("inflammation", r"itis\b|inflam"),
    ("pain", r"pain|ache|algia|tender|discomfort"),
    ("growth", r"cancer|tumou?r|carcinoma|neoplasm|lymphoma|leuka?emia|malignan|polyp|cyst\b|oma\b"),
    ("treatment site", r"site"),
    ("disorder, failure", r"disorder|failure|dysfunction|disease|insufficiency|syndrome|opathy"),
)  # fmt: skip


@dataclass(frozen=True)
class Coverage:
    """One list against one dictionary: how many of its distinct terms have a name there."""

    against: str
    dictionary: str
    terms: int
    covered: int
    target: float
    missing: dict[str, int]

    @property
    def share(self) -> float:
        return self.covered / self.terms


def covered(index: MatchIndex, text: str) -> bool:
    """Whether a text is a name of the dictionary, exactly or after normalisation."""
    folded = fold(text)
    if folded in index.exact:
        return True
    hit, _ = index.find_normalised(folded, normalise(folded))
    return bool(hit.rows)


def kind_of_finding(text: str) -> str:
    """The kind of finding that a term is about, as in KINDS."""
    return next((name for name, pattern in KINDS if re.search(pattern, text, re.IGNORECASE)), "other")


def measure(
    against: str, index: MatchIndex, terms: dict[str, str], target: float, by: str = "system"
) -> Coverage:
    """``terms``: text → body system (or source). ``by``: what missing terms are counted by besides."""
    missing = [text for text in terms if not covered(index, text)]
    families = Counter(
        f"{terms[text].lower()} / {kind_of_finding(text)}" if by == "system" else terms[text]
        for text in missing
    )
    return Coverage(
        against, index.dictionary.release.label, len(terms), len(terms) - len(missing), target,
        dict(families.most_common()),
    )  # fmt: skip


def coverages(data: Path) -> list[Coverage]:
    """Every list of the issue of the open dictionaries against the newest releases."""
    events = build_index(open_dictionary("open_events", newest=True))
    drugs = build_index(open_dictionary("open_drugs", newest=True))
    pilot = data / "studies" / "cdiscpilot01"
    ctcae = read_csv(data / "dictionaries" / "ctcae_v5.csv")
    graded = dict(zip(ctcae["ctcae_term"], ctcae["soc"], strict=True))
    graded = {term: soc for term, soc in graded.items() if "other, specify" not in term.lower()}
    statin = read_csv(data / "studies" / "statin" / "ae.csv")
    raw, history = read_csv(pilot / "ae_raw.csv"), read_csv(pilot / "mh.csv")
    reported = dict(zip(history["MHDECOD"], history["MHBODSYS"], strict=True))
    reported.update(zip(raw["AEDECOD"], raw["AESOC"], strict=True))
    taken = dict.fromkeys(read_csv(pilot / "cm.csv")["CMTRT"], "verbatim")
    listed = read_csv(data / "eval" / "drug_verbatim.csv")
    ingredients = {
        part.strip(): "ingredient" for cell in listed["ingredient"] for part in re.split(r"[\\;]", cell)
    }
    statins = dict(zip(statin["AEDECOD"], statin["AESOC"], strict=True))
    found = [
        measure("CTCAE v5 terms", events, _filled(graded), 0.95),
        measure("statin preferred terms", events, _filled(statins), 0.95),
        measure("CDISC pilot preferred terms (AE, MH)", events, _filled(reported), 0.90),
        measure("CDISC pilot CM verbatims", drugs, _filled(taken), 0.90, "source"),
        measure("ingredients of drug_verbatim.csv", drugs, _filled(ingredients), 0.90, "source"),
    ]
    return found


def _filled(terms: dict[str, str]) -> dict[str, str]:
    return {text: family for text, family in terms.items() if text.strip()}


def main() -> int:
    """Print the table and the families of what is missing."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--json", type=Path)
    told = parser.parse_args()
    if not told.data.is_dir():
        parser.error(f"{told.data}: the real studies are not there; say where with --data")
    found = coverages(told.data)
    for item in found:
        reached = "" if item.share >= item.target else "  MISSED"
        print(
            f"{item.against}, {item.dictionary}: {item.covered} of {item.terms} = {item.share:.1%} "
            f"(target {item.target:.0%}){reached}"
        )
        for family, count in list(item.missing.items())[:15]:
            print(f"    {count:4d}  {family}")
    if told.json:
        values = [{**item.__dict__, "share": round(item.share, 4)} for item in found]
        told.json.write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")
    return int(any(item.share < item.target for item in found))


if __name__ == "__main__":
    raise SystemExit(main())
