"""A prediction as one JSON object."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from stargate.perf.search import Candidate, Prediction
from stargate.programme.fronts import Front, Offer


def prediction_object(
    prediction: Prediction, compared: Sequence[Candidate] = (), front: Front | None = None
) -> dict[str, object]:
    """Everything that was found; `compared` and `front` only where they were asked for."""
    content: dict[str, object] = {
        "schema_version": 1,
        "best": _candidate(prediction.best),
        "alternatives": [_candidate(candidate) for candidate in prediction.alternatives],
        "pareto": [_candidate(candidate) for candidate in prediction.pareto],
        "n_evaluated": prediction.n_evaluated,
        "n_feasible": prediction.n_feasible,
        "memory_limit_bytes": prediction.memory_limit_bytes,
        "flop_convention": prediction.flop_convention,
        "facts": [asdict(fact) for fact in prediction.facts],
    }
    if compared:
        content["compared"] = [_candidate(candidate) for candidate in compared]
    if front is not None:
        content["front"] = _front(front)
    return content


def _candidate(candidate: Candidate) -> dict[str, object]:
    return {
        "strategy": candidate.strategy.model_dump(mode="json"),
        "step_time_s": candidate.step_time_s,
        "interval_s": list(candidate.interval_s),
        "mfu": candidate.mfu,
        "hfu": candidate.hfu,
        "memory_bytes": candidate.memory_bytes,
        "memory": dict(candidate.memory),
        "breakdown_s": dict(candidate.breakdown_s),
    }


def _front(front: Front) -> dict[str, object]:
    return {
        "bests": [_offer(front, offer) for offer in front.bests],
        "offers": [_offer(front, offer) for offer in front.offers],
        "refused": [{"accelerators": count, "reason": reason} for count, reason in front.refused],
        "n_evaluated": front.n_evaluated,
        "facts": [asdict(fact) for fact in front.facts],
    }


def _offer(front: Front, offer: Offer) -> dict[str, object]:
    c = offer.candidate
    steps = front.tokens / front.tokens_per_step if front.tokens else None
    return {
        "accelerators": offer.accelerators,
        "strategy": c.strategy.model_dump(mode="json"),
        "step_time_s": c.step_time_s,
        "interval_s": list(c.interval_s),
        "mfu": c.mfu,
        "memory_bytes": c.memory_bytes,
        "usd_per_step": offer.usd_per_step,
        "energy_j_per_step": offer.energy_j_per_step,
        "run_time_s": steps and steps * c.step_time_s,
        "run_usd": steps and offer.usd_per_step and steps * offer.usd_per_step,
        "run_energy_j": steps and offer.energy_j_per_step and steps * offer.energy_j_per_step,
    }
