"""Times carousel and PyTorch in turns, on all cores, in float32. Started by compare_pytorch.sh.

The xLSTM models are written by carousel and loaded, strictly, into the official package; both read the same bytes and
must arrive at the same losses. A training step is forward, backward, clipping and AdamW; a decode step is one token,
batch 1, with the state carried along. Of all steps the fastest counts: what else runs on the machine only adds time.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "golden"))
import oracle  # noqa: E402

VOCABULARY = 256
LEARNING_RATE = 1e-4  # that of `carousel-bench train`, with the same betas, decay and clipping
TRAIN_STEPS, TRAIN_WARMUP = 3, 1
DECODE_STEPS, DECODE_WARMUP = 100, 8

# Single precision gives a loss of some 5.5 to about 1e-6. AdamW's first steps move every parameter by the learning
# rate in the direction of its gradient's sign, which rounding decides where a gradient is nearly zero.
LOSS_TOLERANCE = 1e-5
LATER_LOSS_TOLERANCE = 1e-3


@dataclass
class Case:
    preset: str
    kind: str  # train, decode, or transformer: training, beside a Transformer of equal width instead of the same model
    batch: int = 8
    length: int = 256


CASES = {
    "mlstm": Case("small", "train"),
    "mixed": Case("small-mixed", "train"),
    "slstm": Case("small-slstm", "train"),
    "mlstm-long": Case("small", "train", batch=2, length=1024),
    "decode-mlstm": Case("small", "decode"),
    "decode-slstm": Case("small-slstm", "decode"),
    "transformer-256": Case("small", "transformer"),
    "transformer-512": Case("medium", "transformer"),
}


def main():
    options = parse_arguments()
    torch.set_num_threads(options.threads)
    print(f"torch {torch.__version__}, {options.threads} threads, float32, fastest of {options.rounds} rounds")
    print(f"{'case':<16} {'carousel':>12} {'PyTorch':>12} {'':<9} {'ratio':>6}   losses carousel, PyTorch")
    agreed = True
    with tempfile.TemporaryDirectory() as scratch:
        for name in options.case or CASES:
            agreed &= run_case(name, CASES[name], options, Path(scratch))
    return 0 if agreed else 1


def parse_arguments():
    parser = argparse.ArgumentParser(prog="compare_pytorch.sh", description=__doc__.splitlines()[0])
    parser.add_argument("carousel", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("bench", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--case", action="append", choices=CASES, help="one case only; may be given again")
    parser.add_argument("--rounds", type=int, default=2, help="turns of each side (default %(default)s)")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)), help="of each side (default: all)")
    return parser.parse_args()


def run_case(name, case, options, scratch):
    """Prints one line. True unless losses that should agree do not."""
    folder, tokens = scratch / case.preset, scratch / f"{name}.tokens"
    if not folder.exists():
        write_model(options.carousel, case.preset, folder)
    count = case.batch * case.length + 1
    generator = torch.Generator().manual_seed(1)
    text = torch.randint(VOCABULARY, (count,), generator=generator)
    tokens.write_bytes(bytes(text.tolist()))

    theirs = {"train": train_official, "decode": decode_official, "transformer": train_transformer}[case.kind]
    pytorch = theirs(case, folder, text)
    our_seconds, their_seconds, ours = [], [], None
    for _ in range(options.rounds):
        result = run_carousel(options, case, folder, tokens)
        ours = ours or result
        our_seconds += result["seconds"]
        their_seconds += pytorch.measure()
    return report(name, case, ours, pytorch, min(our_seconds), min(their_seconds))


def write_model(carousel, preset, folder):
    command = [carousel, "train", "--preset", preset, "--steps", "1", "--batch", "1", "--context", "32"]
    command += ["--val-fraction", "0", "--sample", "0", "--out", folder]
    run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if run.returncode != 0:
        sys.exit(f"carousel train ended with {run.returncode}: {run.stdout.strip()}")


def run_carousel(options, case, folder, tokens):
    """What carousel-bench says about a run: losses, seconds, tokens, flops."""
    decode = case.kind == "decode"
    command = [options.bench, "decode" if decode else "train", "--model", folder, "--tokens", tokens]
    command += ["--threads", str(options.threads)]
    if decode:
        command += ["--warmup", str(DECODE_WARMUP), "--steps", str(DECODE_STEPS)]
    else:
        command += ["--warmup", str(TRAIN_WARMUP), "--steps", str(TRAIN_STEPS)]
        command += ["--batch", str(case.batch), "--length", str(case.length)]
    run = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if run.returncode != 0:
        sys.exit(f"carousel-bench ended with {run.returncode}")
    return json.loads(run.stdout)


class Training:
    """A PyTorch model that trains on one batch again and again."""

    def __init__(self, case, model, optimizer, text, flops=None):
        self.model, self.optimizer, self.flops, self.losses = model, optimizer, flops, []
        self.inputs = text[:-1].reshape(case.batch, case.length)
        self.targets = text[1:].reshape(case.batch, case.length)

    def step(self):
        self.optimizer.zero_grad()
        loss = F.cross_entropy(self.model(self.inputs).flatten(0, 1), self.targets.flatten())
        loss.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        self.losses.append(loss.item())

    def measure(self):
        for _ in range(TRAIN_WARMUP):
            self.step()
        seconds = []
        for _ in range(TRAIN_STEPS):
            start = time.perf_counter()
            self.step()
            seconds.append(time.perf_counter() - start)
        return seconds


class Decoding:
    """The official model reading a text token by token, from a fresh state each time."""

    def __init__(self, model, text):
        self.model, self.losses = model, []
        self.text = text[: DECODE_WARMUP + DECODE_STEPS + 1]

    @torch.inference_mode()
    def measure(self):
        state, seconds, loss, count = None, 0.0, 0.0, len(self.text) - 1
        for position in range(count):
            start = time.perf_counter()
            logits, state = self.model.step(self.text[None, position : position + 1], state)
            if position >= DECODE_WARMUP:
                seconds += time.perf_counter() - start
            loss += F.cross_entropy(logits[:, 0], self.text[position + 1 : position + 2]).item() / count
        self.losses.append(loss)
        return [seconds]


def train_official(case, folder, text):
    model = oracle.load(folder, case.length).float().train()
    decayed = set(model.get_weight_decay_optim_group_param_names()[0])
    named = list(model.named_parameters())
    return Training(case, model, adamw(named, decayed), text)


def decode_official(case, folder, text):
    return Decoding(oracle.load(folder, len(text)).float(), text)


def train_transformer(case, folder, text):
    config = json.loads((folder / "config.json").read_text())
    model = Transformer(config["embedding_dim"], config["num_blocks"], heads=4, length=case.length)
    named = list(model.named_parameters())
    decayed = {name for name, parameter in named if parameter.ndim == 2 and "embedding" not in name}
    return Training(case, model, adamw(named, decayed), text, flops=model.training_flops())


def adamw(named, decayed):
    groups = [
        {"params": [p for name, p in named if name in decayed], "weight_decay": 0.1},
        {"params": [p for name, p in named if name not in decayed], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=LEARNING_RATE, betas=(0.9, 0.95), eps=1e-8, fused=True)


class TransformerBlock(nn.Module):
    """x += W attention(norm(x)),  x += W gelu(W norm(x)), four times as wide inside."""

    def __init__(self, d, heads):
        super().__init__()
        self.heads = heads
        self.attention_norm, self.mlp_norm = nn.LayerNorm(d), nn.LayerNorm(d)
        self.qkv, self.out = nn.Linear(d, 3 * d, bias=False), nn.Linear(d, d, bias=False)
        self.up, self.down = nn.Linear(d, 4 * d, bias=False), nn.Linear(4 * d, d, bias=False)

    def forward(self, x):
        qkv = self.qkv(self.attention_norm(x)).unflatten(-1, (3, self.heads, -1))  # (B, S, 3, NH, DH)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)
        h = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.out(h.transpose(1, 2).flatten(2))
        return x + self.down(F.gelu(self.up(self.mlp_norm(x))))


class Transformer(nn.Module):
    """A plain pre-norm Transformer language model over bytes."""

    def __init__(self, d, blocks, heads, length):
        super().__init__()
        self.d, self.length = d, length
        self.embedding, self.position_embedding = nn.Embedding(VOCABULARY, d), nn.Embedding(length, d)
        self.blocks = nn.Sequential(*(TransformerBlock(d, heads) for _ in range(blocks)))
        self.norm, self.head = nn.LayerNorm(d), nn.Linear(d, VOCABULARY, bias=False)

    def forward(self, tokens):
        x = self.embedding(tokens) + self.position_embedding(torch.arange(tokens.shape[1]))
        return self.head(self.norm(self.blocks(x)))

    def training_flops(self):
        """Per token, counted as carousel's are: multiply-adds of matrix products, causal half only, three times."""
        d, S = self.d, self.length
        block = 2 * (4 * d * d + 8 * d * d) + 2 * d * (S + 1)
        return 3 * (len(self.blocks) * block + 2 * d * VOCABULARY)


