"""What does not fit between a fleet and its network is told with its place and the mend."""

from __future__ import annotations

from pathlib import Path

import pytest

from stargate.errors import SpecError
from stargate.spec.loader import load_document

SPEC = """\
stargate: 1
network:
  sites:
    - id: here
      it_power: 1 MW
      clusters: [{id: pod, accelerator: h100-sxm, count: 16}]
fleet:
  horizon: 2 days
  hosts: [{id: servers, site: here, count: 1, cores: 8, memory: 8 GiB}]
  failures: {per_accelerator: 2e-5/h}
  jobs:
    - {id: hourly, cluster: pod, accelerators: 8, duration: 90 min, every: 1 h}
"""


def _told(tmp_path: Path, text: str) -> str:
    file = tmp_path / "fleet.yaml"
    file.write_text(text)
    with pytest.raises(SpecError) as refused:
        load_document(str(file))
    return str(refused.value)


@pytest.mark.parametrize(
    ("good", "bad", "place", "mend"),
    [
        ("90 min", "-5 h", "12:61: fleet.jobs.0.duration", "it must be above 0"),
        ("90 min", ".nan", "12:61: fleet.jobs.0.duration", "write it like '18 months'"),
        ("2 days", ".inf", "8:12: fleet.horizon", "write it like '18 months'"),
        ("accelerators: 8", "accelerators: 17", "12:48: fleet.jobs.0", "ask for at most 16"),
        ("cluster: pod", "cluster: pdo", "12:29: fleet.jobs.0.cluster", "did you mean 'pod'?"),
        ("every: 1 h", "every: 0 s", "12:76: fleet.jobs.0.every", "it must be above 0"),
        ("every: 1 h", "every: 1 us", "12:76: fleet.jobs.0.every", "or state count"),
        ("every: 1 h", "rate: 1e9/s", "12:75: fleet.jobs.0.rate", "or state count"),
        ("every: 1 h", "tenant: x", "12:77: fleet.jobs.0.tenant", "there is no tenant at all"),
        ("2e-5/h", "1e9/s", "10:31: fleet.failures.per_accelerator", "lower it"),
        ("id: servers", "id: pod", "9:16: fleet.hosts.0.id", "give another id"),
        ("site: here", "site: there", "9:31: fleet.hosts.0.site", "did you mean 'here'?"),
    ],
)
def test_a_bad_fleet_is_told_where_and_what_would_be_right(
    good: str, bad: str, place: str, mend: str, tmp_path: Path
) -> None:
    told = _told(tmp_path, SPEC.replace(good, bad))
    assert f"fleet.yaml:{place}" in told
    assert mend in told


def test_the_fleet_that_is_spoilt_above_is_good(tmp_path: Path) -> None:
    file = tmp_path / "fleet.yaml"
    file.write_text(SPEC)
    assert load_document(str(file)).fleet is not None
