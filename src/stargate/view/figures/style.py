"""What all charts share: the `Chart` itself, its colours, type and axes.

Colours are Okabe and Ito's (jfly.uni-koeln.de/color, 2008), told apart by the colour-blind and,
because lines also differ in dash and marks in shape, on a grey print. Text, grid and background
are left to the page's style sheet, so that one chart serves light, dark and paper.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Days = NDArray[np.datetime64]

BLUE = "#0072B2"
ORANGE = "#E69F00"
GREEN = "#009E73"
VERMILLION = "#D55E00"
SKY = "#56B4E9"
PURPLE = "#CC79A7"
GREY = "#7F8A94"

SERIES = (BLUE, VERMILLION, GREEN, ORANGE, PURPLE, SKY, GREY)
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot", "solid")
PATTERNS = ("", "/", "x", "-", "\\", ".", "+", "|")
FONT = "Inter, system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
TEXT_SIZE = 12


@dataclass(frozen=True, slots=True)
class Chart:
    """A figure and the words that stand with it.

    `caption` says what is shown and how to read it, `basis` where its numbers come from, `alt`
    tells the same to someone who cannot see it. `columns` and `rows` are the plotted numbers as
    a table, for who wants to read them or has no JavaScript. Below `min_width_px` it scrolls.
    """

    id: str
    title: str
    caption: str
    basis: str
    alt: str
    figure: go.Figure
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    min_width_px: int = 280


def new_figure(height_px: int = 340, *, legend: bool = False) -> go.Figure:
    """An empty figure in the house's type and margins; the page's style sheet colours it."""
    return go.Figure(
        layout={
            "template": go.layout.Template(),
            "height": height_px,
            "autosize": True,
            "margin": {"l": 56, "r": 20, "t": 40 if legend else 16, "b": 48},
            "font": {"family": FONT, "size": TEXT_SIZE},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "colorway": SERIES,
            "showlegend": legend,
            "legend": {
                "orientation": "h",
                "x": 0,
                "y": 1.02,
                "yanchor": "bottom",
                "xanchor": "left",
                "bgcolor": "rgba(0,0,0,0)",
                "traceorder": "normal",
            },
            "hoverlabel": {"bgcolor": "#1B2127", "bordercolor": "#1B2127", "font_color": "#FFFFFF"},
            "modebar": {"bgcolor": "rgba(0,0,0,0)", "color": GREY, "activecolor": BLUE},
            "dragmode": "zoom",
        }
    )


_AXIS = {
    "showgrid": True,
    "gridwidth": 1,
    "zeroline": False,
    "ticks": "outside",
    "ticklen": 5,
    "tickcolor": "rgba(0,0,0,0)",
    "automargin": True,
    "title_standoff": 12,
}


def number_axis(title: str, **settings: object) -> dict[str, object]:
    """An axis of numbers; `title` states what is measured and its unit."""
    return {**_AXIS, "title_text": title, "separatethousands": True, **settings}


def percent_axis(title: str, **settings: object) -> dict[str, object]:
    """An axis of probabilities in percent, from 0 to 100."""
    return {**number_axis(title), "range": [-2, 103], "dtick": 20, "tick0": 0, **settings}


def date_axis(title: str = "Date", **settings: object) -> dict[str, object]:
    """An axis of calendar dates, labelled by year, or by month when zoomed in."""
    return {
        **_AXIS,
        "title_text": title,
        "type": "date",
        "tickformatstops": [
            {"dtickrange": [None, "M6"], "value": "%b\n%Y"},
            {"dtickrange": ["M12", None], "value": "%Y"},
        ],
        "hoverformat": "%b %Y",
        **settings,
    }


def category_axis(labels: Sequence[str]) -> dict[str, object]:
    """An axis of names, read from the top down, without grid."""
    return {
        **_AXIS,
        "type": "category",
        "categoryorder": "array",
        "categoryarray": list(labels)[::-1],
        "showgrid": False,
    }


def iso(day: np.datetime64) -> str:
    """A day as plotly wants it: `2028-12-31`."""
    return str(day.astype("datetime64[D]"))


def tinted(colour: str, opacity: float) -> str:
    """`#0072B2` at 20 % as `rgba(0,114,178,0.2)`; for bands that overlap."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity:g})"


def overlay(shape: str) -> dict[str, object]:
    """Hatching drawn thinly over a bar's own colour, for a print without colours."""
    return {
        "shape": shape,
        "fillmode": "overlay",
        "fgcolor": "#FFFFFF",
        "fgopacity": 0.75,
        "size": 7,
        "solidity": 0.22,
    }


def note(x: object, y: object, text: str, **settings: object) -> dict[str, object]:
    """A word written straight onto the chart, without an arrow."""
    return {
        "x": x,
        "y": y,
        "text": text,
        "showarrow": False,
        "font_size": TEXT_SIZE - 1,
        **settings,
    }
