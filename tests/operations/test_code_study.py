"""The main job on a small study, row by row."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest

from coding.ledger.ledger import Ledger
from coding.operations.code_study import code_study
from coding.operations.export_study import export_study
from coding.operations.study_status import study_status
from coding.records import UserError
from coding.workspace import StudyBusyError
from dictionaries.loading import import_release
from schemas.tables import read_csv
from schemas.vocabulary import Action

MakeStudy = Callable[..., "object"]
#: Less than the study of conftest.py: one source.
STUDY = """\
study: {study}
sponsor: Acme
sources:
  - name: ae
    domain: AE
    file: ae.csv
    columns: {{verbatim: AETERM, subject: USUBJID, record_id: AESPID}}
coding:
  AETERM: {{dictionary: Tiny}}
"""


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_every_row_ends_in_one_bucket(make_study: MakeStudy) -> None:
    made = make_study()
    summary = code_study(made.workspace, made.study, actor="dana")
    assert [asdict(account) for account in summary.accounts] == [
        {
            "source": "ae", "field": "AETERM", "dictionary": "Tiny 1.0", "rows_in": 9, "coded": 4,
            "pending": 3, "queried": 0, "not_codable": 0, "quarantined": 2, "not_filled": 0,
        }
    ]  # fmt: skip
    assert summary.accounts[0].closes
    assert summary.by_status == {"AUTOCODED": 3, "NEEDS_CODING": 1, "PENDING_APPROVAL": 2}
    assert summary.by_method == {"exact": 3, "no_event": 1, "normalised": 1}
    assert summary.issues == {
        ("error", "subject_missing"): 1,
        ("error", "verbatim_missing"): 1,
        ("warning", "end_before_start"): 1,
        ("warning", "subject_unknown"): 1,
    }


def test_the_coded_dataset(make_study: MakeStudy) -> None:
    made = make_study()
    code_study(made.workspace, made.study, actor="dana")
    package = export_study(made.workspace, made.study, actor="dana").package
    data = rows_of(package / "datasets" / "ae.csv")
    columns = ("USUBJID", "AESPID", "AETERM", "AELLT", "AEDECOD", "AESOC", "TC_STATUS", "TC_METHOD")
    assert [tuple(row[name] for name in columns) for row in data] == [
        ("S1", "1", "Headache", "Headache", "Headache", "Head disorders", "AUTOCODED", "exact"),
        ("S1", "2", "HEADACHE ", "Headache", "Headache", "Head disorders", "AUTOCODED", "exact"),
        ("S2", "1", "pain abdominal", "Abdominal pain", "Abdominal pain", "Gut disorders",
         "PENDING_APPROVAL", "normalised"),
        ("S2", "2", "rash", "Rash", "Rash", "Skin disorders", "AUTOCODED", "exact"),
        ("S2", "3", "terrible unknown feeling", "", "", "", "NEEDS_CODING", ""),
        ("S3", "2", "None", "", "", "", "PENDING_APPROVAL", "no_event"),
        ("S9", "1", "vomiting", "Vomiting", "Vomiting", "Gut disorders", "AUTOCODED", "exact"),
    ]  # fmt: skip
    # Blinded columns are never stored.
    assert "ARM" not in data[0]


def test_the_manifest_accounts_for_every_row_and_file(make_study: MakeStudy) -> None:
    made = make_study()
    code_study(made.workspace, made.study, actor="dana")
    exported = export_study(made.workspace, made.study, actor="dana")
    manifest = json.loads((exported.package / "manifest.json").read_text(encoding="utf-8"))
    (account,) = manifest["accounting"]
    assert account["closes"] is True
    assert account["rows_in"] == 9
    assert manifest["dataset_rows"] == {"AE": 7}
    files = {name for name in tree(exported.package) if name != "manifest.json"}
    assert set(manifest["files"]) == files
    assert manifest["sources"]["ae"]["files"][0]["file"] == "ae.csv"
    with Ledger.open(made.workspace.ledger_url) as ledger:
        head = ledger.state_head(made.study)
    assert manifest["ledger"]["sequence"] == head.sequence
    assert manifest["ledger"]["head"] == head.hash


def test_running_again_changes_nothing(make_study: MakeStudy) -> None:
    made = make_study()
    code_study(made.workspace, made.study, actor="dana")
    first = export_study(made.workspace, made.study, actor="dana").package
    before, listings = tree(first), tree(made.folder / "work")
    with Ledger.open(made.workspace.ledger_url) as ledger:
        events = ledger.head(made.study).sequence
    again = code_study(made.workspace, made.study, actor="somebody else")
    second = export_study(made.workspace, made.study, actor="somebody else").package
    assert second == first
    assert tree(second) == before
    assert tree(made.folder / "work") == listings
    assert again.by_status == {"AUTOCODED": 3, "NEEDS_CODING": 1, "PENDING_APPROVAL": 2}
    with Ledger.open(made.workspace.ledger_url) as ledger:
        assert ledger.head(made.study).sequence == events


def test_independent_runs_agree_on_the_datasets(make_study: MakeStudy) -> None:
    packages = []
    for name in ("one", "two"):
        made = make_study(name)
        code_study(made.workspace, made.study, actor=name)
        packages.append(tree(export_study(made.workspace, made.study, actor=name).package))
    for path in packages[0]:
        if path.endswith(".csv"):
            assert packages[0][path] == packages[1][path], path


def test_an_updated_extract_keeps_what_was_decided(make_study: MakeStudy) -> None:
    made = make_study()
    code_study(made.workspace, made.study, actor="dana")
    made.write_ae(
        (
            "S1,2,HEADACHE ,Y,2024-02,,A",  # the row before is gone, this one moved up
            "S2,2,odd skin sensation,N,2024-01-05,,B",  # was coded as Rash
            "S2,1,pain abdominal,N,2024-01-05,2024-02-01,B",  # only its end changed
            "S2,3,terrible unknown feeling,Y,2024-01-06,,B",
            "S9,1,vomiting,N,2024-01-07,,A",
            "S3,2,None,N,2024-01-08,,A",
            "S3,7,Cough,N,2024-03-01,,A",  # new
        )
    )
    summary = code_study(made.workspace, made.study, actor="dana")
    assert summary.changes["AE"] == {"new": 1, "changed": 2, "removed": 1, "unchanged": 4}
    assert summary.new_requests == 2
    package = export_study(made.workspace, made.study, actor="dana").package
    status = {(row["USUBJID"], row["AESPID"]): row for row in rows_of(package / "datasets" / "ae.csv")}
    assert status["S2", "2"]["TC_STATUS"] == "STALE"
    assert status["S2", "2"]["AEDECOD"] == ""
    assert status["S1", "2"]["AEDECOD"] == "Headache"
    assert status["S3", "7"]["TC_STATUS"] == "AUTOCODED"
    with Ledger.open(made.workspace.ledger_url) as ledger:
        (moved,) = [event for event in ledger.events(made.study) if event.action == Action.RECORD_RECODED]
    assert moved.payload["subject"] == "S2"
    assert moved.payload["record_id"] == "2"
    assert study_status(made.workspace, made.study).accounts == summary.accounts


def test_synonyms_do_not_autocode_and_outcomes_follow_the_study(make_study: MakeStudy) -> None:
    made = make_study()
    (made.folder / "synonyms.csv").write_text(
        "verbatim,code,term\nTerrible unknown feeling,10000010,Dizziness\n", encoding="utf-8"
    )
    made.configure(
        "coding:",
        "do_not_autocode: [Headache]\noutcomes: {exact: needs_approval, no_event: approved}\n"
        "synonyms:\n  - {file: synonyms.csv, dictionary: Tiny}\ncoding:",
    )
    code_study(made.workspace, made.study, actor="dana")
    package = export_study(made.workspace, made.study, actor="dana").package
    found = {row["AETERM"]: (row["AEDECOD"], row["TC_STATUS"], row["TC_METHOD"])
             for row in rows_of(package / "datasets" / "ae.csv")}  # fmt: skip
    assert found == {
        "Headache": ("", "NEEDS_CODING", ""),
        "HEADACHE ": ("", "NEEDS_CODING", ""),
        "pain abdominal": ("Abdominal pain", "PENDING_APPROVAL", "normalised"),
        "rash": ("Rash", "PENDING_APPROVAL", "exact"),
        "terrible unknown feeling": ("Dizziness", "AUTOCODED", "synonym_study"),
        "None": ("", "NOT_CODABLE", "no_event"),
        "vomiting": ("Vomiting", "PENDING_APPROVAL", "exact"),
    }


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("x,999,Dizziness", "row 2: the code 999 is not in the release"),
        (
            "x,10000010,Dizzy",
            "row 2: the code 10000010 is not the code of that term; in the release it is Dizziness",
        ),
        ("x,11000002,Cephalgia old", "row 2: the term of code 11000002 is not current"),
        (" ,10000010,Dizziness", "row 2: the verbatim is blank"),
        ("x,10000010,Dizziness\nX,10000002,Headache", "the same verbatim is given two codes"),
    ],
)
def test_a_wrong_synonym_file_is_refused(make_study: MakeStudy, line: str, message: str) -> None:
    made = make_study()
    (made.folder / "synonyms.csv").write_text(f"verbatim,code,term\n{line}\n", encoding="utf-8")
    made.configure("coding:", "synonyms:\n  - {file: synonyms.csv, dictionary: Tiny}\ncoding:")
    with pytest.raises(UserError) as caught:
        code_study(made.workspace, made.study, actor="dana")
    assert message in str(caught.value)


def test_a_late_do_not_autocode_term_takes_the_approval_away(make_study: MakeStudy) -> None:
    made = make_study()
    code_study(made.workspace, made.study, actor="dana")
    made.configure("coding:", "do_not_autocode: [rash]\ncoding:")
    with pytest.raises(UserError, match="has changed since"):
        export_study(made.workspace, made.study, actor="dana")
    summary = code_study(made.workspace, made.study, actor="dana")
    assert summary.by_status == {"AUTOCODED": 2, "NEEDS_CODING": 1, "PENDING_APPROVAL": 3}


def test_two_runs_at_once_are_refused(make_study: MakeStudy) -> None:
    made = make_study()
    with made.workspace.hold_study(made.study), pytest.raises(StudyBusyError, match="is being worked on by"):
        code_study(made.workspace, made.study, actor="dana")


def test_status_before_the_first_run_says_what_to_do(make_study: MakeStudy) -> None:
    made = make_study()
    with pytest.raises(UserError, match="was never run; run `trialcoder run S-1`"):
        study_status(made.workspace, made.study)


def test_suggestions_stand_ready_for_the_coder(make_study: MakeStudy) -> None:
    made = make_study()
    made.write_ae(
        (*[f"S1,{n},dizzy head,N,2024-01-0{n},," for n in range(1, 4)], "S2,9,back ache pain,Y,2024,,")
    )
    summary = code_study(made.workspace, made.study, actor="dana")
    listing = read_csv(summary.places["suggestions"])
    first = listing[listing["rank"] == "1"]
    assert first["verbatim"].tolist() == ["back ache pain", "dizzy head"]
    columns = ["term", "preferred", "class", "serious"]
    assert first[columns].to_numpy().tolist()[0] == ["Back pain", "Back pain", "Muscle disorders", "Y"]


def test_suggestions_say_why_and_what_to_look_at(make_study: MakeStudy) -> None:
    made = make_study()
    made.write_ae(("S1,1,dizziness and headahce,N,2024,,A", "S2,1,possible migrane,N,2024,,A"))
    summary = code_study(made.workspace, made.study, actor="dana")
    listing = read_csv(summary.places["suggestions"])
    first = listing[listing["rank"] == "1"].set_index("verbatim")
    assert first["term"].to_dict() == {"dizziness and headahce": "Dizziness", "possible migrane": "Migraine"}
    assert first["confidence"].tolist() == ["not measured"] * 2
    assert first.loc["possible migrane", ["rules", "reason", "flags"]].tolist() == [
        "misspelling", "'migrane' read as migraine", "uncertain",
    ]  # fmt: skip
    assert first.loc["dizziness and headahce", "flags"] == (
        "several concepts: dizziness → Dizziness, headache → Headache; information lost: headahce"
    )


def test_a_later_run_reads_the_index_of_an_earlier_one(
    make_study: MakeStudy, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = make_study()
    code_study(made.workspace, made.study, actor="dana")
    (kept,) = (made.workspace.cache / "index").glob("*.npz")
    assert kept.name.startswith("Tiny_1_0_English-")
    before = kept.stat().st_mtime_ns
    made.write_ae(("S1,1,some new headache,N,2024,,A",))
    monkeypatch.delattr("coding.matching.index_file.np.savez")
    code_study(made.workspace, made.study, actor="dana")
    assert kept.stat().st_mtime_ns == before


def test_a_serious_event_is_never_approved_by_score(make_study: MakeStudy) -> None:
    made = make_study()
    made.configure("coding:", "outcomes: {score: approved, score_minimum: 0.3}\ncoding:")
    made.write_ae(("S1,1,bad back pain really,N,2024,,A", "S2,1,itchin skin spots,Y,2024,,A"))
    code_study(made.workspace, made.study, actor="dana")
    package = export_study(made.workspace, made.study, actor="dana").package
    found = {row["AESPID"] + row["USUBJID"]: row for row in rows_of(package / "datasets" / "ae.csv")}
    assert (found["1S1"]["TC_STATUS"], found["1S1"]["AEDECOD"]) == ("AUTOCODED", "Back pain")
    assert (found["1S2"]["TC_STATUS"], found["1S2"]["TC_METHOD"]) == ("PENDING_APPROVAL", "score")
    # The same verbatim in a serious event later takes the approval away.
    made.write_ae(("S1,1,bad back pain really,N,2024,,A", "S3,1,bad back pain really,Y,2024,,A"))
    summary = code_study(made.workspace, made.study, actor="dana")
    assert summary.by_status == {"PENDING_APPROVAL": 1}


def test_an_earlier_coding_counts_only_where_the_study_says_so(make_study: MakeStudy) -> None:
    made = make_study()
    text = "USUBJID,AESPID,AETERM,AESER,AESTDTC,AEENDTC,AELLT,AELLTCD\nS1,1,boo boo,N,2024,,Rash,10000005\n"
    (made.folder / "ae.csv").write_text(text, encoding="utf-8")
    summary = code_study(made.workspace, made.study, actor="dana")
    assert summary.by_status == {"NEEDS_CODING": 1}
    made.configure("  - name: dm", "    earlier_coding: {code: AELLTCD, term: AELLT}\n  - name: dm")
    summary = code_study(made.workspace, made.study, actor="dana")
    assert (summary.by_status, summary.by_method) == ({"PENDING_APPROVAL": 1}, {"earlier_coding": 1})
    package = export_study(made.workspace, made.study, actor="dana").package
    (row,) = rows_of(package / "datasets" / "ae.csv")
    assert (row["AELLTCD"], row["SRC_AELLTCD"], row["SRC_AELLT"]) == ("10000005", "10000005", "Rash")


def test_a_sponsors_synonyms_reach_its_studies_and_no_others(make_study: MakeStudy) -> None:
    made = make_study()
    made.write_ae(("S1,1,boo boo,N,2024,,A",))
    (made.folder / "s.csv").write_text("verbatim,code,term\nBoo boo,10000005,Rash\n", encoding="utf-8")
    made.configure("coding:", "synonyms: [{file: s.csv, dictionary: Tiny, scope: sponsor}]\ncoding:")
    assert code_study(made.workspace, made.study, actor="dana").by_method == {"synonym_sponsor": 1}
    for study, sponsor, status in (("S-2", "Acme", "AUTOCODED"), ("S-3", "Other", "NEEDS_CODING")):
        folder = made.workspace.study_folder(study)
        shutil.copytree(made.folder, folder, ignore=shutil.ignore_patterns("extracts", "work"))
        (folder / "study.yaml").write_text(
            STUDY.format(study=study).replace("Acme", sponsor), encoding="utf-8"
        )
        assert code_study(made.workspace, study, actor="dana").by_status == {status: 1}


def test_the_same_dictionary_in_two_releases_is_refused(
    make_study: MakeStudy, dictionary_files: Path
) -> None:
    made = make_study()
    import_release(dictionary_files, made.workspace.dictionaries, name="Tiny", version="2.0")
    made.configure(
        "AETERM: {dictionary: Tiny}",
        'AETERM: {dictionary: Tiny, release: "1.0"}\n  MHTERM: {dictionary: Tiny, release: "2.0"}',
    )
    with pytest.raises(UserError, match="Tiny is named with two releases"):
        code_study(made.workspace, made.study, actor="dana")


def test_a_study_that_codes_nothing_says_so(make_study: MakeStudy) -> None:
    made = make_study()
    made.configure("coding:\n  AETERM: {dictionary: Tiny}", "coding: {}")
    summary = code_study(made.workspace, made.study, actor="dana")
    assert (summary.accounts, summary.requests) == ((), 0)
    assert summary.notes == ("AE is read, but study.yaml names no dictionary for it",)
    exported = export_study(made.workspace, made.study, actor="dana")
    assert exported.datasets == {"AE": 7}
    assert exported.next_step.startswith("nothing is coded: name a dictionary")


def test_what_is_not_codable_is_settled(make_study: MakeStudy) -> None:
    made = make_study()
    made.configure("coding:", "outcomes: {no_event: approved}\ncoding:")
    made.write_ae(("S1,1,None,N,2024,,A", "S1,2,rash,N,2024,,A"))
    code_study(made.workspace, made.study, actor="dana")
    exported = export_study(made.workspace, made.study, actor="dana")
    assert exported.uncoded_requests == 0
    assert exported.next_step.startswith("every verbatim is settled")


def test_a_corrected_synonym_takes_the_place_of_the_wrong_one(make_study: MakeStudy) -> None:
    made = make_study()
    made.write_ae(("S1,1,rash,N,2024,,A",))
    file = made.folder / "s.csv"
    file.write_text("verbatim,code,term\nBoo boo,10000005,Rash\n", encoding="utf-8")
    made.configure("coding:", "synonyms: [{file: s.csv, dictionary: Tiny}]\ncoding:")
    code_study(made.workspace, made.study, actor="dana")
    file.write_text("verbatim,code,term\nBoo boo,10000010,Dizziness\n", encoding="utf-8")
    made.write_ae(("S1,1,rash,N,2024,,A", "S1,2,boo boo,N,2024,,A"))
    code_study(made.workspace, made.study, actor="dana")
    package = export_study(made.workspace, made.study, actor="dana").package
    row = rows_of(package / "datasets" / "ae.csv")[1]
    assert (row["AEDECOD"], row["TC_METHOD"]) == ("Dizziness", "synonym_study")
