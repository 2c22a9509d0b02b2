"""What must agree between the files of a MedDRA-layout release. Every line that does not is named."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from dictionaries.checking import Problems, first_of, is_in

Frames = Mapping[str, pd.DataFrame]
Names = Mapping[str, str]

_UPPER = ("pt", "hlt", "hlgt", "soc")

#: File, its lower and its upper code: pairs that mdhier.asc must hold too.
_RELATIONS = (("hlt_pt.asc", "pt", "hlt"), ("hlgt_hlt.asc", "hlt", "hlgt"), ("soc_hlgt.asc", "hlgt", "soc"))


def check_files(frames: Frames, names: Names, problems: Problems) -> None:
    """Add what is wrong between the files to ``problems``. ``names`` are the files' names on disk."""
    for level in ("llt", *_UPPER):
        file = f"{level}.asc"
        again = first_of(frames[file], [f"{level}_code"], "line").rename(columns={f"{level}_code": "code"})
        problems.add_rows(names[file], again, f"{level}_code {{code}} is already in line {{first}}")
    _check_llt(frames, names, problems)
    _check_hierarchy(frames, names, problems)
    _check_primary(frames, names, problems)
    for file, lower, upper in _RELATIONS:
        _check_relation(frames, names, problems, file, lower, upper)
    _check_order(frames, names, problems)
    _check_groups(frames, names, problems)


def _check_llt(frames: Frames, names: Names, problems: Problems) -> None:
    llt, pt, file = frames["llt.asc"], frames["pt.asc"], names["llt.asc"]
    flags = llt[~llt["llt_currency"].isin(["Y", "N"])]
    problems.add_rows(file, flags, "llt_currency {llt_currency!r} is neither Y nor N")
    orphans = llt[~is_in(llt["pt_code"], pt["pt_code"])]
    problems.add_rows(file, orphans, f"pt_code {{pt_code}} is not in {names['pt.asc']}")
    own = llt[is_in(llt["llt_code"], pt["pt_code"])]
    astray = own[(own["llt_code"] != own["pt_code"]) & is_in(own["pt_code"], pt["pt_code"])]
    problems.add_rows(file, astray, "llt_code {llt_code} is that of a PT but belongs to PT {pt_code}")
    without = pt[~is_in(pt["pt_code"], llt["llt_code"])]
    problems.add_rows(names["pt.asc"], without, f"PT {{pt_code}} has no LLT of its own in {file}")


def _first_texts(frame: pd.DataFrame, level: str) -> pd.Series:
    return frame.drop_duplicates(f"{level}_code").set_index(f"{level}_code")[f"{level}_name"]


def _check_hierarchy(frames: Frames, names: Names, problems: Problems) -> None:
    """mdhier.asc names only codes of the other files, with their names, and all of them."""
    hierarchy, file = frames["mdhier.asc"], names["mdhier.asc"]
    for level in _UPPER:
        rows, own = frames[f"{level}.asc"], names[f"{level}.asc"]
        known = is_in(hierarchy[f"{level}_code"], rows[f"{level}_code"])
        unknown = hierarchy[~known].rename(columns={f"{level}_code": "code"})
        problems.add_rows(file, unknown, f"{level}_code {{code}} is not in {own}")
        names_there = hierarchy[f"{level}_code"].map(_first_texts(rows, level))
        differ = hierarchy[known & (names_there != hierarchy[f"{level}_name"])]
        differ = differ.rename(columns={f"{level}_code": "code"})
        problems.add_rows(file, differ, f"{level}_name is not the name of {{code}} in {own}")
        unused = rows[~is_in(rows[f"{level}_code"], hierarchy[f"{level}_code"])]
        unused = unused.rename(columns={f"{level}_code": "code"})
        problems.add_rows(own, unused, f"{level.upper()} {{code}} has no path in {file}")
    soc = frames["soc.asc"].drop_duplicates("soc_code").set_index("soc_code")["soc_abbrev"]
    there = hierarchy["soc_code"].map(soc)
    differ = hierarchy[there.notna() & (there != hierarchy["soc_abbrev"])]
    problems.add_rows(file, differ, f"soc_abbrev is not that of {{soc_code}} in {names['soc.asc']}")
    again = first_of(hierarchy, ["pt_code", "hlt_code", "hlgt_code", "soc_code"], "line")
    problems.add_rows(file, again, "the same path of PT {pt_code} is already in line {first}")


