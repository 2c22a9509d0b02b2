"""Real studies beside the project, from file to extract: exact counts of rows and findings."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from coding.ingest.extract import Extract, take_extract
from coding.study import Study
from schemas.vocabulary import Domain

STUDIES = Path(__file__).resolve().parents[3] / "shared" / "data" / "studies"
pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not STUDIES.is_dir(), reason="the real data is not beside the project"),
]


def taken(folder: Path, sources: list[dict[str, Any]], **settings: Any) -> Extract:
    for source in sources:
        shutil.copy(STUDIES / source["file"], folder)
        source["file"] = Path(source["file"]).name
    told = {"study": "S", "sources": sources, "coding": {"AETERM": {"dictionary": "D"}}, **settings}
    return take_extract(Study.model_validate(told), folder)


def rows(extract: Extract) -> dict[str, tuple[int, int, int]]:
    sources = extract.meta["sources"].items()
    return {name: (item["rows_in"], item["kept"], item["quarantined"]) for name, item in sources}


def findings(extract: Extract) -> dict[tuple[str, str, str], int]:
    return extract.issues().groupby(["source", "rule", "column"]).size().to_dict()  # type: ignore[return-value]


def source(name: str, file: str, columns: dict[str, Any], **settings: Any) -> dict[str, Any]:
    return {"name": name, "domain": name[:2].upper(), "file": file, "columns": columns, **settings}


def test_statin(tmp_path: Path) -> None:
    ae = {
        "verbatim": "AETERM", "subject": "USUBJID", "record_id": "AESEQ", "start": "AESTDTC",
        "end": "AEENDTC", "severity": "AESEV", "serious": "AESER", "outcome": "AEOUT",
    }  # fmt: skip
    dm = {"subject": "USUBJID", "sex": "SEX", "birth_date": "BRTHDTC", "country": "COUNTRY"}
    extract = taken(
        tmp_path,
        [source("ae", "statin/ae.csv", ae), source("dm", "statin/dm.csv", dm)],
        demographics="dm",
        never_show=["ARM", "ARMCD", "ACTARM", "ACTARMCD"],
    )
    assert rows(extract) == {"ae": (596, 596, 0), "dm": (162, 162, 0)}
    assert findings(extract) == {}
    forms = extract.forms(Domain.AE)
    assert forms["verbatim"].nunique() == 320
    assert not forms.duplicated(["subject", "record_id"]).any()
    assert forms.iloc[0][["subject", "record_id", "start", "serious", "sex", "age"]].tolist() == [
        "ABC001", "1", "2014-03-21", "N", "M", "72",
    ]  # fmt: skip
    assert not any("ARM" in name for name in extract.forms(Domain.DM).columns)
    assert {"raw.SRC_AEDECOD", "raw.SRC_AESOC", "raw.AEREL"} <= set(forms.columns)


def test_the_pilots_raw_extract(tmp_path: Path) -> None:
    ae = {
        "verbatim": "AELLT", "subject": "PATNUM", "start": "IT.AESTDAT", "end": "IT.AEENDAT",
        "severity": "IT.AESEV", "serious": "IT.AESER", "outcome": "AEOUTCOME",
    }  # fmt: skip
    severity = {level.upper(): [f"{level} Adverse Event"] for level in ("Mild", "Moderate", "Severe")}
    dm = {"subject": "PATNUM", "sex": "IT.SEX", "age": "IT.AGE", "country": "COUNTRY"}
    extract = taken(
        tmp_path,
        [
            source("ae", "cdiscpilot01/ae_raw.csv", ae, date_format="%m/%d/%Y",
                   code_lists={"severity": severity},
                   earlier_coding={"code": "AELLTCD", "term": "AELLT"}),
            source("dm", "cdiscpilot01/dm_raw.csv", dm, date_format="%m/%d/%Y"),
        ],
        demographics="dm",
    )  # fmt: skip
    assert rows(extract) == {"ae": (1191, 1191, 0), "dm": (306, 306, 0)}
    assert findings(extract) == {("ae", "same_event_twice", "AELLT"): 309}
    forms = extract.forms(Domain.AE)
    assert not forms.duplicated(["subject", "record_id"]).any()
    assert forms["record_id"].str.fullmatch(r"[0-9a-f]{16}-[0-9]+").all()
    first = ["verbatim", "start", "end", "severity", "sex", "age", "earlier_code", "raw.AELLT"]
    assert forms.iloc[0][first].tolist() == [
        "APPLICATION SITE REDNESS", "2014-01-03", "", "MILD", "F", "63", "10003058",
        "APPLICATION SITE REDNESS",
    ]  # fmt: skip
    assert "raw.SRC_AELLTCD" in forms.columns


def test_the_pilots_medications_and_history(tmp_path: Path) -> None:
    cm = {
        "verbatim": "CMTRT", "subject": "USUBJID", "record_id": "CMSEQ", "visit": "VISIT",
        "start": "CMSTDTC", "end": "CMENDTC", "indication": "CMINDC", "route": "CMROUTE", "dose": "CMDOSE",
    }  # fmt: skip
    mh = {
        "verbatim": ["MHLLT", "MHTERM"], "subject": "USUBJID", "record_id": "MHSEQ", "start": "MHSTDTC",
        "end": "MHENDTC", "severity": "MHSEV",
    }  # fmt: skip
    dm = {"subject": "USUBJID", "sex": "SEX", "age": "AGE"}
    extract = taken(
        tmp_path,
        [
            source("cm", "cdiscpilot01/cm.csv", cm),
            source("mh", "cdiscpilot01/mh.csv", mh),
            source("dm", "cdiscpilot01/dm.csv", dm),
        ],
        demographics="dm",
    )
    assert rows(extract) == {"cm": (7510, 7510, 0), "mh": (1818, 1818, 0), "dm": (306, 306, 0)}
    assert findings(extract) == {
        ("cm", "same_event_twice", "CMTRT"): 20,
        ("mh", "same_event_twice", "MHLLT"): 9,
    }
    history = extract.forms(Domain.MH)
    assert not history["verbatim"].str.startswith("VERBATIM_").any()


@pytest.mark.parametrize("ending", ["json", "ndjson", "xpt"])
def test_the_cdisc_examples(tmp_path: Path, ending: str) -> None:
    def columns(domain: str) -> dict[str, Any]:
        verbatim = f"{domain}TRT" if domain == "CM" else f"{domain}TERM"
        return {
            "verbatim": verbatim, "subject": "USUBJID", "record_id": f"{domain}SEQ",
            "start": f"{domain}STDTC",
        }  # fmt: skip

    extract = taken(
        tmp_path,
        [
            *(
                source(name, f"cdisc_examples/{name}.{ending}", columns(name.upper()))
                for name in ("ae", "cm", "mh")
            ),
            source("dm", "cdisc_examples/dm.ndjson", {"subject": "USUBJID", "sex": "SEX", "age": "AGE"}),
        ],
        demographics="dm",
    )
    assert rows(extract) == {"ae": (74, 74, 0), "cm": (68, 68, 0), "mh": (17, 17, 0), "dm": (18, 18, 0)}
    assert not any(rule in {"subject_unknown", "record_key_twice"} for _, rule, _ in findings(extract))


def test_japanese_text_is_kept(tmp_path: Path) -> None:
    columns = {"verbatim": "AETERM", "subject": "USUBJID", "record_id": "AESPID"}
    extract = taken(tmp_path, [source("ae", "cdisc_examples/ae_japanese.json", columns)])
    assert extract.forms(Domain.AE)["verbatim"].iloc[0] == "アプリケーションサイトの紅斑"
    assert not any(rule.startswith("verbatim") for _, rule, _ in findings(extract))


def test_the_odm_snapshot(tmp_path: Path) -> None:
    place = ["StudyEventOID", "StudyEventRepeatKey", "FormRepeatKey", "ItemGroupRepeatKey"]
    ae = {"verbatim": "IT.AETERM", "subject": "SubjectKey", "record_id": place, "visit": "StudyEventOID"}
    cm = {
        "verbatim": "IT.CMTRT", "subject": "SubjectKey", "record_id": place, "indication": "IT.CMINDC",
        "start": "IT.CMSTDAT", "end": "IT.CMENDAT", "route": "IT.CMROUTE",
    }  # fmt: skip
    dm = {"subject": "SubjectKey", "sex": "IT.SEX", "age": "IT.AGE", "birth_date": "IT.BRTHDAT"}
    snapshot = "odm/odm-data-snapshot.xml"
    sources = [
        source("ae", snapshot, ae, item_group="IG.AE.AE_ARRAY1"),
        source("cm", snapshot, cm, item_group="IG.CM"),
        source("dm", snapshot, dm, item_group="IG.DM"),
    ]
    extract = taken(tmp_path, sources, demographics="dm")
    assert rows(extract) == {"ae": (20, 20, 0), "cm": (2, 1, 1), "dm": (2, 2, 0)}
    first = extract.forms(Domain.AE).iloc[0]
    assert first[["subject", "record_id", "verbatim", "sex", "age"]].tolist() == [
        "SS_0001", "SE.VISIT 1/1/1/1", "Constipation", "M", "56",
    ]  # fmt: skip
