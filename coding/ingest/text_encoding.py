"""Finds out how a text file is encoded, and proves it: the whole file is decoded once.

UTF-8 (with or without byte order mark) and UTF-16 prove themselves. Anything else is told by its
letters: whether the bytes are frequent characters of a script. charset-normalizer decides where
that leaves several open. A guess is reported as one, and ``encoding`` in study.yaml always wins.
"""

from __future__ import annotations

import codecs
import hashlib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from coding.ingest.raw_table import SourceFile

#: No record of a form is longer; a file without line ends is not one of records.
MAX_LINE_BYTES = 64 * 1024 * 1024

_BLOCK = 1024 * 1024
_SAMPLE_BYTES = 256 * 1024

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

#: Python's codec → the name in notes.
_SHOWN = {
    "utf-8": "UTF-8",
    "utf-8-sig": "UTF-8",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16",
    "utf-32": "UTF-32",
    "cp1250": "windows-1250",
    "cp1251": "windows-1251",
    "cp1252": "windows-1252",
    "cp1253": "windows-1253",
    "cp932": "Shift-JIS (cp932)",
    "euc_jp": "EUC-JP",
    "gb18030": "GB18030",
    "big5": "Big5",
    "cp949": "EUC-KR (cp949)",
}


@dataclass(frozen=True, slots=True)
class TextScan:
    """What one pass over a text file told: Python's codec, whether it was guessed, the SHA-256
    and the number of bytes looked at."""

    encoding: str
    guessed: bool
    sha256: str
    size: int

    @property
    def note(self) -> str:
        """How the encoding is reported."""
        shown = encoding_name(self.encoding)
        return (
            f"encoding {shown} (guessed; set `encoding` if letters look wrong)"
            if self.guessed
            else (f"encoding {shown}")
        )


def encoding_name(codec: str) -> str:
    """The name of a codec as people write it."""
    return _SHOWN.get(codec, codec)


def check_encoding(file: SourceFile, encoding: str) -> str:
    """Python's codec for an encoding somebody wrote. Raises SourceFileError for an unknown one."""
    try:
        "".encode(encoding)  # refuses codecs that are not for text, such as base64
        name = codecs.lookup(encoding).name
    except (LookupError, ValueError, TypeError):
        raise file.error(
            f"the encoding {encoding[:40]!r} is not known",
            "set `encoding` to one such as utf-8, utf-16, windows-1252 or shift_jis",
        ) from None
    return "utf-8-sig" if name == "utf-8" else name


def scan_text(file: SourceFile, told: str | None, most: int | None = None) -> TextScan:
    """Decode the file once (or its first ``most`` bytes) and say how it is encoded.

    Raises SourceFileError, with the line, where it cannot be decoded.
    """
    with file.path.open("rb") as stream:
        head = stream.read(4096)
    guessed = False
    if told:
        codec = _with_mark(check_encoding(file, told), head)
    else:
        codec, guessed = _marked(file, head)
    failure, sha256, size = _decode_all(file, codec, most)
    if failure is not None and not told and codec == "utf-8":
        sample = _sample(file, most)
        if not _mostly_utf8(sample):
            codec, guessed = guess_encoding(sample), True
            failure, sha256, size = _decode_all(file, codec, most)
    if failure is not None:
        raise file.error(
            f"line {failure} cannot be read as {encoding_name(codec)}",
            "set `encoding` of this source to the encoding the file was written in"
            + ("" if told else ", or save it as UTF-8"),
        )
    return TextScan(codec, guessed, sha256, size)


def _with_mark(codec: str, head: bytes) -> str:
    """utf-16-le and the like keep a byte order mark as a character; the plain codec takes it off."""
    for mark, marked in _MARKS:
        if head.startswith(mark) and codec.startswith(marked) and codec != marked:
            return marked
    return codec


