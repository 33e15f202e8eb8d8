"""Permits: how an engine knows that a call came through the gate.

A permit works once, for one action, and only with the office that issued it. An engine given no
permit, a used one, or one made up by the caller refuses, and the office reports the attempt.
This keeps honest code honest and makes every path visible; it does not confine someone who can
change the program itself.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from stargate.voice.refusals import RefusedError

Redeem = Callable[["Permit | None", str], None]


@dataclass(frozen=True, slots=True)
class Permit:
    """Leave to call an engine once. `token` is what the office remembers."""

    action: str
    token: str = field(repr=False)


class PermitOffice:
    """Issues permits and takes them back."""

    def __init__(self, report: Callable[[RefusedError], None] = lambda _refusal: None) -> None:
        self._outstanding: dict[str, str] = {}
        self._report = report

    def issue(self, action: str) -> Permit:
        """A permit for one call of an action."""
        permit = Permit(action, secrets.token_hex(16))
        self._outstanding[permit.token] = action
        return permit

    def redeem(self, permit: Permit | None, action: str) -> None:
        """Take the permit back, or refuse; engines call this first of all."""
        issued = None if permit is None else self._outstanding.pop(permit.token, None)
        if issued != action:
            refusal = RefusedError(
                "around_the_gate", f"no permit to {action}: engines are called through the gate"
            )
            self._report(refusal)
            raise refusal
