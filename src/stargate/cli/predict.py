"""`stargate predict`: how fast a model trains on a machine, and how to split it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click

from stargate.cli.again import same_again
from stargate.cli.outputs import json_option, report_option
from stargate.cli.prediction_question import (
    Flags,
    counts_of,
    question_from_file,
    question_from_flags,
    sizes_around,
    strategies_of,
)
from stargate.cli.specification import overrides_option
from stargate.errors import Problem, SpecError
from stargate.spec.workload import Precision, Recompute, Strategy

if TYPE_CHECKING:
    from stargate.perf.question import Question
    from stargate.perf.search import Candidate, Prediction
    from stargate.programme.fronts import Front
    from stargate.view.prediction_report import Beside

LINES_DRAWN = 2000
SLOWEST_DRAWN = 2.0


@click.command("predict")
@click.argument("file", type=click.Path(), required=False)
@overrides_option
@click.option("--workload", help="Which workload of FILE; its only one when left out.")
@click.option("--model", help="A model of the catalogue, or a Hugging Face config.json.")
@click.option("--accelerator", help="An accelerator of the catalogue, such as h100-sxm.")
@click.option("--node", help="A node of the catalogue: its accelerators, domain and NICs.")
@click.option("--count", help="How many accelerators; several (1024,2048) weigh machine sizes.")
@click.option(
    "--seq-len", type=click.IntRange(1), help="Tokens of a sequence; the model's, to 8192."
)
@click.option("--global-batch", type=click.IntRange(1), help="Sequences of a step.")
@click.option("--tokens", type=click.FloatRange(1), help="Tokens of the whole run, like 15e12.")
@click.option(
    "--strategy",
    "strategies",
    multiple=True,
    help="Like tp=8,pp=8,vp=3,mb=1; searched when left out, compared when repeated.",
)
@click.option("--recompute", type=click.Choice(get_args(Recompute)), help="What is recomputed.")
@click.option("--precision", type=click.Choice(get_args(Precision)), help="Of linear layers.")
@click.option("--software", help="Software generation, such as megatron-2024.")
@click.option(
    "--calibration",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file of `stargate calibrate`, in place of the one that ships.",
)
@click.option("--nic", help="Scale-out rate of each accelerator, such as '400 Gb/s'.")
@click.option("--tp-across-domains", is_flag=True, help="Let tp leave the scale-up domain.")
@click.option(
    "--alternatives",
    type=click.IntRange(0, 100),
    default=5,
    show_default=True,
    help="Other layouts to name.",
)
@click.option("--pareto", is_flag=True, help="Weigh machines of a quarter to four times the size.")
@click.option(
    "--trace",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the pipeline's timeline (open it in ui.perfetto.dev).",
)
@json_option
@report_option
def command(
    file: str | None,
    overrides: tuple[str, ...],
    workload: str | None,
    strategies: tuple[str, ...],
    recompute: Recompute | None,
    tp_across_domains: bool,
    alternatives: int,
    pareto: bool,
    trace: Path | None,
    as_json: bool,
    output: Path | None,
    **options: Any,
) -> None:
    """Predict the step time of training, and find the best way to split it.

    Either FILE with a workload, or --model, --accelerator, --count and --global-batch.

    \b
    Search for the best strategy, and write a report:
      stargate predict --model gpt3-175b --accelerator a100-sxm-80 --count 1024 \\
        --global-batch 1536 -o report.html
    \b
    Time two strategies side by side, and look at the pipeline of the faster:
      stargate predict --model gpt3-175b --accelerator a100-sxm-80 --count 64 \\
        --global-batch 64 --recompute full --strategy tp=8,pp=8,vp=3,mb=1 \\
        --strategy tp=8,pp=8,mb=1 --trace trace.json
    \b
    Weigh machine sizes by time, memory, cost and energy:
      stargate predict --model llama-3.1-405b --node dgx-h100 --global-batch 2048 \\
        --count 4096,8192,16384 --tokens 15.6e12
    \b
    A workload of a specification, or a model of your own:
      stargate predict plan.yaml --workload pretrain
      stargate predict --model ./config.json --accelerator h200-sxm --count 64 \\
        --global-batch 256
    """
    flags = Flags(**options)
    question = (
        question_from_file(file, overrides, workload, flags) if file else question_from_flags(flags)
    )
    given = strategies_of(strategies, recompute, question.strategy)
    space = {"recompute": recompute, "tp_across_domains": tp_across_domains}
    sizes = _sizes(flags, question, pareto, strategies)
    prediction, compared = _predicted(question, given, alternatives, space)
    front = _front(question, sizes, space) if sizes else None
    if as_json:
        from stargate.cli.prediction_object import prediction_object

        click.echo(json.dumps(prediction_object(prediction, compared, front), indent=2))
    else:
        from stargate.cli.prediction_text import prediction_text

        click.echo(prediction_text(question, prediction, compared, front))
    if trace is not None:
        from stargate.view.trace import write_trace

        write_trace(question, prediction.best, trace)
        click.echo(f"trace: {trace} (open it in ui.perfetto.dev)", err=True)
    if output is not None:
        from stargate.view.prediction_report import prediction_report

        beside = _beside(question, prediction, compared, front, space)
        line = same_again("output", "as_json", "trace")
        prediction_report(question, prediction, output, command_line=line, beside=beside)
        click.echo(f"report: {output}", err=as_json)


def _predicted(
    question: Question, given: list[Strategy], alternatives: int, space: dict[str, Any]
) -> tuple[Prediction, tuple[Candidate, ...]]:
    """The search, or the fastest of the strategies given with all of them as they were given."""
    from stargate.perf.search import predict, search

    model, machine, work = question.model, question.machine, question.workload
    if not given:
        return search(model, machine, work, n_alternatives=alternatives, **space), ()
    each = [predict(model, machine, work, strategy) for strategy in given]
    fastest = min(each, key=lambda prediction: prediction.best.step_time_s)
    if len(each) == 1:
        return fastest, ()
    return replace(fastest, n_evaluated=len(each), n_feasible=len(each)), tuple(
        prediction.best for prediction in each
    )


def _sizes(
    flags: Flags, question: Question, pareto: bool, strategies: tuple[str, ...]
) -> list[int]:
    """The machine sizes to weigh; none unless several are asked for."""
    counts = counts_of(flags.count) if flags.count else [question.machine.count]
    if len(counts) < 2 and not pareto:
        return []
    if strategies:
        option = "--pareto" if pareto else "--count"
        mend = "leave --strategy out, or name one count"
        raise SpecError([Problem("other machine sizes are searched", option, mend=mend)])
    return counts if len(counts) > 1 else sizes_around(counts[0])


def _front(question: Question, sizes: list[int], space: dict[str, Any]) -> Front:
    from stargate.programme.fronts import front_of

    return front_of(question, sizes, **space)


def _beside(
    question: Question,
    prediction: Prediction,
    compared: tuple[Candidate, ...],
    front: Front | None,
    space: dict[str, Any],
) -> Beside:
    """What the report shows beside the prediction; a search is drawn, a given strategy is not."""
    from stargate.perf.sample import sample_of_search
    from stargate.view.prediction_report import Beside

    sample = None
    if prediction.alternatives:
        sample = sample_of_search(
            question.model,
            question.machine,
            question.workload,
            n=LINES_DRAWN,
            slowest=SLOWEST_DRAWN,
            **space,
        )
    return Beside(front=front, sample=sample, compared=compared, slowest=SLOWEST_DRAWN)
