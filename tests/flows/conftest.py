"""One Prefect server with a worker for the whole folder, and a study with marked patients."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from coding.workspace import LEDGER_VARIABLE, WORKSPACE_VARIABLE, Workspace
from dictionaries.loading import import_release
from flows.local_server import LocalServer
from flows.serve import deploy, start_worker

#: Prefect reads its settings when it is first imported, which test modules do while they are
#: collected: so the server is named here and started when a test first asks for it.
assert "prefect" not in sys.modules
SERVER = LocalServer(Path(tempfile.mkdtemp(prefix="trialcoder-prefect-")))
os.environ.update(SERVER.environment)

#: Texts of patients that must never reach Prefect: verbatims (coded, not coded, quarantined with
#: its row, too long) and subjects.
MARKED_TERM = "Quokka elbow"
MARKED_VERBATIMS = ("quokka elbow", "zorblatt fever of the mother", "wombat's snore " * 15)
MARKED_SUBJECTS = ("SUBJ-XYLO-1", "SUBJ-XYLO-2", "SUBJ-XYLO-9")

STUDY = """\
study: {study}
sources:
  - name: ae
    domain: AE
    file: ae.csv
    columns: {{verbatim: AETERM, subject: USUBJID, record_id: AESPID, start: AESTDTC, end: AEENDTC}}
  - name: dm
    domain: DM
    file: dm.csv
    columns: {{subject: USUBJID, sex: SEX, age: AGE}}
demographics: dm
coding:
  AETERM: {{dictionary: Tiny}}
"""

TERMS = f"""\
code,term,preferred_code,preferred,class_code,class
L1,Headache,P1,Headache,C1,Head
L2,Head pain,P1,Headache,C1,Head
L3,{MARKED_TERM},P2,Elbow complaint,C2,Limbs
L4,Nausea,P3,Nausea,C3,Gut
"""

DESCRIPTION = """\
name: Tiny
version: "1"
licensed: false
levels:
  - {level: term, text: term, code: code}
  - {level: preferred, text: preferred, code: preferred_code}
  - {level: class, text: class, code: class_code}
preferred_level: preferred
"""


@dataclass(frozen=True)
class FlowStudy:
    """A study in a workspace of its own."""

    workspace: Workspace
    study: str
    patient_texts: tuple[str, ...] = (*MARKED_VERBATIMS, *MARKED_SUBJECTS)

    @property
    def folder(self) -> Path:
        return self.workspace.study_folder(self.study)

    def settings(self, **more: object) -> dict[str, object]:
        """The parameters of a flow run for this study."""
        return {"settings": {"study": self.study, "workspace": str(self.workspace.folder), **more}}


MakeFlowStudy = Callable[[str], FlowStudy]


@pytest.fixture
def make_flow_study(tmp_path: Path) -> MakeFlowStudy:
    def build(study: str) -> FlowStudy:
        made = FlowStudy(Workspace(tmp_path / "workspace"), study)
        made.folder.mkdir(parents=True)
        (made.workspace.folder / "workspace.yaml").write_text("", encoding="utf-8")
        (tmp_path / "terms.csv").write_text(TERMS, encoding="utf-8")
        (tmp_path / "terms.yaml").write_text(DESCRIPTION, encoding="utf-8")
        import_release(
            tmp_path / "terms.csv", made.workspace.dictionaries, description=tmp_path / "terms.yaml"
        )
        one, two, unknown = MARKED_SUBJECTS
        coded, uncoded, long = MARKED_VERBATIMS
        rows = [
            f"{one},1,Headache,2024-01-02,2024-01-03",
            f"{one},2,{coded},2024-01-05,2024-01-01",
            f"{two},1,{uncoded},2024-13-45,",
            f"{two},2,{long},2024-02,",
            f"{two},3,,2024-02,",
            f"{unknown},1,nausea,2024-02-01,",
        ]
        header = "USUBJID,AESPID,AETERM,AESTDTC,AEENDTC"
        (made.folder / "ae.csv").write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
        people = f"USUBJID,SEX,AGE\n{one},F,40\n{two},M,50\n"
        (made.folder / "dm.csv").write_text(people, encoding="utf-8")
        (made.folder / "study.yaml").write_text(STUDY.format(study=study), encoding="utf-8")
        return made

    return build


@pytest.fixture(scope="session")
def prefect_server() -> Iterator[LocalServer]:
    """A server with the project's deployments and a worker; this process talks to it as well."""
    before = {name: os.environ.pop(name, None) for name in (WORKSPACE_VARIABLE, LEDGER_VARIABLE)}
    try:
        with SERVER:
            deploy(SERVER)
            start_worker(SERVER)
            yield SERVER
            flush_logs()
    finally:
        os.environ.update({name: value for name, value in before.items() if value is not None})
        shutil.rmtree(SERVER.home, ignore_errors=True)


def flush_logs() -> None:
    """Send what this process has logged, which leaves it in batches."""
    from prefect.logging.handlers import APILogHandler

    APILogHandler().flush()


@pytest.fixture
def flows_here(prefect_server: LocalServer) -> LocalServer:
    """For flows called in this process: makes sure that they talk to the test's server."""
    from prefect.settings import get_current_settings

    assert get_current_settings().api.url == f"{prefect_server.url}/api"
    return prefect_server


@pytest.fixture
def prefect_knows(prefect_server: LocalServer) -> Callable[[str], bool]:
    """Whether a text, in any case, stands anywhere in what server and worker stored or logged."""

    def knows(text: str) -> bool:
        flush_logs()
        files = [path for path in sorted(prefect_server.home.rglob("*")) if path.is_file()]
        assert "prefect.db" in {path.name for path in files}
        return any(text.lower().encode() in path.read_bytes().lower() for path in files)

    return knows
