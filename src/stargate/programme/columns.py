"""Columns of samples that come in pieces: like parts, end to end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar, cast

import numpy as np

Part = TypeVar("Part")


def joined(parts: Sequence[Part]) -> Part:
    """Like parts as one: arrays end to end along their last axis, the samples; the rest as is."""
    return cast(Part, _joined(parts))


def _joined(parts: Sequence[Any]) -> object:
    first = parts[0]
    if isinstance(first, np.ndarray):
        return np.concatenate(parts, axis=-1)
    if isinstance(first, Mapping):
        return {key: _joined([part[key] for part in parts]) for key in first}
    if isinstance(first, tuple):
        return tuple(_joined(items) for items in zip(*parts, strict=True))
    if is_dataclass(first) and not isinstance(first, type):
        names = [field.name for field in fields(first)]
        return replace(
            first, **{name: _joined([getattr(part, name) for part in parts]) for name in names}
        )
    return first
