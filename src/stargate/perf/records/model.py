"""The transformer that a record describes.

What the columns leave out (head size, window, latent attention, dense first layers, shared
experts) is taken from the catalogue's model of that name when its layers and width agree. A shape
whose parameters are far from the stated number is refused: one of the two is wrong.
"""

from __future__ import annotations

import re

from pydantic import ValidationError

from stargate import catalog
from stargate.errors import CatalogError
from stargate.perf.records.fields import Row, UnusableRecordError, release_of
from stargate.spec.model import LatentAttention, MixtureOfExperts, Transformer

GATED = re.compile(r"glu", re.I)  # swiglu, geglu
ACTIVATION = re.compile(r"glu|gelu|relu|silu|swish", re.I)
# MegaScale's own model, arXiv 2402.15627, section 3.1; the ablation of that paper names the block.
PARALLEL = re.compile(r"\(megascale\)|parallel (transformer )?block", re.I)
PARAMETER_RATIO_MAX = 1.35
NO_DROPOUT_SINCE = (2023, 1)
# DeepSeek-V2 and later models of its shape (arXiv 2412.19437, section 4.2; Kimi K2 alike).
DEEPSEEK_ATTENTION = LatentAttention(
    kv_lora_rank=512, q_lora_rank=1536, qk_nope_head_dim=128, qk_rope_head_dim=64, v_head_dim=128
)


def model_of(row: Row) -> Transformer:
    """The model of a row, or `UnusableRecordError`."""
    layers, hidden = row.needed("layers"), row.needed("hidden")
    heads = row.needed("heads")
    known = _catalogued(row, layers, hidden)
    if layers > 10_000 or hidden > 10_000_000:
        raise UnusableRecordError(f"{layers} layers of width {hidden} are beyond reason")
    fields = _attention(row, hidden, heads, known) | _feed_forward(row, known)
    fields |= {
        "name": row.text("model"),
        "layers": layers,
        "hidden": hidden,
        "heads": heads,
        "kv_heads": row.count("kv_heads"),
        "vocabulary": _vocabulary(row, known),
        "tied_embeddings": _tied(row, known),
        "positions": _positions(row),
        "max_seq_len": row.count("seq_len") or 8192,
    }
    try:
        model = Transformer.model_validate(fields)
    except ValidationError as error:
        message = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise UnusableRecordError(f"the model's shape is impossible: {message}") from None
    _check_parameters(row, model)
    return model


def _catalogued(row: Row, layers: int, hidden: int) -> Transformer | None:
    try:
        known = catalog.model(row.text("model"))
    except CatalogError:
        return None
    return known if (known.layers, known.hidden) == (layers, hidden) else None


def _attention(row: Row, hidden: int, heads: int, known: Transformer | None) -> dict[str, object]:
    """Head size, latent attention and window."""
    text = row.text("attention")
    head = re.search(r"head_dim (\d+)", text)
    fields: dict[str, object] = {"head_dim": int(head[1]) if head else None}
    if known is not None:
        fields = {"head_dim": known.head_dim, "latent_attention": known.latent_attention}
        fields |= {"sliding_window": known.sliding_window, "global_every": known.global_every}
    elif re.search(r"\bMLA\b", text):
        fields["latent_attention"] = DEEPSEEK_ATTENTION
        row.assume("latent attention of DeepSeek's ranks")
    if re.search(r"SWA|sliding", text) and (known is None or known.sliding_window is None):
        row.assume("window not stated: every layer sees the whole context")
    if not fields.get("head_dim") and not fields.get("latent_attention") and hidden % heads:
        raise UnusableRecordError(f"hidden {hidden} is no multiple of heads {heads}")
    return fields


