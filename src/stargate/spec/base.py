"""The base of every model that a person writes, and the quantities its fields may hold.

A field declared as `power_w: Watts` is written `power: 1.2 GW` in the file (the unit at the end
of the name belongs to the float, not to the text), is a float in SI inside, and shows in the
JSON Schema as a string with an example. Models are built from what the file says, so in Python
too: `Site(power="1.2 GW")`, then `site.power_w`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, GetJsonSchemaHandler
from pydantic_core import CoreSchema
from typing_extensions import override

from stargate import units
from stargate.units import Kind

# The unit at the end of a field's name, and the kind of quantity that it holds.
KIND_OF_UNIT: dict[str, Kind] = {
    "w": units.POWER,
    "j": units.ENERGY,
    "s": units.DURATION,
    "bytes": units.SIZE,
    "bytes_per_s": units.BANDWIDTH,
    "flop": units.COMPUTE,
    "flop_per_s": units.COMPUTE_RATE,
    "usd": units.MONEY,
    "usd_per_j": units.ENERGY_PRICE,
    "usd_per_s": units.ACCELERATOR_TIME_PRICE,
    "usd_per_accelerator": units.ACCELERATOR_PRICE,
    "usd_per_w": units.POWER_PRICE,
    "usd_per_w_s": units.POWER_TIME_PRICE,
    "usd_per_token": units.TOKEN_PRICE,
    "tokens_per_s": units.TOKEN_RATE,
    "m3_per_j": units.WATER_INTENSITY,
    "kg": units.MASS,
    "kg_per_j": units.CARBON_INTENSITY,
    "m": units.DISTANCE,
    "k": units.TEMPERATURE,
    "per_s": units.RATE,
    "accelerators_per_s": units.DELIVERY_RATE,
}
_UNIT_SUFFIX = re.compile(rf"_({'|'.join(KIND_OF_UNIT)})$")


def _name_in_file(field_name: str) -> str:
    return _UNIT_SUFFIX.sub("", field_name)


def as_written(field_name: str, value: float) -> tuple[str, str]:
    """A field and its value as a file has them: ("it_power_w", 4.42e8) is it_power, 442 MW."""
    found = _UNIT_SUFFIX.search(field_name)
    if found is None:
        return field_name, f"{value:.6g}"
    return _name_in_file(field_name), units.format_quantity(value, KIND_OF_UNIT[found[1]], digits=6)


class SpecModel(BaseModel):
    """Frozen; unknown keys are refused; keys are the field names without their unit."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, alias_generator=_name_in_file
    )

    @override
    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """The schema without titles and defaults, which editors would write into files as SI."""
        shape = handler(schema)
        for entry in handler.resolve_ref_schema(shape).get("properties", {}).values():
            entry.pop("title", None)
            entry.pop("default", None)
        return shape


@dataclass(frozen=True, slots=True)
class Quantity:
    """Marks a float field as a quantity of one kind; the text is read by `units.parse`."""

    kind: Kind

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> CoreSchema:
        return BeforeValidator(self.read).__get_pydantic_core_schema__(source, handler)

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        shape: dict[str, Any] = {"type": "string", "examples": [self.kind.example]}
        if self.kind.bare:
            shape["type"] = ["string", "number"]
        return {**shape, "description": f"{self.kind.name}, such as {self.kind.example}"}

    def read(self, value: object) -> float:
        """The quantity that `value` states, in SI; raises `UnitError`."""
        if not isinstance(value, (str, int, float)):
            raise ValueError(f"{self.kind.name} must be a text such as {self.kind.example!r}")
        return units.parse(value, self.kind)


Watts = Annotated[float, Quantity(units.POWER)]
Joules = Annotated[float, Quantity(units.ENERGY)]
Seconds = Annotated[float, Quantity(units.DURATION)]
BytesPerSecond = Annotated[float, Quantity(units.BANDWIDTH)]
Bytes = Annotated[float, Quantity(units.SIZE)]
FlopPerSecond = Annotated[float, Quantity(units.COMPUTE_RATE)]
Flop = Annotated[float, Quantity(units.COMPUTE)]
Dollars = Annotated[float, Quantity(units.MONEY)]
DollarsPerJoule = Annotated[float, Quantity(units.ENERGY_PRICE)]
DollarsPerAcceleratorSecond = Annotated[float, Quantity(units.ACCELERATOR_TIME_PRICE)]
DollarsPerAccelerator = Annotated[float, Quantity(units.ACCELERATOR_PRICE)]
DollarsPerWatt = Annotated[float, Quantity(units.POWER_PRICE)]
DollarsPerWattSecond = Annotated[float, Quantity(units.POWER_TIME_PRICE)]
DollarsPerToken = Annotated[float, Quantity(units.TOKEN_PRICE)]
TokensPerSecond = Annotated[float, Quantity(units.TOKEN_RATE)]
CubicMetresPerJoule = Annotated[float, Quantity(units.WATER_INTENSITY)]
KilogramsPerJoule = Annotated[float, Quantity(units.CARBON_INTENSITY)]
Kilograms = Annotated[float, Quantity(units.MASS)]
Metres = Annotated[float, Quantity(units.DISTANCE)]
Kelvin = Annotated[float, Quantity(units.TEMPERATURE)]
Fraction = Annotated[float, Quantity(units.FRACTION)]
PerSecond = Annotated[float, Quantity(units.RATE)]
AcceleratorsPerSecond = Annotated[float, Quantity(units.DELIVERY_RATE)]

Identifier = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_.-]*$", max_length=64)]
Day = Annotated[date, Field(description="a day, such as 2028-12-31")]


@dataclass(frozen=True, slots=True)
class Refers:
    """Marks a text as the name of a thing of one kind, which stands elsewhere.

    The mark shows in the JSON Schema as `x-refers-to`; `spec.references` finds every name by it.
    """

    kind: str

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {**handler(schema), "x-refers-to": self.kind}


@dataclass(frozen=True, slots=True)
class ShortForm:
    """Says in the JSON Schema that a text (or number) may stand for the whole, as `example` does.

    It changes nothing about validation; a validator beside it reads the short form.
    """

    example: str
    types: tuple[str, ...] = ("string",)

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        short = {"type": list(self.types), "description": f"short form, such as {self.example}"}
        return {"anyOf": [short, handler(schema)]}


# Names of things that the same document holds (a model may also be one of the catalogue's) ...
ModelName = Annotated[Identifier, Refers("model")]
SiteName = Annotated[Identifier, Refers("site")]
ClusterName = Annotated[Identifier, Refers("cluster")]
WorkloadName = Annotated[Identifier, Refers("workload")]
PhaseName = Annotated[Identifier, Refers("phase")]
DriverName = Annotated[Identifier, Refers("driver")]
PartyName = Annotated[Identifier, Refers("party")]
# ... and of things that the catalogue holds.
AcceleratorName = Annotated[Identifier, Refers("catalog accelerator")]
NodeName = Annotated[Identifier, Refers("catalog node")]
FabricName = Annotated[Identifier, Refers("catalog fabric")]
LinkName = Annotated[Identifier, Refers("catalog link")]
FactName = Annotated[Identifier, Refers("catalog fact")]
CatalogModelName = Annotated[Identifier, Refers("catalog model")]
DurationClassName = Annotated[Identifier, Refers("catalog duration class")]
OverrunClassName = Annotated[Identifier, Refers("catalog overrun class")]
