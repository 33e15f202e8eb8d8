"""One Ray node, kept by this process: `python -m stargate.live.node start ...` as `ray start`."""

from __future__ import annotations

import sys

from stargate.live.loopback import stay_on_this_host


def main() -> None:
    """Run Ray's own command line, on this host alone."""
    stay_on_this_host()
    from ray.scripts.scripts import main as ray

    sys.argv[0] = "ray"
    ray()


if __name__ == "__main__":
    main()
