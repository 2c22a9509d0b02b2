"""The style of an evaluation's page: light and dark by the reader's setting, always light on paper."""

from __future__ import annotations

STYLE = """\
:root {
  color-scheme: light dark;
  --font: system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", Arial, sans-serif;
  --paper: #ffffff; --ink: #1b2733; --soft: #556575; --line: #d5dde5; --tint: #f3f6f9;
  --accent: #0b6aa8; --second: #a8500b;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #12181f; --ink: #e6ecf2; --soft: #a3b1bf; --line: #33404d; --tint: #1b242d;
    --accent: #6bb8ee; --second: #f0a567;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; max-width: 60rem; padding: 1.5rem 1.25rem 4rem; background: var(--paper);
  color: var(--ink); font: 1rem/1.5 var(--font);
}
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0.5rem 0 0.25rem; }
h2 { font-size: 1.2rem; margin: 2.25rem 0 0.5rem; padding-top: 0.75rem; border-top: 1px solid var(--line); }
h3 { font-size: 1rem; margin: 1.5rem 0 0.25rem; }
p, ul { margin: 0.5rem 0; max-width: 46rem; }
.about { color: var(--soft); margin: 0 0 1.25rem; }
.lead { background: var(--tint); border-left: 4px solid var(--accent); padding: 0.75rem 1.1rem; }
.lead p { font-size: 1.08rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; margin: 0.5rem 0 1rem; font-size: 0.93rem; }
caption { text-align: left; color: var(--soft); padding: 0.25rem 0; }
th, td { padding: 0.35rem 0.9rem 0.35rem 0; text-align: left; vertical-align: top; }
thead th { border-bottom: 2px solid var(--line); font-weight: 600; vertical-align: bottom; }
tbody tr { border-bottom: 1px solid var(--line); }
tbody th { font-weight: 400; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.soft { color: var(--soft); }
figure { margin: 1rem 0; max-width: 36rem; }
figure svg { width: 100%; height: auto; display: block; }
figcaption { color: var(--soft); font-size: 0.93rem; }
footer { margin-top: 2.5rem; border-top: 1px solid var(--line); color: var(--soft); font-size: 0.9rem; }
@page { size: A4; margin: 16mm 15mm; }
@media print {
  :root {
    color-scheme: light; --paper: #fff; --ink: #000; --soft: #444; --line: #bbb; --tint: #f3f6f9;
    --accent: #0b6aa8; --second: #a8500b;
  }
  body { max-width: none; padding: 0; font-size: 9.5pt; }
  table { font-size: 8.5pt; }
  th, td { padding-block: 0.22rem; }
  h2 { margin-top: 1.25rem; }
  h2 { break-after: avoid; }
  .lead, figure, tr, .whole { break-inside: avoid; }
  .lead { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  figure { max-width: 10.5cm; margin: 0.5rem 0; }
  figcaption { font-size: 9pt; }
  .scroll { overflow: visible; }
}
"""
