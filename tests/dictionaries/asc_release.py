"""A builder of made-up releases in MedDRA's layout."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

#: HLT, HLGT and SOC names and the abbreviation of the made-up flutters, as mdhier.asc has them.
FLUTTER = "Pretend flutters$Flutter group$Fluttering disorders$Flut"


def trailing(*cells: str, width: int) -> str:
    """One record: cells, blanks up to the layout's width, and the trailing ``$``."""
    return "$".join([*cells, *([""] * (width - len(cells)))]) + "$"


def llt(code: str, name: str, pt: str, currency: str = "Y") -> str:
    return trailing(code, name, pt, "", "", "", "", "", "", currency, width=11)


def pt(code: str, name: str, soc: str) -> str:
    return trailing(code, name, "", soc, width=11)


def upper(code: str, name: str) -> str:
    return trailing(code, name, width=9)


def soc(code: str, name: str, abbreviation: str) -> str:
    return trailing(code, name, abbreviation, width=10)


@dataclass
class AscFiles:
    """The lines of every file of a release, by file name."""

    lines: dict[str, list[str]] = field(default_factory=dict)

    def write(
        self,
        folder: Path,
        *,
        encoding: str = "utf-8",
        newline: str = "\n",
        rename: Callable[[str], str] = str,
    ) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        for name, lines in self.lines.items():
            text = "".join(line + newline for line in lines)
            (folder / rename(name)).write_bytes(text.encode(encoding))
        return folder


def small_release() -> AscFiles:
    """Two SOCs, three PTs (one with a secondary path), five LLTs (one non-current), nested SMQs."""
    return AscFiles(
        {
            "llt.asc": [
                llt("101", "Made-up ache", "101"),
                llt("102", "Invented hurting", "101"),
                llt("103", "Ache, made-up, obsolete", "101", "N"),
                llt("201", "Pretend flutter", "201"),
                llt("301", "Sham swelling", "301"),
            ],
            "pt.asc": [
                pt("101", "Made-up ache", "901"),
                pt("201", "Pretend flutter", "902"),
                pt("301", "Sham swelling", "902"),
            ],
            "hlt.asc": [upper("501", "Made-up aches"), upper("502", "Pretend flutters")],
            "hlgt.asc": [upper("701", "Ache group"), upper("702", "Flutter group")],
            "soc.asc": [soc("901", "Aching disorders", "Ache"), soc("902", "Fluttering disorders", "Flut")],
            "hlt_pt.asc": ["501$101$", "502$101$", "502$201$", "502$301$"],
            "hlgt_hlt.asc": ["701$501$", "702$502$"],
            "soc_hlgt.asc": ["901$701$", "902$702$"],
            "mdhier.asc": [
                "101$501$701$901$Made-up ache$Made-up aches$Ache group$Aching disorders$Ache$$901$Y$",
                f"101$502$702$902$Made-up ache${FLUTTER}$$901$N$",
                f"201$502$702$902$Pretend flutter${FLUTTER}$$902$Y$",
                f"301$502$702$902$Sham swelling${FLUTTER}$$902$Y$",
            ],
            "intl_ord.asc": ["1$902$", "2$901$"],
            "smq_list.asc": [
                "801$Aches (SMQ)$1$All aches$Invention$A note$1.0$A$N$",
                "802$Hurting aches (SMQ)$2$Some aches$Invention$$1.0$A$A$",
            ],
            "smq_content.asc": [
                "801$802$0$0$$0$A$1.0$1.0$",
                "801$101$4$2$A$0$A$1.0$1.0$",
                "802$102$5$1$B$3$A$1.0$1.1$",
                "802$999$4$1$A$0$I$0.5$1.0$",
            ],
            "meddra_history_english.asc": [
                "101$Made-up ache$0.5$PT$$A",
                "103$Ache, made-up, obsolete$0.5$LLT$N$C",
            ],
            "meddra_release.asc": ["1.0$English$$$$"],
        }
    )
