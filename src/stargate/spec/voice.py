"""Voices as work: so many are learnt a day, and so much is spoken."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from stargate.spec.base import Fraction, PerSecond, Seconds, SpecModel


class VoiceWorkload(SpecModel):
    """Enrolments are a batch, which may wait; speaking is a service, which may not."""

    kind: Literal["voice"]
    enrolments_per_s: Annotated[PerSecond, Field(ge=0)] = Field(
        default=0.0, description="voices learnt, such as 200/day"
    )
    spoken_per_day_s: Annotated[Seconds, Field(ge=0)] = Field(
        default=0.0, description="speech made in a day, such as 40 h"
    )
    peak_factor: Annotated[float, Field(ge=1)] = Field(
        default=3.0, description="the busiest hour over the mean of the day"
    )
    utterance_s: Annotated[Seconds, Field(gt=0)] = Field(
        default=10.0, description="speech of one request"
    )
    waiting: Annotated[Fraction, Field(gt=0, lt=1)] = Field(
        default=0.05, description="share of requests in the busiest hour that may have to wait"
    )
    utilisation: Annotated[Fraction, Field(gt=0, le=1)] = Field(
        default=0.8, description="of the workers that learn voices, over a day"
    )
