"""study.yaml: what is accepted, and what each mistake is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from coding.study import StudyError, load_study
from schemas.vocabulary import Domain, Outcome, Scope

GOOD = """
study: S-1
sources:
  - name: ae
    domain: AE
    file: data/ae.csv
    columns: {verbatim: AETERM, subject: USUBJID, record_id: [AESPID]}
    code_lists:
      serious: {Y: [Yes, Y], N: [No, "0"]}
coding:
  AETERM: {dictionary: MedDRA, release: 27.10}
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "study.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_small_study_loads_with_its_defaults(tmp_path: Path) -> None:
    study = load_study(write(tmp_path, GOOD))
    assert study.study == "S-1"
    source = study.source("ae")
    assert source.domain is Domain.AE
    assert source.columns.verbatim == ("AETERM",)
    assert source.columns.record_id == ("AESPID",)
    # YAML would make these a boolean and a number.
    assert source.code_lists == {"serious": {"Y": ("Yes", "Y"), "N": ("No", "0")}}
    assert study.coding["AETERM"][0].release == "27.10"
    assert study.outcomes.exact is Outcome.APPROVED
    assert study.outcomes.normalised is Outcome.NEEDS_APPROVAL
    assert study.outcomes.score is Outcome.CANDIDATE


def test_a_field_may_have_two_dictionaries(tmp_path: Path) -> None:
    text = GOOD.replace(
        "AETERM: {dictionary: MedDRA, release: 27.10}",
        "AETERM:\n    - {dictionary: MedDRA}\n    - {dictionary: CTCAE}",
    )
    assert [item.dictionary for item in load_study(write(tmp_path, text)).coding["AETERM"]] == [
        "MedDRA",
        "CTCAE",
    ]


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("study: S-1", "study: ../S", "study: may only hold letters, digits"),
        ("study: S-1", "study: S-1\nstudy: S-2", "line 3, column 1 the key 'study' is given twice"),
        ("study: S-1", "studdy: S-1", "studdy: not a known key; check the spelling"),
        ("study: S-1\n", "", "study: missing"),
        ("domain: AE", "domain: XX", "sources.1.domain: must be 'AE', 'MH', 'CE', 'CM', 'PR' or 'DM'"),
        ("data/ae.csv", "../ae.csv", "sources.1.file: must not contain `..`"),
        ("subject: USUBJID, ", "", "sources.1.columns.subject: missing"),
        ("verbatim: AETERM, ", "", "columns.verbatim is missing: name the column with the AE verbatim"),
        ("  AETERM:", "  AETRM:", "coding: AETRM is not a codable field; allowed: AETERM, MHTERM"),
        (
            "coding:",
            "outcomes: {exact: always}\ncoding:",
            "outcomes.exact: must be 'candidate', 'needs_approval' or",
        ),
        ("coding:", "demographics: ae\ncoding:", "demographics: ae is not a source with domain DM"),
        ("coding:", "never_show: [AETERM]\ncoding:", "never_show: AETERM is used by source ae"),
        (
            "coding:",
            "synonyms: [{file: ../s.csv, dictionary: D}]\ncoding:",
            "synonyms.1.file: must not contain",
        ),
        (
            "coding:",
            "synonyms: [{file: s.csv, dictionary: D, scope: global}]\ncoding:",
            "synonyms.1.scope: must be 'study' or 'sponsor'",
        ),
        ("sources:", "sources: [", "line 4, column 3 expected the node content"),
    ],
)
def test_each_mistake_names_its_key(tmp_path: Path, before: str, after: str, message: str) -> None:
    path = write(tmp_path, GOOD.replace(before, after, 1))
    with pytest.raises(StudyError) as caught:
        load_study(path)
    assert str(caught.value).startswith(str(path))
    assert message in str(caught.value)


@pytest.mark.parametrize(
    "content", [b"", b"- a\n- b\n", b"\xff\xfes\x00", b"!!python/object/apply:os.system [echo]\n"]
)
def test_files_that_are_no_configuration_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "study.yaml"
    path.write_bytes(content)
    with pytest.raises(StudyError):
        load_study(path)


def test_synonym_scopes_are_the_vocabulary(tmp_path: Path) -> None:
    text = GOOD + "synonyms:\n  - {file: s.csv, dictionary: MedDRA, scope: sponsor}\n"
    assert Scope(load_study(write(tmp_path, text)).synonyms[0].scope) is Scope.SPONSOR


def test_a_study_names_no_sentence_model_by_itself(tmp_path: Path) -> None:
    assert load_study(write(tmp_path, GOOD)).matching.semantic_model is None


@pytest.mark.parametrize("folder", ["model", "models/mine", "/models/mine"])
def test_a_study_may_name_a_sentence_model(tmp_path: Path, folder: str) -> None:
    text = f"{GOOD}matching: {{semantic_model: {folder}}}\n"
    assert load_study(write(tmp_path, text)).matching.semantic_model == folder


@pytest.mark.parametrize(
    ("block", "message"),
    [("{semantic_model: ../model}", "semantic_model"), ("{model: x}", "model")],
)
def test_a_matching_block_that_is_wrong_is_named(tmp_path: Path, block: str, message: str) -> None:
    with pytest.raises(StudyError, match=message):
        load_study(write(tmp_path, f"{GOOD}matching: {block}\n"))