def report(name, case, ours, pytorch, our_seconds, their_seconds):
    tokens = ours["tokens"]
    if case.kind == "transformer":
        rates, unit = (ours["flops"] / our_seconds / 1e9, tokens * pytorch.flops / their_seconds / 1e9), "GFLOP/s"
        losses, agreed = "", True
    else:
        rates, unit = (tokens / our_seconds, tokens / their_seconds), "tokens/s"
        losses, agreed = compare_losses(ours["losses"], pytorch.losses)
    print(f"{name:<16} {rates[0]:>12.1f} {rates[1]:>12.1f} {unit:<9} {rates[0] / rates[1]:>6.2f}   {losses}", flush=True)
    return agreed


def compare_losses(ours, theirs):
    """(what to print, whether they agree): the first losses, and the largest difference of the later ones."""
    theirs = theirs[: len(ours)]
    errors = [abs(a - b) / abs(b) for a, b in zip(ours, theirs)]
    agreed = errors[0] <= LOSS_TOLERANCE and all(error <= LATER_LOSS_TOLERANCE for error in errors[1:])
    text = f"{ours[0]:.6f}, {theirs[0]:.6f}"
    if len(errors) > 1:
        text += f", after {len(errors) - 1} steps {ours[-1]:.6f}, {theirs[-1]:.6f}"
    return text + ("" if agreed else f"  DIFFER by {max(errors):.1e}"), agreed


if __name__ == "__main__":
    sys.exit(main())
