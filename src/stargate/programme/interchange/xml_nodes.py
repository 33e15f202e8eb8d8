"""Read XML that may be hostile: no document type, so no entities; limits on size and depth."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from stargate.errors import Problem, SpecError

SIZE_MAX_BYTES = 256 * 2**20
DEPTH_MAX = 64


@dataclass(slots=True)
class XmlNode:
    """An element: its name without namespace, its text, and what is in it."""

    name: str
    text: str = ""
    children: list[XmlNode] = field(default_factory=list)

    def all(self, name: str) -> Iterator[XmlNode]:
        """The elements of that name directly in it."""
        return (child for child in self.children if child.name == name)

    def get(self, name: str) -> str:
        """The text of the first element of that name; empty if there is none."""
        return next((child.text.strip() for child in self.all(name)), "")


def read_xml(content: bytes, file: str) -> XmlNode:
    """The root of a document; raises `SpecError` for what is no XML, or has a document type."""
    if len(content) > SIZE_MAX_BYTES:
        raise SpecError([Problem("the file is larger than 256 MiB", file=file, mend="split it")])
    reader = _Reader(file)
    try:
        reader.parser.Parse(content, True)
    except expat.ExpatError as error:
        problem = Problem(
            f"no XML: {expat.ErrorString(error.code)}",
            file=file,
            line=error.lineno,
            column=error.offset + 1,
            mend="export the file again",
        )
        raise SpecError([problem]) from None
    except (ValueError, LookupError) as error:
        raise SpecError([Problem(f"no XML: {error}", file=file, mend="save it as UTF-8")]) from None
    return reader.top.children[0]


class _Reader:
    """Builds nodes from expat's events."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.top = XmlNode("")
        self.open = [self.top]
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.parser.StartDoctypeDeclHandler = self._doctype

    def _start(self, name: str, _attributes: object) -> None:
        if len(self.open) > DEPTH_MAX:
            raise SpecError([self._here("elements are nested too deep", "export the file again")])
        node = XmlNode(name.rpartition(" ")[2])
        self.open[-1].children.append(node)
        self.open.append(node)

    def _end(self, _name: str) -> None:
        self.open.pop()

    def _text(self, data: str) -> None:
        self.open[-1].text += data

    def _doctype(self, *_declaration: object) -> None:
        message = "a document type, which may hide entities that expand without end"
        raise SpecError([self._here(message, "remove the line that begins with <!DOCTYPE")])

    def _here(self, message: str, mend: str) -> Problem:
        line, column = self.parser.CurrentLineNumber, self.parser.CurrentColumnNumber + 1
        return Problem(message, file=self.file, line=line, column=column, mend=mend)
