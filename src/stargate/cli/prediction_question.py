"""What `stargate predict` is asked: a workload of a file, or a model, a machine and a batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from stargate.errors import Problem, SpecError
from stargate.spec.workload import Precision, Recompute, Strategy, TrainingWorkload

if TYPE_CHECKING:
    from stargate.catalog import Accelerator, Node
    from stargate.perf.machine import Machine
    from stargate.perf.network import Network
    from stargate.perf.question import Question
    from stargate.spec.model import Transformer

COUNT_MAX = 10_000_000
# Pre-training uses shorter sequences than a model is extended to at its end.
USUAL_SEQ_LEN_MAX = 8192
AROUND = (0.25, 0.5, 1, 2, 4)  # machine sizes about the one that is asked for


@dataclass(frozen=True, slots=True)
class Flags:
    """The options that say a question without a file, as typed; None where left out."""

    model: str | None = None
    accelerator: str | None = None
    node: str | None = None
    count: str | None = None
    seq_len: int | None = None
    global_batch: int | None = None
    precision: Precision | None = None
    software: str | None = None
    calibration: Path | None = None
    nic: str | None = None
    tokens: float | None = None

    def stated(self) -> list[str]:
        """The options that were given."""
        return [f for f in self.__dataclass_fields__ if getattr(self, f) is not None]


def question_from_file(
    file: str, overrides: Sequence[str], workload: str | None, flags: Flags
) -> Question:
    """The question of a file's workload; its values are changed by overrides, not by options."""
    from stargate.cli.specification import load_specification
    from stargate.perf.question import question_of

    if flags.stated():
        option = option_of(flags.stated()[0])
        mend = "change the file's value with -s path.to.key=value"
        raise SpecError([Problem(f"{option} does not go with a file", option, mend=mend)])
    return question_of(load_specification(file, overrides), workload)


def question_from_flags(flags: Flags) -> Question:
    """The question of the options; the sequence is as long as the model takes, up to 8,192."""
    from stargate.perf.question import Question

    _check_complete(flags)
    assert flags.model is not None
    assert flags.count is not None
    model = model_of(flags.model)
    stated = {
        name: getattr(flags, name)
        for name in ("global_batch", "precision", "software", "tokens")
        if getattr(flags, name) is not None
    }
    seq_len = flags.seq_len or min(model.max_seq_len, USUAL_SEQ_LEN_MAX)
    stated |= {"model": model.name or flags.model, "seq_len": seq_len}
    machine = _machine(flags, counts_of(flags.count)[0])
    return Question(model, machine, TrainingWorkload.model_validate(stated))


def _check_complete(flags: Flags) -> None:
    given = {
        "model": flags.model,
        "accelerator": flags.accelerator or flags.node,
        "count": flags.count,
        "global_batch": flags.global_batch,
    }
    missing = [option_of(name) for name, value in given.items() if value is None]
    if missing:
        mend = "name a file, or give --model, --accelerator, --count and --global-batch"
        raise SpecError([Problem(f"missing: {', '.join(missing)}", mend=mend)])


def counts_of(text: str) -> list[int]:
    """`1024,2048` as numbers of accelerators."""
    counts = []
    for part in text.split(","):
        word = part.strip().replace("_", "")
        if not word.isdecimal() or not 1 <= int(word) <= COUNT_MAX:
            mend = f"write a number from 1 to {COUNT_MAX:,}, or several like 1024,2048"
            raise SpecError(
                [Problem(f"{word!r} is no number of accelerators", "--count", mend=mend)]
            )
        counts.append(int(word))
    return counts


def sizes_around(count: int) -> list[int]:
    """A quarter to four times a number of accelerators."""
    return sorted({max(1, round(count * factor)) for factor in AROUND})


def model_of(name: str) -> Transformer:
    """A model of the catalogue, or of a Hugging Face config.json or the folder that holds one."""
    from stargate import catalog

    path = Path(name)
    if path.is_dir():
        path /= "config.json"
    if not path.is_file() and path.suffix != ".json":
        return catalog.model(name)
    from stargate.catalog.huggingface import transformer_of
    from stargate.cli.catalog import name_of, read_config

    values = read_config(str(path))
    return transformer_of(values, name_of(values, path), str(path))


def _machine(flags: Flags, count: int) -> Machine:
    """The machine of the options: a node's, or the accelerator's usual one, and its NIC rate."""
    from stargate import catalog
    from stargate.perf.machine import Machine, usual_network

    node = catalog.node(flags.node) if flags.node else None
    part = catalog.accelerator(flags.accelerator or (node.accelerator_id if node else ""))
    if node is not None and node.accelerator_id != part.id:
        problem = Problem(
            f"{node.id} holds {node.accelerator_id}, not {part.id}",
            "--node",
            mend="leave --accelerator out, or choose another node",
        )
        raise SpecError([problem])
    network = usual_network(part) if node is None else _network_of(part, node)
    if flags.nic is not None:
        network = network.with_(nic_bytes_per_s=_bandwidth(flags.nic))
    return Machine.of(
        part, count, network=network, software=flags.software, calibration=flags.calibration
    )


def _network_of(part: Accelerator, node: Node) -> Network:
    from stargate.perf.machine import usual_network
    from stargate.perf.network import Network

    nic = node.scaleout_bytes_per_s or usual_network(part).nic_bytes_per_s
    return Network.of(part, nic, domain=node.scaleup_domain)


def _bandwidth(text: str) -> float:
    from stargate import units

    rate = units.parse(text, units.BANDWIDTH)
    if rate <= 0:
        raise SpecError([Problem(f"{text!r} is no rate", "--nic", mend="write it like 400 Gb/s")])
    return rate


def strategies_of(
    texts: Sequence[str], recompute: Recompute | None, from_file: Strategy | None
) -> list[Strategy]:
    """The strategies of the command line, or the file's; the recompute mode is laid over them."""
    chosen = [Strategy.from_text(text) for text in texts] or ([from_file] if from_file else [])
    if recompute is None:
        return chosen
    for text, strategy in zip(texts, chosen, strict=False):
        if "recompute" in text and strategy.recompute != recompute:
            problem = Problem("--recompute contradicts the strategy", "--recompute", mend="say one")
            raise SpecError([problem])
    return [_with_recompute(strategy, recompute) for strategy in chosen]


def _with_recompute(strategy: Strategy, recompute: Recompute) -> Strategy:
    stated = strategy.model_dump() | {"recompute": recompute}
    if recompute != "full":
        stated["recompute_layers"] = None
    if recompute != "selective":
        stated["recompute_modules"] = ()
    return Strategy.model_validate(stated)


def option_of(name: str) -> str:
    """`seq_len` as `--seq-len`."""
    return f"--{name.replace('_', '-')}"