def _marked(file: SourceFile, head: bytes) -> tuple[str, bool]:
    for mark, codec in _MARKS:
        if head.startswith(mark):
            return codec, False
    nulls_odd, nulls_even = head[1::2].count(0), head[0::2].count(0)
    half = len(head) // 2
    if half and nulls_odd > half * 0.4 and nulls_even < half * 0.1:
        return "utf-16-le", True
    if half and nulls_even > half * 0.4 and nulls_odd < half * 0.1:
        return "utf-16-be", True
    controls = len(re.findall(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]", head))
    if controls > max(len(head), 40) * 0.1:
        raise file.error(
            "this is not a text file (it holds control bytes)",
            "give a CSV, XLSX, XPT, SAS7BDAT, ODM-XML or Dataset-JSON file",
        )
    return "utf-8", False


def _decode_all(file: SourceFile, codec: str, most: int | None) -> tuple[int | None, str, int]:
    """The line that fails (None: none does), the SHA-256 and the bytes seen."""
    digest, decoder = hashlib.sha256(), codecs.getincrementaldecoder(codec)("strict")
    size, line_start = 0, 0
    with file.path.open("rb") as stream:
        while block := stream.read(_BLOCK if most is None else min(_BLOCK, most - size)):
            digest.update(block)
            try:
                decoder.decode(block)
            except UnicodeDecodeError as error:
                # The error's object is what was left of the block before, and this block.
                kept = len(error.object) - len(block)
                return _line_of(file, size - kept + error.start), "", size
            except UnicodeError:  # UTF-16 or UTF-32 that was told, without its mark
                return 1, "", size
            end = max(block.rfind(b"\n"), block.rfind(b"\r"))
            line_start = size + end if end >= 0 else line_start
            size += len(block)
            if size - line_start > MAX_LINE_BYTES:
                raise file.error(
                    f"line {_line_of(file, line_start + 1)} is longer than {MAX_LINE_BYTES // 1024**2} MB",
                    "check that the file has line ends and is whole",
                )
    if most is None:
        try:
            decoder.decode(b"", final=True)
        except UnicodeError:
            return _line_of(file, size), "", size
    return None, digest.hexdigest(), size


def _line_of(file: SourceFile, position: int) -> int:
    """The line a byte of the file stands in."""
    lines, seen, last = 1, 0, b""
    with file.path.open("rb") as stream:
        while seen < position and (block := stream.read(min(_BLOCK, position - seen))):
            lines += block.count(b"\n") + block.count(b"\r") - block.count(b"\r\n")
            lines -= last == b"\r" and block.startswith(b"\n")
            seen, last = seen + len(block), block[-1:]
    return lines


def _sample(file: SourceFile, most: int | None) -> bytes:
    """The lines with other than ASCII, as far as it takes to tell an encoding."""
    sample, size, seen = [], 0, 0
    with file.path.open("rb") as stream:
        for line in stream:
            seen += len(line)
            if not line.isascii():
                sample.append(line[:4096])
                size += len(sample[-1])
            if size > _SAMPLE_BYTES or (most is not None and seen > most):
                break
    return b"".join(sample)


def _mostly_utf8(sample: bytes) -> bool:
    """UTF-8 with a few damaged bytes: to read it as anything else would spoil every letter."""
    high = sum(map(len, _HIGH_RUN.findall(sample)))
    valid = sample.decode("utf-8", "ignore").encode("utf-8")
    return sum(map(len, _HIGH_RUN.findall(valid))) >= 0.7 * high


def guess_encoding(sample: bytes) -> str:
    """The likeliest codec of bytes that are not UTF-8."""
    scores = {codec: score(sample) for codec, score in _SCORES.items()}
    best = max(scores.values())
    close = [codec for codec, score in scores.items() if score >= best - 0.05]
    if len(close) > 1 and "cp1252" not in close:
        from charset_normalizer import from_bytes

        ranked = [match.encoding for match in from_bytes(sample, cp_isolation=close)]
        close = [codec for codec in ranked if codec in close] or close
    return "cp1252" if "cp1252" in close else close[0]


def _pairs(sample: bytes, codec: str) -> list[bytes] | None:
    """The characters other than ASCII, each in its bytes; None where the sample does not decode."""
    try:
        text = sample.decode(codec)
    except UnicodeDecodeError:
        return None
    return [character.encode(codec) for character in text if not character.isascii()]


def _double_byte(codec: str, frequent: Callable[[bytes], float]) -> Callable[[bytes], float]:
    def score(sample: bytes) -> float:
        pairs = _pairs(sample, codec)
        return sum(map(frequent, pairs)) / len(pairs) if pairs else 0.0

    return score


def _lead(pair: bytes, ranges: Iterable[tuple[int, int]]) -> bool:
    return len(pair) == 2 and any(low <= pair[0] <= high for low, high in ranges)


def _shift_jis(pair: bytes) -> float:
    if len(pair) == 1:
        return 0.6  # half-width katakana, which any byte above A0 looks like
    return 1.0 if _lead(pair, [(0x81, 0x83), (0x88, 0x97)]) else 0.0


def _kana_or_level_one(pair: bytes) -> float:
    return 1.0 if _lead(pair, [(0xA1, 0xA1), (0xA4, 0xA5)]) else 0.8 * _lead(pair, [(0xB0, 0xCF)])


def _gb_level_one(pair: bytes) -> float:
    if _lead(pair, [(0xA4, 0xA5)]):
        return 0.0  # kana: Japanese
    return 0.95 if _lead(pair, [(0xA1, 0xA3), (0xB0, 0xD7)]) and pair[1] >= 0xA1 else 0.0


def _hangul(pair: bytes) -> float:
    return 1.0 if _lead(pair, [(0xA1, 0xA3), (0xB0, 0xC8)]) and pair[1] >= 0xA1 else 0.0


def _big5_level_one(pair: bytes) -> float:
    return 1.0 if _lead(pair, [(0xA1, 0xA3), (0xA4, 0xC6)]) else 0.0


_HIGH_RUN = re.compile(rb"[\x80-\xff]+")
_WESTERN = frozenset("àâäáãåæçéèêëíìîïñóòôöõøœúùûüýÿßÀÂÄÁÃÅÆÇÉÈÊËÍÌÎÏÑÓÒÔÖÕØŒÚÙÛÜÝŸ")
_CENTRAL = frozenset("ąćęłńóśźżĄĆĘŁŃÓŚŹŻáčďéěíňóřšťúůýžÁČĎÉĚÍŇÓŘŠŤÚŮÝŽäöüőűÖÜŐŰăâîșțşţß")
_SIGNS = frozenset("µ°±²³½¼¾·®™€©§«»‘’“”„–—…•×÷\u00a0´")


def _single_byte(codec: str, likely: Callable[[str], bool], runs: bool) -> Callable[[bytes], float]:
    """Share of likely characters; Western letters stand among ASCII ones, other scripts in runs."""

    def score(sample: bytes) -> float:
        high = sum(map(len, _HIGH_RUN.findall(sample)))
        try:
            text = sample.decode(codec)
        except UnicodeDecodeError:
            return 0.0
        if not high:
            return 0.0
        found = sum(1 for character in text if not character.isascii() and likely(character))
        lonely = sum(1 for run in _HIGH_RUN.findall(sample) if len(run) <= 2) / len(_HIGH_RUN.findall(sample))
        return found / high * ((1.0 - lonely) if runs else lonely)

    return score


def _western(sample: bytes) -> float:
    """Windows-1252: superscripts and the like inside words speak against it."""
    plain = _single_byte("cp1252", lambda one: one in _WESTERN or one in _SIGNS, runs=False)(sample)
    odd = len(re.findall(rb"[A-Za-z][\xb3\xb9\xbf\xb1\xbc\xbe](?=[A-Za-z])", sample))
    return plain - odd / max(1, sum(map(len, _HIGH_RUN.findall(sample))))


_SCORES: dict[str, Callable[[bytes], float]] = {
    "cp1252": _western,
    "cp1250": _single_byte("cp1250", lambda one: one in _CENTRAL, runs=False),
    "cp1251": _single_byte("cp1251", lambda one: "а" <= one <= "я" or "А" <= one <= "Я", runs=True),
    "cp1253": _single_byte("cp1253", lambda one: "Ά" <= one <= "ώ", runs=True),
    "cp932": _double_byte("cp932", _shift_jis),
    "euc_jp": _double_byte("euc_jp", _kana_or_level_one),
    "gb18030": _double_byte("gb18030", _gb_level_one),
    "cp949": _double_byte("cp949", _hangul),
    "big5": _double_byte("big5", _big5_level_one),
}
