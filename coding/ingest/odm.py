"""Reads the clinical data of a CDISC ODM-XML 1.3 snapshot: one row per ItemGroupData.

defusedxml reads it element by element: no DTD, no entities, no network, and memory for one subject
at a time. (odmlib builds the whole document as objects and refuses the vendor attributes that EDC
systems add, so it cannot be used on what they export.)

Values are kept as they stand, coded values undecoded. A transactional file holds changes, not the
data as they are, and is refused; so is ``TransactionType="Remove"`` in a snapshot.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO
from xml.etree.ElementTree import Element

from coding.ingest.raw_table import (
    Parsed,
    RowCollector,
    SourceFile,
    SourceFileError,
    column_names,
    listed,
    unreadable_frame,
)
from coding.records import Progress, silent

ODM_NAMESPACE = "http://www.cdisc.org/ns/odm/v1.3"

#: The columns before the items'. LocationOID stands after them where the file has any.
KEY_COLUMNS = (
    "StudyOID",
    "SubjectKey",
    "StudyEventOID",
    "StudyEventRepeatKey",
    "FormOID",
    "FormRepeatKey",
    "ItemGroupOID",
    "ItemGroupRepeatKey",
)

_MAX_DEPTH = 100
_BLOCK_BYTES = 2 * 1024 * 1024
_MAX_VALUE_BYTES = 64 * 1024 * 1024
_PROGRESS_ROWS = 5_000
_SNAPSHOT = "export an ODM 1.3.2 snapshot with the subjects' data (ClinicalData)"

_KEYS_OF = {
    "ClinicalData": ("StudyOID",),
    "SubjectData": ("SubjectKey",),
    "StudyEventData": ("StudyEventOID", "StudyEventRepeatKey"),
    "FormData": ("FormOID", "FormRepeatKey"),
    "ItemGroupData": ("ItemGroupOID", "ItemGroupRepeatKey"),
}


@dataclass(frozen=True, slots=True)
class _Record:
    """One ItemGroupData: its keys by name, and its items; ``problem`` makes it unreadable."""

    keys: dict[str, str]
    location: str
    items: dict[str, str]
    problem: str


@dataclass
class _Content:
    """What a file holds beside its records. ``groups`` counts records by (form, item group);
    ``items`` and ``forms`` are what the metadata define."""

    groups: Counter[tuple[str, str]] = field(default_factory=Counter)
    items: dict[str, list[str]] = field(default_factory=dict)
    forms: dict[str, list[str]] = field(default_factory=dict)
    clinical: bool = False
    metadata: bool = False

    def known(self) -> list[tuple[str, str]]:
        """(form, item group) that the file holds or, after them, only defines."""
        defined = [(form, group) for form, groups in self.forms.items() for group in groups]
        return list(dict.fromkeys([*self.groups, *defined]))


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
    content, kept = _Content(), []
    for record in _records(file, content, progress):
        form, group = record.keys["FormOID"], record.keys["ItemGroupOID"]
        if item_group in {None, form, group} and (item_group or len(content.groups) == 1):
            kept.append(record)
    name, groups = _choose(file, content, item_group)
    # An item group may have the OID of a form: then the item group is meant.
    records = [record for record in kept if (record.keys["FormOID"], record.keys["ItemGroupOID"]) in groups]
    return _table(file, name, records[:most], content, groups)


def read_item_groups(file: SourceFile, most: int) -> list[Parsed]:
    """The first ``most`` rows of every item group that has data or is defined."""
    content, kept = _Content(), dict[str, list[_Record]]()
    for record in _records(file, content, silent):
        rows = kept.setdefault(record.keys["ItemGroupOID"], [])
        if len(rows) < most:
            rows.append(record)
    names = dict.fromkeys(group for _, group in content.known())
    return [
        _table(file, name, kept.get(name, []), content, {key for key in content.known() if key[1] == name})
        for name in names
    ]


def _choose(file: SourceFile, content: _Content, told: str | None) -> tuple[str, set[tuple[str, str]]]:
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
    file: SourceFile, name: str, records: list[_Record], content: _Content, groups: set[tuple[str, str]]
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


def _records(file: SourceFile, content: _Content, progress: Progress) -> Iterator[_Record]:
    """The file's ItemGroupData one by one; ``content`` is filled on the way."""
    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import ParseError, iterparse

    size = file.path.stat().st_size
    with file.path.open("rb") as stream:
        walk = _Walk(file, content)
        try:
            for event, element in iterparse(_Blocks(file, stream), events=("start", "end"), forbid_dtd=True):
                if event == "start":
                    walk.start(element)
                    continue
                record = walk.end(element)
                if record is not None:
                    yield record
                    if content.groups.total() % _PROGRESS_ROWS == 0:
                        progress(f"reading {file.name}", stream.tell(), size)
        except DefusedXmlException:
            raise file.error(
                "it has a document type (DTD) or entities, which no ODM file needs and which can do harm",
                "have it exported without <!DOCTYPE …>",
            ) from None
        except ParseError as error:
            line = error.position[0]
            raise file.error(
                f"line {line} is not well-formed XML", "get it again, it is cut or damaged"
            ) from None
        except (ValueError, LookupError):
            raise file.error("its XML encoding is not supported", "save it as UTF-8") from None
    walk.finish()
    progress(f"reading {file.name}", size, size)


