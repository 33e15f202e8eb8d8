"""What one accelerator costs and draws for each second that it trains, from catalogued facts.

Cost: the annuities of the cluster and of its share of the building, running costs, and energy, as
in Epoch AI's cost of a gigawatt (`tco_1gw_epoch`). A second is charged as if the accelerator
trained in every second of its life: idle time is not charged to the step. Energy: rated IT power x
its mean share in training x PUE, whatever the strategy. Not covered: taxes, land, staff, and power
that falls with utilisation.
"""

from __future__ import annotations

from dataclasses import dataclass

from stargate import catalog
from stargate.catalog import Accelerator, Fact
from stargate.plant.capital import capital_recovery_factor
from stargate.plant.power import mean_facility_draw_w
from stargate.units import YEAR_S

# The newest catalogued price of a part.
PRICES = {
    "a100-sxm-40": "accel_a100_price_2024",
    "a100-sxm-80": "accel_a100_price_2024",
    "b200-sxm": "accel_gb200_price_2025",  # the source prices both as one
    "gb200": "accel_gb200_price_2025",
    "gb300": "accel_gb300_price_2025",
    "h100-sxm": "accel_h100_price_2025",
    "h20": "accel_h20_price_2025",
}
# IT power of a whole site over its accelerators, where it is known.
SITE_POWER = {
    "h100-sxm": "kw_it_per_h100",
    "gb200": "kw_it_per_gb200",
    "trainium2": "kw_it_per_trn2",
}
# A server for each watt of the accelerator's limit, where nobody rates it: the DGX H100's ratio.
SERVER_PATTERN = ("dgx-h100", "h100-sxm")
SHARE_IN_TRAINING = "train_power_frac_tdp"
PUE = "pue_microsoft"
ELECTRICITY = "elec_us_industrial_2025"


@dataclass(frozen=True, slots=True)
class AcceleratorTime:
    """Of one accelerator: dollars a second to own and to feed it, and watts at the grid."""

    owning_usd_per_s: float
    energy_usd_per_s: float
    power_w: float
    facts: tuple[Fact, ...]

    @property
    def usd_per_s(self) -> float:
        """Owning and energy together."""
        return self.owning_usd_per_s + self.energy_usd_per_s


def accelerator_time(part: Accelerator) -> AcceleratorTime | None:
    """The rates of one accelerator, or None where its power is not catalogued."""
    rated = _it_power(part)
    if rated is None:
        return None
    it_power_w, power_facts = rated
    share, pue = catalog.fact(SHARE_IN_TRAINING), catalog.fact(PUE)
    price = catalog.fact(ELECTRICITY)
    power_w = float(mean_facility_draw_w(it_power_w, share.value, pue.value))
    owning_usd_per_s, owning_facts = _owning(part, it_power_w)
    return AcceleratorTime(
        owning_usd_per_s=owning_usd_per_s,
        energy_usd_per_s=power_w * price.value,
        power_w=power_w,
        facts=(*power_facts, share, pue, price, *owning_facts),
    )


def _it_power(part: Accelerator) -> tuple[float, tuple[Fact, ...]] | None:
    """IT watts of one accelerator with its part of server and network."""
    if part.id in SITE_POWER:
        site = catalog.fact(SITE_POWER[part.id])
        return site.value, (site,)
    node = catalog.node(part.node_id) if part.node_id else None
    if node is not None and node.max_power_w is not None:
        return node.max_power_w / node.n_accelerators, (node.facts["max_power"],)
    if part.tdp_w is None:
        return None
    server, limit = catalog.node(SERVER_PATTERN[0]), catalog.accelerator(SERVER_PATTERN[1])
    assert server.max_power_w is not None
    assert limit.tdp_w is not None
    ratio = server.max_power_w / server.n_accelerators / limit.tdp_w
    facts = (part.facts["tdp"], server.facts["max_power"], limit.facts["tdp"])
    return part.tdp_w * ratio, facts


def _owning(part: Accelerator, it_power_w: float) -> tuple[float, tuple[Fact, ...]]:
    """Dollars a second of cluster, building and running it, energy aside."""
    rate, it_life = catalog.fact("tco_implied_wacc"), catalog.fact("life_it_epoch")
    building, building_life = (
        catalog.fact(name) for name in ("capex_facility_per_mw_it", "life_facility_epoch")
    )
    opex, energy_part = catalog.fact("opex_per_mw_it"), catalog.fact("elec_epoch_implied")
    cluster_usd, cluster_facts = _cluster_usd(part, it_power_w)
    capital_usd_per_s = _annuity_usd_per_s(cluster_usd, rate, it_life) + _annuity_usd_per_s(
        building.value * it_power_w, rate, building_life
    )
    running_usd_per_s = it_power_w * (opex.value - energy_part.value)
    facts = (*cluster_facts, building, rate, it_life, building_life, opex, energy_part)
    return capital_usd_per_s + running_usd_per_s, facts


def _annuity_usd_per_s(price_usd: float, rate: Fact, life: Fact) -> float:
    """What pays back a price over its life, a second at a time."""
    factor = capital_recovery_factor(rate.value * YEAR_S, life.value / YEAR_S)
    return price_usd * factor / YEAR_S


def _cluster_usd(part: Accelerator, it_power_w: float) -> tuple[float, tuple[Fact, ...]]:
    """Price of an accelerator with its part of server and network.

    price x server / accelerator x 1 / (1 - network share of the cluster) (arXiv 2405.21015,
    appendix A); without a catalogued price, dollars per watt of IT.
    """
    if part.id not in PRICES:
        per_watt = catalog.fact("capex_it_per_mw_it")
        return per_watt.value * it_power_w, (per_watt,)
    overhead = "server_overhead_a100" if part.id.startswith("a100") else "server_overhead_other"
    price, server = catalog.fact(PRICES[part.id]), catalog.fact(overhead)
    network = catalog.fact("network_share_cluster")
    return price.value * server.value / (1.0 - network.value), (price, server, network)
