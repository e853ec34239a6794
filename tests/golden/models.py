"""models/<case>/: one config, one set of weights, one batch; logits, loss and the gradient of every parameter."""

import torch
import torch.nn.functional as F

import oracle


def config(blocks=2, slstm_at=(1,), d=16, mlstm=None, slstm=None, feedforward=None, mlstm_feedforward=None, **top):
    """Small sizes; `mlstm`, `slstm`, `feedforward` override single keys; feedforward=False leaves it out."""
    mlstm_block = {"mlstm": {"num_heads": 2, "round_proj_up_to_multiple_of": 32, **(mlstm or {})}}
    if mlstm_feedforward:
        mlstm_block["feedforward"] = mlstm_feedforward
    slstm_block = {"slstm": {"num_heads": 2, **(slstm or {})}, "feedforward": None}
    if feedforward is not False:
        slstm_block["feedforward"] = {"round_proj_up_to_multiple_of": 32, **(feedforward or {})}
    return {
        "vocab_size": 23,
        "embedding_dim": d,
        "num_blocks": blocks,
        "slstm_at": list(slstm_at),
        "context_length": 24,
        "mlstm_block": mlstm_block if len(slstm_at) < blocks else None,
        "slstm_block": slstm_block if slstm_at else None,
        **top,
    }


# name: (config, sequence length, share of ignored targets)
CASES = {
    "slstm_only": (config(slstm_at=(0, 1)), 13, 0.0),
    "mlstm_only": (config(slstm_at=(), mlstm={"num_heads": 4, "round_proj_up_to_multiple_of": 64}), 19, 0.0),
    "mixed": (config(blocks=4, slstm={"num_heads": 4}, mlstm={"round_proj_up_to_multiple_of": 64}), 11, 0.2),
    "tied": (config(tie_weights=True, slstm_at=(0,), feedforward={"act_fn": "relu"}), 9, 0.0),
    "bias": (
        config(bias=True, feedforward={"bias": True, "act_fn": "swish"}, mlstm={"qkv_proj_blocksize": 8}),
        10, 0.3,
    ),
    "no_conv_slstm": (
        config(slstm={"conv1d_kernel_size": 0}, mlstm={"conv1d_kernel_size": 3}, feedforward={"act_fn": "sigmoid"}),
        9, 0.0,
    ),
    "no_conv_mlstm": (config(slstm={"conv1d_kernel_size": 2}, mlstm={"conv1d_kernel_size": 0}, vocab_size=31), 12, 0.0),
    "ffn_on_mlstm": (
        config(
            mlstm={"num_heads": 1, "proj_factor": 1.4, "round_proj_up_to_multiple_of": 8},
            mlstm_feedforward={"act_fn": "relu^2", "proj_factor": 1.75, "round_proj_up_to_multiple_of": 16},
        ),
        14, 0.0,
    ),
    "slstm_lstm": (config(slstm_at=(0, 1), d=24, slstm={"function": "lstm", "num_heads": 3}), 13, 0.0),
    "slstm_options": (
        config(
            slstm_at=(0, 1),
            d=20,
            slstm={
                "group_norm_weight": False,
                "bias_init": "small_init",
                "recurrent_weight_init": "standard",
            },
            feedforward={
                "act_fn": "selu",
                "proj_factor": 2.3,
                "round_proj_up_dim_up": False,
                "round_proj_up_to_multiple_of": 8,
            },
        ),
        17, 0.0,
    ),
    "no_post_norm": (config(add_post_blocks_norm=False, feedforward=False), 9, 0.0),
    "slstm_gradient_cut": (config(slstm_at=(0, 1), slstm={"gradient_recurrent_cut": True}), 9, 0.0),
    "slstm_gradient_clip": (config(slstm={"gradient_recurrent_clipval": 0.002}), 9, 0.0),
}