def _feed_forward(row: Row, known: Transformer | None) -> dict[str, object]:
    """Width, gating and experts."""
    activation = row.text("activation")
    if activation and not ACTIVATION.search(activation):
        raise UnusableRecordError(f"activation {activation[:40]!r} is not known")
    gated = bool(GATED.search(activation)) if activation else _gated_by_default(row, known)
    gelu = not gated and "ALiBi/learned; flash" not in row.text("attention")
    dropout = gelu and (release_of(row) or NO_DROPOUT_SINCE) < NO_DROPOUT_SINCE
    moe = _experts(row, known)
    ffn = row.count("ffn_hidden")
    if ffn is None and known is not None:
        row.assume("feed-forward width of the catalogue's model")
        ffn = known.ffn_hidden
    if ffn is None and moe is not None:
        ffn = moe.expert_ffn_hidden * moe.active
    if ffn is None:
        raise UnusableRecordError("ffn_hidden is not stated")
    return {
        "ffn_hidden": ffn,
        "gated_ffn": gated,
        "linear_bias": known.linear_bias if known else gelu,
        "clamped_ffn": known is not None and known.clamped_ffn,
        "parallel_block": (known is not None and known.parallel_block)
        or bool(PARALLEL.search(f"{row.text('model')} {row.text('notes')}")),
        "dropout": dropout,
        "moe": moe,
    }


def _gated_by_default(row: Row, known: Transformer | None) -> bool:
    row.assume("activation not stated: that of the catalogue's model, else gated")
    return known.gated_ffn if known else True


def _experts(row: Row, known: Transformer | None) -> MixtureOfExperts | None:
    experts = row.count("moe_experts")
    if experts is None:
        return None
    width = row.count("moe_expert_ffn") or (
        known.moe.expert_ffn_hidden if known and known.moe else None
    )
    if width is None:
        raise UnusableRecordError("moe_expert_ffn is not stated")
    shared = (row.count("moe_shared") or 0) * width
    dense_layers, every = (
        (known.moe.dense_layers, known.moe.every) if known and known.moe else (0, 1)
    )
    try:
        return MixtureOfExperts(
            experts=experts,
            active=row.needed("moe_active", "experts that a token visits"),
            expert_ffn_hidden=width,
            shared_ffn_hidden=shared,
            dense_layers=dense_layers,
            every=every,
        )
    except ValidationError as error:
        message = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise UnusableRecordError(f"the experts are impossible: {message}") from None


def _vocabulary(row: Row, known: Transformer | None) -> int:
    stated = row.count("vocab")
    if stated is not None:
        return stated
    if known is not None:
        return known.vocabulary
    row.assume("vocabulary not stated: 50,000")
    return 50_000


def _tied(row: Row, known: Transformer | None) -> bool:
    """GPT-like models (plain GELU) tie embedding and head, gated ones do not, unless catalogued."""
    if known is not None:
        return known.tied_embeddings
    return not GATED.search(row.text("activation") or "swiglu")


def _positions(row: Row) -> str:
    if "ALiBi" in row.text("attention"):
        return "alibi"
    return "learned" if row.text("activation") == "gelu" else "rope"


def _check_parameters(row: Row, model: Transformer) -> None:
    stated = row.number("params_b")
    if stated is None:
        return
    counted = parameters(model) / 1e9
    if not 1 / PARAMETER_RATIO_MAX <= counted / stated <= PARAMETER_RATIO_MAX:
        raise UnusableRecordError(
            f"the shape has {counted:.3g}B parameters, the record states {stated:.3g}B"
        )


def parameters(model: Transformer) -> float:
    """Weights of the matrices: embedding and head, attention, feed-forward, all experts."""
    h, m = model.hidden, model.moe
    matrices = 3 if model.gated_ffn else 2
    dense = matrices * h * model.ffn_hidden
    routed = (
        0
        if m is None
        else matrices * h * (m.experts * m.expert_ffn_hidden + m.shared_ffn_hidden) + h * m.experts
    )
    head = model.vocabulary * h * (1 if model.tied_embeddings else 2)
    blocks = model.layers * attention_parameters(model)
    return head + blocks + model.dense_layers * dense + model.moe_layers * routed


def attention_parameters(model: Transformer) -> float:
    """Weights of one layer's projections."""
    h, n, a = model.hidden, model.heads, model.latent_attention
    if a is None:
        return h * model.head_size * (2 * n + 2 * model.n_kv_heads)
    head = a.qk_nope_head_dim + a.qk_rope_head_dim
    query = n * head * h if a.q_lora_rank is None else a.q_lora_rank * (h + n * head)
    key_value = h * (a.kv_lora_rank + a.qk_rope_head_dim)
    expand = a.kv_lora_rank * n * (a.qk_nope_head_dim + a.v_head_dim)
    return query + key_value + expand + n * a.v_head_dim * h
