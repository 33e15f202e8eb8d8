"""The gate's real ears: two speaker encoders, detectors of speech and mark, loaded at first use."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from stargate.voice.assets import Assets
from stargate.voice.encoders import dvector
from stargate.voice.encoders.dvector import DVectorEncoder
from stargate.voice.encoders.ge2e import Ge2eEncoder
from stargate.voice.engine import Sample
from stargate.voice.mark_search import Mark, look_for_mark
from stargate.voice.marking import Marker
from stargate.voice.policy import Embedding
from stargate.voice.speech_meter import SileroMeter

RATE_HZ = dvector.RATE_HZ


class EncoderEars:
    """Hears voices with encoders A and B, and marks with the marker that makes them."""

    def __init__(self, assets: Assets, marker: Marker, meter: SileroMeter) -> None:
        self._assets = assets
        self._marker = marker
        self._meter = meter

    @cached_property
    def _a(self) -> Ge2eEncoder:
        return Ge2eEncoder(self._assets.path("encoder_a"), RATE_HZ)

    @cached_property
    def _b(self) -> DVectorEncoder:
        return DVectorEncoder(self._assets.path("encoder_b"))

    def embed(self, sample: Sample) -> Mapping[str, Embedding]:
        """How the voice sounds to each encoder: unit vectors by the encoder's name."""
        signal = sample.at(RATE_HZ)
        return {"a": self._a(signal), "b": self._b(signal)}

    def speech(self, sample: Sample) -> Sample:
        """The sample without pauses, music and noises."""
        return Sample(self._meter.only(sample.signal, sample.rate_hz), sample.rate_hz)

    def mark(self, sample: Sample) -> Mark:
        """What is seen of the watermark, as `detect` sees it: scanned, and in speech alone."""
        return look_for_mark(sample, self._marker, self._meter)
