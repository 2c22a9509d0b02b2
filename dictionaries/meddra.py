"""Read a complete MedDRA ASCII distribution, or another dictionary in the same layout.

All five levels, secondary paths, non-current lowest-level terms, SMQs (nested ones too), special
search categories, history, abbreviations and the international order. The primary path is the row
of ``mdhier.asc`` with ``primary_soc_fg`` Y, and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from dictionaries import meddra_checks
from dictionaries.asc_files import Layout, decode, find_files, read_columns
from dictionaries.checking import Problems
from dictionaries.content import Progress, ReleaseContent, checksum_of, quiet
from dictionaries.model import ATTRIBUTE_COLUMNS, GROUP_COLUMNS, HISTORY_COLUMNS, DictionaryError, Release
from schemas.tables import text_frame
from schemas.vocabulary import TermStatus

NAME = "MedDRA"
LEVELS = ("LLT", "PT", "HLT", "HLGT", "SOC")

_LEGACY = ("whoart", "harts", "costart", "icd9", "icd9cm", "icd10", "jart")

LAYOUTS = (
    Layout(
        "llt.asc",
        ("llt_code", "llt_name", "pt_code", *_LEGACY[:-1], "llt_currency", "jart"),
        ("llt_code", "pt_code"), ("llt_name",),
    ),
    Layout(
        "pt.asc", ("pt_code", "pt_name", "null", "pt_soc_code", *_LEGACY),
        ("pt_code", "pt_soc_code"), ("pt_name",),
    ),
    Layout("hlt.asc", ("hlt_code", "hlt_name", *_LEGACY), ("hlt_code",), ("hlt_name",)),
    Layout("hlgt.asc", ("hlgt_code", "hlgt_name", *_LEGACY), ("hlgt_code",), ("hlgt_name",)),
    Layout("soc.asc", ("soc_code", "soc_name", "soc_abbrev", *_LEGACY), ("soc_code",), ("soc_name",)),
    Layout("hlt_pt.asc", ("hlt_code", "pt_code"), ("hlt_code", "pt_code")),
    Layout("hlgt_hlt.asc", ("hlgt_code", "hlt_code"), ("hlgt_code", "hlt_code")),
    Layout("soc_hlgt.asc", ("soc_code", "hlgt_code"), ("soc_code", "hlgt_code")),
    Layout(
        "mdhier.asc",
        (
            "pt_code", "hlt_code", "hlgt_code", "soc_code", "pt_name", "hlt_name", "hlgt_name",
            "soc_name", "soc_abbrev", "null", "pt_soc_code", "primary_soc_fg",
        ),
        ("pt_code", "hlt_code", "hlgt_code", "soc_code", "pt_soc_code"),
        ("pt_name", "hlt_name", "hlgt_name", "soc_name"),
    ),
    Layout("intl_ord.asc", ("order", "soc_code"), ("order", "soc_code"), required=False),
    Layout(
        "smq_list.asc",
        (
            "smq_code", "smq_name", "level", "description", "source", "note", "meddra_version",
            "status", "algorithm",
        ),
        ("smq_code",), ("smq_name",), required=False,
    ),
    Layout(
        "smq_content.asc",
        (
            "smq_code", "term_code", "term_level", "scope", "category", "weight", "status",
            "addition_version", "last_modified_version",
        ),
        ("smq_code", "term_code", "term_level"), required=False,
    ),
    Layout("spec.asc", ("spec_code", "spec_name", "spec_abbrev"), ("spec_code",), ("spec_name",), False),
    Layout("spec_pt.asc", ("spec_code", "pt_code"), ("spec_code", "pt_code"), required=False),
    Layout(
        "meddra_history.asc",
        ("term_code", "term_name", "addition_version", "term_type", "llt_currency", "action"),
        ("term_code",), required=False,
    ),
    Layout(
        "meddra_release.asc", ("version", "language", "null1", "null2", "null3"),
        filled=("version",), required=False, ends_lines=False,
    ),
)  # fmt: skip

#: What smq_content.asc says the level of a term is.
SMQ_TERM_LEVELS = {"0": "SMQ", "4": "PT", "5": "LLT"}


@dataclass(frozen=True)
class AscRelease:
    """The files of a distribution by layout name, as frames with ``line``, and what they are called."""

    folder: Path
    frames: Mapping[str, pd.DataFrame]
    names: Mapping[str, str]

    def get(self, file: str) -> pd.DataFrame | None:
        return self.frames.get(file)

    def __getitem__(self, file: str) -> pd.DataFrame:
        return self.frames[file]


def release_folder(path: Path) -> Path | None:
    """The folder with ``llt.asc`` (any case): ``path`` itself or ``MedAscii`` in it; else None."""
    for folder in (path, *sorted(item for item in path.iterdir() if item.name.lower() == "medascii")):
        if folder.is_dir() and any(item.name.lower() == "llt.asc" for item in folder.iterdir()):
            return folder
    return None


def read_meddra(
    path: Path,
    *,
    name: str | None = None,
    version: str | None = None,
    language: str | None = None,
    progress: Progress = quiet,
) -> ReleaseContent:
    """Read and check the distribution in a folder. Raises DictionaryError listing what is wrong.

    ``name``, ``version`` and ``language`` take the place of what the files say (``MedDRA``, and
    ``meddra_release.asc``).
    """
    folder = release_folder(path)
    if folder is None:
        raise DictionaryError(f"{path}: no llt.asc in this folder; name the folder with the .asc files")
    asc, checksum = _read_files(folder, language, progress)
    progress("checking", 0, 0)
    problems = Problems(str(folder))
    meddra_checks.check_files(asc.frames, asc.names, problems)
    problems.raise_if_any()
    told = asc.get("meddra_release.asc")
    said = {} if told is None else told.iloc[0].to_dict()
    version = version or said.get("version")
    if not version:
        raise DictionaryError(f"{folder}: no meddra_release.asc says the version; give it with --release")
    release = Release(
        name=name or NAME,
        version=version,
        language=language or said.get("language") or "English",
        checksum=checksum,
        levels=LEVELS,
        coding_level="LLT",
        preferred_level="PT",
        licensed=True,
        numeric_codes=True,
    )
    return ReleaseContent(
        release, _terms(asc), _paths(asc), _attributes(asc), _groups(asc), _history(asc), str(folder)
    )


def _read_files(folder: Path, language: str | None, progress: Progress) -> tuple[AscRelease, str]:
    paths = find_files(folder)
    for name in sorted(paths):
        if name.startswith("meddra_history"):
            paths["meddra_history.asc"] = paths.pop(name)
            break
    missing = [layout.file for layout in LAYOUTS if layout.required and layout.file not in paths]
    if missing:
        raise DictionaryError(f"{folder}: not a complete release; missing {', '.join(missing)}")
    layouts = [layout for layout in LAYOUTS if layout.file in paths]
    data, names = {}, {}
    for number, layout in enumerate(layouts):
        progress("reading", number, len(layouts))
        names[layout.file] = paths[layout.file].name
        data[names[layout.file]] = paths[layout.file].read_bytes()
    problems = Problems(str(folder))
    texts = decode(data, language or _language_told(data.get(names.get("meddra_release.asc", ""))), problems)
    frames = {
        layout.file: read_columns(texts[names[layout.file]], layout, problems, names[layout.file])
        for layout in layouts
    }
    # What follows from a line of the wrong form would bury the cause.
    problems.raise_if_any()
    checksum = checksum_of({name.lower(): content for name, content in data.items()})
    return AscRelease(folder, frames, names), checksum


def _language_told(data: bytes | None) -> str | None:
    cells = (data or b"").decode("ascii", "replace").split("$")
    return cells[1].strip() if len(cells) > 1 else None


def _terms(asc: AscRelease) -> pd.DataFrame:
    llt = asc["llt.asc"]
    status = llt["llt_currency"].map({"Y": str(TermStatus.CURRENT), "N": str(TermStatus.NONCURRENT)})
    frames = [
        text_frame(
            {
                "code": llt["llt_code"],
                "text": llt["llt_name"],
                "level": ["LLT"] * len(llt),
                "status": status,
                "parent": llt["pt_code"],
            }
        )
    ]
    for level in LEVELS[1:]:
        upper, rows = level.lower(), asc[f"{level.lower()}.asc"]
        frames.append(
            text_frame(
                {
                    "code": rows[f"{upper}_code"],
                    "text": rows[f"{upper}_name"],
                    "level": [level] * len(rows),
                    "status": [str(TermStatus.CURRENT)] * len(rows),
                    "parent": [""] * len(rows),
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


def _paths(asc: AscRelease) -> pd.DataFrame:
    hierarchy = asc["mdhier.asc"]
    columns = {f"{level}_code": hierarchy[f"{level.lower()}_code"] for level in LEVELS[2:]}
    frame = text_frame({"code": hierarchy["pt_code"], **columns})
    frame.insert(1, "primary", hierarchy["primary_soc_fg"] == "Y")
    return frame


def _attributes(asc: AscRelease) -> pd.DataFrame:
    """SOC abbreviations and order, what SMQs say about themselves, and filled legacy columns."""
    soc = asc["soc.asc"]
    found = [_melted(soc, "soc_code", "SOC", {"soc_abbrev": "abbreviation"})]
    order = asc.get("intl_ord.asc")
    if order is not None:
        found.append(_melted(order, "soc_code", "SOC", {"order": "international_order"}))
    for level in LEVELS:
        legacy = {column: f"{column}_code" for column in _LEGACY}
        found.append(_melted(asc[f"{level.lower()}.asc"], f"{level.lower()}_code", level, legacy))
    smq = asc.get("smq_list.asc")
    if smq is not None:
        names = ("level", "description", "source", "note", "meddra_version", "status")
        found.append(_melted(smq, "smq_code", "SMQ", {name: name for name in names}))
    return pd.concat(found, ignore_index=True)


def _melted(frame: pd.DataFrame, code: str, level: str, columns: Mapping[str, str]) -> pd.DataFrame:
    parts = [text_frame({column: [] for column in ATTRIBUTE_COLUMNS})]
    for column, name in columns.items():
        filled = frame[column] != ""
        if filled.any():
            values = {"code": frame.loc[filled, code], "value": frame.loc[filled, column]}
            part = pd.DataFrame(values, dtype="str").assign(level=level, name=name)
            parts.append(part[list(ATTRIBUTE_COLUMNS)])
    return pd.concat(parts, ignore_index=True)


def _groups(asc: AscRelease) -> pd.DataFrame:
    parts = [text_frame({column: [] for column in GROUP_COLUMNS})]
    smq, content = asc.get("smq_list.asc"), asc.get("smq_content.asc")
    if smq is not None and content is not None:
        listed = smq.set_index("smq_code")
        columns = {
            "group_code": content["smq_code"],
            "group": content["smq_code"].map(listed["smq_name"]),
            "algorithm": content["smq_code"].map(listed["algorithm"]),
            "code": content["term_code"],
            "level": content["term_level"].map(SMQ_TERM_LEVELS),
            "scope": content["scope"],
            "status": content["status"],
            "category": content["category"],
            "weight": content["weight"],
            "kind": ["SMQ"] * len(content),
            "group_level": content["smq_code"].map(listed["level"]),
        }
        parts.append(text_frame(columns))
    spec, members = asc.get("spec.asc"), asc.get("spec_pt.asc")
    if spec is not None and members is not None:
        names = members["spec_code"].map(spec.set_index("spec_code")["spec_name"])
        blank = dict.fromkeys(GROUP_COLUMNS, [""] * len(members))
        filled = {
            "group_code": members["spec_code"],
            "group": names,
            "code": members["pt_code"],
            "level": ["PT"] * len(members),
            "kind": ["SPEC"] * len(members),
        }
        parts.append(text_frame({**blank, **filled}))
    return pd.concat(parts, ignore_index=True)


def _history(asc: AscRelease) -> pd.DataFrame:
    rows = asc.get("meddra_history.asc")
    if rows is None:
        return text_frame({column: [] for column in HISTORY_COLUMNS})
    status = {"Y": str(TermStatus.CURRENT), "N": str(TermStatus.NONCURRENT)}
    return text_frame(
        {
            "code": rows["term_code"],
            "text": rows["term_name"],
            "version": rows["addition_version"],
            "level": rows["term_type"],
            "status": rows["llt_currency"].map(status).fillna(""),
            "action": rows["action"],
        }
    )
