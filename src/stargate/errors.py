"""The errors that Stargate raises on purpose.

StargateError                 everything below; `except StargateError` catches the lot
├── UnitError                 a text that is not a quantity of the kind asked for
├── SpecError                 a specification that cannot be used; carries every `Problem` found
├── CatalogError              a name that the catalogue does not hold, or a broken data file
└── InfeasibleError           the answer is no: nothing that was asked for can be built or run
"""

from __future__ import annotations

from dataclasses import dataclass


class StargateError(Exception):
    """Base of every error that is the user's to mend; anything else is a bug of ours."""


class UnitError(StargateError, ValueError):
    """A text that is not a quantity of the kind asked for. Says what would be right."""


class CatalogError(StargateError, LookupError):
    """A name that the catalogue does not hold, or a data file that cannot be read."""


class InfeasibleError(StargateError):
    """Nothing that was asked for can be built or run; the message says what stands in the way."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault of a specification: where it is, what is wrong, and what would be right.

    `line` and `column` count from 1; 0 means that the fault has no single place.
    `path` is the dotted path of the value, such as `programme.phases.0.target.online`.
    """

    message: str
    path: str = ""
    file: str = ""
    line: int = 0
    column: int = 0
    mend: str = ""

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part)
        text = ": ".join(part for part in (place, self.path, self.message) if part)
        return f"{text}; {self.mend}" if self.mend else text


class SpecError(StargateError):
    """A specification that cannot be used. `problems` holds every fault found, in file order."""

    def __init__(self, problems: tuple[Problem, ...] | list[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda p: (p.file, p.line, p.column)))
        super().__init__("\n".join(str(problem) for problem in self.problems))