class _Blocks:
    """Gives the parser large blocks: it begins a long value anew with every block it gets."""

    def __init__(self, file: SourceFile, stream: BinaryIO) -> None:
        self._file, self._stream, self._open = file, stream, 0

    def read(self, size: int = _BLOCK_BYTES) -> bytes:
        """The next block, of at least ``size`` bytes where there are as many."""
        block = self._stream.read(max(size, _BLOCK_BYTES))
        end = block.rfind(b">")
        self._open = self._open + len(block) if end < 0 else len(block) - end
        if self._open > _MAX_VALUE_BYTES:
            raise self._file.error("a value is longer than 64 MB", "check that it is the right file")
        return block


class _Walk:
    """Follows the elements of a file, keeping the keys of the levels it is inside of."""

    def __init__(self, file: SourceFile, content: _Content) -> None:
        self._file, self._content = file, content
        self._path: list[str] = []
        self._keys: dict[str, str] = {}
        self._location = ""
        self._namespace = ""

    def start(self, element: Element) -> None:
        """An element opens: its attributes are known, its children not yet."""
        if not self._path:
            self._check_root(element)
        if len(self._path) >= _MAX_DEPTH:
            raise self._file.error(f"elements are nested more than {_MAX_DEPTH} deep", _SNAPSHOT)
        name = self._local(element)
        parent = self._path[-1] if self._path else ""
        self._path.append(name)
        if element.get("TransactionType") == "Remove" and name:
            raise self._file.error('it has TransactionType="Remove": it holds changes', _SNAPSHOT)
        for key in _KEYS_OF.get(name, ()):
            self._keys[key] = element.get(key, "")
        if name == "ItemGroupData" and parent == "ClinicalData":
            raise self._dataset_xml()
        if name == "MetaDataVersion":
            self._content.metadata = True
            if any("/ns/def/" in key for key in element.attrib):
                raise self._define_xml()
        self._content.clinical |= name == "ClinicalData"

    def end(self, element: Element) -> _Record | None:
        """An element closes; an ItemGroupData of a form gives a record."""
        name = self._path.pop()
        record = None
        if name == "ItemGroupData" and self._path[-1:] == ["FormData"]:
            record = self._record(element)
            self._content.groups[self._keys["FormOID"], self._keys["ItemGroupOID"]] += 1
        elif name == "SiteRef" and self._path[-1:] == ["SubjectData"]:
            self._location = element.get("LocationOID", "")
        elif name == "SubjectData":
            self._location = ""
        elif name == "ItemGroupDef":
            self._content.items[element.get("OID", "")] = self._references(element, "Item")
        elif name == "FormDef":
            self._content.forms[element.get("OID", "")] = self._references(element, "ItemGroup")
        for key in _KEYS_OF.get(name, ()):
            self._keys[key] = ""
        if not {"ItemGroupData", "ItemGroupDef", "FormDef"} & set(self._path):
            element.clear()
        return record

    def finish(self) -> None:
        """The file is read. Raises SourceFileError when it held no clinical data."""
        if self._content.clinical:
            return
        what = "only the study's definitions (metadata)" if self._content.metadata else "no clinical data"
        raise self._file.error(f"this ODM file holds {what}", _SNAPSHOT)

    def _record(self, element: Element) -> _Record:
        items: dict[str, str] = {}
        problem = ""
        for child in element:
            if not self._local(child).startswith("ItemData"):
                continue
            item = child.get("ItemOID", "")
            if not item or item in items:
                problem = "an ItemData has no ItemOID" if not item else f"item {item[:60]} is given twice"
            value = child.get("Value") if child.get("Value") is not None else child.text
            items[item] = "" if child.get("IsNull") == "Yes" else value or ""
        return _Record(dict(self._keys), self._location, items, problem)

    def _references(self, element: Element, kind: str) -> list[str]:
        return [child.get(f"{kind}OID", "") for child in element if self._local(child) == f"{kind}Ref"]

    def _local(self, element: Element) -> str:
        """An ODM element's name; "" for elements of other namespaces."""
        tag = str(element.tag)
        if self._namespace:
            return tag.removeprefix(self._namespace) if tag.startswith(self._namespace) else ""
        return "" if tag.startswith("{") else tag

    def _check_root(self, root: Element) -> None:
        namespace, _, name = str(root.tag).rpartition("}")
        namespace = namespace.lstrip("{")
        if name != "ODM":
            raise self._file.error(f"this is XML, but not ODM (its root is <{name[:60]}>)", _SNAPSHOT)
        version = root.get("ODMVersion", "1.3")
        if namespace not in {"", ODM_NAMESPACE} or not version.startswith("1.3"):
            stated = version if not version.startswith("1.3") else namespace.rpartition("/v")[2]
            raise self._file.error(f"this is ODM {stated[:20]}", "export it as ODM 1.3.2")
        if any(key.endswith("DatasetXMLVersion") for key in root.attrib):
            raise self._dataset_xml()
        if any("/ns/def/" in key for key in root.attrib):
            raise self._define_xml()
        if root.get("FileType") == "Transactional":
            raise self._file.error(
                "this is a transactional ODM file: it holds changes, not the data as they are", _SNAPSHOT
            )
        self._namespace = f"{{{namespace}}}" if namespace else ""

    def _dataset_xml(self) -> SourceFileError:
        return self._file.error(
            "this is Dataset-XML, not ODM clinical data", "give the data set as XPT or Dataset-JSON 1.1"
        )

    def _define_xml(self) -> SourceFileError:
        return self._file.error(
            "this is define.xml, which describes data sets and holds no records",
            "give the data sets themselves",
        )
