"""Write a release in the ASCII file layout of MedDRA, so that programs which read that layout can
load it: ``$`` between fields and at the end of each line, no header. The content is ours alone."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from dictionaries.content import ReleaseContent
from schemas.tables import write_text
from schemas.vocabulary import TermStatus

#: How ``smq_content.asc`` writes the level of a term.
_PREFERRED_LEVEL = "4"


def write_ascii_files(content: ReleaseContent, folder: Path) -> None:
    """Write the files of the layout that the release has something for, but for the history: that stands
    in the release's changes, and would be as long as all the rest."""
    release, terms, paths = content.release, content.terms, content.paths
    names = {level: _names(terms, level) for level in release.levels}
    short = _attribute(content, "SOC", "abbreviation")
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
        "smq_list": _group_lines(content),
        "smq_content": _group_member_lines(content),
        "meddra_release": [[release.version, release.language, "", "", ""]],
    }
    for name, rows in lines.items():
        if rows:
            write_text("".join("$".join(row) + "$\n" for row in rows), folder / f"{name}.asc")


def _attribute(content: ReleaseContent, level: str, name: str) -> dict[str, str]:
    rows = content.attributes
    rows = rows[(rows["level"] == level) & (rows["name"] == name)]
    return dict(zip(rows["code"], rows["value"], strict=True))


def _group_lines(content: ReleaseContent) -> list[list[str]]:
    described = _attribute(content, "SMQ", "description")
    rows = content.groups.drop_duplicates("group_code").sort_values("group_code")
    return [
        [code, name, level, described[code], "", "", content.release.version, "A", algorithm]
        for code, name, level, algorithm in zip(
            rows["group_code"], rows["group"], rows["group_level"], rows["algorithm"], strict=True
        )
    ]


def _group_member_lines(content: ReleaseContent) -> list[list[str]]:
    version = content.release.version
    columns = ("group_code", "code", "scope", "category", "weight", "status")
    return [
        [group, code, _PREFERRED_LEVEL, scope, category, weight, status, version, version]
        for group, code, scope, category, weight, status in zip(
            *(content.groups[name] for name in columns), strict=True
        )
    ]


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
