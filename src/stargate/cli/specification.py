"""Load a specification for a command: every fault told at once, names of the catalogue included."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

import click

if TYPE_CHECKING:
    from datetime import datetime

    from stargate.programme.result import PlanResult
    from stargate.spec.document import Document
    from stargate.spec.names import Lookups

Command = TypeVar("Command", bound=Callable[..., object])


def overrides_option(command: Command) -> Command:
    """The option `-s path.to.key=value`, which may be repeated."""
    option = click.option(
        "-s",
        "--set",
        "overrides",
        multiple=True,
        metavar="PATH=VALUE",
        help="Change a value of the file, such as network.sites.0.pue=1.2; may be repeated.",
    )
    return option(command)


def load_specification(path: str, overrides: Sequence[str] = ()) -> Document:
    """The document of a file; raises `SpecError` with all that is wrong, whatever its sort."""
    from stargate.spec.loader import load_document

    return load_document(path, overrides, _lookups())


def planned(
    document: Document,
    samples: int | None,
    seed: int | None,
    as_of: datetime | None,
    workers: str = "1",
) -> PlanResult:
    """The plan of a document, or its forecast of a day."""
    from stargate.engine.memory import keep_freed_memory

    keep_freed_memory()
    if as_of is None:
        from stargate.programme.plan import plan

        return plan(document, samples=samples, seed=seed, workers=workers)
    from stargate.programme.reforecast import reforecast

    return reforecast(document, as_of.date(), samples=samples, seed=seed, workers=workers)


def _lookups() -> Lookups:
    """How to look up a name of each kind that a specification may refer to."""
    from stargate import catalog

    return {
        "accelerator": catalog.accelerator,
        "node": catalog.node,
        "fabric": catalog.fabric,
        "link": catalog.link,
        "fact": catalog.fact,
        "model": catalog.model,
        "duration class": catalog.duration_class,
        "overrun class": catalog.overrun_class,
    }
