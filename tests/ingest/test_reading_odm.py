"""ODM-XML: one row per ItemGroupData with its keys, and everything that must be refused by name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from coding.ingest.odm_stream import KEY_COLUMNS
from coding.ingest.raw_table import RawTable, SourceFileError
from coding.ingest.reading import read_headers

Read = Callable[..., RawTable]

NS = 'xmlns="http://www.cdisc.org/ns/odm/v1.3"'

SUBJECTS = """
<ClinicalData StudyOID="S1" MetaDataVersionOID="V1">
  <SubjectData SubjectKey="001" xmlns:v="http://vendor.example/odm" v:SubjectName="x">
    <SiteRef LocationOID="SITE1"/>
    <v:Extra><v:ItemData/></v:Extra>
    <StudyEventData StudyEventOID="SE.AE" StudyEventRepeatKey="1">
      <FormData FormOID="AE" FormRepeatKey="1">
        <ItemGroupData ItemGroupOID="IG.LOG" ItemGroupRepeatKey="1" TransactionType="Insert">
          <AuditRecord><UserRef UserOID="U1"/><LocationRef LocationOID="ELSEWHERE"/></AuditRecord>
          <ItemData ItemOID="IT.AETERM" Value="頭痛 &amp; &quot;x&quot;"/>
          <ItemData ItemOID="IT.SEV" Value="2"><MeasurementUnitRef MeasurementUnitOID="MU"/></ItemData>
        </ItemGroupData>
        <ItemGroupData ItemGroupOID="IG.LOG" ItemGroupRepeatKey="2">
          <ItemDataString ItemOID="IT.AETERM">NA</ItemDataString>
          <ItemDataDate ItemOID="IT.START">2020-01-02</ItemDataDate>
          <ItemDataInteger ItemOID="IT.SEV" IsNull="Yes"/>
        </ItemGroupData>
        <ItemGroupData ItemGroupOID="IG.ANY"><ItemData ItemOID="IT.ANYAE" Value="Y"/></ItemGroupData>
      </FormData>
    </StudyEventData>
  </SubjectData>
  <SubjectData SubjectKey="002">
    <StudyEventData StudyEventOID="SE.AE">
      <FormData FormOID="AE">
        <ItemGroupData ItemGroupOID="IG.LOG"><ItemData ItemOID="IT.AETERM" Value="rash"/></ItemGroupData>
      </FormData>
      <FormData FormOID="CM"><ItemGroupData ItemGroupOID="IG.CM"/></FormData>
    </StudyEventData>
  </SubjectData>
</ClinicalData>"""

METADATA = """
<Study OID="S1"><MetaDataVersion OID="V1" Name="V1">
  <FormDef OID="AE" Name="AE" Repeating="No"><ItemGroupRef ItemGroupOID="IG.LOG" Mandatory="No"/></FormDef>
  <FormDef OID="MH" Name="MH" Repeating="No"><ItemGroupRef ItemGroupOID="IG.MH" Mandatory="No"/></FormDef>
  <ItemGroupDef OID="IG.LOG" Name="LOG" Repeating="Yes">
    <ItemRef ItemOID="IT.END" Mandatory="No"/><ItemRef ItemOID="IT.AETERM" Mandatory="No"/>
  </ItemGroupDef>
  <ItemGroupDef OID="IG.MH" Name="MH" Repeating="Yes">
    <ItemRef ItemOID="IT.MHTERM" Mandatory="No"/>
  </ItemGroupDef>
