"""Throw strange verbatims at the engine for a while: nothing may fail, be lost or take long.

    python benchmarks/fuzz_matching.py [--seconds 600] [--seed N]

Mutated names of the shipped dictionary, random text of all scripts and planes, control characters, very
long and very repetitive text, numbers with units. In batches, with and without decided verbatims, each
is matched over ``open_events``; each odd one is also timed alone. Prints the seed, so that a run can be
repeated. Ends with code 1 where an invariant is broken or one verbatim took longer than --slowest.
"""

from __future__ import annotations

import argparse
import gc
import random
import secrets
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pandas as pd

from coding.matching.engine import Matches, match_requests
from coding.matching.index import MatchIndex, build_index
from coding.records import fold
from dictionaries.registry import open_dictionary
from matching_cases import plain_rules, requests_of
from schemas.tables import text_frame

BATCH = 300
TOP = 5
#: Odd verbatims of a batch that are timed alone, and seconds that one may take.
ALONE, SLOWEST = 12, 0.2

_SCRIPTS = (
    (0x20, 0x7E), (0xA0, 0x24F), (0x300, 0x36F), (0x370, 0x3FF), (0x400, 0x4FF), (0x590, 0x5FF),
    (0x600, 0x6FF), (0x900, 0x97F), (0xE00, 0xE7F), (0x1100, 0x11FF), (0x1E00, 0x1EFF),
    (0x2000, 0x206F), (0x2190, 0x21FF), (0x2460, 0x24FF), (0x3040, 0x30FF), (0x4E00, 0x9FFF),
    (0xAC00, 0xD7A3), (0xE000, 0xE0FF), (0xFB00, 0xFDFF), (0xFF00, 0xFFEF), (0x1D400, 0x1D7FF),
    (0x1F300, 0x1FAFF), (0x20000, 0x2A6DF), (0xE0000, 0xE007F), (0x100000, 0x1000FF),
)  # fmt: skip
_HIDDEN = "\u200b\u200c\u200d\u2060\ufeff\u00ad\u200e\u200f\u202a\u202e\u2066\u2069\ufe0f"
_JOINS = (" and ", ", ", "/", " with ", " due to ", "; ", " + ", " or ", " - ", "\n", "\t", "&", " w/ ", ": ")
_UNITS = ("mg", "kg", "mmHg", "%", "F", "C", "bpm", "mmol/L", "x10^9/L", "days", "hrs", "wk", "yo", "cm")
_REPEATED = (
    "a/", "(", ")", "[", "((a", "due to ", "and ", "no ", "possible ", "pain ", "x2 ", "1/", "a.", "a,",
    "a, b; ", "?", "!", "'s ", "''", "-", " - ", "--a", "+", "a+", "&", "a & ", "; ", "rash and ", "w/ ",
    "secondary to nausea ", "left ", "1 ", "1.1.", "1,", "\u0301", "e\u0301", "\u200b", "\U0001f600", "漢",
    "ß", "ﬁ", "İ", "induced ", "a-induced ", "head ache ", "type ii ", "hiv+ ", "é", ".", "a b ", ": ", "a: ",
    "oedema ", "type ", "increased decreased ", "(rash) ", "rash(es)", "2 hr ", "37.5 c ", "mi ", "ra ms ",
)  # fmt: skip


def letter(chance: random.Random) -> str:
    """Any character of some script; surrogates cannot stand in a text file."""
    low, high = chance.choice(_SCRIPTS)
    return chr(chance.randint(low, high))


def any_letter(chance: random.Random) -> str:
    """Any character of any plane."""
    code = chance.randint(0, 0x10FFFF)
    return chr(code) if not 0xD800 <= code <= 0xDFFF else " "


