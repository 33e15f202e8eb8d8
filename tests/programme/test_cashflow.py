"""What a programme is worth: by hand, against its own months, and by party."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from stargate.programme import cash_columns as cash_module
from stargate.programme.accounts import party_accounts, programme_account
from stargate.programme.capacity import planned_blocks
from stargate.programme.cash_columns import cash_columns
from stargate.programme.cashflow import Case, case, middles_s, net_present_value_usd
from stargate.programme.draws import Sampled
from stargate.programme.flows import flows, written_off_usd, year_edges_s, years_of
from stargate.programme.over_time import quarters_s
from stargate.programme.plan import plan
from stargate.programme.streams import Stream, paid_time_s, served_time_s
from stargate.units import HOUR_S, MONTH_S, YEAR_S

EPOCH = 0.06535  # the rate that gives 8.5 billion dollars a year, see tests/plant/test_capital.py
BLOCK = {
    "site": "a",
    "template": "works",
    "it_power": "1 GW",
    "peak_ratio": 1.3,
    "accelerator": "h100-sxm",
    "it_power_per_accelerator": "1.39 kW",
}
STANDS = {
    "id": "P",
    "status": "done",
    "online": "2023-01-01",
    "blocks": [BLOCK | {"template": None}],
}
WORKS = [
    {
        "id": "works",
        "tasks": [
            {
                "id": "build",
                "duration": {"dist": "pert", "low": "8 mo", "mode": "12 mo", "high": "30 mo"},
            }
        ],
    }
]
COSTS = [
    {"id": "it", "per": "it_power", "rate": "$26.113M/MW", "life": "5 years"},
    {"id": "shell", "per": "it_power", "rate": "$11.769M/MW", "life": "14 years"},
]
ENERGY = {
    "utilisation": "76 %",
    "pue": 1.12,
    "price": "$0.0826/kWh",
    "price_process": "power",
    "carbon_intensity": "369 g/kWh",
}
RENT = {
    "id": "rent",
    "per": "accelerator_time",
    "payee": "owner",
    "payer": "user",
    "price": "$3/GPU-hour",
    "take_or_pay": "40 %",
    "sold": {"dist": "uniform", "low": 0.5, "high": 0.9},
    "ramp": "5 months",
    "ageing": "10 %/year",
}
TOKENS = {
    "id": "tokens",
    "per": "tokens",
    "payee": "user",
    "price": "$2/Mtok",
    "rate": "900 tok/s",
    "sold": {"dist": "pert", "low": 0.1, "mode": 0.5, "high": 0.9},
    "escalation": "-4 %/year",
    "price_process": "market",
}


def programme(**finance: object) -> dict[str, object]:
    """A gigawatt under construction that one party owns and another uses."""
    return {
        "templates": WORKS,
        "phases": [{"id": "P", "blocks": [BLOCK]}],
        "costs": COSTS,
        "running": [{"id": "run", "per": "it_power", "rate": "$0.308M/MW/year"}],
        "energy": ENERGY,
        "drivers": [
            {"id": "power", "process": "ou", "volatility": 0.2, "reversion": "0.5/year"},
            {"id": "market", "process": "gbm", "volatility": 0.3},
        ],
        "finance": {
            "parties": [
                {
                    "id": "owner",
                    "tax_rate": "21 %",
                    "cost_of_equity": "12 %",
                    "debt": {"share": "50 %", "interest": "5 %", "term": "6 years"},
                },
                {"id": "user"},
            ],
            "capital": {"owner": "75 %", "user": "25 %"},
            "operation": {"owner": "100 %"},
            "revenues": [RENT, TOKENS],
            "terminal": "book_value",
            **finance,
        },
    }


@pytest.fixture
def money_of(outcome_of):
    """The case of a document, at one seed."""

    def build(document, n: int = 300) -> Case:
        said = document.programme
        blocks, _ = planned_blocks(said, None)
        grid_s = quarters_s(said.data_date, said.horizon)
        return case(said, blocks, Sampled(1, n), outcome_of(document, n), grid_s)

    return build


def test_closed_forms_and_months_agree_on_what_it_is_worth(document, money_of):
    built = document(**programme())
    given = money_of(built)
    found = flows(given)
    years = years_of(built.programme.data_date, given.edges_s)
    by_months = programme_account(given, found, years).worth.npv_usd
    moved = (found.capital_usd + found.sales_usd["tokens"]).sum(axis=0)
    assert np.abs(net_present_value_usd(given) - by_months).max() < 2e-4 * moved.min()


def test_what_the_parties_pay_each_other_cancels(document, money_of):
    built = document(**programme())
    given = money_of(built)
    found = flows(given)
    years = years_of(built.programme.data_date, given.edges_s)
    whole = programme_account(given, found, years)
    parties = party_accounts(built.programme.finance, given, found, years)
    finance = built.programme.finance
    free = tuple(party.model_copy(update={"tax_rate": 0.0}) for party in finance.parties)
    untaxed = finance.model_copy(update={"parties": free})
    before_tax = party_accounts(untaxed, given, found, years)
    scale = np.abs(whole.net_by_year).max()
    together = sum(p.net_by_year for p in before_tax)
    assert together == pytest.approx(whole.net_by_year, rel=1e-9, abs=1e-9 * scale)
    assert parties[1].parts_usd["purchases"] == pytest.approx(-parties[0].parts_usd["sales"])
    assert np.all(parties[0].parts_usd["tax"] <= 0)
    assert np.all(parties[0].net_by_year <= before_tax[0].net_by_year + 1e-6)


def test_monthly_spending_ends_at_the_cost(document, money_of):
    given = money_of(document(**programme()))
    spent = flows(given).capital_usd
    assert np.all(spent >= -1e-3)
    assert spent.sum(axis=0) == pytest.approx(sum(s.spent_usd() for s in given.spendings))


def test_all_but_the_residual_is_written_off_once_and_the_rest_is_book_value(document, money_of):
    costs = [COSTS[0] | {"residual": "10 %"}, COSTS[1]]
    given = money_of(document(**{**programme(), "costs": costs}))
    years = years_of(document().programme.data_date, given.edges_s)
    written = written_off_usd(given.spendings, year_edges_s(given.edges_s, years), given.n)
    book = flows(given).book_usd
    total = sum(s.spent_usd() for s in given.spendings)
    assert written.sum(axis=0) + book == pytest.approx(total, rel=1e-9)


def test_parts_of_the_samples_give_what_all_at_once_give(document, money_of, monkeypatch):
    built = document(**programme())
    given = money_of(built)
    whole = cash_columns(built.programme, given)
    monkeypatch.setattr(cash_module, "PART", 77)
    parts = cash_columns(built.programme, given)
    assert parts.accounts[1].worth.npv_usd == pytest.approx(whole.accounts[1].worth.npv_usd)
    assert parts.accounts[1].net.p50 == pytest.approx(whole.accounts[1].net.p50)
    assert parts.tokens.mean == pytest.approx(whole.tokens.mean)


def _stream(**more: object) -> Stream:
    blocks: list = []
    one = np.ones(1)
    return replace(Stream("s", "revenue", blocks, 1.0, one, one), **more)


def test_a_ramp_gives_half_of_itself_and_a_floor_is_paid_from_the_first_day():
    time = np.array([[0.0], [5.0], [10.0], [30.0]])
    ramp = _stream(ramp_s=10.0)
    assert paid_time_s(ramp, time)[:, 0].tolist() == pytest.approx([0, 1.25, 5, 25])
    floored = replace(ramp, floor=0.5)
    # half until the ramp has reached it at 5, then in a straight line up to all at 10
    assert paid_time_s(floored, time)[:, 0].tolist() == pytest.approx([0, 2.5, 6.25, 26.25])
    assert served_time_s(floored, time)[:, 0].tolist() == pytest.approx([0, 1.25, 5, 25])
    assert paid_time_s(replace(ramp, floor=0.9, sold=np.array([0.3])), time)[-1, 0] == 27.0


def test_a_standing_plant_earns_its_price_for_what_is_sold(document, money_of):
    sale = {"id": "rent", "per": "accelerator_time", "payee": "owner", "price": "$2/GPU-hour"}
    parts = {"phases": [STANDS], "running": [], "energy": None, "costs": []}
    said = programme(revenues=[sale | {"sold": 0.8}], terminal="nothing")
    given = money_of(document(**{**said, **parts}), n=3)
    hours = given.horizon_s / HOUR_S
    earned = flows(given).sales_usd["rent"].sum(axis=0)
    assert earned == pytest.approx(2 * 0.8 * int(1e9 / 1390) * hours)


def test_a_price_that_ages_halves_in_its_half_life(document, money_of):
    years = np.log(2) / 0.1
    sale = {"id": "rent", "per": "it_power", "payee": "owner", "price": "$10M/MW/year"}
    parts = {"phases": [STANDS], "running": [], "energy": None, "costs": []}
    said = programme(revenues=[sale | {"ageing": "10 %/year"}])
    given = money_of(document(**{**said, **parts}), n=3)
    sold = flows(given).sales_usd["rent"][:, 0] / np.diff(given.edges_s)
    later = int(np.searchsorted(middles_s(given.edges_s), years * YEAR_S))
    assert sold[later] / sold[0] == pytest.approx(0.5, rel=0.01)
    one_year_old = 10e6 * 1000 * np.exp(-0.1) / YEAR_S
    assert sold[0] == pytest.approx(one_year_old, rel=0.01)


def test_a_later_date_sells_less_and_runs_less(document, money_of):
    given = money_of(document(**programme()))
    late = given.later(["P.a"], 6 * MONTH_S)
    assert np.all(
        flows(late).sales_usd["tokens"].sum(axis=0) < flows(given).sales_usd["tokens"].sum(axis=0)
    )
    assert np.all(flows(late).operation_usd.sum(axis=0) < flows(given).operation_usd.sum(axis=0))
    assert flows(late).capital_usd == pytest.approx(flows(given).capital_usd)


def test_what_leaves_earns_no_more_and_counts_nothing_at_the_horizon(document, money_of):
    given = money_of(document(**programme()))
    gone = replace(given, offline_s={"P.a": np.full(given.n, 5 * YEAR_S)})
    sold = flows(gone).sales_usd["tokens"]
    months = middles_s(given.edges_s)
    assert np.all(sold[months > 5.1 * YEAR_S] == 0)
    assert np.all(flows(gone).book_usd == 0)
    years = years_of(document().programme.data_date, given.edges_s)
    by_months = programme_account(gone, flows(gone), years).worth.npv_usd
    assert net_present_value_usd(gone) == pytest.approx(by_months, rel=2e-3, abs=2e7)


@pytest.mark.parametrize(
    ("life", "billions"), [("5 years", 8.5), ("3 years", 12.08), ("7 years", 6.98)]
)
def test_a_gigawatt_costs_a_year_what_epoch_says(document, life: str, billions: float):
    """8.5 billion dollars a year at 5 years of IT life, about 12 at 3 and 7 at 7 (Epoch AI)."""
    said = document(
        phases=[{"id": "P", "blocks": [BLOCK]}],
        templates=[{"id": "works", "tasks": [{"id": "build", "duration": "10 months"}]}],
        costs=[COSTS[0] | {"life": life}, COSTS[1]],
        running=[{"id": "run", "per": "it_power", "rate": "$0.902M/MW/year"}],
        discount_rate=f"{100 * EPOCH} %",
    )
    found = plan(said, samples=5)
    assert found.finance.annuity_usd_per_year.p50 == pytest.approx(billions * 1e9, rel=0.003)
    assert found.cash is not None
    cost = next(s for s in found.cash.unit_costs if s.id == "usd_per_accelerator_hour")
    per_hour = billions * 1e9 / (int(1e9 / 1390) * YEAR_S / HOUR_S)
    assert cost.p50[0] == pytest.approx(per_hour, rel=0.003)


def test_the_discount_rate_of_a_party_is_its_weighted_cost_of_capital(document):
    found = plan(document(**programme()), samples=50)
    assert found.cash is not None
    owner, user = found.cash.parties
    assert owner.discount_rate_per_year == pytest.approx(0.5 * 0.12 + 0.5 * 0.05 * 0.79)
    assert user.discount_rate_per_year == 0.08
    assert owner.debt is not None
    assert owner.debt.drawn.p50 == pytest.approx(0.5 * 0.75 * 37.882e9, rel=1e-6)
    assert user.debt is None


def test_revenue_without_a_source_is_said_to_be_assumed(document):
    found = plan(document(**programme()), samples=50)
    assert found.cash is not None
    assert found.cash.notes[0] == "Revenue is assumed, not reported: rent, tokens."
    assert found.cash.notes[0] in found.warnings


def test_without_finance_a_plan_is_worth_what_it_costs(document):
    said = programme()
    del said["finance"]
    found = plan(document(**said), samples=50)
    assert found.cash is not None
    assert not found.cash.has_revenue
    assert found.cash.parties == ()
    assert found.cash.programme.returns.irr is None
    worth, cost = found.cash.programme.returns.npv, found.finance.present_value
    assert -worth.p50 == pytest.approx(cost.p50, rel=0.02)
    assert [delay.npv_lost_usd for delay in found.cash.delays] == [None]


def test_clean_contracts_lower_the_market_based_carbon_and_not_the_other(document):
    clean = {"share": "60 %", "price": "$60/MWh"}
    found = plan(document(**{**programme(), "energy": ENERGY | {"clean": clean}}), samples=50)
    location, market = found.series_of("carbon_kg"), found.series_of("carbon_market_kg")
    assert market.mean == pytest.approx(0.4 * location.mean)
    energy_j = found.series_of("energy_j").mean
    assert location.mean == pytest.approx(energy_j / 3.6e6 * 0.369)


def test_water_follows_the_energy_of_the_machines_not_of_the_facility(document):
    water = {"intensity": "0.27 L/kWh"}
    found = plan(document(**{**programme(), "energy": ENERGY | {"water": water}}), samples=50)
    it_kwh = found.series_of("energy_j").mean / 1.12 / 3.6e6
    assert found.series_of("water_m3").mean == pytest.approx(it_kwh * 0.27e-3)
