"""Keep Ray on this host: every port it opens is on 127.0.0.1, behind a token.

Ray takes 127.0.0.1 for a wish to be reachable and puts the host's own address in its place, which
it learns by looking for a route to the outside. Here it must do neither.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

HOST = "127.0.0.1"
# A node that does not answer is dead after about 4 s; Ray's own default is half a minute.
HEALTH = {
    "RAY_health_check_initial_delay_ms": "2000",
    "RAY_health_check_period_ms": "1000",
    "RAY_health_check_timeout_ms": "2000",
    "RAY_health_check_failure_threshold": "3",
}


def stay_on_this_host() -> None:
    """Before anything else of Ray is called in this process."""
    import ray._private.services as services

    services.get_node_ip_address = _this_host


def _this_host(*_: object) -> str:
    return HOST


def environment(token_file: Path) -> dict[str, str]:
    """What Ray's processes, and those that talk to them, find in their environment."""
    return {
        **HEALTH,
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN_PATH": str(token_file),
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_DISABLE_IMPORT_WARNING": "1",
        "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",
    }


def make_token(file: Path) -> None:
    """A new secret, for the owner's eyes."""
    file.touch(mode=0o600)
    file.write_text(secrets.token_hex(32))


def enter(token_file: Path) -> None:
    """Let this process talk to the cluster."""
    os.environ.update(environment(token_file))
    stay_on_this_host()