def generate():
    for seed, (name, (case, length, ignored)) in enumerate(CASES.items(), start=1):
        model, as_json, golden = well_conditioned(case, length, ignored, seed)
        tokens, targets = golden["tokens"], golden["targets"]
        if name == "mlstm_only":
            golden |= gradients_with_constant_m(model, tokens, targets, golden)
        files = {"model": oracle.weights(model), "golden": golden}
        oracle.save(oracle.HERE / "models" / name, files, config=as_json)
        if name == "slstm_only":
            in_cuda_layout = {file: to_cuda_layout(tensors, num_heads=2) for file, tensors in files.items()}
            oracle.save(oracle.HERE / "models" / "slstm_cuda_layout", in_cuda_layout, config=as_json)


def well_conditioned(case, length, ignored, seed):
    """The first weights whose gradients single precision can tell: the package's own float32 run is within 1e-5.

    Left out is the bias of the mLSTM's input gate, whose gradient nearly cancels for any weights.
    """
    while True:
        model, as_json = oracle.build(case)
        oracle.perturb(model, seed)
        tokens, targets = oracle.random_tokens((2, length), case["vocab_size"], seed, ignored)
        golden = run(model, tokens, targets)
        _, _, single = oracle.logits_loss_gradients(model.float(), tokens, targets)
        errors = {
            name: (gradient - golden[f"grad.{name}"]).norm() / golden[f"grad.{name}"].norm()
            for name, gradient in single.items()
            if not name.endswith("mlstm_cell.igate.bias")
        }
        if max(errors.values()) <= 1e-5:
            return model.double(), as_json, golden
        seed += 100


def run(model, tokens, targets):
    logits, loss, gradients = oracle.logits_loss_gradients(model, tokens, targets)
    return {
        "tokens": tokens,
        "targets": targets,
        "logits": logits,
        "loss": loss,
        **{f"grad.{name}": gradient for name, gradient in gradients.items()},
    }


def gradients_with_constant_m(model, tokens, targets, golden):
    """The gradients again with the mLSTM's stabiliser m held constant in the backward pass.

    h depends on m only through eps, so these differ from the package's by about 1e-6 relative, and an
    implementation that holds m constant can be compared with them far more sharply.
    """
    for block in model.xlstm_block_stack.blocks:
        if block.config.mlstm is not None:
            block.xlstm.mlstm_cell.backend_fn = mlstm_parallel_with_constant_m
    logits, _, gradients = oracle.logits_loss_gradients(model, tokens, targets)
    assert torch.allclose(logits, golden["logits"], rtol=1e-12, atol=1e-12)
    return {f"grad_m_constant.{name}": gradient for name, gradient in gradients.items()}


def mlstm_parallel_with_constant_m(queries, keys, values, igate_preact, fgate_preact, eps=1e-6, **_):
    """q, k, v (B, NH, S, DH), gates (B, NH, S, 1)."""
    S, DH = queries.shape[-2:]
    F_t = F.logsigmoid(fgate_preact).cumsum(-2)
    future = torch.ones(S, S, dtype=torch.bool).triu(1)
    log_D = (F_t - F_t.mT + igate_preact.mT).masked_fill(future, -torch.inf)
    m = log_D.amax(-1, keepdim=True).detach()
    A = queries @ keys.mT / DH**0.5 * (log_D - m).exp()
    normaliser = torch.maximum(A.sum(-1, keepdim=True).abs(), (-m).exp()) + eps
    return A / normaliser @ values


def to_cuda_layout(tensors, num_heads):
    """The same tensors as the package's CUDA backend stores them: only the recurrent weights and the bias move."""
    return {name: tensor_to_cuda_layout(name, tensor, num_heads) for name, tensor in tensors.items()}


def tensor_to_cuda_layout(name, tensor, num_heads):
    if name.endswith("_recurrent_kernel_"):
        return tensor.mT  # (NH, gate x out, in) to (NH, in, gate x out)
    if name.endswith("_bias_"):
        return tensor.reshape(4, num_heads, -1).transpose(0, 1).flatten()  # (gate, NH, DH) to (NH, gate, DH)
    return tensor
