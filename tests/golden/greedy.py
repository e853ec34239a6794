"""greedy/: a byte-level model that learned a nursery rhyme, and the 200 bytes it writes after a prompt."""

import torch

import models
import oracle

RHYME = """The carousel goes round and round,
it hums a low and steady sound;
a horse, a swan, a painted bear
go sailing through the evening air.

The lamps are lit, the drums begin,
the bear looks out, the swan looks in;
and what was here a turn ago
comes back again, and back, and slow.

So keep the error, let it ride,
a gate behind, a gate beside;
for what goes round is never lost,
it only counts how far it crossed.
"""
PROMPT = "The carousel goes"
LENGTH = 200
STEPS, BATCH, WINDOW = 250, 4, 64


def generate():
    model, as_json = oracle.build(models.config(d=32, vocab_size=256, context_length=256))
    oracle.perturb(model, seed=200)
    learn(model, torch.tensor(list(RHYME.encode())))
    round_weights(model)
    text, margin = continue_greedily(model, PROMPT.encode())
    assert margin > 1e-3, f"the two best bytes are only {margin} apart"
    greedy = {"prompt": PROMPT, "text": text.decode("ascii"), "margin": margin}
    oracle.save(oracle.HERE / "greedy", {"model": oracle.weights(model)}, config=as_json, greedy=greedy)


def learn(model, text):
    """Adam on random windows of the rhyme; the model ends up knowing it by heart."""
    generator = torch.Generator().manual_seed(201)
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3, foreach=False)
    for _ in range(STEPS):
        starts = torch.randint(len(text) - WINDOW, (BATCH,), generator=generator)
        starts[0] = 0
        windows = torch.stack([text[start : start + WINDOW + 1] for start in starts])
        optimizer.zero_grad()
        loss = oracle.cross_entropy(model(windows[:, :-1]), windows[:, 1:])
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()


def round_weights(model):
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(oracle.round_to_float32(parameter))


@torch.no_grad()
def continue_greedily(model, prompt):
    """(LENGTH bytes, the smallest gap between best and second-best logit), one token at a time through step()."""
    model.eval()
    written, margin, state, fed = bytearray(), float("inf"), None, prompt
    while len(written) < LENGTH:
        for byte in fed:
            logits, state = model.step(torch.tensor([[byte]]), state=state)
        best, second = logits.flatten().topk(2).values
        margin = min(margin, (best - second).item())
        fed = bytes([logits.argmax().item()])
        written += fed
    return bytes(written), margin
