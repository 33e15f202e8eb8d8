from __future__ import annotations

import platform

from stargate.engine.memory import keep_freed_memory


def test_glibc_keeps_what_is_freed_and_others_are_left_alone():
    assert keep_freed_memory() == (platform.libc_ver()[0] == "glibc")
