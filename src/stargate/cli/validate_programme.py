"""`stargate validate programme`: hindcast of site timelines, and totals that others published."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stargate.cli.outputs import json_option
from stargate.errors import Problem, SpecError

if TYPE_CHECKING:
    from stargate.programme.hindcast import Hindcast, TruthKind
    from stargate.programme.timelines import Vintage

DAY = click.DateTime(formats=["%Y-%m-%d"])
CSV_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("programme")
@click.option("--timelines", type=CSV_FILE, help="Timelines as known at --as-of, CSV.")
@click.option("--as-of", type=DAY, help="Forecast with what was known on this day.")
@click.option("--truth", type=CSV_FILE, help="Timelines of a later vintage, CSV.")
@click.option("--truth-as-of", type=DAY, help="The day of --truth, if its rows have no vintage.")
@click.option(
    "--truth-kind",
    type=click.Choice(["observed", "latest"]),
    default="observed",
    help="observed: days in the past of the later vintage, the rest is later than its date. "
    "latest: its days, past or expected.",
)
@click.option("--totals", is_flag=True, help="Only the published totals, in a table.")
@json_option
def command(
    timelines: Path | None,
    as_of: datetime | None,
    truth: Path | None,
    truth_as_of: datetime | None,
    truth_kind: TruthKind,
    totals: bool,
    as_json: bool,
) -> None:
    """Forecast past milestones of sites with what was known then, and score the forecasts.

    Without options: every ordered pair of the catalogue's three vintages, and the published
    totals. A CSV has the columns vintage, site, date and mw_facility. Data: Epoch AI, Frontier
    Data Centers (CC BY 4.0).
    """
    from stargate.cli import validate_programme_text as text

    given = [option for option in (timelines, as_of, truth) if option is not None]
    if given and len(given) < 3:
        raise click.UsageError("--timelines, --as-of and --truth go together")
    answer: dict[str, object] = {"schema_version": 1, "suite": "programme"}
    if not totals:
        if timelines is None or as_of is None or truth is None:
            answer |= _scored(*_open_pairs(), truth_kind)
        else:
            answer |= _scored(*_given_pair(timelines, as_of.date(), truth, truth_as_of), truth_kind)
    if totals or not given:
        answer["totals"], answer["flagged"] = _totals()
    click.echo(json.dumps(answer, indent=2) if as_json else text.page(answer))


Judged = tuple[Sequence["Hindcast"], dict[str, list[str]]]


def _open_pairs() -> Judged:
    """Every ordered pair of the catalogue's vintages."""
    from stargate.programme.hindcast import hindcast_all
    from stargate.programme.timelines import catalogued_vintages

    return hindcast_all(catalogued_vintages()), {}


def _given_pair(timelines: Path, as_of: date, truth: Path, truth_as_of: datetime | None) -> Judged:
    """The vintage of `as_of`, forecast with all that was known then, judged by the latest truth."""
    from stargate.programme.hindcast import hindcast, unmatched_sites
    from stargate.programme.timeline_files import read_vintages
    from stargate.programme.timelines import catalogued_vintages

    own = {v.as_of: v for v in read_vintages(timelines, as_of)}
    known = {v.as_of: v for v in catalogued_vintages()} | own
    vintage = _vintage_at(own, as_of, timelines)
    undated = truth_as_of.date() if truth_as_of else None
    later = max(read_vintages(truth, undated), key=lambda v: v.as_of)
    if later.as_of <= vintage.as_of:
        text = f"its latest vintage, {later.as_of}, is not after the forecast's, {vintage.as_of}"
        raise SpecError([Problem(text, file=str(truth), mend="give a later vintage as the truth")])
    usable = [v for day, v in known.items() if day <= vintage.as_of]
    sites = {
        "sites_not_followed": list(unmatched_sites(vintage, later)),
        "sites_new": list(unmatched_sites(later, vintage)),
    }
    return hindcast(usable, later), sites


def _vintage_at(own: dict[date, Vintage], as_of: date, file: Path) -> Vintage:
    """The last vintage of a file up to a day."""
    days = [day for day in own if day <= as_of]
    if not days:
        text = f"has no vintage up to {as_of}; it has {', '.join(map(str, sorted(own)))}"
        raise SpecError([Problem(text, file=str(file), mend="give --as-of one of these")])
    return own[max(days)]


def _scored(
    judged: Sequence[Hindcast], sites: dict[str, list[str]], kind: TruthKind
) -> dict[str, object]:
    from stargate.programme.hindcast import TRUTH_KINDS, score

    scores = {name: score(judged, name) for name in TRUTH_KINDS}
    if scores[kind] is None:
        raise SpecError([Problem("no milestone fell due between the two vintages")])
    plain = {name: None if s is None else asdict(s) for name, s in scores.items()}
    pairs = sorted({(h.as_of, h.judged_at) for h in judged})
    return {
        "truth_kind": kind,
        **(plain[kind] or {}),
        "by_truth_kind": plain,
        "by_pair": [_pair(judged, *days, kind) for days in pairs],
        **sites,
        "milestones": [_milestone(h) for h in judged],
    }


def _pair(
    judged: Sequence[Hindcast], as_of: date, judged_at: date, kind: TruthKind
) -> dict[str, object]:
    from stargate.programme.hindcast import score

    own = [h for h in judged if (h.as_of, h.judged_at) == (as_of, judged_at)]
    found = score(own, kind)
    days = {"as_of": str(as_of), "truth": str(judged_at), "n_expected": len(own)}
    return {**days, **({"n": 0} if found is None else asdict(found))}


def _milestone(h: Hindcast) -> dict[str, object]:
    return {
        "site": h.site,
        "facility_mw": h.power_w / 1e6,
        "as_of": str(h.as_of),
        "truth": str(h.judged_at),
        "expected": str(h.expected),
        **{f"p{round(100 * p)}": str(h.quantile_day(p)) for p in (0.1, 0.5, 0.8, 0.9)},
        "standing": h.standing,
        "day": None if h.day is None else str(h.day),
        "scored": h.fell_due,
    }


def _totals() -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    from stargate.programme.published_totals import flagged, totals

    found: list[dict[str, object]] = [
        {**asdict(total), "error": total.error, "ok": total.ok} for total in totals()
    ]
    wrong: list[dict[str, object]] = [{**asdict(flag)} for flag in flagged()]
    return found, wrong
