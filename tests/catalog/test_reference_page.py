"""The reference page of the catalogue says what the catalogue holds."""

from __future__ import annotations

import re
from pathlib import Path

from stargate import catalog
from stargate.catalog.comparison import markdown
from stargate.catalog.facts import CONFIDENCES
from stargate.catalog.lists import SUBJECTS

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "catalog.md").read_text(encoding="utf-8")


def test_the_table_of_accelerators_is_current():
    """If not: put in what `stargate catalog --kind accelerator --markdown` prints."""
    found = re.search(r"<!-- accelerators -->\n(.*)<!-- /accelerators -->", PAGE, re.DOTALL)
    assert found is not None
    assert found[1] == markdown("accelerator")


def test_every_data_file_and_every_confidence_is_named():
    named = re.findall(r"`([\w.]+)`", PAGE)
    files = {f"{name}.csv" for name in (*SUBJECTS, *catalog.TABLES)}
    assert files <= set(named)
    assert set(CONFIDENCES) <= set(named)


def test_the_python_examples_run():
    code = re.search(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert code is not None
    exec(code[1], {})