</MetaDataVersion></Study>"""


def odm(body: str = SUBJECTS, attributes: str = f'{NS} FileType="Snapshot" ODMVersion="1.3.2"') -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<ODM {attributes}>{body}</ODM>'


def rows(table: RawTable) -> list[list[str]]:
    return table.frame.to_numpy().tolist()


def test_a_row_per_item_group(read: Read) -> None:
    table = read("ae.xml", odm(), item_group="IG.LOG")
    assert list(table.frame.columns) == [*KEY_COLUMNS, "LocationOID", "IT.AETERM", "IT.SEV", "IT.START"]
    assert rows(table) == [
        ["S1", "001", "SE.AE", "1", "AE", "1", "IG.LOG", "1", "SITE1", '頭痛 & "x"', "2", ""],
        ["S1", "001", "SE.AE", "1", "AE", "1", "IG.LOG", "2", "SITE1", "NA", "", "2020-01-02"],
        ["S1", "002", "SE.AE", "", "AE", "", "IG.LOG", "", "", "rash", "", ""],
    ]
    assert {str(dtype) for dtype in table.frame.dtypes} == {"str"}
    assert list(table.frame.index) == [2, 3, 4]
    assert (table.sheet, table.notes) == ("IG.LOG", ("ODM-XML 1.3 snapshot, coded values as they stand",))


def test_a_form_gives_all_its_item_groups(read: Read) -> None:
    table = read("ae.xml", odm(), item_group="AE")
    assert table.sheet == "AE"
    assert table.frame["ItemGroupOID"].tolist() == ["IG.LOG", "IG.LOG", "IG.ANY", "IG.LOG"]
    assert table.frame["IT.ANYAE"].tolist() == ["", "", "Y", ""]


def test_an_item_group_goes_before_a_form_of_the_same_name(read: Read) -> None:
    table = read("ae.xml", odm(SUBJECTS.replace("IG.ANY", "AE")), item_group="AE")
    assert table.frame["ItemGroupOID"].tolist() == ["AE"]


def test_the_only_item_group_needs_no_name(read: Read) -> None:
    only = SUBJECTS.replace("IG.ANY", "IG.LOG").replace('<ItemGroupData ItemGroupOID="IG.CM"/>', "")
    assert len(read("ae.xml", odm(only)).frame) == 4


def test_several_item_groups_are_listed(read: Read) -> None:
    available = r"IG.LOG \(form AE\), IG.ANY \(form AE\), IG.CM \(form CM\)$"
    with pytest.raises(SourceFileError, match=f"it holds 3 item groups; set `item_group` .*: {available}"):
        read("ae.xml", odm())
    with pytest.raises(SourceFileError, match=f"no item group or form IG.X; .*: {available}"):
        read("ae.xml", odm(), item_group="IG.X")


def test_what_the_metadata_define_is_there_though_nobody_filled_it(read: Read) -> None:
    table = read("ae.xml", odm(METADATA + SUBJECTS), item_group="IG.LOG")
    assert list(table.frame.columns)[9:] == ["IT.AETERM", "IT.SEV", "IT.START", "IT.END"]
    assert table.frame["IT.END"].tolist() == ["", "", ""]
    assert table.notes[1] == "1 item(s) defined and never filled"
    empty = read("mh.xml", odm(METADATA + SUBJECTS), item_group="IG.MH")
    assert empty.frame.shape == (0, 9)
    assert empty.frame.columns[-1] == "IT.MHTERM"


def test_an_item_given_twice_makes_its_row_unreadable(read: Read) -> None:
    twice = SUBJECTS.replace('ItemOID="IT.SEV" Value="2"', 'ItemOID="IT.AETERM" Value="2"')
    table = read("ae.xml", odm(twice), item_group="IG.LOG")
    assert list(table.frame.index) == [3, 4]
    assert list(table.unreadable.itertuples(index=False, name=None)) == [(2, "item IT.AETERM is given twice")]


def test_a_long_value_makes_its_row_unreadable(read: Read) -> None:
    table = read("ae.xml", odm(SUBJECTS.replace("rash", "x" * 10_000_000)), item_group="IG.LOG")
    assert list(table.unreadable.itertuples(index=False, name=None)) == [
        (4, "a cell longer than 1,000,000 bytes")
    ]


def test_other_encodings(read: Read) -> None:
    text = odm(SUBJECTS.replace("頭痛", "fièvre"))
    latin = text.replace("UTF-8", "windows-1252").encode("cp1252")
    wide = text.replace("UTF-8", "UTF-16").encode("utf-16")
    for content in (latin, wide):
        table = read("ae.xml", content, item_group="IG.LOG")
        assert table.frame["IT.AETERM"].iloc[0] == 'fièvre & "x"'


BOMB = '<!DOCTYPE ODM [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]>'
EXTERNAL = '<!DOCTYPE ODM [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
DTD = '<!DOCTYPE ODM SYSTEM "http://127.0.0.1:9/odm.dtd">'


@pytest.mark.parametrize("doctype", [BOMB, EXTERNAL, DTD])
def test_document_types_and_entities_are_refused(read: Read, doctype: str) -> None:
    content = odm(SUBJECTS.replace("rash", "&c;")).replace("<ODM", doctype + "<ODM")
    with pytest.raises(SourceFileError, match=r"it has a document type \(DTD\) or entities"):
        read("ae.xml", content, item_group="IG.LOG")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (odm()[:-300], r"line \d+ is not well-formed XML; get it again, it is cut or damaged"),
        (odm().replace("</FormData>", "", 1), r"line \d+ is not well-formed XML"),
        (odm(METADATA), r"this ODM file holds only the study's definitions \(metadata\)"),
        (odm(""), "this ODM file holds no clinical data"),
        (odm(SUBJECTS, f'{NS} FileType="Transactional" ODMVersion="1.3.2"'), "a transactional ODM file"),
        (odm(SUBJECTS.replace('"Insert"', '"Remove"')), 'it has TransactionType="Remove"'),
        (
            odm(SUBJECTS, 'xmlns="http://www.cdisc.org/ns/odm/v2.0" ODMVersion="2.0"'),
            "this is ODM 2.0; ",
        ),
        (
            odm(SUBJECTS, 'xmlns="http://www.cdisc.org/ns/odm/v1.2"'),
            "this is ODM 1.2; export it",
        ),
        (
            odm(
                SUBJECTS,
                f'{NS} xmlns:d="http://www.cdisc.org/ns/Dataset-XML/v1.0" d:DatasetXMLVersion="1"',
            ),
            "this is Dataset-XML, not ODM clinical data; give the data set as XPT",
        ),
        (
            odm('<ClinicalData StudyOID="S"><ItemGroupData ItemGroupOID="IG.AE"/></ClinicalData>'),
            "this is Dataset-XML",
        ),
        (
            odm(
                '<Study OID="S"><MetaDataVersion d:DefineVersion="2.1.0"/></Study>',
                f'{NS} xmlns:d="http://www.cdisc.org/ns/def/v2.1"',
            ),
            "this is define.xml, which describes data sets and holds no records",
        ),
        ("<?xml version='1.0'?><clinical_study/>", "XML, but not ODM .its root is <clinical_study>."),
        (odm("<a>" * 200 + "</a>" * 200), "elements are nested more than 100 deep"),
        (odm(SUBJECTS.replace("<AuditRecord>", "<AuditRecord>" + "<a>" * 200)), "nested more than 100 deep"),
        ("<?xml version='1.0' encoding='shift_jis'?><ODM/>", "its XML encoding is not supported"),
        (
            odm(SUBJECTS.replace("IT.SEV", "SubjectKey")),
            "the same name: SubjectKey in columns 2",
        ),
    ],
)
def test_files_that_are_refused(read: Read, content: str, message: str) -> None:
    with pytest.raises(SourceFileError, match=message):
        read("ae.xml", content, item_group="IG.LOG")


def test_read_headers_gives_every_item_group(tmp_path: Path) -> None:
    (tmp_path / "ae.xml").write_text(odm(METADATA + SUBJECTS), encoding="utf-8")
    found = read_headers(tmp_path / "ae.xml", 2)
    assert [(sheet, len(columns), len(first)) for sheet, columns, first in found] == [
        ("IG.LOG", 13, 2),
        ("IG.ANY", 10, 1),
        ("IG.CM", 8, 1),
        ("IG.MH", 9, 0),
    ]
