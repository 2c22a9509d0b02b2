"""Streams the ItemGroupData of an ODM-XML 1.3 file, refusing by name what is something else.

defusedxml parses, in blocks: no DTD, no entities, no network, and no more memory than the records
of a block. (odmlib builds the whole document as objects and refuses the attributes that EDC systems
add to elements, so it cannot be used on what they export.)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from coding.ingest.raw_table import SourceFile, SourceFileError
from coding.records import Progress

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
# The parser begins a long value anew with every block, so blocks must not be small.
_BLOCK_BYTES = 2 * 1024 * 1024
_MAX_VALUE_BYTES = 64 * 1024 * 1024
_SNAPSHOT = "export an ODM 1.3.2 snapshot with the subjects' data (ClinicalData)"

_KEYS_OF = {
    "ClinicalData": ("StudyOID",),
    "SubjectData": ("SubjectKey",),
    "StudyEventData": ("StudyEventOID", "StudyEventRepeatKey"),
    "FormData": ("FormOID", "FormRepeatKey"),
    "ItemGroupData": ("ItemGroupOID", "ItemGroupRepeatKey"),
}


@dataclass(frozen=True, slots=True)
class OdmRecord:
    """One ItemGroupData: its keys by name, and its items; ``problem`` makes it unreadable."""

    keys: dict[str, str]
    location: str
    items: dict[str, str]
    problem: str


@dataclass
class OdmContent:
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


def read_records(file: SourceFile, content: OdmContent, progress: Progress) -> Iterator[OdmRecord]:
    """The file's ItemGroupData one by one; ``content`` is filled on the way.

    Raises SourceFileError: not well formed (with the line), a DTD, no ODM 1.3 clinical data.
    """
    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import DefusedXMLParser, ParseError

    done, size = 0, file.path.stat().st_size
    target = _Target(file, content)
    parser = DefusedXMLParser(target=target, forbid_dtd=True)
    try:
        for block in _blocks(file):
            parser.feed(block)
            yield from target.taken()
            done += len(block)
            progress(f"reading {file.name}", done, size)
        parser.close()
    except DefusedXmlException:
        raise file.error(
            "it has a document type (DTD) or entities, which no ODM file needs and which can do harm",
            "have it exported without <!DOCTYPE …>",
        ) from None
    except ParseError as error:
        raise file.error(
            f"line {error.position[0]} is not well-formed XML", "get it again, it is cut or damaged"
        ) from None
    except (ValueError, LookupError):
        raise file.error("its XML encoding is not supported", "save it as UTF-8") from None
    if not content.clinical:
        what = "only the study's definitions (metadata)" if content.metadata else "no clinical data"
        raise file.error(f"this ODM file holds {what}", _SNAPSHOT)


def _blocks(file: SourceFile) -> Iterator[bytes]:
    unfinished = 0
    with file.path.open("rb") as stream:
        while block := stream.read(_BLOCK_BYTES):
            end = block.rfind(b">")
            unfinished = unfinished + len(block) if end < 0 else len(block) - end
            if unfinished > _MAX_VALUE_BYTES:
                raise file.error("a value is longer than 64 MB", "check that it is the right file")
            yield block


class _Target:
    """What the parser calls: follows the elements, keeping the keys of the levels it is inside of."""

    def __init__(self, file: SourceFile, content: OdmContent) -> None:
        self._file, self._content = file, content
        self._namespace = ""
        self._path: list[str] = []
        self._keys: dict[str, str] = {}
        self._location = ""
        self._items: dict[str, str] | None = None
        self._problem = ""
        self._text: list[str] | None = None
        self._item = ""
        self._references: list[str] = []
        self._records: list[OdmRecord] = []

    def taken(self) -> list[OdmRecord]:
        """The records that were completed since the last call."""
        records, self._records = self._records, []
        return records

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """An element opens."""
        if not self._path:
            self._check_root(tag, attributes)
        name = self._local(tag)
        parent = self._path[-1] if self._path else ""
        self._path.append(name)
        if len(self._path) > _MAX_DEPTH:
            raise self._file.error(f"elements are nested more than {_MAX_DEPTH} deep", _SNAPSHOT)
        if name and attributes.get("TransactionType") == "Remove":
            raise self._file.error('it has TransactionType="Remove": it holds changes', _SNAPSHOT)
        if self._items is not None:
            if parent == "ItemGroupData" and name.startswith("ItemData"):
                self._start_item(attributes)
            return
        for key in _KEYS_OF.get(name, ()):
            self._keys[key] = attributes.get(key, "")
        self._start_other(name, parent, attributes)

    def _start_other(self, name: str, parent: str, attributes: dict[str, str]) -> None:
        if name == "ItemGroupData":
            if parent == "ClinicalData":
                raise self._dataset_xml()
            if parent == "FormData":
                self._items, self._problem = {}, ""
        elif name == "SiteRef" and parent == "SubjectData":
            self._location = attributes.get("LocationOID", "")
        elif name == "ClinicalData":
            self._content.clinical = True
        elif name == "MetaDataVersion":
            self._content.metadata = True
            if any("/ns/def/" in key for key in attributes):
                raise self._define_xml()
        elif name in {"ItemRef", "ItemGroupRef"}:
            self._references.append(attributes.get(f"{name[:-3]}OID", ""))
        elif name in {"ItemGroupDef", "FormDef"}:
            self._references = []
            kept = self._content.items if name == "ItemGroupDef" else self._content.forms
            kept[attributes.get("OID", "")] = self._references

    def _start_item(self, attributes: dict[str, str]) -> None:
        """``ItemData`` holds its value as an attribute, ``ItemDataString`` and the like as text."""
        item = attributes.get("ItemOID", "")
        if not item:
            self._problem = "an ItemData has no ItemOID"
        elif self._items is not None and item in self._items:
            self._problem = f"item {item[:60]} is given twice"
        elif self._items is not None:
            value = attributes.get("Value")
            self._items[item] = value or ""
            if attributes.get("IsNull") == "Yes":
                self._items[item] = ""
            elif value is None:
                self._item, self._text = item, []

    def data(self, text: str) -> None:
        """Text inside an element, in pieces."""
        if self._text is not None and self._path[-1].startswith("ItemData"):
            self._text.append(text)

    def end(self, tag: str) -> None:
        """An element closes; an ItemGroupData of a form gives a record."""
        name = self._path.pop()
        if self._items is not None:
            if name.startswith("ItemData") and self._path[-1] == "ItemGroupData":
                if self._text is not None:
                    self._items[self._item], self._text = "".join(self._text), None
                return
            if name == "ItemGroupData":
                self._records.append(OdmRecord(dict(self._keys), self._location, self._items, self._problem))
                self._content.groups[self._keys["FormOID"], self._keys["ItemGroupOID"]] += 1
                self._items = None
        if name == "SubjectData":
            self._location = ""
        for key in _KEYS_OF.get(name, ()):
            self._keys[key] = ""

    def close(self) -> None:
        """The file ends; the parser asks for this."""

    def _local(self, tag: str) -> str:
        """An ODM element's name; "" for elements of other namespaces."""
        if self._namespace:
            return tag[len(self._namespace) :] if tag.startswith(self._namespace) else ""
        return "" if tag.startswith("{") else tag

    def _check_root(self, tag: str, attributes: dict[str, str]) -> None:
        namespace, _, name = tag.rpartition("}")
        namespace = namespace.lstrip("{")
        if name != "ODM":
            raise self._file.error(f"this is XML, but not ODM (its root is <{name[:60]}>)", _SNAPSHOT)
        version = attributes.get("ODMVersion", "1.3")
        if namespace not in {"", ODM_NAMESPACE} or not version.startswith("1.3"):
            stated = version if not version.startswith("1.3") else namespace.rpartition("/v")[2]
            raise self._file.error(f"this is ODM {stated[:20]}", "export it as ODM 1.3.2")
        if any(key.endswith("DatasetXMLVersion") for key in attributes):
            raise self._dataset_xml()
        if any("/ns/def/" in key for key in attributes):
            raise self._define_xml()
        if attributes.get("FileType") == "Transactional":
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
