"""`stargate catalog`, as a person and as a program use it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from stargate.cli import main
from stargate.errors import CatalogError, SpecError
from stargate.spec.loader import load_document

CONFIG = {
    "model_type": "llama",
    "num_hidden_layers": 2,
    "hidden_size": 64,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "intermediate_size": 128,
    "vocab_size": 1000,
    "max_position_embeddings": 512,
}


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["catalog", *arguments], standalone_mode=False)


def read(*arguments: str) -> dict:
    result = run(*arguments, "--json")
    assert result.exception is None
    tree = json.loads(result.stdout)
    assert tree["schema_version"] == 1
    return tree


def config_file(folder: Path, **changes: object) -> Path:
    path = folder / "config.json"
    path.write_text(json.dumps({**CONFIG, **changes}), encoding="utf-8")
    return path


def test_alone_it_counts_what_there_is_by_kind():
    lines = run().stdout.splitlines()
    assert lines[0].split() == ["kind", "entries", "such", "as"]
    counts = {name: kind["count"] for name, kind in read()["kinds"].items()}
    assert [line.split()[:2] for line in lines[1:]] == [[k, str(n)] for k, n in counts.items()]
    assert counts["accelerator"] >= 32


def test_an_entry_shows_every_value_with_its_confidence_and_source():
    text = run("h100-sxm").stdout
    row = next(line for line in text.splitlines() if "tdp" in line)
    assert row.split()[:2] == ["700", "W"]
    assert "read" in row
    assert "[1] stas00/ml-engineering" in text


def test_an_alias_shows_the_same_page():
    assert run("H100-80GB").stdout == run("h100-sxm").stdout


def test_an_entry_as_json_has_si_values_units_and_sources():
    tree = read("h100-sxm")
    facts = {fact["id"]: fact for fact in tree["facts"]}
    peak = facts["h100-sxm.peak_bf16"]
    assert (peak["value"], peak["unit"], peak["text"]) == (989e12, "FLOP/s", "989 TFLOP/s")
    assert peak["source"]
    assert peak["confidence"] == "read"


def test_a_kind_lists_its_entries_with_what_tells_them_apart():
    lines = run("--kind", "accelerator").stdout.splitlines()
    assert any(line.startswith("mi300x ") and "5300 GB/s" in line for line in lines)
    assert len(lines) == 1 + len(read("--kind", "accelerator")["entries"])


def test_a_lone_fact_shows_its_range_in_its_own_unit():
    assert "20000 to 27000 $/GPU" in run("accel_h100_price_2025").stdout


def test_a_table_shows_its_rows_and_units():
    assert "busbw [GB/s]" in run("collectives").stdout
    assert len(read("collectives")["rows"]) == 123


def test_a_property_can_be_named():
    assert run("h100-sxm.tdp").stdout.splitlines()[-2].startswith("700 W")


def test_piped_output_has_no_escape_codes_and_a_terminal_gets_a_table(
    monkeypatch: pytest.MonkeyPatch,
):
    assert "\x1b" not in run("h100-sxm").stdout
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "120")
    assert "┃" in run("h100-sxm").stdout


def test_an_unknown_name_is_refused_with_close_matches():
    error = run("h101-sxm").exception
    assert isinstance(error, CatalogError)
    assert "h100-sxm" in str(error)


def test_an_unknown_name_exits_with_2():
    with pytest.raises(SystemExit) as caught:
        main(["catalog", "h101-sxm"])
    assert caught.value.code == 2


def test_an_unknown_kind_lists_the_kinds():
    assert "reference-class" in str(run("--kind", "star").exception)


def test_a_search_finds_words_in_any_order_and_says_no_with_1():
    assert "lead_power_transformer" in run("search", "transformer", "lead").stdout
    with pytest.raises(SystemExit) as caught:
        main(["catalog", "search", "unobtainium"])
    assert caught.value.code == 1


def test_a_markdown_table_needs_a_kind_that_can_be_compared():
    assert run("--kind", "node", "--markdown").stdout.startswith("| id | name |")
    with pytest.raises(SystemExit) as caught:
        main(["catalog", "--kind", "fact", "--markdown"])
    assert caught.value.code == 2


def test_an_imported_model_is_a_document_that_checks(tmp_path: Path):
    out = tmp_path / "model.yaml"
    result = run("import-model", str(config_file(tmp_path)), "--id", "tiny", "-o", str(out))
    assert result.exception is None
    model = load_document(out).models["tiny"]
    assert (model.layers, model.kv_heads) == (2, 2)


def test_an_imported_model_goes_to_stdout_as_yaml_or_json(tmp_path: Path):
    path = str(config_file(tmp_path, _name_or_path="maker/Tiny-2L"))
    assert "tiny-2l:" in run("import-model", path).stdout
    tree = read("import-model", path)
    assert tree["id"] == "tiny-2l"
    assert tree["model"]["layers"] == 2
    assert tree["parameters"] == tree["active_parameters"] == 202_048


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{", "is no JSON"),
        (b"[1]", "must hold one JSON object"),
        (b"\xff\xfe", "is no UTF-8 text"),
        (b'{"model_type": "mamba"}', "model_type: model_type 'mamba' is not supported"),
    ],
)
def test_a_broken_configuration_is_refused_with_its_place(
    tmp_path: Path, content: bytes, message: str
):
    path = tmp_path / "config.json"
    path.write_bytes(content)
    error = run("import-model", str(path)).exception
    assert isinstance(error, SpecError)
    assert message in str(error)
    assert str(path) in str(error)


def test_a_missing_configuration_is_refused(tmp_path: Path):
    assert "cannot be read" in str(run("import-model", str(tmp_path / "none.json")).exception)


def test_a_search_without_a_hit_says_so_and_exits_with_1() -> None:
    result = CliRunner().invoke(main, ["catalog", "search", "unobtainium", "lead"])
    assert (result.exit_code, result.stdout) == (1, "")
    assert "no entry mentions unobtainium and lead" in result.stderr
