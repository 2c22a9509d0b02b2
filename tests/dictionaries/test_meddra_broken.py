"""Releases with one fault each, and exactly what the refusal says."""

from __future__ import annotations

from pathlib import Path

import pytest
from asc_release import FLUTTER, AscFiles, llt, small_release
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dictionaries.content import ReleaseContent
from dictionaries.meddra import read_meddra
from dictionaries.model import DictionaryError

#: (name, file, line to replace (0: append, -n: remove line n), the new line, what is said).
CASES: list[tuple[str, str, int, str, list[str]]] = [
    (
        "LLT of an unknown PT", "llt.asc", 2, llt("102", "Invented hurting", "199"),
        ["llt.asc line 2: pt_code 199 is not in pt.asc"],
    ),
    (
        "LLT code twice", "llt.asc", 0, llt("102", "Another hurting", "101"),
        ["llt.asc line 6: llt_code 102 is already in line 2"],
    ),
    (
        "currency flag", "llt.asc", 3, llt("103", "Ache, made-up, obsolete", "101", "X"),
        ["llt.asc line 3: llt_currency 'X' is neither Y nor N"],
    ),
    (
        "blank currency flag", "llt.asc", 3, llt("103", "Ache, made-up, obsolete", "101", ""),
        ["llt.asc line 3: llt_currency '' is neither Y nor N"],
    ),
    (
        "code with a letter", "llt.asc", 2, llt("10B", "Invented hurting", "101"),
        ["llt.asc line 2: llt_code '10B' is not a number"],
    ),
    (
        "float code", "llt.asc", 2, llt("102.0", "Invented hurting", "101"),
        ["llt.asc line 2: llt_code '102.0' is not a number"],
    ),
    ("blank code", "llt.asc", 2, llt("", "Invented hurting", "101"), ["llt.asc line 2: llt_code is blank"]),
    ("blank name", "llt.asc", 2, llt("102", " ", "101"), ["llt.asc line 2: llt_name is blank"]),
    (
        "control character", "llt.asc", 2, llt("102", "Invented\thurting", "101"),
        ["llt.asc line 2: holds a control character or damaged text"],
    ),
    (
        "damaged text", "llt.asc", 2, llt("102", "Inv\ufffdnted hurting", "101"),
        ["llt.asc line 2: holds a control character or damaged text"],
    ),
    (
        "PT without an LLT of its own", "llt.asc", -5, "",
        ["pt.asc line 3: PT 301 has no LLT of its own in llt.asc"],
    ),
    (
        "LLT with a PT's code under another PT", "llt.asc", 5, llt("301", "Sham swelling", "201"),
        ["llt.asc line 5: llt_code 301 is that of a PT but belongs to PT 201"],
    ),
    (
        "too few columns", "llt.asc", 2, "102$Invented hurting$101$",
        ["llt.asc line 2: 3 columns instead of 11"],
    ),
    (
        "too many columns", "llt.asc", 2, llt("102", "Invented$hurting", "101"),
        ["llt.asc line 2: 12 columns instead of 11"],
    ),
    ("blank line", "llt.asc", 2, "", ["llt.asc line 2: the line is blank"]),
    (
        "PT without a path", "mdhier.asc", -3, "",
        [
            "pt.asc line 2: PT 201 has no path in mdhier.asc",
            "hlt_pt.asc line 3: hlt_code 502 with pt_code 201 is in no path of mdhier.asc",
        ],
    ),
    (
        "PT code twice", "pt.asc", 0, "301$Sham swelling again$$902$$$$$$$$",
        ["pt.asc line 4: pt_code 301 is already in line 3"],
    ),
    (
        "PT's SOC is not that of its primary path", "pt.asc", 2, "201$Pretend flutter$$901$$$$$$$$",
        ["mdhier.asc line 3: pt_soc_code 902 is not that of PT 201 in pt.asc"],
    ),
    (
        "primary path in another SOC than pt_soc_code", "mdhier.asc", 3,
        f"201$502$702$902$Pretend flutter${FLUTTER}$$901$Y$",
        [
            "mdhier.asc line 3: pt_soc_code 901 is not the soc_code 902 of the primary path",
            "mdhier.asc line 3: pt_soc_code 901 is not that of PT 201 in pt.asc",
        ],
    ),
    (
        "no primary path", "mdhier.asc", 3,
        f"201$502$702$902$Pretend flutter${FLUTTER}$$902$N$",
        ["pt.asc line 2: PT 201 has no primary path: no row in mdhier.asc has primary_soc_fg Y"],
    ),
    (
        "two primary paths", "mdhier.asc", 2,
        f"101$502$702$902$Made-up ache${FLUTTER}$$901$Y$",
        [
            "mdhier.asc line 2: PT 101 has a second primary path; the first is in line 1",
            "mdhier.asc line 2: pt_soc_code 901 is not the soc_code 902 of the primary path",
        ],
    ),
    (
        "primary flag", "mdhier.asc", 2,
        f"101$502$702$902$Made-up ache${FLUTTER}$$901$y$",
        ["mdhier.asc line 2: primary_soc_fg 'y' is neither Y nor N"],
    ),
    (
        "same path twice", "mdhier.asc", 0,
        f"101$502$702$902$Made-up ache${FLUTTER}$$901$N$",
        ["mdhier.asc line 5: the same path of PT 101 is already in line 2"],
    ),
    (
        "unknown PT in the hierarchy", "mdhier.asc", 0,
        f"999$502$702$902$Ghost${FLUTTER}$$902$Y$",
        [
            "mdhier.asc line 5: pt_code 999 is not in pt.asc",
            "mdhier.asc line 5: hlt_code 502 with pt_code 999 is not in hlt_pt.asc",
        ],
    ),
    (
        "name that disagrees", "mdhier.asc", 3,
        f"201$502$702$902$Pretend fluter${FLUTTER}$$902$Y$",
        ["mdhier.asc line 3: pt_name is not the name of 201 in pt.asc"],
    ),
    (
        "abbreviation that disagrees", "mdhier.asc", 3,
        "201$502$702$902$Pretend flutter$Pretend flutters$Flutter group$Fluttering disorders$Flap$$902$Y$",
        ["mdhier.asc line 3: soc_abbrev is not that of 902 in soc.asc"],
    ),
    (
        "HLT in no path", "hlt.asc", 0, "503$Lonely aches$$$$$$$$",
        ["hlt.asc line 3: HLT 503 has no path in mdhier.asc"],
    ),
    (
        "unknown HLT", "hlt.asc", -1, "",
        ["mdhier.asc line 1: hlt_code 501 is not in hlt.asc"],
    ),
    (
        "relation missing", "hlgt_hlt.asc", -1, "",
        ["mdhier.asc line 1: hlgt_code 701 with hlt_code 501 is not in hlgt_hlt.asc"],
    ),
    (
        "relation without a path", "soc_hlgt.asc", 0, "901$702$",
        ["soc_hlgt.asc line 3: soc_code 901 with hlgt_code 702 is in no path of mdhier.asc"],
    ),
    ("relation twice", "hlt_pt.asc", 0, "502$201$", ["hlt_pt.asc line 5: 502, 201 is already in line 3"]),
    ("SOC without order", "intl_ord.asc", -2, "", ["soc.asc line 1: SOC 901 is not in intl_ord.asc"]),
    (
        "order of an unknown SOC", "intl_ord.asc", 0, "3$903$",
        ["intl_ord.asc line 3: soc_code 903 is not in soc.asc"],
    ),
    (
        "order twice", "intl_ord.asc", 2, "1$901$", ["intl_ord.asc line 2: order 1 is already in line 1"],
    ),
    (
        "content of an unknown SMQ", "smq_content.asc", 2, "803$101$4$2$A$0$A$1.0$1.0$",
        ["smq_content.asc line 2: smq_code 803 is not in smq_list.asc"],
    ),
    (
        "active SMQ member that is no term", "smq_content.asc", 4, "802$999$4$1$A$0$A$1.0$1.0$",
        ["smq_content.asc line 4: term_code 999 is not in pt.asc"],
    ),
    (
        "SMQ member of an unknown level", "smq_content.asc", 2, "801$101$3$2$A$0$A$1.0$1.0$",
        ["smq_content.asc line 2: term_level '3' is none of 0, 4 and 5"],
    ),
    (
        "SMQ twice", "smq_list.asc", 0, "801$Aches again (SMQ)$1$$$$1.0$A$N$",
        ["smq_list.asc line 3: smq_code 801 is already in line 1"],
    ),
]  # fmt: skip


