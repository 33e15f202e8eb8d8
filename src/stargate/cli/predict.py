"""`stargate predict`: how fast a model trains on a machine, and how to split it."""

from __future__ import annotations

import json
import shlex
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click

from stargate.cli.specification import load_specification, overrides_option
from stargate.errors import Problem, SpecError
from stargate.spec.workload import Precision, Recompute, Strategy, TrainingWorkload

if TYPE_CHECKING:
    from stargate.perf.question import Question
    from stargate.perf.search import Candidate, Prediction

NEEDED = ("model", "accelerator", "count", "seq_len", "global_batch")


@click.command("predict")
@click.argument("file", type=click.Path(), required=False)
@overrides_option
@click.option("--workload", help="Which workload of FILE; its only one when left out.")
@click.option("--model", help="A model of the catalogue, such as gpt3-175b.")
@click.option("--accelerator", help="An accelerator of the catalogue, such as h100-sxm.")
@click.option("--count", type=click.IntRange(1, 10_000_000), help="How many accelerators.")
@click.option("--seq-len", type=click.IntRange(1), help="Tokens of a sequence.")
@click.option("--global-batch", type=click.IntRange(1), help="Sequences of a step.")
@click.option("--strategy", help="Like tp=8,pp=8,vp=3,mb=1; searched when left out.")
@click.option("--recompute", type=click.Choice(get_args(Recompute)), help="What is recomputed.")
@click.option("--precision", type=click.Choice(get_args(Precision)), help="Of linear layers.")
@click.option("--software", help="Software generation, such as megatron-2024.")
@click.option("--tp-across-domains", is_flag=True, help="Let tp leave the scale-up domain.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write a report (one HTML file that opens without a network).",
)
def command(
    file: str | None,
    overrides: tuple[str, ...],
    workload: str | None,
    strategy: str | None,
    recompute: Recompute | None,
    tp_across_domains: bool,
    as_json: bool,
    output: Path | None,
    **flags: Any,
) -> None:
    """Predict the step time of training, and find the best way to split it.

    Either FILE with a workload, or --model, --accelerator, --count, --seq-len and --global-batch.
    """
    from stargate.cli.prediction_text import prediction_text
    from stargate.perf.search import predict, search

    question = _from_file(file, overrides, workload, flags) if file else _from_flags(flags)
    given = _strategy(strategy, recompute, question.strategy)
    model, machine, work = question.model, question.machine, question.workload
    if given is not None:
        prediction = predict(model, machine, work, given)
    else:
        prediction = search(
            model, machine, work, recompute=recompute, tp_across_domains=tp_across_domains
        )
    if as_json:
        click.echo(json.dumps(_as_object(prediction), indent=2))
    else:
        click.echo(prediction_text(question, prediction))
    if output is not None:
        from stargate.view.prediction_report import prediction_report

        prediction_report(question, prediction, output, command_line=_same_again())
        click.echo(f"report: {output}", err=as_json)


def _same_again() -> str:
    """The command that gives the same report: what was typed, without where it was written."""
    context = click.get_current_context()
    words = ["stargate predict"]
    for parameter in context.command.params:
        name, value = parameter.name or "", context.params.get(parameter.name or "")
        if name in ("output", "as_json") or value in (None, False, ()):
            continue
        option = parameter.opts[-1] if isinstance(parameter, click.Option) else ""
        for one in value if isinstance(value, tuple) else (value,):
            words += filter(None, (option, "" if one is True else shlex.quote(str(one))))
    return " ".join(words)


def _from_file(
    file: str, overrides: tuple[str, ...], workload: str | None, flags: dict[str, Any]
) -> Question:
    from stargate.perf.question import question_of

    stated = [name for name, value in flags.items() if value is not None]
    if stated:
        option = _option(stated[0])
        mend = "change the file's value with -s path.to.key=value"
        raise SpecError([Problem(f"{option} does not go with a file", option, mend=mend)])
    return question_of(load_specification(file, overrides), workload)


def _from_flags(flags: dict[str, Any]) -> Question:
    from stargate import catalog
    from stargate.perf.machine import Machine
    from stargate.perf.question import Question

    missing = [_option(name) for name in NEEDED if flags[name] is None]
    if missing:
        mend = "name a file, or give --model, --accelerator, --count, --seq-len, --global-batch"
        raise SpecError([Problem(f"missing: {', '.join(missing)}", mend=mend)])
    model = catalog.model(flags["model"])
    machine = Machine.of(flags["accelerator"], flags["count"], software=flags["software"])
    stated = {
        name: flags[name]
        for name in ("model", "seq_len", "global_batch", "precision", "software")
        if flags[name] is not None
    }
    return Question(model, machine, TrainingWorkload.model_validate(stated))


def _strategy(
    text: str | None, recompute: Recompute | None, from_file: Strategy | None
) -> Strategy | None:
    """The strategy of the command line, or the file's, with the recompute mode laid over it."""
    chosen = Strategy.from_text(text) if text else from_file
    if chosen is None or recompute is None:
        return chosen
    if text and "recompute" in text and chosen.recompute != recompute:
        problem = Problem("--recompute contradicts the strategy", "--recompute", mend="say one")
        raise SpecError([problem])
    stated = chosen.model_dump() | {"recompute": recompute}
    if recompute != "full":
        stated["recompute_layers"] = None
    return Strategy.model_validate(stated)


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _as_object(prediction: Prediction) -> dict[str, object]:
    return {
        "schema_version": 1,
        "best": _candidate(prediction.best),
        "alternatives": [_candidate(candidate) for candidate in prediction.alternatives],
        "pareto": [_candidate(candidate) for candidate in prediction.pareto],
        "n_evaluated": prediction.n_evaluated,
        "n_feasible": prediction.n_feasible,
        "memory_limit_bytes": prediction.memory_limit_bytes,
        "flop_convention": prediction.flop_convention,
        "facts": [asdict(fact) for fact in prediction.facts],
    }


def _candidate(candidate: Candidate) -> dict[str, object]:
    return {
        "strategy": candidate.strategy.model_dump(mode="json"),
        "step_time_s": candidate.step_time_s,
        "interval_s": list(candidate.interval_s),
        "mfu": candidate.mfu,
        "hfu": candidate.hfu,
        "memory_bytes": candidate.memory_bytes,
        "memory": dict(candidate.memory),
        "breakdown_s": dict(candidate.breakdown_s),
    }
