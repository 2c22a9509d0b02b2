"""The same job with the ledger on PostgreSQL gives the same datasets."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from coding.ledger.ledger import Ledger
from coding.operations.code_study import code_study
from coding.operations.export_study import export_study

MakeStudy = Callable[..., "object"]


@pytest.mark.postgres
def test_the_ledger_may_be_on_postgresql(
    make_study: MakeStudy, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    packages = []
    for name, study in (("sqlite", "PG-1"), ("postgres", "PG-1")):
        made = make_study(name, study)
        if name == "postgres":
            monkeypatch.setenv("TRIALCODER_LEDGER_URL", postgres_url)
        code_study(made.workspace, study, actor="dana")
        code_study(made.workspace, study, actor="dana")
        packages.append(export_study(made.workspace, study, actor="dana").package)
        with Ledger.open(made.workspace.ledger_url) as ledger:
            assert ledger.verify(study).problems == ()
    names = [path.relative_to(packages[0]) for path in sorted(packages[0].rglob("*.csv"))]
    assert len(names) == 5
    for name in names:
        assert (packages[0] / name).read_bytes() == (packages[1] / name).read_bytes()
    assert packages[0].name == packages[1].name
