"""A parsed `config.json`: typed access to its keys, with errors that name them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from stargate.errors import Problem, SpecError


@dataclass(frozen=True, slots=True)
class Config:
    """The keys of a `config.json`, or of one object within it; `path` is where that stands."""

    values: Mapping[str, object]
    file: str
    path: str = ""

    def count(self, key: str, *others: str) -> int:
        """A whole number of at least 1 under `key`, or else under one of the `others`."""
        for name in (key, *others):
            if (value := self.count_or_none(name)) is not None:
                return value
        named = " or ".join((key, *others))
        raise self.error(key, f"{named} is missing", "it must be a whole number of at least 1")

    def count_or_none(self, key: str) -> int | None:
        """A whole number of at least 1, or None where the key is absent or null."""
        value = self.values.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise self.error(key, f"{value!r} is no whole number of at least 1")
        return value

    def whole(self, key: str, default: int) -> int:
        """A whole number of at least 0."""
        return 0 if self.values.get(key) == 0 else self.count_or_none(key) or default

    def number(self, key: str, default: float) -> float:
        """A number."""
        value = self.values.get(key, default)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise self.error(key, f"{value!r} is no number")
        return value

    def flag(self, key: str, default: bool) -> bool:
        """True or false; null counts as absent."""
        value = self.values.get(key)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise self.error(key, f"{value!r} is neither true nor false")
        return value

    def text(self, key: str) -> str:
        """A text, which must be there."""
        value = self.values.get(key)
        if not isinstance(value, str):
            raise self.error(key, f"{key} is missing" if value is None else f"{value!r} is no text")
        return value

    def texts(self, key: str) -> list[str]:
        """A list of texts, empty where the key is absent."""
        value = self.values.get(key)
        return [str(item) for item in value] if isinstance(value, list) else []

    def part(self, key: str) -> Config:
        """The object under `key`, empty where it is absent."""
        value = self.values.get(key)
        inner = {str(k): v for k, v in value.items()} if isinstance(value, dict) else {}
        return Config(inner, self.file, self._place(key))

    def refuse_unless_empty(self, key: str) -> None:
        """Refuse a list that this reader cannot express."""
        if self.values.get(key):
            raise self.error(
                key, f"{self.values[key]!r} cannot be expressed; write the model by hand"
            )

    def error(self, key: str, message: str, mend: str = "") -> SpecError:
        """An error at `key`."""
        return SpecError([Problem(message, self._place(key), self.file, mend=mend)])

    def _place(self, key: str) -> str:
        return f"{self.path}.{key}" if self.path else key


def config_of(values: Mapping[str, object], file: str = "") -> Config:
    """The language model's part: a multimodal model keeps it under `text_config`."""
    whole = Config(values, file)
    inner = whole.part("text_config")
    return inner if "model_type" in inner.values else whole
