from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import pytest
from pydantic import BaseModel

from stargate.spec.base import Quantity, SpecModel
from stargate.spec.outline import document_schema
from stargate.spec.tree import plain
from stargate.spec.yaml_reader import read_yaml

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "examples").glob("*.yaml"))
BASE = Path(__file__).parent / "bad" / "base.yaml"


def models() -> Iterator[type[BaseModel]]:
    waiting: list[type[BaseModel]] = [SpecModel]
    while waiting:
        model = waiting.pop()
        waiting += model.__subclasses__()
        yield model


def test_the_committed_schema_is_current() -> None:
    committed = json.loads((ROOT / "stargate.schema.json").read_text())
    assert committed == document_schema(), "run `make schema`"


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(document_schema())


@pytest.mark.parametrize("path", [*EXAMPLES, BASE], ids=lambda path: path.name)
def test_a_sound_file_fits_the_schema(path: Path) -> None:
    content = plain(read_yaml(path.read_bytes(), str(path)))
    jsonschema.Draft202012Validator(document_schema()).validate(content)


def test_an_unsound_file_does_not_fit() -> None:
    validator = jsonschema.Draft202012Validator(document_schema())
    assert not validator.is_valid({"stargate": 1, "nmae": "x"})
    assert not validator.is_valid({"stargate": 1, "network": {"sites": [{"id": "a", "pue": "x"}]}})


def test_only_quantities_lose_the_end_of_their_name() -> None:
    for model in models():
        for name, field in model.model_fields.items():
            if field.alias != name:
                assert "Quantity" in f"{field.annotation}{field.metadata}", f"{model}.{name}"


def test_every_quantity_says_how_it_is_written() -> None:
    text = json.dumps(document_schema())
    assert "such as 1.2 GW" in text
    assert Quantity.__name__ not in json.loads(text)["properties"]


def test_no_two_fields_of_a_model_share_a_name_in_the_file() -> None:
    for model in models():
        names = [field.alias or name for name, field in model.model_fields.items()]
        assert len(set(names)) == len(names), model
