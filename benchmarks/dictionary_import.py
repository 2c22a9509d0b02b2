"""Time to import a dictionary release and to open it, at real sizes.

    .venv/bin/python benchmarks/dictionary_import.py [--llts 80000] [--shared ../shared/data]

Made-up releases in MedDRA's layout are generated; the real files are used where they are there.
The targets: 80,000 terms import in under 10 s and open in under 0.5 s. Ends with code 1 when one
is missed.
"""

from __future__ import annotations

import argparse
import csv
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from dictionaries.loading import import_release
from dictionaries.model import Dictionary, DictionaryError

IMPORT_SECONDS = 10.0
OPEN_SECONDS = 0.5

_SYLLABLES = ("ba", "ce", "di", "fo", "gu", "ha", "je", "ki", "lo", "mu", "na", "pe", "ri", "so", "tu", "va")


class Timing(NamedTuple):
    """One line of the table; ``terms`` counts all levels, seconds are wall-clock."""

    what: str
    coding_terms: int
    terms: int
    import_seconds: float
    open_seconds: float


def word(number: int) -> str:
    """A made-up word that is different for every number."""
    syllables = []
    while number or not syllables:
        number, rest = divmod(number, len(_SYLLABLES))
        syllables.append(_SYLLABLES[rest])
    return "".join(syllables)


