from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from stargate.errors import CatalogError, SpecError
from stargate.spec.document import Document
from stargate.spec.loader import load_document

SITE = "stargate: 1\nnetwork:\n  sites:\n    - {id: west, it_power: 100 MW}\n"


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str], Path]:
    def write(name: str, text: str) -> Path:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
        return tmp_path / name

    return write


def told(path: Path, *overrides: str) -> list[str]:
    with pytest.raises(SpecError) as caught:
        load_document(path, overrides)
    return [str(problem).replace(f"{path.parent}/", "") for problem in caught.value.problems]


def power_w(document: Document) -> float | None:
    assert document.network is not None
    return document.network.sites[0].it_w


def test_quantities_become_si(write: Callable[[str, str], Path]) -> None:
    assert power_w(load_document(write("spec.yaml", SITE))) == 100e6


def test_overrides_are_laid_on_top_in_order(write: Callable[[str, str], Path]) -> None:
    path = write("spec.yaml", SITE)
    changes = ("network.sites.west.it_power=1 MW", "network.sites.0.it_power=2 MW")
    assert power_w(load_document(path, changes)) == 2e6


def test_an_override_is_blamed_by_its_own_text(write: Callable[[str, str], Path]) -> None:
    path = write("spec.yaml", SITE)
    assert told(path, "network.sites.west.it_power=2") == [
        "-s network.sites.west.it_power=2: network.sites.0.it_power: "
        "power needs a unit; write it like '1.2 GW'"
    ]


def test_a_file_may_extend_another_in_another_folder(write: Callable[[str, str], Path]) -> None:
    write("bases/deep.yaml", SITE)
    write("bases/base.yaml", "extends: deep.yaml\nname: base\n")
    path = write("spec.yaml", "extends: bases/base.yaml\nname: top\n")
    document = load_document(path)
    assert (document.name, power_w(document)) == ("top", 100e6)


def test_a_fault_in_a_base_is_placed_in_the_base(write: Callable[[str, str], Path]) -> None:
    write("base.yaml", "stargate: 1\nnmae: x\n")
    path = write("spec.yaml", "extends: base.yaml\nnam: y\n")
    assert told(path) == [
        "base.yaml:2:1: nmae: unknown key 'nmae'; did you mean 'name'?",
        "spec.yaml:2:1: nam: unknown key 'nam'; did you mean 'name'?",
    ]


def test_files_that_extend_each_other_are_refused(write: Callable[[str, str], Path]) -> None:
    write("base.yaml", "extends: spec.yaml\n")
    path = write("spec.yaml", "extends: base.yaml\n")
    assert told(path) == [
        "base.yaml:1:10: extends: files extend each other: spec.yaml -> base.yaml -> spec.yaml; "
        "remove one 'extends'"
    ]


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    assert told(tmp_path / "spec.yaml") == ["spec.yaml: No such file or directory; check the name"]
    assert told(tmp_path)[0].endswith("Is a directory; check the name")


def test_a_text_is_no_specification(write: Callable[[str, str], Path]) -> None:
    path = write("spec.yaml", "hello")
    assert told(path) == ["spec.yaml:1:1: wants a mapping; begin with 'stargate: 1'"]


def test_faults_of_every_part_are_told_at_once(write: Callable[[str, str], Path]) -> None:
    text = SITE + "    - {id: east, it_power: 5}\n  wan:\n    - {between: [west, noth]}\nnmae: x\n"
    assert [line.split(": ")[0] for line in told(write("spec.yaml", text))] == [
        "spec.yaml:5:28",
        "spec.yaml:7:7",
        "spec.yaml:7:24",
        "spec.yaml:8:1",
    ]


def test_names_of_the_catalogue_are_looked_up_by_the_caller(
    write: Callable[[str, str], Path],
) -> None:
    def nothing(name: str) -> object:
        raise CatalogError(f"nothing called {name}; look again")

    text = SITE.replace("}", ", clusters: [{id: a, accelerator: h100, count: 8}]}")
    path = write("spec.yaml", text)
    assert power_w(load_document(path)) == 100e6
    with pytest.raises(SpecError) as caught:
        load_document(path, (), {"accelerator": nothing})
    assert "accelerator: nothing called h100; look again" in str(caught.value)


def test_a_model_of_the_document_hides_one_of_the_catalogue(
    write: Callable[[str, str], Path],
) -> None:
    looked_up: list[str] = []
    shape = "{layers: 2, hidden: 64, heads: 2, ffn_hidden: 128, vocabulary: 1000}"
    jobs = (
        "a: {model: ours, seq_len: 8, global_batch: 1}, b: {model: x, seq_len: 8, global_batch: 1}"
    )
    text = f"stargate: 1\nmodels: {{ours: {shape}}}\nworkloads: {{{jobs}}}\n"
    load_document(write("spec.yaml", text), (), {"model": looked_up.append})
    assert looked_up == ["x"]


def test_the_fingerprint_is_of_the_content_alone(write: Callable[[str, str], Path]) -> None:
    whole = load_document(write("whole.yaml", SITE + "name: x\n"))
    write("base.yaml", SITE.replace("100 MW", "100000 kW") + "name: y\n")
    spread = load_document(write("top.yaml", "extends: base.yaml\n"), ("name=x",))
    assert whole.fingerprint == spread.fingerprint
    assert whole.fingerprint != load_document(write("b.yaml", SITE)).fingerprint


def test_the_canonical_text_is_si_under_names_with_units(
    write: Callable[[str, str], Path],
) -> None:
    text = load_document(write("spec.yaml", SITE)).canonical_json()
    assert '"it_power_w":100000000.0' in text
    assert "extends" not in text
