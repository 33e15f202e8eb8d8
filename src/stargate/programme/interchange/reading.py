"""Tell which tool a schedule comes from, and read it."""

from __future__ import annotations

from pathlib import Path

from stargate.errors import Problem, SpecError
from stargate.programme.interchange.foreign import ForeignPlan
from stargate.programme.interchange.ms_project import read_ms_project
from stargate.programme.interchange.primavera_xer import read_xer
from stargate.programme.interchange.primavera_xml import read_primavera_xml
from stargate.programme.interchange.xml_nodes import SIZE_MAX_BYTES, read_xml


def read_plan(path: Path) -> ForeignPlan:
    """The schedule of a file; raises `SpecError` for a file that is none of the three formats."""
    file = str(path)
    try:
        if path.stat().st_size > SIZE_MAX_BYTES:
            raise SpecError([Problem("the file is larger than 256 MiB", file=file)])
        content = path.read_bytes()
    except OSError as error:
        reason = error.strerror or "it cannot be read"
        raise SpecError([Problem(reason, file=file, mend="check the name")]) from None
    return plan_in(content, file)


def plan_in(content: bytes, file: str) -> ForeignPlan:
    """The schedule in the content of a file; raises `SpecError` if it holds no task."""
    plan = _plan_in(content, file)
    if not plan.tasks:
        raise SpecError([Problem("a plan without tasks", file=file, mend="export it with tasks")])
    return plan


def _plan_in(content: bytes, file: str) -> ForeignPlan:
    """By how it begins."""
    if content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"ERMHDR", b"%T")):
        return read_xer(content, file)
    root = read_xml(content, file)
    if root.name == "APIBusinessObjects":
        return read_primavera_xml(root, file)
    return read_ms_project(root, file)
