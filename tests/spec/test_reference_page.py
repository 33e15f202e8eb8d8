"""The page on specifications says what the code does. Run as a script to write its table anew."""

from __future__ import annotations

import re
from pathlib import Path

from stargate.spec.document import Document
from stargate.units import KINDS, Kind

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "specification.md"
HEAD = "| kind | written like | units |\n|---|---|---|\n"
TABLE = re.compile(r"<!-- units -->\n(.*?)<!-- /units -->\n", re.DOTALL)


def row(kind: Kind) -> str:
    """A kind and its units; of money per something only the dollar is listed, of many only 30."""
    units = [unit for unit in kind.units if not re.match(r"\$[kMBT]|[kMBT]?USD", unit)]
    listed = " ".join(f"`{unit}`" for unit in units[:30]) + (" …" if len(units) > 30 else "")
    return f"| {kind.name} | `{kind.example}` | {listed} |\n"


def test_the_page_lists_every_kind_with_its_units() -> None:
    found = TABLE.search(PAGE.read_text())
    assert found is not None
    assert found[1] == HEAD + "".join(row(kind) for kind in KINDS)


def test_the_page_lists_every_key_of_the_top_level() -> None:
    page = PAGE.read_text()
    assert [key for key in Document.model_fields if f"| `{key}` |" not in page] == []


if __name__ == "__main__":
    table = HEAD + "".join(row(kind) for kind in KINDS)
    PAGE.write_text(
        TABLE.sub(f"<!-- units -->\n{table}<!-- /units -->\n", PAGE.read_text(), count=1)
    )