def write_synthetic_release(folder: Path, llts: int) -> Path:
    """A release in MedDRA's layout with MedDRA's proportions, every sixth PT on a second path."""
    folder.mkdir(parents=True, exist_ok=True)
    pts, hlts, hlgts, socs = max(llts * 10 // 33, 1), max(llts // 46, 1), max(llts // 236, 1), 27
    blank = "$" * 7
    paths = [(n, n % hlts, True) for n in range(pts)]
    paths += [(n, (n + hlts // 2) % hlts, False) for n in range(0, pts, 6) if hlts > 1]
    name = {
        "pt": lambda n: f"{word(n)} {word(n * 7 + 3)}",
        "hlt": lambda n: f"{word(n)} group",
        "hlgt": lambda n: f"{word(n)} class",
        "soc": lambda n: f"{word(n)} disorders",
    }

    def above(hlt: int) -> tuple[int, int]:
        return hlt % hlgts, hlt % hlgts % socs

    files: dict[str, Iterator[str] | list[str]] = {
        "llt": [
            f"1{n:07}${name['pt'](n)}$1{n:07}{blank}Y$$"
            if n < pts
            else f"2{n:07}${word(n)} {word(n % 977)} {word(n % 89)}$1{n % pts:07}{blank}{'YN'[n % 9 == 0]}$$"
            for n in range(llts)
        ],
        "pt": [f"1{n:07}${name['pt'](n)}$$9{above(n % hlts)[1]:07}{blank}$" for n in range(pts)],
        "hlt": [f"5{n:07}${name['hlt'](n)}{blank}$" for n in range(hlts)],
        "hlgt": [f"7{n:07}${name['hlgt'](n)}{blank}$" for n in range(hlgts)],
        "soc": [f"9{n:07}${name['soc'](n)}$S{n}{blank}$" for n in range(min(socs, hlgts))],
        "hlt_pt": [f"5{hlt:07}$1{n:07}$" for n, hlt, _ in paths],
        "hlgt_hlt": [f"7{above(n)[0]:07}$5{n:07}$" for n in range(hlts)],
        "soc_hlgt": [f"9{n % socs:07}$7{n:07}$" for n in range(hlgts)],
        "mdhier": [
            f"1{n:07}$5{hlt:07}$7{above(hlt)[0]:07}$9{above(hlt)[1]:07}${name['pt'](n)}${name['hlt'](hlt)}"
            f"${name['hlgt'](above(hlt)[0])}${name['soc'](above(hlt)[1])}$S{above(hlt)[1]}$"
            f"$9{above(n % hlts)[1]:07}${'Y' if primary else 'N'}$"
            for n, hlt, primary in paths
        ],
        "meddra_release": ["1.0$English$$$$"],
    }
    for file, lines in files.items():
        (folder / f"{file}.asc").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return folder


def write_repaired_doid(source: Path, folder: Path) -> Path:
    """A copy of doid_meddra_shape that agrees with itself.

    The files give three HLT codes to two different terms each, and list relations that no path has;
    such a release is refused. The copy has the terms of mdhier.asc, with a code of their own for
    the second meaning of a code.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for path in source.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    rows = [line.split("$") for line in (source / "mdhier.asc").read_text(encoding="utf-8").splitlines()]
    code_of: dict[tuple[str, str], str] = {}
    taken: set[str] = set()
    for row in rows:
        meaning = row[1], row[5]
        if meaning not in code_of:
            code_of[meaning] = row[1] if row[1] not in taken else f"8{row[1]}"
            taken.add(row[1])
        row[1] = code_of[meaning]
    files = {
        "mdhier": ["$".join(row) for row in rows],
        "hlt": [f"{code}${name}{'$' * 8}" for (_, name), code in code_of.items()],
        "hlt_pt": list(dict.fromkeys(f"{row[1]}${row[0]}$" for row in rows)),
        "hlgt_hlt": list(dict.fromkeys(f"{row[2]}${row[1]}$" for row in rows)),
    }
    for file, lines in files.items():
        (folder / f"{file}.asc").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return folder


def write_real_terms(shared: Path, folder: Path) -> tuple[Path, Path]:
    """ICD-10-CM descriptions and DOID names together as one table, and its description."""
    folder.mkdir(parents=True, exist_ok=True)
    with (shared / "icd10cm_2018.csv").open(encoding="utf-8", newline="") as opened:
        rows = [(row["code"].strip(), row["description"]) for row in csv.DictReader(opened)]
    llt = (shared / "doid_meddra_shape" / "llt.asc").read_text(encoding="utf-8")
    rows += [tuple(line.split("$")[:2]) for line in llt.splitlines()]  # type: ignore[misc]
    with (folder / "real.csv").open("w", encoding="utf-8", newline="") as opened:
        csv.writer(opened).writerows([("code", "term"), *rows])
    text = (
        "name: Real terms\nversion: 1\nlicensed: false\nlevels:\n  - {level: CODE, code: code, text: term}\n"
    )
    (folder / "real.yaml").write_text(text, encoding="utf-8")
    return folder / "real.csv", folder / "real.yaml"


@contextmanager
def stopwatch() -> Iterator[list[float]]:
    taken: list[float] = []
    begun = time.perf_counter()
    yield taken
    taken.append(time.perf_counter() - begun)


def timed(what: str, path: Path | str, store: Path, **options: Any) -> Timing:
    """Import and open once each; opening is the terms and every codable term's primary path."""
    with stopwatch() as importing:
        release = import_release(path, store, **options)
    folder = store / release.name / f"{release.version}-{release.language}"
    with stopwatch() as opening:
        dictionary = Dictionary.open(folder)
        terms, paths = len(dictionary.terms), len(dictionary.primary_paths)
    return Timing(what, paths, terms, importing[0], opening[0])


def measure(llts: int, shared: Path | None) -> list[Timing]:
    """Every timing, from the small to the large; ``shared`` is the folder of real dictionaries."""
    found = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for count in (llts // 8, llts):
            source = write_synthetic_release(folder / f"synthetic{count}", count)
            found.append(timed("MedDRA layout, made up", source, folder / "store", name=f"Made up {count}"))
        if shared is not None:
            source = write_repaired_doid(shared / "doid_meddra_shape", folder / "doid")
            found.append(timed("doid_meddra_shape, repaired", source, folder / "store", name="DOID"))
            table, description = write_real_terms(shared, folder / "real")
            found.append(timed("ICD-10-CM and DOID names", table, folder / "store", description=description))
            found.append(timed("icd-10-cm package", "icd-10-cm", folder / "store"))
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--llts", type=int, default=80_000)
    default = Path(__file__).resolve().parents[2] / "shared" / "data"
    parser.add_argument("--shared", type=Path, default=default)
    options = parser.parse_args()
    shared = options.shared / "dictionaries"
    try:
        timings = measure(options.llts, shared if shared.is_dir() else None)
    except DictionaryError as error:
        print(error, file=sys.stderr)
        return 2
    print(f"{'release':<30}{'coding terms':>14}{'all terms':>12}{'import s':>10}{'open s':>9}")
    for item in timings:
        print(
            f"{item.what:<30}{item.coding_terms:>14,}{item.terms:>12,}"
            f"{item.import_seconds:>10.2f}{item.open_seconds:>9.3f}"
        )
    missed = [
        item.what
        for item in timings
        if item.coding_terms <= 100_000
        and (item.import_seconds > IMPORT_SECONDS or item.open_seconds > OPEN_SECONDS)
    ]
    print(f"missed: {', '.join(missed)}" if missed else "every release of up to 100,000 terms is in time")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
