from __future__ import annotations

from stargate.spec.names import dangling, defined
from stargate.spec.outline import Outline, Reference
from stargate.spec.yaml_reader import read_yaml

SPEC = """
stargate: 1
network:
  sites:
    - {id: west, grid: {region: us_grid}, clusters: [{id: w1, accelerator: h100, node: dgx}]}
    - {id: 7}
  wan: [{between: [west, east], kind: fibre}]
models: {ours: {catalog: gpt3}}
workloads:
  a: {model: ours, cluster: w1}
  b: {model: theirs, nonsense: [1]}
programme:
  drivers: [{id: heat}]
  templates: [{id: t, tasks: [{id: land, loads: {heat: 0.5, cold: 0.5}}]}]
  phases: [{id: P1, blocks: [{site: north, accelerator: b200}]}]
"""
ROOT = read_yaml(SPEC, "spec.yaml")
H100, B200 = ("catalog accelerator", "h100"), ("catalog accelerator", "b200")
OUTLINE = Outline.of_document()


def test_every_name_is_found_even_in_an_unsound_file() -> None:
    assert OUTLINE.references(ROOT) == [
        Reference(("network", "sites", 0, "grid", "region"), "catalog fact", "us_grid"),
        Reference(("network", "sites", 0, "clusters", 0, "accelerator"), *H100),
        Reference(("network", "sites", 0, "clusters", 0, "node"), "catalog node", "dgx"),
        Reference(("network", "wan", 0, "between", 0), "site", "west"),
        Reference(("network", "wan", 0, "between", 1), "site", "east"),
        Reference(("network", "wan", 0, "kind"), "catalog link", "fibre"),
        Reference(("models", "ours", "catalog"), "catalog model", "gpt3"),
        Reference(("workloads", "a", "model"), "model", "ours"),
        Reference(("workloads", "a", "cluster"), "cluster", "w1"),
        Reference(("workloads", "b", "model"), "model", "theirs"),
        Reference(("programme", "templates", 0, "tasks", 0, "loads", "heat"), "driver", "heat"),
        Reference(("programme", "templates", 0, "tasks", 0, "loads", "cold"), "driver", "cold"),
        Reference(("programme", "phases", 0, "blocks", 0, "site"), "site", "north"),
        Reference(("programme", "phases", 0, "blocks", 0, "accelerator"), *B200),
    ]  # fmt: skip


def test_names_that_the_document_should_define_are_missed() -> None:
    assert [fault.message for fault in dangling(ROOT, OUTLINE.references(ROOT))] == [
        "no site is called 'east'",
        "no driver is called 'cold'",
        "no site is called 'north'",
    ]


def test_the_document_defines_names_by_id_or_key() -> None:
    assert defined(ROOT, "site") == ["west"]
    assert defined(ROOT, "model") == ["ours"]
    assert defined(ROOT, "phase") == ["P1"]


def test_keys_are_known_for_every_branch_of_a_choice() -> None:
    keys = OUTLINE.keys(ROOT, ("models", "ours"))
    assert {"catalog", "layers", "moe"} <= set(keys)
    assert OUTLINE.keys(ROOT, ("workloads", "a"))[:3] == ["kind", "model", "seq_len"]
    assert OUTLINE.keys(ROOT, ("nowhere",)) == []
    assert OUTLINE.keys(ROOT, ("stargate",)) == []


def test_a_key_is_described_as_its_field_is() -> None:
    described = OUTLINE.describe(ROOT, ("network", "sites", 0), "pue")
    assert described == " (yearly facility energy over IT energy)"
    assert OUTLINE.describe(ROOT, ("network", "sites", 0), "id") == ""
