"""Columns of samples that come in pieces: like parts, end to end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import TypeVar

import numpy as np

Part = TypeVar("Part")


def joined(parts: Sequence[Part]) -> Part:
    """Like parts as one: arrays end to end along their last axis, the samples; the rest as is."""
    first = parts[0]
    if isinstance(first, np.ndarray):
        return np.concatenate(parts, axis=-1)
    if isinstance(first, Mapping):
        return {key: joined([part[key] for part in parts]) for key in first}
    if isinstance(first, tuple):
        return tuple(joined(list(items)) for items in zip(*parts, strict=True))
    if is_dataclass(first):
        names = [field.name for field in fields(first)]
        return replace(
            first, **{name: joined([getattr(part, name) for part in parts]) for name in names}
        )
    return first
