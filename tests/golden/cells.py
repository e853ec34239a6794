"""cells/: the package's sLSTM, LSTM and mLSTM cells from a non-zero state: inputs, outputs, states, gradients.

Gradients are those of sum(dh * h) for the random `dh` in the file; no gradient enters through the final state.
"""

import torch
from xlstm.blocks.mlstm.backends import recurrent_step_stabilized_simple
from xlstm.blocks.slstm.src.vanilla import slstm_forward, slstm_pointwise_function_registry

import oracle

B, S, NH, DH = 2, 7, 2, 5


def generate():
    folder = oracle.HERE / "cells"
    oracle.save(folder, {"slstm": slstm("slstm", states=4), "lstm": slstm("lstm", states=2), "mlstm": mlstm()})


def random(generator, *shape, scale=1.0, shift=0.0):
    """Float32 numbers in float64, wanting a gradient."""
    values = scale * torch.randn(shape, generator=generator, dtype=torch.float64) + shift
    return oracle.round_to_float32(values).requires_grad_()


def slstm(function, states):
    """Wx (B, S, 4 d) in gate order i, f, z, o; R (NH, 4 DH, DH); b (4 d); states (4 or 2, B, d): h, c, n, m or h, c."""
    generator = torch.Generator().manual_seed(300 + states)
    d = NH * DH
    inputs = {
        "Wx": random(generator, B, S, 4 * d),
        "R": random(generator, NH, 4 * DH, DH, scale=0.5),
        "b": random(generator, 4 * d),
        "initial_state": random(generator, states, B, d),
    }
    if states == 4:
        n = inputs["initial_state"].data[2]
        n.copy_(oracle.round_to_float32(n.abs() + 0.5))
    pointwise = slstm_pointwise_function_registry[function]
    all_states, _, _ = slstm_forward(
        inputs["Wx"].transpose(0, 1), inputs["initial_state"], inputs["R"], inputs["b"], pointwise
    )
    h = all_states[0, 1:].transpose(0, 1)
    return with_gradients(inputs, h, {"final_state": all_states[:, -1]}, generator)


def mlstm():
    """q, k, v (B, NH, S, DH), gate pre-activations (B, NH, S), C (B, NH, DH of k, DH of v), n (B, NH, DH), m (B, NH).

    `h`, the final states and the gradients have eps = 0, where h does not depend on the choice of m; `h_eps` has 1e-6.
    """
    generator = torch.Generator().manual_seed(310)
    inputs = {name: random(generator, B, NH, S, DH, scale=1.5) for name in ("q", "k", "v")}
    inputs |= {
        "igate": random(generator, B, NH, S, scale=1.5),
        "fgate": random(generator, B, NH, S, scale=2.0, shift=1.0),
        "C0": random(generator, B, NH, DH, DH),
        "n0": random(generator, B, NH, DH),
        "m0": random(generator, B, NH),
    }
    h, final = run_mlstm(**inputs, eps=0.0)
    tensors = with_gradients(inputs, h, final, generator)
    return tensors | {"h_eps": run_mlstm(**inputs, eps=1e-6)[0]}


def run_mlstm(q, k, v, igate, fgate, C0, n0, m0, eps):
    C, n, m = C0, n0[..., None], m0[..., None, None]
    outputs = []
    for t in range(S):
        # The step squeezes its arguments in place, so it gets copies.
        inputs = {name: x[:, :, t : t + 1].clone() for name, x in (("q", q), ("k", k), ("v", v))}
        gates = {"igate_preact": igate[:, :, t, None, None], "fgate_preact": fgate[:, :, t, None, None]}
        h, (C, n, m) = recurrent_step_stabilized_simple(C, n, m, **inputs, **gates, eps=eps)
        outputs.append(h)
    return torch.cat(outputs, dim=2), {"C": C, "n": n[..., 0], "m": m[..., 0, 0]}


def with_gradients(inputs, h, final, generator):
    dh = random(generator, *h.shape).detach()
    (h * dh).sum().backward()
    gradients = {f"grad.{name}": tensor.grad for name, tensor in inputs.items()}
    for name, gradient in gradients.items():
        assert gradient.isfinite().all() and gradient.any(), f"{name} is zero or not finite"
    return {**inputs, "dh": dh, "h": h, **final, **gradients}
