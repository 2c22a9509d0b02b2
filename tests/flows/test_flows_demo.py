"""The example study is whole and can be laid out at any time; `make demo` itself runs in CI."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import pytest

from coding.study import load_study
from coding.workspace import Workspace
from dictionaries.registry import open_dictionary
from flows import demo

RAW = demo.EXAMPLES / demo.STUDY


def rows(path: Path, delimiter: str = ",") -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter=delimiter))


def test_every_file_the_example_names_is_there() -> None:
    study = load_study(RAW / "study.yaml")

    assert study.study == demo.STUDY
    for file in [item.file for item in (*study.sources, *study.synonyms)]:
        assert (RAW / file).is_file()


def test_the_examples_synonyms_point_to_names_of_its_drug_dictionary() -> None:
    coded_by = load_study(RAW / "study.yaml").coding["CMTRT"][0]
    names = open_dictionary(coded_by.dictionary, coded_by.release).coding_terms
    terms = dict(zip(names["code"], names["text"], strict=True))

    synonyms = rows(RAW / "synonyms-drugs.csv")
    assert {row["code"]: row["term"] for row in synonyms}.items() <= terms.items()
    taken = {row["CMTRT"] for row in rows(RAW / "raw" / "cm.csv", ";")}
    assert {row["verbatim"] for row in synonyms} <= taken


def test_the_second_extract_has_new_changed_and_removed_records() -> None:
    def records(path: Path) -> dict[tuple[str, str], dict[str, str]]:
        return {(row["SUBJID"], row["AESPID"]): row for row in rows(path)}

    before, after = records(RAW / "raw" / "ae.csv"), records(RAW / "update" / "raw" / "ae.csv")
    changed = [key for key in before.keys() & after.keys() if before[key] != after[key]]
    counts = (len(after.keys() - before.keys()), len(changed), len(before.keys() - after.keys()))
    assert counts == (6, 5, 2)


def test_laying_out_again_keeps_what_is_there(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "demo")

    assert demo.lay_out(workspace) is False
    demo.update(workspace)
    assert demo.lay_out(workspace) is True

    folder = workspace.study_folder(demo.STUDY)
    assert (folder / "raw" / "ae.csv").read_bytes() == (RAW / "update" / "raw" / "ae.csv").read_bytes()
    assert (folder / "raw" / "mh.csv").read_bytes() == (RAW / "raw" / "mh.csv").read_bytes()
    assert not (folder / "update").exists()
    assert workspace.load_study(demo.STUDY).study == demo.STUDY


def test_an_interrupted_laying_out_leaves_no_half_study(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = Workspace(tmp_path / "demo")
    copytree = shutil.copytree

    def interrupted(source: Path, target: Path, **options: object) -> None:
        copytree(source / "raw", target / "raw")
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(demo.shutil, "copytree", interrupted)
        with pytest.raises(KeyboardInterrupt):
            demo.lay_out(workspace)

    assert workspace.study_ids() == []
    assert demo.lay_out(workspace) is False
    assert workspace.study_ids() == [demo.STUDY]
