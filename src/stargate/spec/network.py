"""The machine: sites with their power and grid, the clusters in them, and the links between.

Two powers are never mixed. IT power is what the machines draw at the most; facility power is what
the site draws from the grid at that hour, `peak_ratio` times as much. `pue` is the yearly ratio of
energies, lower than the peak ratio because cooling rarely works at its design point.

What is left out comes from the catalogue (a cluster's node and fabric from its accelerator).
Not covered: the layout of halls, rows and racks.
"""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Discriminator, Field, Tag, model_validator

from stargate.spec.base import (
    AcceleratorName,
    BytesPerSecond,
    DollarsPerJoule,
    FabricName,
    FactName,
    Identifier,
    KilogramsPerJoule,
    LinkName,
    Metres,
    NodeName,
    Seconds,
    SiteName,
    SpecModel,
    Watts,
)

PositiveWatts = Annotated[Watts, Field(gt=0)]
PositiveRate = Annotated[BytesPerSecond, Field(gt=0)]
Latency = Annotated[Seconds, Field(ge=0)]
Ratio = Annotated[float, Field(ge=1, le=4)]


class FactReference(SpecModel):
    """A number taken from the catalogue by name: `{catalog: grid_carbon_us}`."""

    catalog: FactName


class FabricReference(SpecModel):
    """A fabric taken from the catalogue by name: `{catalog: ndr-400-rail}`."""

    catalog: FabricName


def _written_as(value: object) -> str:
    """Whether a value stands in the file itself or is a reference to the catalogue."""
    held = "catalog" in value if isinstance(value, dict) else hasattr(value, "catalog")
    return "<catalog>" if held else "<value>"


_ValueOrReference = Discriminator(_written_as)
CarbonIntensity = Annotated[
    Annotated[KilogramsPerJoule, Field(ge=0), Tag("<value>")]
    | Annotated[FactReference, Tag("<catalog>")],
    _ValueOrReference,
]
ElectricityPrice = Annotated[
    Annotated[DollarsPerJoule, Tag("<value>")] | Annotated[FactReference, Tag("<catalog>")],
    _ValueOrReference,
]


class ScaleUp(SpecModel):
    """The domain in which accelerators reach each other's memory: NVLink, ICI, Infinity Fabric."""

    domain: int | None = Field(default=None, ge=1, description="accelerators in one domain")
    bandwidth_bytes_per_s: PositiveRate | None = Field(
        default=None, description="per accelerator and direction"
    )
    latency_s: Latency | None = None


class ScaleOut(SpecModel):
    """The network between domains: InfiniBand or Ethernet."""

    bandwidth_bytes_per_s: PositiveRate | None = Field(
        default=None, description="per accelerator and direction"
    )
    nics: int | None = Field(default=None, ge=1, description="network adapters per node")
    oversubscription: float = Field(
        default=1.0, ge=1, le=64, description="capacity below a switch tier over that above it"
    )
    latency_s: Latency | None = Field(default=None, description="end to end, small message")


class Fabric(SpecModel):
    """What joins the accelerators of a cluster; a part left out is the catalogue's."""

    scale_up: ScaleUp = ScaleUp()
    scale_out: ScaleOut = ScaleOut()


class Cluster(SpecModel):
    """Accelerators of one kind that can work on one job."""

    id: Identifier
    accelerator: AcceleratorName
    count: int = Field(ge=1, description="accelerators")
    node: NodeName | None = Field(default=None, description="the accelerator's usual one")
    fabric: Annotated[
        Annotated[Fabric, Tag("<value>")] | Annotated[FabricReference, Tag("<catalog>")],
        _ValueOrReference,
    ] = Fabric()


class Grid(SpecModel):
    """Where a site's electricity comes from, what it costs, and what it emits."""

    region: FactName | None = Field(default=None, description="supplies what is left out")
    carbon_intensity_kg_per_j: CarbonIntensity | None = None
    electricity_price_usd_per_j: ElectricityPrice | None = None


class Place(SpecModel):
    """A point on the map, in degrees."""

    latitude: float = Field(ge=-90, le=90)
    longitude: float = Field(ge=-180, le=180)


class Site(SpecModel):
    """A data-centre campus: power of a stated basis, a grid, and clusters."""

    id: Identifier
    name: str = ""
    location: str = Field(default="", description="for people: town, state, country")
    place: Place | None = None
    it_power_w: PositiveWatts | None = Field(
        default=None, description="most that the IT equipment draws"
    )
    facility_power_w: PositiveWatts | None = Field(
        default=None, description="most that the site draws from its grid"
    )
    peak_ratio: Ratio | None = Field(
        default=None, description="facility power over IT power at the peak hour"
    )
    pue: Ratio | None = Field(default=None, description="yearly facility energy over IT energy")
    grid: Grid = Grid()
    clusters: tuple[Cluster, ...] = ()

    @model_validator(mode="after")
    def _power_has_a_basis(self) -> Self:
        if self.facility_power_w is None or self.it_power_w is not None:
            return self
        if self.peak_ratio is None:
            raise ValueError(
                "facility_power without peak_ratio leaves the IT power unknown; "
                "add peak_ratio (facility over IT at the peak hour), or state it_power"
            )
        return self

    @property
    def it_w(self) -> float | None:
        """IT power: as stated, or facility power over the peak ratio; None when not stated."""
        if self.it_power_w is not None:
            return self.it_power_w
        if self.facility_power_w is not None and self.peak_ratio is not None:
            return self.facility_power_w / self.peak_ratio
        return None

    @property
    def accelerators(self) -> int:
        """How many accelerators the site's clusters hold."""
        return sum(cluster.count for cluster in self.clusters)


class WanLink(SpecModel):
    """A long-haul link between two sites, usable in both directions at once."""

    id: Identifier | None = None
    between: tuple[SiteName, SiteName]
    bandwidth_bytes_per_s: PositiveRate = Field(description="per direction")
    distance_m: Annotated[Metres, Field(gt=0)] | None = Field(
        default=None, description="length of the fibre route"
    )
    latency_s: Latency | None = Field(
        default=None, description="one way; from the distance when left out"
    )
    kind: LinkName | None = Field(default=None, description="the catalogue's link of this sort")


class Network(SpecModel):
    """The sites and what joins them."""

    sites: tuple[Site, ...] = Field(min_length=1)
    wan: tuple[WanLink, ...] = ()

    def site(self, name: str) -> Site:
        """The site of that id; the document's checks have made sure that it exists."""
        return next(site for site in self.sites if site.id == name)
