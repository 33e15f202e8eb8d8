"""A simulation on a terminal: the answer in words, then its tables."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from stargate.fleet.result import FleetResult
from stargate.view.fleet_words import (
    JOB_COLUMNS,
    POOL_COLUMNS,
    SERVICE_COLUMNS,
    SITE_COLUMNS,
    TENANT_COLUMNS,
    answers,
    basis,
    job_rows,
    pool_row,
    service_rows,
    site_rows,
    tenant_rows,
)
from stargate.view.terminal import console

_REFUSED_SHOWN = 5


def print_fleet(result: FleetResult, out: Console | None = None) -> None:
    """The verdict first, then sites, pools, tenants, the largest jobs and the services."""
    (out or console()).print(fleet_summary(result))


def fleet_summary(result: FleetResult) -> Group:
    """Everything that is printed."""
    pools = [pool_row(pool, result.span_s) for pool in result.pools]
    parts: list[RenderableType] = [Text(sentence) for sentence in answers(result)]
    for columns, rows in (
        (SITE_COLUMNS, site_rows(result)),
        (POOL_COLUMNS, pools),
        (TENANT_COLUMNS, tenant_rows(result)),
        (JOB_COLUMNS, job_rows(result)),
        (SERVICE_COLUMNS, service_rows(result)),
    ):
        if rows:
            parts += [Text(""), _table(columns, rows)]
    for name, why in list(result.refused.items())[:_REFUSED_SHOWN]:
        parts.append(Text(f"refused: {name}: {why}"))
    return Group(*parts, Text(""), Text(basis(result)))


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for i, column in enumerate(columns):
        table.add_column(column, justify="right" if i else "left", overflow="fold")
    for row in rows:
        table.add_row(*row)
    return table