class Makers:
    """Ways of making a verbatim, by name."""

    def __init__(self, names: list[str], chance: random.Random) -> None:
        self._names, self._chance = names, chance
        self.plain: dict[str, Callable[[], str]] = {
            "mutated name": self.mutated,
            "joined names": self.joined,
            "measured": self.measured,
        }
        self.odd: dict[str, Callable[[], str]] = {
            "one script": self.one_script,
            "all planes": lambda: self._many(any_letter, 60),
            "mixed scripts": lambda: self._many(letter, 60),
            "control characters": self.controls,
            "hidden characters": self.hidden,
            "other letters in a name": self.lookalike,
            "digits": lambda: "".join(chance.choices("0123456789", k=chance.choice((3, 40, 9_999)))),
            "commas": lambda: ",".join(chance.choices([*names, "", " "], k=chance.choice((9, 90, 900)))),
            "repeated": self.repeated,
            "long words": self.long_words,
            "long text": self.long_text,
            "little": lambda: chance.choice(("", " ", ".", "?", "-", "a", "\x00", "\u200b", "()", "0", "/")),
        }

    def mutated(self) -> str:
        """A name with a few letters dropped, doubled, changed or in another case."""
        text = list(self._chance.choice(self._names))
        for _ in range(self._chance.randint(0, 4)):
            at = self._chance.randrange(len(text))
            text[at] = self._chance.choice(
                ("", text[at] * 2, text[at].upper(), " ", letter(self._chance), "-")
            )
            text = text if any(text) else ["a"]
        return "".join(text)

    def joined(self) -> str:
        """Several names joined as sites join them."""
        many = self._chance.randint(2, 9)
        return "".join(self.mutated() + self._chance.choice(_JOINS) for _ in range(many))

    def measured(self) -> str:
        """A name with numbers and units."""
        number = self._chance.choice(("101.2", "3", "1,000", "120/80", "½", "٣", "2-3", ">5", "1e9", "0.0"))
        return f"{self.mutated()} {number}{self._chance.choice((' ', ''))}{self._chance.choice(_UNITS)}"

    def one_script(self) -> str:
        """Text of one script."""
        low, high = self._chance.choice(_SCRIPTS)
        return "".join(chr(self._chance.randint(low, high)) for _ in range(self._chance.randint(1, 80)))

    def controls(self) -> str:
        """A name with control characters, line ends and separators in it."""
        marks = [chr(code) for code in (*range(32), *range(0x7F, 0xA0), 0x2028, 0x2029, 0xFFFE, 0xFFFF)]
        return "".join(part + self._chance.choice(marks) for part in self.mutated())

    def hidden(self) -> str:
        """A name with characters of no width and of direction in it."""
        return "".join(part + self._chance.choice((*_HIDDEN, "", "")) for part in self.mutated())

    def lookalike(self) -> str:
        """A name in full-width letters, mathematical letters or with marks on top."""
        kind = self._chance.randrange(3)
        moved = {0: 0xFEE0, 1: 0x1D400 - 0x41, 2: 0}[kind]
        return "".join(
            chr(ord(part) + moved) if "A" <= part <= "Z" else part + "\u0336" * (kind == 2)
            for part in self.mutated().upper()
        )

    def repeated(self) -> str:
        """A piece of text again and again."""
        piece = self._chance.choice((*_REPEATED, letter(self._chance), self.mutated() + " "))
        return piece * self._chance.choice((2, 30, 400, 3_000, 10_000))

    def long_words(self) -> str:
        """Few words, each very long, so that misspellings are looked for."""
        letters = self._chance.choice(("abcdefghijklmnopqrstuvwxyz", "ab", "acgt-", "aeiou'"))
        words = (
            "".join(self._chance.choices(letters, k=self._chance.choice((50, 500, 5_000)))) for _ in "12"
        )
        return " ".join(words)

    def long_text(self) -> str:
        """10,000 or 100,000 characters of names or of anything."""
        size = self._chance.choice((10_000, 100_000))
        source = self._chance.choice((self.joined, lambda: self._many(letter, 200), self.measured))
        text = ""
        while len(text) < size:
            text += source() + " "
        return text[:size]

    def _many(self, one: Callable[[random.Random], str], most: int) -> str:
        return "".join(one(self._chance) for _ in range(self._chance.randint(1, most)))


@dataclass
class Findings:
    """What was seen: how many of each kind, the slowest one alone, and what went wrong."""

    counts: Counter[str] = field(default_factory=Counter)
    slowest: dict[str, tuple[float, str]] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)

    def timed(self, kind: str, seconds: float, verbatim: str) -> None:
        """Keep the slowest of each kind."""
        self.slowest[kind] = max(self.slowest.get(kind, (0.0, "")), (seconds, verbatim))

    @property
    def worst(self) -> float:
        """Seconds of the slowest verbatim of all."""
        return max((seconds for seconds, _ in self.slowest.values()), default=0.0)


