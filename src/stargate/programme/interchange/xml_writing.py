"""Write XML elements that hold nothing but text."""

from __future__ import annotations

from xml.etree.ElementTree import Element, SubElement


def put(node: Element, **values: object) -> None:
    """Add a child with text for each name."""
    for name, value in values.items():
        SubElement(node, name).text = _clean(str(value))


def _clean(text: str) -> str:
    """Without what XML 1.0 cannot hold."""
    return "".join(c if c.isprintable() else " " for c in text)
