"""An evaluation as one page of HTML: no network, no script, the same bytes for the same evaluation.

The page holds counts only; verbatims stand in it when a listing of them is handed over.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape

import pandas as pd

from coding import TOOL_VERSION
from coding.evaluation.agreement import ALL, Agreement
from coding.evaluation.calibration import Calibration
from coding.evaluation.coverage import Coverage, Reach, precision_curve
from coding.evaluation.held_out import MEASURED
from coding.evaluation.judging import NO_CANDIDATE
from coding.evaluation.measures import Evaluation
from coding.evaluation.page_style import STYLE
from coding.evaluation.plots import precision_plot, reliability_plot
from coding.evaluation.sentences import (
    how_measured,
    lead_sentences,
    left_out,
    limits,
    not_measured,
    percent,
)

#: Columns of the listing of disagreements that a page shows.
_SHOWN = {
    "verbatim": "Verbatim", "answer_preferred": "People", "said_preferred": "First suggestion",
    "method": "Method", "confidence": "Confidence", "reason": "Reason",
}  # fmt: skip


def evaluation_page(evaluation: Evaluation, listings: Mapping[str, pd.DataFrame] | None = None) -> str:
    """The page. ``listings``: title → disagreements (DISAGREEMENT_COLUMNS) to show with verbatims."""
    title = f"How far the suggestions can be trusted: {evaluation.subject}"
    rows = int(evaluation.judged["rows"].sum())
    about = f"{evaluation.release.label} · {len(evaluation.judged):,} decided verbatims, {rows:,} rows"
    body = [
        f"<h1>{escape(title)}</h1>",
        f'<p class="about">{escape(about)}</p>',
        f'<div class="lead">{_paragraphs(lead_sentences(evaluation))}</div>',
    ]
    if len(evaluation.judged):
        body += [_agreement(evaluation), _coverage(evaluation), _reliability(evaluation)]
    body += [_listing(name, frame) for name, frame in (listings or {}).items() if len(frame)]
    body += [_left_out(evaluation)]
    body += [_section("How this was measured", _list(how_measured(evaluation)))]
    body += [_section("What is not measured", _list(not_measured(evaluation)))]
    return _document(title, "\n".join(part for part in body if part), evaluation)


def _document(title: str, body: str, evaluation: Evaluation) -> str:
    footer = (
        f"Measured with trialcoder {TOOL_VERSION} on {evaluation.release.identity}. "
        f"Decided cases: sha256 {evaluation.cases.fingerprint[:16]}."
    )
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n{body}\n</main>\n"
        f"<footer><p>{escape(footer)}</p></footer>\n</body>\n</html>\n"
    )


def _agreement(evaluation: Evaluation) -> str:
    names = evaluation.level_names
    head = ("Level", "Verbatims", "First", "95 % interval", "Among five", "95 % interval", "Rows, first")
    parts = [_table("All decided verbatims", head, _agreement_rows(evaluation.agreement(), names, ""))]
    for by, title in (("method", "Method of the first suggestion"), ("domain", "Domain")):
        found = [item for item in evaluation.agreement(by) if item.level == "preferred"]
        if by == "method" or len(found) > 1:
            caption = f"By {by}, at the {names['preferred']}"
            parts.append(_table(caption, (title, *head[1:]), _agreement_rows(found, names, by)))
    intro = (
        "How often the first suggestion, or one of the first five, is what people decided. Rows count how "
        "often a verbatim occurs in the data."
    )
    return _section("Agreement with people", f"<p>{_text(intro)}</p>\n" + "\n".join(parts))


def _agreement_rows(found: Iterable[Agreement], names: Mapping[str, str], by: str) -> list[list[str]]:
    return [
        [
            _words(item.group) if by else names[item.level],
            f"{item.first.cases:,}",
            percent(item.first.share),
            limits(item.first),
            percent(item.among_first.share),
            limits(item.among_first),
            f"{percent(item.rows_share)} of {item.rows:,}",
        ]
        for item in found
    ]


def _coverage(evaluation: Evaluation) -> str:
    found = evaluation.coverage()
    title = "What could be coded without a person"
    if not found:
        return _section(title, "<p>Not measured: there are too few decided verbatims for a confidence.</p>")
    head = ("Agreement", "As counted", "Right", "From confidence", "Proven", "Right", "Bound", "Rows, proven")
    intro = (
        "The verbatims are taken from the most confident down. As counted: the largest share that keeps the "
        "agreement on these cases, which may be luck. Proven: the share for which it holds with 95 % "
        "confidence; the bound is what the count proves at least."
    )
    parts = [
        f"<p>{_text(intro)}</p>",
        _table("All decided verbatims", head, [_coverage_row(item) for item in found[ALL]]),
        _missing(found[ALL]),
    ]
    measured = evaluation.measured
    curve = precision_curve(measured["confidence"], measured[MEASURED])
    caption = "Agreement among the most confident verbatims; dashed: 95, 98 and 99 %."
    parts.append(_figure(precision_plot(curve), caption))
    for by in ("method", "domain"):
        groups = {name: items for name, items in evaluation.coverage(by).items() if name != NO_CANDIDATE}
        if len(groups) > 1:
            parts.append(_coverage_by(by, groups))
    return _section(title, "\n".join(part for part in parts if part))


def _coverage_by(by: str, groups: Mapping[str, Sequence[Coverage]]) -> str:
    precisions = [percent(item.precision) for item in next(iter(groups.values()))]
    head = [by.capitalize(), "Verbatims"]
    for precision in precisions:
        head += [f"≥ {precision}, counted", "proven"]
    rows = [
        [_words(name), f"{items[0].cases:,}", *(cell for item in items for cell in _shares(item))]
        for name, items in groups.items()
    ]
    return _table(f"By {by}: share of its verbatims", head, rows)


def _shares(item: Coverage) -> tuple[str, str]:
    return (
        percent(item.counted.share) if item.counted.cases else "none",
        percent(item.proven.share) if item.proven.cases else "none yet",
    )


def _coverage_row(item: Coverage) -> list[str]:
    counted, proven = item.counted, item.proven
    return [
        f"≥ {percent(item.precision)}",
        _shares(item)[0],
        _right(counted),
        _threshold(counted),
        _shares(item)[1],
        _right(proven),
        f"{100 * proven.lower:.1f} %" if proven.lower is not None else "–",
        percent(proven.rows_share) if proven.cases else "–",
    ]


def _right(reach: Reach) -> str:
    return f"{reach.agreed:,} of {reach.cases:,}" if reach.cases else "–"


def _threshold(reach: Reach) -> str:
    return f"{reach.threshold:.4f}" if reach.threshold is not None else "–"


def _missing(found: Sequence[Coverage]) -> str:
    said = [
        f"For {percent(item.precision)} at least {item.missing:,} further cases without an error are "
        f"missing: {item.needed:,} are needed, and the first error comes after {item.without_error:,}."
        for item in found
        if item.missing
    ]
    return _list(said) if said else ""


def _reliability(evaluation: Evaluation) -> str:
    found = evaluation.calibration()
    if found is None:
        return ""
    intro = (
        f"Brier score {found.brier:.4f} (saying the overall rate every time would give "
        f"{found.brier_of_rate:.4f}; 0 is best). Confidence and agreement lie {percent(found.error)} apart "
        f"on average (expected calibration error over {len(found.bins)} groups of about equal size)."
    )
    return _section(
        "Does a confidence mean what it says?",
        f"<p>{_text(intro)}</p>\n"
        + _figure(reliability_plot(found), "A point on the dashed line is right as often as it says.")
        + _bins(found),
    )


def _bins(found: Calibration) -> str:
    head = ("Confidence from", "to", "on average", "Verbatims", "Agreed", "95 % interval")
    rows = [
        [
            f"{item.lowest:.4f}",
            f"{item.highest:.4f}",
            f"{item.confidence:.4f}",
            f"{item.observed.cases:,}",
            percent(item.observed.share),
            limits(item.observed),
        ]
        for item in found.bins
    ]
    return _table("Reliability", head, rows)


def _listing(title: str, frame: pd.DataFrame) -> str:
    columns = [frame[name].to_list() for name in _SHOWN]
    rows = [list(row) for row in zip(*columns, strict=True)]
    return _section(title, _table(f"{len(rows):,} verbatims", tuple(_SHOWN.values()), rows, numbers=False))


def _left_out(evaluation: Evaluation) -> str:
    found = left_out(evaluation)
    if found.empty:
        return ""
    rows = [[what, f"{count:,}"] for what, count in zip(found["what"], found["count"], strict=True)]
    return _section("Answers that were left out, or need a look", _table("", ("What", "Count"), rows))


def _words(name: str) -> str:
    return name.replace("_", " ") or "not given"


def _text(text: str) -> str:
    """Escaped, with a number and its % kept on one line."""
    return escape(text).replace(" %", "&nbsp;%")


def _section(title: str, body: str) -> str:
    return f"<section>\n<h2>{escape(title)}</h2>\n{body}\n</section>"


def _paragraphs(sentences: Iterable[str]) -> str:
    return "".join(f"<p>{_text(text)}</p>" for text in sentences)


def _list(items: Iterable[str]) -> str:
    return "<ul>\n" + "\n".join(f"<li>{_text(text)}</li>" for text in items) + "\n</ul>"


def _figure(svg: str, caption: str) -> str:
    return f"<figure>\n{svg}\n<figcaption>{_text(caption)}</figcaption>\n</figure>\n"


def _table(caption: str, head: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: bool = True) -> str:
    """A table whose first column names the row; the others are numbers unless told otherwise."""
    kind = ' class="number"' if numbers else ""
    first, *others = head
    lines = [
        f'<div class="scroll{" whole" if numbers else ""}"><table>',
        f"<caption>{_text(caption)}</caption>" if caption else "",
        f'<thead><tr><th scope="col">{_text(first)}</th>'
        + "".join(f'<th scope="col"{kind}>{_text(name)}</th>' for name in others)
        + "</tr></thead>",
        "<tbody>",
    ]
    for name, *cells in rows:
        told = "".join(f"<td{kind}>{_text(cell)}</td>" for cell in cells)
        lines.append(f'<tr><th scope="row">{_text(name)}</th>{told}</tr>')
    return "\n".join([*filter(None, lines), "</tbody>", "</table></div>"])
