"""Refusals in the audit: what was asked, which rule forbade it, and in which words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from stargate.store.audit import AuditLog
from stargate.voice.refusals import RefusedError


def note_refusal(
    audit: AuditLog,
    tenant: str,
    asked: str,
    subject: str,
    refusal: RefusedError,
    detail: Mapping[str, object] | None = None,
) -> None:
    """Write one refusal to the audit."""
    told = {"asked": asked, **(detail or {}), "rule": refusal.rule, "message": str(refusal)}
    audit.append("refused", tenant, subject, told)


@contextmanager
def audited(audit: AuditLog, tenant: str, asked: str, subject: str = "") -> Iterator[None]:
    """Write to the audit what is refused in here, before it comes to the gate."""
    try:
        yield
    except RefusedError as refusal:
        note_refusal(audit, tenant, asked, subject, refusal)
        raise
