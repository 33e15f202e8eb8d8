"""Write tables as Parquet, with pyarrow: an extra that is asked for when it is missing."""

from __future__ import annotations

from pathlib import Path

from stargate.errors import StargateError
from stargate.programme.interchange.tables import Table


def write_parquet(table: Table, path: Path) -> None:
    """One table as one file; empty cells are null."""
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError:
        message = "Parquet needs pyarrow; install stargate-twin[parquet], or write CSV"
        raise StargateError(message) from None
    columns = {name: list(cells) for name, cells in table.columns.items()}
    parquet.write_table(pa.table(columns), path)
