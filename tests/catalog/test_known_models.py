"""The models of the catalogue have the number of parameters that they are published with."""

from __future__ import annotations

import csv
import math
from decimal import Decimal
from pathlib import Path

import pytest

from stargate import catalog
from stargate.catalog.entries import aliases_of, entries
from stargate.catalog.known_models import MODEL_PROPERTIES, KnownModel, known_models
from stargate.errors import CatalogError
from stargate.spec.parameters import ParameterCounts, parameter_counts

MODELS = list(known_models().values())
PUBLISHED = [model for model in MODELS if "parameters" in model.facts]
ROUTED = [model for model in MODELS if "active_parameters" in model.facts]

# What the published number of active parameters leaves out.
CONVENTIONS = {
    "": lambda c: c.active,
    "without-embedding": lambda c: c.active - c.embedding,
    "without-embedding-and-head": lambda c: c.active - c.embedding - c.head,
}


def last_digit(text: str) -> float:
    """What one unit in the last place of a number is worth: 1e8 for `17.4e9`."""
    exponent = Decimal(text).as_tuple().exponent
    assert isinstance(exponent, int)
    return 10.0**exponent


@pytest.mark.parametrize("model", PUBLISHED, ids=lambda m: m.id)
def test_the_count_is_the_published_one(model: KnownModel):
    """Within half of the last digit printed and 1.2 % (0.01 % where the weights were counted)."""
    fact = model.facts["parameters"]
    rounding = last_digit(fact.text) / 2
    share = 1e-4 if rounding < 1e6 else 0.012
    counted = parameter_counts(model.shape).total
    assert abs(counted - fact.value) <= rounding + share * fact.value


@pytest.mark.parametrize("model", ROUTED, ids=lambda m: m.id)
def test_the_active_count_is_the_published_one(model: KnownModel):
    """Within half of the last digit printed and 2 %, in the convention that the entry names."""
    fact = model.facts["active_parameters"]
    counts: ParameterCounts = parameter_counts(model.shape)
    entry = entries("models", MODEL_PROPERTIES)[model.id]
    counted = CONVENTIONS[entry.text("active_convention")](counts)
    assert abs(counted - fact.value) <= last_digit(fact.text) / 2 + 0.02 * fact.value


def test_only_routed_models_publish_active_parameters():
    assert {m.id for m in ROUTED} <= {m.id for m in MODELS if m.shape.moe is not None}


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.id)
def test_every_shape_says_where_it_is_from(model: KnownModel):
    assert len(model.source) > 8
    assert model.shape.name == model.id


@pytest.mark.parametrize(
    ("name", "total"),
    [
        ("llama-3.1-8b", 8_030_261_248),
        ("llama-3.1-405b", 405_853_388_800),
        ("qwen3-30b-a3b", 30_532_122_624),
        ("mixtral-8x7b", 46_702_792_704),
        ("gpt-neox-20b", 20_554_567_680),
    ],
)
def test_some_counts_are_exact_to_the_last_parameter(name: str, total: int):
    assert parameter_counts(catalog.model(name)).total == total


def test_the_models_of_the_papers_have_the_papers_shapes():
    gpt3, llama = catalog.model("gpt3-175b"), catalog.model("llama-3.1-405b")
    assert (gpt3.layers, gpt3.hidden, gpt3.heads, gpt3.vocabulary) == (96, 12288, 96, 51200)
    assert (llama.layers, llama.hidden, llama.heads, llama.n_kv_heads) == (126, 16384, 128, 8)
    deepseek = catalog.model("deepseek-v3")
    assert deepseek.moe is not None
    assert (deepseek.moe.experts, deepseek.moe.active, deepseek.moe_layers) == (256, 8, 58)


@pytest.mark.parametrize("spelling", ["GPT-3 175B", "gpt-175b", "megatron_175b"])
def test_models_are_found_as_people_write_them(spelling: str):
    assert catalog.model(spelling) is catalog.model("gpt3-175b")


def test_an_unknown_model_is_refused_with_close_matches():
    with pytest.raises(CatalogError, match=r"llama-3\.1-405b"):
        catalog.model("llama-3.1-450b")


def test_no_alias_repeats_an_id():
    names = aliases_of("models")
    assert not set(names) & {alias for aliases in names.values() for alias in aliases}


# Columns of the training records that a shape fixes, for models that are in both.
SHARED = {
    "Llama-3-8B": "llama-3-8b",
    "Llama-3-70B": "llama-3-70b",
    "Llama-3.1-405B": "llama-3.1-405b",
    "Llama-2-7B": "llama-2-7b",
    "Llama-2-70B": "llama-2-70b",
    "GPT-3-175B": "gpt3-175b",
    "GPT-530B (MT-NLG)": "megatron-530b",
    "GPT-1T": "megatron-1t",
    "BLOOM-176B": "bloom-176b",
    "Nemotron-4-340B": "nemotron-4-340b",
    "DeepSeek-V3": "deepseek-v3",
    "Kimi-K2": "kimi-k2",
    "GPT-OSS-120B": "gpt-oss-120b",
    "Qwen3-30B-A3B": "qwen3-30b-a3b",
    "Qwen3-235B-A22B": "qwen3-235b-a22b",
    "Mixtral-8x7B": "mixtral-8x7b",
    "Mixtral-8x22B": "mixtral-8x22b",
    "Mistral-7B": "mistral-7b",
    "Gemma3-12B": "gemma-3-12b",
    "INTELLECT-1 10B (Llama-3-like)": "intellect-1-10b",
    "GPT-462B": "megatron-core-462b",
}


def test_shapes_are_those_of_the_training_records(shared_data: Path):
    with (shared_data / "records" / "training.csv").open(encoding="utf-8") as file:
        rows = {row["model"]: row for row in csv.DictReader(file) if row["layers"]}
    for recorded, id_ in SHARED.items():
        row, model = rows[recorded], catalog.model(id_)
        found = {
            "layers": model.layers,
            "hidden": model.hidden,
            "heads": model.heads,
            "moe_experts": model.moe.experts if model.moe else math.nan,
            "moe_active": model.moe.active if model.moe else math.nan,
            "moe_expert_ffn": model.moe.expert_ffn_hidden if model.moe else math.nan,
        }
        for column, value in found.items():
            if row[column]:
                assert float(row[column]) == value, f"{id_} {column}"
