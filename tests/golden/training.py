"""training/: twenty AdamW steps of a small mixed model: losses, gradient norms, learning rates, the final weights."""

import math

import torch

import models
import oracle

SETTINGS = {
    "steps": 20,
    "warmup": 5,
    "learning_rate": 5e-3,
    "min_learning_rate": 5e-4,
    "betas": [0.9, 0.95],
    "eps": 1e-8,
    "weight_decay": 0.1,
    "max_grad_norm": 1.5,
}
BATCH, LENGTH = 2, 12


def generate():
    config = models.config(blocks=3, vocab_size=24)
    model, as_json = oracle.build(config)
    oracle.perturb(model, seed=100, scale=0.5)
    start = oracle.weights(model)
    tokens, targets = batches(config["vocab_size"])
    golden, decayed = train(model, tokens, targets)
    settings = {**SETTINGS, "decayed": decayed}
    oracle.save(oracle.HERE / "training", {"model": start, "golden": golden}, config=as_json, optimizer=settings)


def batches(vocab_size):
    """Sequences with a rule to learn (mostly +5 modulo V), so that the loss falls and the gradients shrink."""
    generator = torch.Generator().manual_seed(101)
    shape = (SETTINGS["steps"], BATCH, LENGTH + 1)
    jumps = torch.where(torch.rand(shape, generator=generator) < 0.9, 5, 7)
    text = (torch.randint(vocab_size, shape[:2] + (1,), generator=generator) + jumps.cumsum(-1)) % vocab_size
    return text[..., :-1], text[..., 1:]


def train(model, tokens, targets):
    """Clipping is torch's: gradients times min(1, max_norm / (norm + 1e-6)). Decay is AdamW's: p -= lr wd p first."""
    optimizer, decayed = adamw(model)
    losses, norms, rates = [], [], []
    for step, (batch, wanted) in enumerate(zip(tokens, targets)):
        rate = learning_rate(step)
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.zero_grad()
        loss = oracle.cross_entropy(model(batch), wanted)
        loss.backward()
        norms.append(torch.nn.utils.clip_grad_norm_(model.parameters(), SETTINGS["max_grad_norm"]).item())
        optimizer.step()
        losses.append(loss.item())
        rates.append(rate)
    clipped = sum(norm > SETTINGS["max_grad_norm"] for norm in norms)
    assert 3 <= clipped <= len(norms) - 3, f"clipping is active in {clipped} of {len(norms)} steps"
    recorded = {"losses": losses, "grad_norms": norms, "learning_rates": rates}
    golden = {name: torch.tensor(values, dtype=torch.float64) for name, values in recorded.items()}
    golden |= {f"final.{name}": parameter for name, parameter in model.named_parameters()}
    return {"tokens": tokens, "targets": targets, **golden}, decayed


def adamw(model):
    """(AdamW with the package's decay groups, the names of the decayed parameters)."""
    decayed = set(model.get_weight_decay_optim_group_param_names()[0])
    named = list(model.named_parameters())
    groups = [
        {"params": [p for name, p in named if name in decayed], "weight_decay": SETTINGS["weight_decay"]},
        {"params": [p for name, p in named if name not in decayed], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, betas=tuple(SETTINGS["betas"]), eps=SETTINGS["eps"], foreach=False)
    return optimizer, sorted(decayed)


def learning_rate(step):
    """Linear warm-up to the peak, then a cosine down towards the minimum; `step` counts from 0."""
    peak, low = SETTINGS["learning_rate"], SETTINGS["min_learning_rate"]
    warmup, steps = SETTINGS["warmup"], SETTINGS["steps"]
    if step < warmup:
        return peak * (step + 1) / warmup
    return low + (peak - low) * (1 + math.cos(math.pi * (step - warmup) / (steps - warmup))) / 2
