"""Reads the clinical data of a CDISC ODM-XML 1.3 snapshot: one row per ItemGroupData.

Values are kept as they stand, coded values undecoded. A transactional file holds changes, not the
data as they are, and is refused; so is ``TransactionType="Remove"`` in a snapshot.
"""

from __future__ import annotations

from coding.ingest.odm_stream import KEY_COLUMNS, OdmContent, OdmRecord, read_records
from coding.ingest.raw_table import (
    Parsed,
    RowCollector,
    SourceFile,
    column_names,
    listed,
    unreadable_frame,
)
from coding.records import Progress, silent


def read_odm(
    file: SourceFile, item_group: str | None = None, most: int | None = None, progress: Progress = silent
) -> Parsed:
    """The rows of one item group, or of all item groups of one form.

    ``item_group`` is an ItemGroupOID or else a FormOID; it may be left out where the file has data
    of one item group only. Columns: KEY_COLUMNS, LocationOID if there is any, each ItemOID as first
    seen, then items that the metadata define and nobody has filled. Row numbers count the chosen
    ItemGroupData, + 1. Raises SourceFileError: not well formed (with the line), a DTD, no ODM 1.3
    clinical data (saying what it is), an item group that is not there.
    """
    content, kept = OdmContent(), []
    for record in read_records(file, content, progress):
        form, group = record.keys["FormOID"], record.keys["ItemGroupOID"]
        if item_group in {None, form, group} and (item_group or len(content.groups) == 1):
            kept.append(record)
    name, groups = _choose(file, content, item_group)
    # An item group may have the OID of a form: then the item group is meant.
    records = [record for record in kept if (record.keys["FormOID"], record.keys["ItemGroupOID"]) in groups]
    return _table(file, name, records[:most], content, groups)


def read_item_groups(file: SourceFile, most: int) -> list[Parsed]:
    """The first ``most`` rows of every item group that has data or is defined."""
    content, kept = OdmContent(), dict[str, list[OdmRecord]]()
    for record in read_records(file, content, silent):
        rows = kept.setdefault(record.keys["ItemGroupOID"], [])
        if len(rows) < most:
            rows.append(record)
    names = dict.fromkeys(group for _, group in content.known())
    return [
        _table(file, name, kept.get(name, []), content, {key for key in content.known() if key[1] == name})
        for name in names
    ]


def _choose(file: SourceFile, content: OdmContent, told: str | None) -> tuple[str, set[tuple[str, str]]]:
    """The OID that names the table, and its (form, item group) pairs."""
    known = content.known()
    if told is None:
        groups = list(dict.fromkeys(group for _, group in content.groups))
        if len(groups) == 1:
            return groups[0], {key for key in known if key[1] == groups[0]}
        problem = f"it holds {len(groups)} item groups" if groups else "it holds no item group with data"
    else:
        for place in (1, 0):
            chosen = {key for key in known if key[place] == told}
            if chosen:
                return told, chosen
        problem = f"there is no item group or form {told}"
    available = listed([f"{group} (form {form})" for form, group in known], most=40)
    raise file.error(problem, f"set `item_group` of this source to one of: {available or 'none'}")


def _table(
    file: SourceFile, name: str, records: list[OdmRecord], content: OdmContent, groups: set[tuple[str, str]]
) -> Parsed:
    items = dict.fromkeys(item for record in records for item in record.items)
    defined = dict.fromkeys(
        item for _, group in content.known() if (_, group) in groups for item in content.items.get(group, [])
    )
    unfilled = [item for item in defined if item not in items]
    location = ["LocationOID"] if any(record.location for record in records) else []
    names = column_names(file, [*KEY_COLUMNS, *location, *items, *unfilled])
    collector = RowCollector(len(names))
    for number, record in enumerate(records, 2):
        if record.problem:
            collector.refuse(number, record.problem)
            continue
        cells = [record.keys.get(key, "") for key in KEY_COLUMNS]
        cells += [record.location] * len(location)
        cells += [record.items.get(item, "") for item in items] + [""] * len(unfilled)
        collector.add(number, cells)
    notes = ["ODM-XML 1.3 snapshot, coded values as they stand"]
    if unfilled:
        notes.append(f"{len(unfilled)} item(s) defined and never filled")
    return Parsed(name, collector.frame(names), tuple(notes), unreadable_frame(collector.unreadable))
