"""The package as an oracle: build a model from a config, give it weights worth testing, run it, save what it said."""

import json
from dataclasses import asdict
from pathlib import Path

import dacite
import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from xlstm import FeedForwardConfig, xLSTMLMModel, xLSTMLMModelConfig
from xlstm.blocks.slstm import cell as slstm_cell
from xlstm.blocks.xlstm_block import xLSTMBlock, xLSTMBlockConfig
from xlstm.components.conv import CausalConv1d

HERE = Path(__file__).parent
IGNORED = -1


def _reset_conv(conv):
    if conv.conv is not None:
        conv.conv.reset_parameters()


# The package cannot construct an mLSTM layer with kernel size 0: it resets a convolution that is not there.
# Its forward pass handles the case: x_c = SiLU(x_m). (An sLSTM layer without convolution uses x_c = x.)
CausalConv1d.reset_parameters = _reset_conv

_package_recurrence = slstm_cell.slstm_forward


def build(config):
    """(model, config as JSON) for a nested dict of config values; keys left out take the package's defaults."""
    config = json.loads(json.dumps(config))
    if config.get("slstm_block"):
        config["slstm_block"].setdefault("slstm", {})["backend"] = "vanilla"
    mlstm_feedforward = (config.get("mlstm_block") or {}).pop("feedforward", None)

    parsed = dacite.from_dict(xLSTMLMModelConfig, config, dacite.Config(strict=True, check_types=False))
    as_json = asdict(parsed)
    model = xLSTMLMModel(parsed)
    if mlstm_feedforward is not None:
        feedforward = FeedForwardConfig(**mlstm_feedforward)
        as_json["mlstm_block"]["feedforward"] = asdict(feedforward)
        _add_feedforward(model, feedforward)
    model.reset_parameters()
    obey_recurrent_gradient(model)
    return model.double(), as_json


def obey_recurrent_gradient(model):
    """Makes the sLSTM cells treat the gradient at h_(t-1) in R h_(t-1) as the package's CUDA backend does.

    Its PyTorch backend ignores both keys: with gradient_recurrent_cut no gradient passes (R still gets its own),
    with gradient_recurrent_clipval it is clamped elementwise before the rest of dh is added.
    """
    slstm_cell.slstm_forward = _package_recurrence
    for block in model.xlstm_block_stack.blocks:
        config = block.config.slstm
        if config and (config.gradient_recurrent_cut or config.gradient_recurrent_clipval is not None):
            slstm_cell.slstm_forward = _recurrence(config.gradient_recurrent_cut, config.gradient_recurrent_clipval)


def _recurrence(cut, clip):
    """The loop over time around the package's pointwise function: x (S, B, 4 d), R (NH, 4 DH, DH)."""

    def h_for_recurrence(h):
        h = h.detach() if cut else h.clone()
        if clip is not None and h.requires_grad:
            h.register_hook(lambda gradient: gradient.clamp(-clip, clip))
        return h

    def forward(x, states, R, b, pointwise_forward, constants=None):
        heads, dh = R.shape[0], R.shape[2]
        trace, gates = [states], None
        for x_t in x:
            h = h_for_recurrence(states[0]).reshape(-1, heads, dh)
            recurrent = torch.einsum("bnj,ngij->bgni", h, R.reshape(heads, -1, dh, dh)).flatten(1)
            states, gates = pointwise_forward(x_t, recurrent, b, states, constants=constants or {})
            trace.append(states)
        return torch.stack(trace, dim=1), states, gates

    return forward


def load(folder, context_length=0):
    """The model in `folder` (config.json, model.safetensors), in float64; every name and shape must match.

    `context_length` is the longest sequence the package's mLSTM must take; it changes no number.
    """
    config = json.loads((folder / "config.json").read_text())
    config["context_length"] = max(config.get("context_length", 0), context_length)
    model, _ = build(config)
    model.load_state_dict(load_file(folder / "model.safetensors"), strict=True)
    return model.eval()


def _add_feedforward(model, feedforward):
    """The package's block can have a feed-forward after an mLSTM, its block config cannot say so."""
    blocks = model.xlstm_block_stack.blocks
    for index, block in enumerate(blocks):
        if block.config.mlstm is not None:
            blocks[index] = xLSTMBlock(
                xLSTMBlockConfig(
                    mlstm=block.config.mlstm,
                    feedforward=FeedForwardConfig(**asdict(feedforward)),
                    _num_blocks=len(blocks),
                    _block_idx=index,
                )
            )


def perturb(model, seed, scale=1.0):
    """Moves every parameter off its initial value, most of all those that start at 0 or 1, then rounds to float32."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
            parameter.copy_(round_to_float32(initial(name, parameter) + scale * spread(name, parameter) * noise))


def initial(name, parameter):
    """What the noise is added to. The random initial values are dropped: they depend on torch's global generator."""
    starts_fixed = any(key in name for key in ("norm", "skip", "_bias_", "fgate.bias"))
    return parameter if starts_fixed else torch.zeros_like(parameter)


def spread(name, parameter):
    """Standard deviation of the noise: 0.3 for vectors, about 1 / sqrt(fan-in) for matrices.

    Queries, keys and the mLSTM's gates get more, so that both sides of max(|n q|, exp(-m)) are taken often.
    """
    if "mlstm_cell" in name and "norm" not in name:
        return 0.5 if parameter.ndim == 1 else 1.5 / parameter.shape[-1] ** 0.5
    if parameter.ndim == 1:
        return 0.3
    if "embedding" in name:
        return 0.5
    if "q_proj" in name or "k_proj" in name:
        return 2.0 / parameter.shape[-1] ** 0.5
    return 1.0 / parameter.shape[-1] ** 0.5


def round_to_float32(tensor):
    return tensor.float().double()


def random_tokens(shape, vocab_size, seed, ignored=0.0):
    """(tokens, targets) of `shape`, a share `ignored` of the targets replaced by -1."""
    generator = torch.Generator().manual_seed(seed)
    tokens = torch.randint(vocab_size, shape, generator=generator)
    targets = torch.randint(vocab_size, shape, generator=generator)
    targets[torch.rand(shape, generator=generator) < ignored] = IGNORED
    return tokens, targets


def cross_entropy(logits, targets):
    """Mean over the targets that are not ignored."""
    return F.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=IGNORED)


def logits_loss_gradients(model, tokens, targets):
    model.eval()
    model.zero_grad()
    logits = model(tokens)
    loss = cross_entropy(logits, targets)
    loss.backward()
    gradients = {name: parameter.grad.clone() for name, parameter in model.named_parameters()}
    for name, gradient in gradients.items():
        assert gradient.isfinite().all() and gradient.any(), f"{name}: gradient is zero or not finite"
    return logits.detach(), loss.detach(), gradients


def weights(model):
    """The state dict in float32. Tied weights stay under both names; safetensors wants two copies."""
    return {name: tensor.detach().float().clone() for name, tensor in model.state_dict().items()}


def save(folder, tensors_by_file, **json_by_name):
    """Writes {file: {name: tensor}} and {name: value}.json. Integer tensors become int32."""
    folder.mkdir(parents=True, exist_ok=True)
    for file, tensors in tensors_by_file.items():
        save_file({name: _storable(tensor) for name, tensor in tensors.items()}, folder / f"{file}.safetensors")
    for name, value in json_by_name.items():
        (folder / f"{name}.json").write_text(json.dumps(value, indent=2) + "\n")


def _storable(tensor):
    tensor = tensor.detach()
    if not tensor.is_floating_point():
        tensor = tensor.to(torch.int32)
    return tensor.reshape(tensor.shape or (1,)).contiguous()
