"""A workspace with a made-up study and a made-up dictionary in MedDRA's file layout."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from coding.workspace import Workspace
from dictionaries.loading import import_release

#: lowest-level term, its preferred term, class, current; names made up of everyday words.
LLTS = [
    ("Headache", "Headache", "Head", "Y"),
    ("Head pain", "Headache", "Head", "Y"),
    ("Cephalgia old", "Headache", "Head", "N"),
    ("Migraine", "Migraine", "Head", "Y"),
    ("Rash", "Rash", "Skin", "Y"),
    ("Skin eruption", "Rash", "Skin", "Y"),
    ("Itching", "Itching", "Skin", "Y"),
    ("Nausea", "Nausea", "Gut", "Y"),
    ("Vomiting", "Vomiting", "Gut", "Y"),
    ("Abdominal pain", "Abdominal pain", "Gut", "Y"),
    ("Dizziness", "Dizziness", "Head", "Y"),
    ("Back pain", "Back pain", "Muscle", "Y"),
    ("Pain in arm", "Pain in extremity", "Muscle", "Y"),
    ("Pain in extremity", "Pain in extremity", "Muscle", "Y"),
    ("Cough", "Cough", "Lung", "Y"),
    ("Oedema", "Oedema", "Heart", "Y"),
]

STUDY = """\
study: {study}
sponsor: Acme
convention: {{document: Coding guideline, version: "2", points_to_consider: "4.24"}}
sources:
  - name: ae
    domain: AE
    file: ae*.csv
    columns:
      verbatim: AETERM
      subject: USUBJID
      record_id: AESPID
      serious: AESER
      start: AESTDTC
      end: AEENDTC
  - name: dm
    domain: DM
    file: dm.csv
    columns: {{subject: USUBJID, sex: SEX, age: AGE}}
demographics: dm
never_show: [ARM]
coding:
  AETERM: {{dictionary: Tiny}}
"""

AE_HEADER = "USUBJID,AESPID,AETERM,AESER,AESTDTC,AEENDTC,ARM"
AE_ROWS = (
    "S1,1,Headache,N,2024-01-02,2024-01-03,A",
    "S1,2,HEADACHE ,Y,2024-02,,A",
    "S2,1,pain abdominal,N,2024-01-05,2024-01-01,B",
    "S2,2,rash,N,2024-01-05,,B",
    "S2,3,terrible unknown feeling,Y,2024-01-06,,B",
    "S3,1,,N,2024-01-06,,A",
    ",1,Nausea,N,2024-01-06,,A",
    "S9,1,vomiting,N,2024-01-07,,A",
    "S3,2,None,N,2024-01-08,,A",
)


def write_dictionary(folder: Path) -> Path:
    """Write the made-up release as .asc files and return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    preferred = {pt: (10_000_000 + number, soc) for number, (_, pt, soc, _) in enumerate(LLTS)}
    socs = {soc: number for number, soc in enumerate(sorted({row[2] for row in LLTS}))}
    lines: dict[str, list[str]] = {name: [] for name in (
        "llt", "pt", "hlt", "hlgt", "soc", "hlt_pt", "hlgt_hlt", "soc_hlgt", "mdhier", "intl_ord",
    )}  # fmt: skip
    for number, (name, pt, _, current) in enumerate(LLTS):
        code = preferred[pt][0] if name == pt else 11_000_000 + number
        lines["llt"].append(f"{code}${name}${preferred[pt][0]}$$$$$$${current}$$")
    for pt, (code, soc) in preferred.items():
        number = socs[soc]
        hlt, hlgt, top = 20_000_000 + number, 30_000_000 + number, 40_000_000 + number
        lines["pt"].append(f"{code}${pt}$${top}$$$$$$$$")
        lines["hlt_pt"].append(f"{hlt}${code}$")
        lines["mdhier"].append(
            f"{code}${hlt}${hlgt}${top}${pt}${soc} terms${soc} groups${soc} disorders${soc[:5]}$${top}$Y$"
        )
    for soc, number in socs.items():
        hlt, hlgt, top = 20_000_000 + number, 30_000_000 + number, 40_000_000 + number
        lines["hlt"].append(f"{hlt}${soc} terms$$$$$$$$")
        lines["hlgt"].append(f"{hlgt}${soc} groups$$$$$$$$")
        lines["soc"].append(f"{top}${soc} disorders${soc[:5]}$$$$$$$$")
        lines["hlgt_hlt"].append(f"{hlgt}${hlt}$")
        lines["soc_hlgt"].append(f"{top}${hlgt}$")
        lines["intl_ord"].append(f"{number + 1}${top}$")
    for name, rows in lines.items():
        (folder / f"{name}.asc").write_text("\n".join(rows) + "\n", encoding="ascii")
    (folder / "meddra_release.asc").write_text("1.0$English$$$$", encoding="ascii")
    return folder


@dataclass(frozen=True)
class MadeStudy:
    """A study in a workspace, with its folder to change files in."""

    workspace: Workspace
    study: str
    folder: Path

    def write_ae(self, rows: tuple[str, ...] = AE_ROWS) -> None:
        (self.folder / "ae.csv").write_text("\n".join([AE_HEADER, *rows]) + "\n", encoding="utf-8")

    def configure(self, before: str, after: str) -> None:
        path = self.folder / "study.yaml"
        text = path.read_text(encoding="utf-8")
        assert before in text
        path.write_text(text.replace(before, after), encoding="utf-8")


MakeStudy = Callable[..., MadeStudy]


@pytest.fixture(scope="session")
def dictionary_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_dictionary(tmp_path_factory.mktemp("tiny") / "MedAscii")


def build_study(folder: Path, dictionary_files: Path, study: str = "S-1") -> MadeStudy:
    """A workspace in ``folder`` with the made-up dictionary and a study of a few records."""
    workspace = Workspace(folder)
    place = workspace.study_folder(study)
    place.mkdir(parents=True)
    (workspace.folder / "workspace.yaml").write_text("", encoding="utf-8")
    import_release(dictionary_files, workspace.dictionaries, name="Tiny")
    (place / "study.yaml").write_text(STUDY.format(study=study), encoding="utf-8")
    people = "USUBJID,SEX,AGE\nS1,F,40\nS2,M,50\nS3,F,60\n"
    (place / "dm.csv").write_text(people, encoding="utf-8")
    made = MadeStudy(workspace, study, place)
    made.write_ae()
    return made


@pytest.fixture(scope="session")
def make_study_in(dictionary_files: Path) -> MakeStudy:
    """Make a study in a folder: for fixtures that outlive a test."""

    def build(folder: Path) -> MadeStudy:
        return build_study(folder, dictionary_files)

    return build


@pytest.fixture
def make_study(tmp_path: Path, dictionary_files: Path) -> MakeStudy:
    def build(name: str = "w", study: str = "S-1") -> MadeStudy:
        return build_study(tmp_path / name, dictionary_files, study)

    return build