def _check_primary(frames: Frames, names: Names, problems: Problems) -> None:
    hierarchy, file = frames["mdhier.asc"], names["mdhier.asc"]
    pt = frames["pt.asc"]
    flags = hierarchy[~hierarchy["primary_soc_fg"].isin(["Y", "N"])]
    problems.add_rows(file, flags, "primary_soc_fg {primary_soc_fg!r} is neither Y nor N")
    primary = hierarchy[hierarchy["primary_soc_fg"] == "Y"]
    second = first_of(primary, ["pt_code"], "line")
    problems.add_rows(file, second, "PT {pt_code} has a second primary path; the first is in line {first}")
    in_some = is_in(pt["pt_code"], hierarchy["pt_code"])
    without = pt[in_some & ~is_in(pt["pt_code"], primary["pt_code"])]
    message = f"PT {{pt_code}} has no primary path: no row in {file} has primary_soc_fg Y"
    problems.add_rows(names["pt.asc"], without, message)
    wrong = primary[primary["pt_soc_code"] != primary["soc_code"]]
    message = "pt_soc_code {pt_soc_code} is not the soc_code {soc_code} of the primary path"
    problems.add_rows(file, wrong, message)
    own = pt.drop_duplicates("pt_code").set_index("pt_code")["pt_soc_code"]
    there = hierarchy["pt_code"].map(own)
    differ = hierarchy[there.notna() & (there != hierarchy["pt_soc_code"])]
    message = f"pt_soc_code {{pt_soc_code}} is not that of PT {{pt_code}} in {names['pt.asc']}"
    problems.add_rows(file, differ, message)


def _check_relation(
    frames: Frames, names: Names, problems: Problems, file: str, lower: str, upper: str
) -> None:
    pairs, hierarchy = frames[file], frames["mdhier.asc"]
    columns = [f"{upper}_code", f"{lower}_code"]
    again = first_of(pairs, columns, "line")
    problems.add_rows(names[file], _named(again, columns), "{upper}, {lower} is already in line {first}")
    # The same pair stands in many rows of mdhier.asc; the first of them is named.
    in_paths = hierarchy.drop_duplicates(columns)
    key, other = pd.MultiIndex.from_frame(pairs[columns]), pd.MultiIndex.from_frame(in_paths[columns])
    message = f"{upper}_code {{upper}} with {lower}_code {{lower}} is in no path of {names['mdhier.asc']}"
    problems.add_rows(names[file], _named(pairs[~key.isin(other)], columns), message)
    message = f"{upper}_code {{upper}} with {lower}_code {{lower}} is not in {names[file]}"
    problems.add_rows(names["mdhier.asc"], _named(in_paths[~other.isin(key)], columns), message)


def _named(rows: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    return rows.rename(columns={columns[0]: "upper", columns[1]: "lower"})


def _check_order(frames: Frames, names: Names, problems: Problems) -> None:
    order = frames.get("intl_ord.asc")
    if order is None:
        return
    file, soc = names["intl_ord.asc"], frames["soc.asc"]
    unknown = order[~is_in(order["soc_code"], soc["soc_code"])]
    problems.add_rows(file, unknown, f"soc_code {{soc_code}} is not in {names['soc.asc']}")
    for column in ("soc_code", "order"):
        again = first_of(order, [column], "line").rename(columns={column: "value"})
        problems.add_rows(file, again, f"{column} {{value}} is already in line {{first}}")
    without = soc[~is_in(soc["soc_code"], order["soc_code"])]
    problems.add_rows(names["soc.asc"], without, f"SOC {{soc_code}} is not in {file}")


def _check_groups(frames: Frames, names: Names, problems: Problems) -> None:
    for listing, content in (("smq_list.asc", "smq_content.asc"), ("spec.asc", "spec_pt.asc")):
        if (listing in frames) != (content in frames):
            there, lost = (listing, content) if listing in frames else (content, listing)
            problems.add(names[there], f"{lost} is missing; add it, or remove {names[there]}")
        elif listing in frames:
            _check_membership(frames, names, problems, listing, content)


def _check_membership(frames: Frames, names: Names, problems: Problems, listing: str, content: str) -> None:
    groups, members = frames[listing], frames[content]
    code = groups.columns[0]
    again = first_of(groups, [code], "line").rename(columns={code: "group"})
    problems.add_rows(names[listing], again, f"{code} {{group}} is already in line {{first}}")
    unknown = members[~is_in(members[code], groups[code])].rename(columns={code: "group"})
    problems.add_rows(names[content], unknown, f"{code} {{group}} is not in {names[listing]}")
    if content == "spec_pt.asc":
        lost = members[~is_in(members["pt_code"], frames["pt.asc"]["pt_code"])]
        problems.add_rows(names[content], lost, f"pt_code {{pt_code}} is not in {names['pt.asc']}")
        return
    levels = members[~members["term_level"].isin(["0", "4", "5"])]
    problems.add_rows(names[content], levels, "term_level {term_level!r} is none of 0, 4 and 5")
    targets = {"0": (listing, code), "4": ("pt.asc", "pt_code"), "5": ("llt.asc", "llt_code")}
    # An inactive member may be a term that has since changed its level.
    active = members[members["status"] != "I"]
    for level, (file, column) in targets.items():
        rows = active[active["term_level"] == level]
        lost = rows[~is_in(rows["term_code"], frames[file][column])]
        problems.add_rows(names[content], lost, f"term_code {{term_code}} is not in {names[file]}")
