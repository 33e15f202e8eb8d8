"""The two ways in which the voice engine says no.

StargateError
├── MissingError              a package, program or weight is not there; the message says which
└── InfeasibleError
    └── RefusedError          a safeguard forbids it; carries the rule that does
"""

from __future__ import annotations

from stargate.errors import InfeasibleError, StargateError


class MissingError(StargateError):
    """Something has to be installed first; the message names it."""


class RefusedError(InfeasibleError):
    """A safeguard forbids what was asked; `rule` names it, for the audit."""

    def __init__(self, rule: str, message: str) -> None:
        self.rule = rule
        super().__init__(message)
