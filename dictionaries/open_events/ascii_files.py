"""Write a release in the ASCII file layout of MedDRA, so that programs which read that layout can
load it: ``$`` between fields and at the end of each line, no header. The content is ours alone."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from dictionaries.model import Release
from schemas.tables import write_text
from schemas.vocabulary import TermStatus


def write_ascii_files(
    release: Release, terms: pd.DataFrame, paths: pd.DataFrame, attributes: pd.DataFrame, folder: Path
) -> None:
    """Write llt, pt, hlt, hlgt, soc, the files that join them, mdhier, intl_ord and meddra_release."""
    names = {level: _names(terms, level) for level in release.levels}
    short = dict(zip(attributes["code"], attributes["value"], strict=True))
    primary = paths[paths["primary"]]
    soc_of = dict(zip(primary["code"], primary["SOC_code"], strict=True))
    lines = {
        "soc": [[code, name, short[code], *[""] * 7] for code, name in names["SOC"].items()],
        "hlgt": [[code, name, *[""] * 7] for code, name in names["HLGT"].items()],
        "hlt": [[code, name, *[""] * 7] for code, name in names["HLT"].items()],
        "pt": [[code, name, "", soc_of[code], *[""] * 7] for code, name in names["PT"].items()],
        "llt": _lowest_lines(terms),
        "soc_hlgt": _pairs(paths, "SOC_code", "HLGT_code"),
        "hlgt_hlt": _pairs(paths, "HLGT_code", "HLT_code"),
        "hlt_pt": _pairs(paths, "HLT_code", "code"),
        "intl_ord": [
            [str(number), code]
            for number, (code, _) in enumerate(
                sorted(names["SOC"].items(), key=lambda item: item[1]), start=1
            )
        ],
        "mdhier": _hierarchy_lines(paths, names, short, soc_of),
        "meddra_release": [[release.version, release.language, "", "", ""]],
    }
    for name, rows in lines.items():
        write_text("".join("$".join(row) + "$\n" for row in rows), folder / f"{name}.asc")


def _names(terms: pd.DataFrame, level: str) -> dict[str, str]:
    rows = terms[terms["level"] == level].sort_values("code", kind="stable")
    return dict(zip(rows["code"], rows["text"], strict=True))


def _lowest_lines(terms: pd.DataFrame) -> list[list[str]]:
    rows = terms[terms["level"] == "LLT"].sort_values("code", kind="stable")
    current = str(TermStatus.CURRENT)
    return [
        [code, text, parent, *[""] * 6, "Y" if status == current else "N", ""]
        for code, text, parent, status in zip(
            rows["code"], rows["text"], rows["parent"], rows["status"], strict=True
        )
    ]


def _pairs(paths: pd.DataFrame, upper: str, lower: str) -> list[list[str]]:
    return [list(pair) for pair in sorted(set(zip(paths[upper], paths[lower], strict=True)))]


def _hierarchy_lines(
    paths: pd.DataFrame, names: dict[str, dict[str, str]], short: dict[str, str], soc_of: dict[str, str]
) -> list[list[str]]:
    rows: Iterable[tuple[str, str, str, str, bool]] = zip(
        paths["code"], paths["HLT_code"], paths["HLGT_code"], paths["SOC_code"], paths["primary"], strict=True
    )
    return [
        [
            pt, hlt, hlgt, soc, names["PT"][pt], names["HLT"][hlt], names["HLGT"][hlgt], names["SOC"][soc],
            short[soc], "", soc_of[pt], "Y" if primary else "N",
        ]
        for pt, hlt, hlgt, soc, primary in rows
    ]  # fmt: skip