def changed(file: str, line: int, text: str) -> AscFiles:
    files = small_release()
    lines = files.lines[file]
    if line == 0:
        lines.append(text)
    elif line < 0:
        del lines[-line - 1]
    else:
        lines[line - 1] = text
    return files


@pytest.mark.parametrize(
    ("file", "line", "text", "said"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_every_fault_is_named_with_file_and_line(tmp_path, file, line, text, said):
    folder = changed(file, line, text).write(tmp_path)
    with pytest.raises(DictionaryError) as caught:
        read_meddra(folder)
    errors = "1 error" if len(said) == 1 else f"{len(said)} errors"
    assert str(caught.value).splitlines() == [
        f"{folder}: broken, and not imported; {errors}:",
        *(f"  {item}" for item in said),
    ]


def refused(folder: Path) -> list[str]:
    with pytest.raises(DictionaryError) as caught:
        read_meddra(folder)
    return str(caught.value).splitlines()


def test_cut_last_line_is_called_cut(release_files, tmp_path):
    release_files.write(tmp_path)
    path = tmp_path / "llt.asc"
    path.write_bytes(path.read_bytes()[:-20])
    assert refused(tmp_path)[1:] == ["  llt.asc line 5: 1 column instead of 11; the file is cut here"]


def test_last_cell_without_any_end_is_called_cut(release_files, tmp_path):
    release_files.write(tmp_path)
    path = tmp_path / "meddra_history_english.asc"
    path.write_bytes(path.read_bytes()[:-2])
    assert refused(tmp_path)[1:] == [
        "  meddra_history_english.asc line 2: the line has no end; the file may be cut here"
    ]


@pytest.mark.parametrize("content", [b"", b"\r\n", b"\xef\xbb\xbf", b"  \n\n"])
def test_empty_file(release_files, tmp_path, content):
    release_files.write(tmp_path)
    (tmp_path / "soc.asc").write_bytes(content)
    assert refused(tmp_path)[1:] == [
        "  soc.asc: the file is empty; copy it again, or remove it if the release has none"
    ]


def test_missing_files_are_listed(release_files, tmp_path):
    del release_files.lines["mdhier.asc"], release_files.lines["pt.asc"]
    folder = release_files.write(tmp_path)
    assert refused(folder) == [f"{folder}: not a complete release; missing pt.asc, mdhier.asc"]


def test_smq_content_without_list(release_files, tmp_path):
    del release_files.lines["smq_list.asc"]
    assert refused(release_files.write(tmp_path))[1:] == [
        "  smq_content.asc: smq_list.asc is missing; add it, or remove smq_content.asc"
    ]


def test_one_file_in_two_cases(release_files, tmp_path):
    release_files.write(tmp_path)
    (tmp_path / "LLT.ASC").write_bytes((tmp_path / "llt.asc").read_bytes())
    assert refused(tmp_path) == [f"{tmp_path}: holds both LLT.ASC and llt.asc; remove one"]


def test_folder_without_a_release(tmp_path):
    assert refused(tmp_path) == [
        f"{tmp_path}: no llt.asc in this folder; name the folder with the .asc files"
    ]


def test_messages_use_the_names_on_disk(release_files, tmp_path):
    release_files.lines["llt.asc"][1] = llt("102", "Invented hurting", "199")
    folder = release_files.write(tmp_path, rename=str.upper)
    assert refused(folder)[1:] == ["  LLT.ASC line 2: pt_code 199 is not in PT.ASC"]


def test_all_faults_are_counted_and_fifty_shown(release_files, tmp_path):
    for number in range(70):
        release_files.lines["llt.asc"].append(llt(str(2000 + number), f"Orphan {number}", "199"))
    said = refused(release_files.write(tmp_path))
    assert said[0].endswith("; 70 errors, the first 50 are:")
    assert said[1:] == [f"  llt.asc line {line}: pt_code 199 is not in pt.asc" for line in range(6, 56)]


def test_messages_hold_no_terms(release_files, tmp_path):
    lines = release_files.lines
    lines["llt.asc"].append(llt("102", "Confidential wording", "199"))
    lines["mdhier.asc"][2] = lines["mdhier.asc"][2].replace("Pretend flutter$", "Confidential wording$")
    assert "Confidential" not in "\n".join(refused(release_files.write(tmp_path)))


#: Files in which a lost whole line cannot show: nothing else in a release counts their lines.
UNCOUNTED = {"meddra_history_english.asc", "smq_list.asc", "smq_content.asc", "meddra_release.asc"}


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> ReleaseContent:
    return read_meddra(small_release().write(tmp_path_factory.mktemp("whole")))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_file_cut_anywhere_is_refused_or_lost_nothing(tmp_path_factory, whole, data):
    files = small_release()
    folder = files.write(tmp_path_factory.mktemp("cut"))
    name = data.draw(st.sampled_from(sorted(set(files.lines) - UNCOUNTED)))
    content = (folder / name).read_bytes()
    kept = data.draw(st.integers(0, len(content) - 1))
    (folder / name).write_bytes(content[:kept])
    try:
        found = read_meddra(folder)
    except DictionaryError:
        return
    assert found.terms.equals(whole.terms)
    assert found.paths.equals(whole.paths)
    assert found.attributes.equals(whole.attributes)
