"""What the catalogue's tests share: every fact, and the folder of third-party data."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from stargate.catalog.facts import Fact
from stargate.catalog.index import KINDS, items

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def all_facts() -> list[Fact]:
    return [fact for kind in KINDS for item in items(kind).values() for fact in item.facts]


@pytest.fixture(scope="session")
def shared_data() -> Path:
    folder = Path(os.environ.get("STARGATE_DATA", REPOSITORY.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("the shared data is not here; STARGATE_DATA names its folder")
    return folder
