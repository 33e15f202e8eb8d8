"""The one-file HTML page: its parts as small functions, and the page that holds them.

Everything that a page needs stands inside it, plotly's script once; the page's own policy
(Content-Security-Policy) forbids any request. All text passes through `html.escape`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from string import Template

import stargate
from stargate.view.figures.style import Chart

_LONG_TABLE_ROWS = 16
_STRATEGY_COMMA = re.compile(r"(?<=\w),(?=\w+=)")


@dataclass(frozen=True, slots=True)
class Markup:
    """Text that is HTML already and is not to be escaped again."""

    html: str


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: its heading (with unit) and whether it holds numbers."""

    heading: str
    number: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the page with a heading, reachable from the list at its top."""

    id: str
    title: str
    parts: Sequence[Markup]


Cell = str | Markup


def text(words: Cell) -> str:
    """HTML of a plain text (escaped) or of markup (as it is); `tp=8,pp=4` may break at commas."""
    return words.html if isinstance(words, Markup) else _STRATEGY_COMMA.sub(",<wbr>", escape(words))


def paragraph(words: Cell) -> Markup:
    """One paragraph."""
    return Markup(f"<p>{text(words)}</p>")


def heading(words: str) -> Markup:
    """A heading inside a section."""
    return Markup(f"<h3>{escape(words)}</h3>")


def lead(sentences: Iterable[str]) -> Markup:
    """The answer, in larger type."""
    return Markup('<div class="answer">' + "".join(paragraph(s).html for s in sentences) + "</div>")


def answered(entries: Iterable[tuple[str, str]]) -> Markup:
    """What is asked on the left, the answer beside it; the first one largest."""
    rows = "\n".join(
        f"<div><dt>{escape(asked)}</dt><dd>{text(told)}</dd></div>" for asked, told in entries
    )
    return Markup(f'<dl class="answers">\n{rows}\n</dl>')


def bullets(lines: Iterable[str]) -> Markup:
    """A plain list."""
    return Markup("<ul>" + "".join(f"<li>{escape(line)}</li>" for line in lines) + "</ul>")


def command(line: str) -> Markup:
    """A command to type."""
    return Markup(f"<pre><code>{escape(line)}</code></pre>")


def link(address: str, words: str) -> Markup:
    """A link, only where the address is a web address; otherwise the words alone."""
    if address.startswith(("https://", "http://", "#")):
        return Markup(f'<a href="{escape(address)}">{escape(words)}</a>')
    return Markup(escape(words))


def tag(kind: str) -> Markup:
    """A small label such as `assumed`."""
    return Markup(f'<span class="tag {escape(kind)}">{escape(kind)}</span>')


def table(columns: Sequence[Column], rows: Iterable[Sequence[Cell]], caption: str = "") -> Markup:
    """A table with a head that repeats on each printed page; the first column names the row."""
    head = "".join(
        f'<th scope="col"{_class(column)}>{escape(column.heading)}</th>' for column in columns
    )
    lines = [_row(columns, row) for row in rows]
    body = "\n".join(lines)
    kind = "table long" if len(lines) > _LONG_TABLE_ROWS else "table"
    title = f'<p class="caption">{escape(caption)}</p>' if caption else ""
    label = f' aria-label="{escape(caption)}"' if caption else ""
    return Markup(
        f'<div class="{kind}">{title}<div class="scroll"><table{label}>'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody></table></div></div>"
    )


def _class(column: Column) -> str:
    return ' class="number"' if column.number else ""


def _row(columns: Sequence[Column], row: Sequence[Cell]) -> str:
    first = f'<th scope="row">{text(row[0])}</th>'
    rest = "".join(
        f"<td{_class(column)}>{text(cell)}</td>"
        for column, cell in zip(columns[1:], row[1:], strict=True)
    )
    return f"<tr>{first}{rest}</tr>"


def key_figures(entries: Iterable[tuple[str, str, str]]) -> Markup:
    """Large numbers: what it is, the number, and a remark under it."""
    items = "\n".join(
        f"<div><dt>{escape(name)}</dt><dd>{escape(number)}<small>{escape(remark)}</small></dd></div>"
        for name, number, remark in entries
    )
    return Markup(f'<dl class="figures">\n{items}\n</dl>')


def chart_markup(chart: Chart) -> Markup:
    """A chart with heading, caption, basis, its numbers as a table, and words without script."""
    name = f"chart-{escape(chart.id)}"
    size = f"min-height:{chart.figure.layout['height']}px;min-width:{chart.min_width_px}px"
    return Markup(
        f'<figure class="with-margin"><h3>{escape(chart.title)}</h3>\n'
        f'<div class="scroll"><div class="chart" id="{name}" role="img" '
        f'aria-label="{escape(chart.alt)}" style="{size}"></div>\n'
        f"<noscript><p>{escape(chart.alt)}</p></noscript></div>\n"
        f"<figcaption><p>{escape(chart.caption)}</p>"
        f'<p class="basis">{escape(chart.basis)}</p></figcaption>\n'
        f"{_numbers(chart)}"
        f'<script type="application/json" id="{name}-data">{_figure_json(chart)}</script>\n'
        "</figure>"
    )


def _numbers(chart: Chart) -> str:
    if not chart.rows:
        return ""
    columns = [Column(name, number=i > 0) for i, name in enumerate(chart.columns)]
    return f"<details><summary>The numbers</summary>{table(columns, chart.rows).html}</details>\n"


def _figure_json(chart: Chart) -> str:
    """The figure as JSON that cannot end the script element it stands in."""
    figure = json.loads(chart.figure.to_json())
    return json.dumps(figure, separators=(",", ":")).replace("<", "\\u003c")


def page(
    title: str, *, kicker: str, opening: Sequence[Markup], sections: Sequence[Section], footer: str
) -> str:
    """The whole page as one text."""
    from plotly.offline import get_plotlyjs

    contents = "".join(link(f"#{section.id}", section.title).html for section in sections)
    header = (
        f'<p class="kicker">{escape(kicker)}</p>\n<h1>{escape(title)}</h1>\n'
        + "\n".join(part.html for part in opening)
        + f'\n<nav aria-label="Contents">{contents}</nav>'
    )
    return Template(_resource("page.html")).substitute(
        generator=f"stargate {stargate.__version__}",
        title=escape(title),
        style=_resource("page.css"),
        header=header,
        main="\n".join(_section_markup(section) for section in sections),
        footer=escape(footer),
        scripts=f"<script>{get_plotlyjs()}</script>\n<script>{_resource('page.js')}</script>",
    )


def _section_markup(section: Section) -> str:
    parts = "\n".join(part.html for part in section.parts)
    return f'<section id="{section.id}"><h2>{escape(section.title)}</h2>\n{parts}\n</section>'


def _resource(name: str) -> str:
    return files("stargate.view").joinpath(name).read_text(encoding="utf-8")