@dataclass(frozen=True)
class Fuzzing:
    """The engine, and what is asked of it."""

    index: MatchIndex
    makers: Makers
    chance: random.Random
    findings: Findings

    def batch(self) -> None:
        """One batch: all together, then some odd ones alone."""
        kinds = self.chance.choices([*self.makers.plain] * 6 + [*self.makers.odd], k=BATCH)
        made = {**self.makers.plain, **self.makers.odd}
        asked = [(kind, made[kind]()) for kind in kinds]
        self.findings.counts.update(kinds)
        verbatims = [verbatim for _, verbatim in asked]
        self.check(verbatims, self.decided(verbatims) if self.chance.random() < 0.3 else None)
        odd = [item for item in asked if item[0] in self.makers.odd][:ALONE]
        for kind, verbatim in odd:
            self.findings.timed(kind, self.seconds(verbatim), verbatim)

    def seconds(self, verbatim: str) -> float:
        """What one takes alone. The collector rests: its rounds through the index and all that was asked
        before would be counted for whatever verbatim they fall on. On a busy machine the clock tells
        too much, so that the processor's time counts where it is less."""
        gc.disable()
        begun, processor = time.perf_counter(), time.process_time()
        self.check([verbatim], None)
        spent = min(time.perf_counter() - begun, time.process_time() - processor)
        gc.enable()
        return spent

    def decided(self, verbatims: list[str]) -> pd.DataFrame:
        """Some of the verbatims, and others, decided for terms drawn at random."""
        folded = sorted({fold(one) for one in (*verbatims[::3], *(self.makers.mutated() for _ in range(20)))})
        codes = self.chance.choices([*self.index.codes, "NO_TERM", "unknown"], k=len(folded))
        return text_frame({"folded": folded, "code": codes, "source": ["decision"] * len(folded)})

    def check(self, verbatims: list[str], decided: pd.DataFrame | None) -> None:
        """Match, and note every invariant that does not hold."""
        try:
            matches = match_requests(requests_of(verbatims), self.index, plain_rules(decided))
        except Exception as error:  # whatever it is, it is what is looked for
            if len(verbatims) == 1:
                self.findings.broken.append(f"{type(error).__name__}: {error} for {shortened(verbatims[0])}")
                return
            known = len(self.findings.broken)
            for verbatim in verbatims:
                self.check([verbatim], decided)
            if len(self.findings.broken) == known:
                self.findings.broken.append(f"{type(error).__name__}: {error} for a batch, not for one alone")
            return
        told = " | ".join(shortened(one) for one in verbatims[:1])
        self.findings.broken += [f"{problem} ({told} …)" for problem in problems(matches, len(verbatims))]


def problems(matches: Matches, count: int) -> Iterator[str]:
    """The invariants that do not hold."""
    keys = sorted([*matches.decisions["key"], *matches.held["key"]])
    if keys != [f"{at:09d}" for at in range(count)]:
        yield "a key is missing or stands twice among decisions and held"
    candidates = matches.candidates
    if not candidates["score"].between(0, 1).all() or not matches.decisions["score"].between(0, 1).all():
        yield "a score outside 0 to 1"
    if not candidates["rank"].between(1, TOP).all():
        yield "more candidates than asked for"
    ordered = candidates.sort_values(["key", "rank"], ignore_index=True)
    if not ordered.equals(candidates.reset_index(drop=True)):
        yield "candidates not sorted by key and rank"
    by_key = candidates.groupby("key")
    if not (by_key["rank"].cummax() == by_key.cumcount() + 1).all():
        yield "a rank is missing or stands twice"
    by_score = candidates[candidates["method"] == "score"].groupby("key")["score"]
    if not by_score.diff().fillna(0).le(0).all():
        yield "a better score behind a worse one"
    if candidates.duplicated(["key", "preferred_code"]).any():
        yield "a preferred term twice"
    if len(candidates) and (candidates["reason"].str.strip() == "").any():
        yield "a candidate without a reason"


def shortened(verbatim: str) -> str:
    """A verbatim as it can be printed anywhere."""
    return (
        ascii(verbatim if len(verbatim) <= 50 else f"{verbatim[:50]}…") + f" ({len(verbatim):,} characters)"
    )


def report(findings: Findings, batches: int, slowest: float) -> int:
    """Print what was found; the code to end with."""
    print(f"{sum(findings.counts.values()):,} verbatims in {batches:,} batches")
    for kind, count in sorted(findings.counts.items()):
        seconds, verbatim = findings.slowest.get(kind, (0.0, ""))
        alone = f"  slowest alone {seconds * 1000:7.1f} ms  {shortened(verbatim)}" if seconds else ""
        print(f"  {kind:<24}{count:>9,}{alone}")
    for problem, count in Counter(findings.broken).most_common(20):
        print(f"BROKEN {count:,} ×: {problem}")
    print(f"{len(findings.broken):,} broken; the slowest verbatim took {findings.worst * 1000:.1f} ms")
    return 1 if findings.broken or findings.worst > slowest else 0


def main() -> int:
    """Fuzz for as long as told."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--slowest", type=float, default=SLOWEST, help="seconds that one verbatim may take")
    told = parser.parse_args()
    seed = secrets.randbelow(2**32) if told.seed is None else told.seed
    print(f"seed {seed}", flush=True)
    index = build_index(open_dictionary("open_events", newest=True))
    chance = random.Random(seed)
    findings = Findings()
    fuzzing = Fuzzing(index, Makers(index.texts, chance), chance, findings)
    match_requests(requests_of(["headache"]), index, plain_rules())  # what is made ready once
    begun, batches = time.monotonic(), 0
    while time.monotonic() - begun < told.seconds:
        fuzzing.batch()
        batches += 1
    return report(findings, batches, told.slowest)


if __name__ == "__main__":
    sys.exit(main())
