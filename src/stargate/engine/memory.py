"""Keep freed memory in the process: samples come in blocks of the same size, again and again.

glibc gives large freed blocks back to the system, which clears every page anew on the next use; of
a plan of many samples that is a tenth of the time. For processes that do nothing else: it holds for
the whole process, which stays as large as it has been at its largest.
"""

from __future__ import annotations

import ctypes
import sys

# mallopt(3): parameters, and the most that glibc takes for the second of them on 64 bits.
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_NEVER_BYTES, _LARGEST_BYTES = 2**31 - 1, 32 * 2**20


def keep_freed_memory() -> bool:
    """Ask the C library not to give memory back; False where it is not glibc, and nothing done."""
    if not sys.platform.startswith("linux"):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    kept = mallopt(_TRIM_THRESHOLD, _NEVER_BYTES)
    return bool(mallopt(_MMAP_THRESHOLD, _LARGEST_BYTES) and kept)
