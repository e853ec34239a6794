"""Times carousel and others in turns on an NVIDIA GPU. Started by compare_gpu.sh; docs/gpu.md says what is compared.

Of all rounds the fastest counts. Kernels are timed over calls that follow each other without a wait, after some that
do not count; training steps one by one.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

LEARNING_RATE = 1e-4  # that of `carousel-bench train`, with the same betas, decay and clipping
LOSS_TOLERANCE = 1e-3  # of a curve on the GPU beside that on the cpu, in float32


class Sizes:
    """What is computed; --tiny is for trying this script on a machine without a GPU."""

    def __init__(self, tiny):
        self.mlstm = (1, 16, 16, 128, 256) if tiny else (8, 8192, 16, 128, 256)  # B, S, NH, DHqk, DHv
        self.recurrent = (1, 16) if tiny else (16, 1024)  # B, S
        self.rows = (1, 16) if tiny else (64, 1024)
        self.train = ("tiny", 256, 1, 16) if tiny else ("160m", 50304, 8, 2048)  # preset, V, B, S
        self.curve = ("tiny", 3, 1, 16) if tiny else ("small-mixed", 200, 8, 256)  # preset, steps, B, S
        self.enough = 1e-3 if tiny else 0.1  # seconds of calls


def main():
    options = parse_arguments()
    context = Context(options)
    print(context.describe(), flush=True)
    return 0 if all([CASES[name](context) for name in options.case or CASES]) else 1


def parse_arguments():
    parser = argparse.ArgumentParser(prog="compare_gpu.sh", description=__doc__.splitlines()[0])
    parser.add_argument("--carousel", type=Path, default="carousel", help=argparse.SUPPRESS)
    parser.add_argument("--bench", type=Path, default="carousel-bench", help=argparse.SUPPRESS)
    parser.add_argument("--case", action="append", choices=CASES, help="one case only; may be given again")
    parser.add_argument("--rounds", type=int, default=3, help="turns of each side (default %(default)s)")
    parser.add_argument("--tiny", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


class Context:
    """The two sides: our programs, and PyTorch on its device."""

    def __init__(self, options):
        import torch

        self.torch, self.options, self.sizes = torch, options, Sizes(options.tiny)
        self.device = torch.device("cpu" if options.tiny else "cuda")
        self.narrow = torch.float32 if options.tiny else torch.bfloat16  # the authors' code for the cpu knows one type
        self.rounds = range(options.rounds)

    def describe(self):
        gpu = "no GPU, tiny sizes" if self.options.tiny else self.torch.cuda.get_device_name()
        return f"{gpu}; torch {self.torch.__version__}; fastest of {self.options.rounds} rounds"

    def run(self, command):
        run = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, text=True)
        if run.returncode != 0:
            sys.exit(f"compare_gpu: {command[0]} ended with {run.returncode}")
        return run.stdout

    def bench(self, shape, *names):
        """{name: benchmark} of carousel-bench for batches of this shape."""
        words = [self.options.bench, "--batch", shape[0], "--length", shape[1], "--benchmark_format=json"]
        words += ["--benchmark_min_time=0" if self.options.tiny else "--benchmark_min_time=0.2"]
        words += ["--benchmark_filter=^(" + "|".join(names) + ")(/real_time)?$"]
        found = json.loads(self.run(words))["benchmarks"]
        return {benchmark["name"].removesuffix("/real_time"): benchmark for benchmark in found}

    def kernel_seconds(self, shape, *names):
        found = self.bench(shape, *names)
        missing = [name for name in names if name not in found]
        if missing:
            sys.exit(f"compare_gpu: carousel-bench has no {', '.join(missing)}")
        return [found[name]["real_time"] * 1e-6 for name in names]

    def wait(self):
        if self.device.type == "cuda":
            self.torch.cuda.synchronize()

    def seconds(self, call):
        """Of one of many calls."""
        calls = 1
        while True:
            self.wait()
            start = time.perf_counter()
            for _ in range(calls):
                call()
            self.wait()
            taken = time.perf_counter() - start
            if taken >= self.sizes.enough:
                return taken / calls
            calls *= 2

    def normal(self, *shape, dtype=None, mean=0.0, gradient=True):
        dtype = dtype or self.torch.float32
        return (self.torch.randn(shape, device=self.device) + mean).to(dtype).requires_grad_(gradient)

    def forward_and_backward(self, call, *leaves):
        """Two calls: forward alone, and with the gradients of the leaves."""

        def forward():
            with self.torch.no_grad():
                call()

        def both():
            y = call()
            self.torch.autograd.grad(y, leaves, self.torch.ones_like(y))

        return forward, both


def print_line(what, ours, theirs, bar):
    times = f"{ours * 1e3:>10.3f} ms {theirs * 1e3:>10.3f} ms {theirs / ours:>6.2f} x"
    print(f"{what:<58} {times}   (bar {bar})", flush=True)


def in_turns(context, ours, theirs):
    """The fastest of each: both return a list of seconds."""
    rounds = [(ours(), theirs()) for _ in context.rounds]
    return [min(times) for times in zip(*(mine for mine, _ in rounds))], [min(t) for t in zip(*(t for _, t in rounds))]


def compare_mlstm(context):
    from mlstm_kernels.torch import get_mlstm_kernel

    B, S, NH, DHqk, DHv = context.sizes.mlstm
    kernel = get_mlstm_kernel("chunkwise--native_autograd" if context.options.tiny else "chunkwise--triton_xl_chunk")
    q, k = (context.normal(B, NH, S, DHqk, dtype=context.narrow) for _ in range(2))
    v = context.normal(B, NH, S, DHv, dtype=context.narrow)
    i, f = context.normal(B, NH, S), context.normal(B, NH, S, mean=4.0)
    chunk = 16 if context.options.tiny else 128
    forward, both = context.forward_and_backward(lambda: kernel(q, k, v, i, f, chunk_size=chunk), q, k, v, i, f)
    shape = f"{B}x{S}x{NH}x{DHqk}x{DHv}"
    names = [f"mlstm_chunkwise_{way}_bf16/cuda/{shape}" for way in ("forward", "backward")]
    ours, theirs = in_turns(
        context,
        lambda: context.kernel_seconds((B, S), *names),
        lambda: [context.seconds(forward), context.seconds(both)],
    )
    print_line(f"mLSTM {shape} bf16, forward | TFLA xl_chunk", ours[0], theirs[0], "1.0")
    print_line(f"mLSTM {shape} bf16, forward and backward | xl_chunk", sum(ours), theirs[1], "1.0")
    return True


def compare_slstm(context):
    from flashrnn import flashrnn

    B, S = context.sizes.recurrent
    NH, DH = 4, 192
    x, R = context.normal(B, S, 4, NH, DH, dtype=context.narrow), context.normal(4, NH, DH, DH, dtype=context.narrow)
    bias = context.normal(4, NH, DH, dtype=context.narrow)
    how = {"backend": "vanilla", "dtype": "float32"} if context.options.tiny else {"backend": "cuda_fused"}
    cell = lambda: flashrnn(x, R, bias, function="slstm", **how)[0].float()  # noqa: E731
    _, both = context.forward_and_backward(cell, x, R, bias)
    shape = f"{B}x{S}x{NH}x{DH}"
    names = [f"slstm_{way}/cuda/{shape}" for way in ("forward", "backward")]
    ours, theirs = in_turns(context, lambda: context.kernel_seconds((B, S), *names), lambda: [context.seconds(both)])
    print_line(f"sLSTM {shape}, forward and backward | FlashRNN fused, bf16", sum(ours), theirs[0], "1.5")
    return True


def compare_lstm(context):
    """cuDNN's LSTM also multiplies its inputs, which is no part of our kernel: a product like that is taken off."""
    torch = context.torch
    B, S = context.sizes.recurrent
    d = 768
    lstm = torch.nn.LSTM(d, d, batch_first=True, device=context.device)
    linear = torch.nn.Linear(d, 4 * d, device=context.device)
    x = context.normal(B, S, d)
    _, recurrent = context.forward_and_backward(lambda: lstm(x)[0], x, *lstm.parameters())
    _, product = context.forward_and_backward(lambda: linear(x), x, *linear.parameters())
    shape = f"{B}x{S}x1x{d}"
    names = [f"lstm_{way}/cuda/{shape}" for way in ("forward", "backward")]
    ours, theirs = in_turns(
        context,
        lambda: context.kernel_seconds((B, S), *names),
        lambda: [context.seconds(recurrent), context.seconds(product)],
    )
    print_line(f"LSTM {shape}, forward and backward | cuDNN, float32", sum(ours), theirs[0] - theirs[1], "none")
    return True


def show_bandwidth(context):
    """Kernels that memory bounds, as a share of what a copy moves per second."""
    moving = "add|add_scaled|channels_.*|activation_.*|gate_.*|layer_norm_.*|rms_norm_.*|skip_gate_.*|adamw_step"
    best, copy = {}, 0.0
    for _ in context.rounds:
        found = context.bench(context.sizes.rows, "machine/cuda/copy", f"({moving})/cuda/.*")
        for name, benchmark in found.items():
            rate = benchmark["GB/s"]
            if name == "machine/cuda/copy":
                copy = max(copy, rate)
            else:
                best[name] = max(best.get(name, 0.0), rate)
    print(f"a copy moves {copy:.0f} GB/s; shares of that (bar 85 %):")
    for name, rate in sorted(best.items()):
        print(f"  {name:<56} {rate:>10.0f} GB/s {100 * rate / copy:>6.1f} %", flush=True)
    return True


def compare_training(context):
    """The same weights and tokens on both sides, in bf16: activations on ours, autocast on theirs."""
    preset, V, B, S = context.sizes.train
    with tempfile.TemporaryDirectory() as scratch:
        folder, tokens = Path(scratch) / "model", Path(scratch) / "tokens"
        write_model(context, preset, V, folder)
        generator = context.torch.Generator().manual_seed(1)
        text = context.torch.randint(256, (B * S + 1,), generator=generator)
        tokens.write_bytes(bytes(text.tolist()))
        command = [context.options.bench, "train", "--model", folder, "--tokens", tokens, "--batch", B, "--length", S]
        command += ["--device", "cuda", "--dtype", "bf16", "--warmup", "3", "--steps", "3" if V == 256 else "10"]
        step = official_step(context, folder, text, B, S)
        results = []

        def ours():
            results.append(json.loads(context.run(command)))
            return [min(results[-1]["seconds"])]

        mine, theirs = in_turns(context, ours, lambda: [context.seconds(step)])
    print_line(f"training step, {preset}, {B} x {S}, bf16 | PyTorch + TFLA", mine[0], theirs[0], "none")
    rate, flops, loss = B * S / mine[0], results[0]["flops"] / mine[0], results[0]["losses"][0]
    print(f"  {rate:.0f} tokens/s, {flops / 1e12:.1f} model TFLOP/s; first loss {loss:.4f}", flush=True)
    return True


def write_model(context, preset, V, folder):
    command = [context.options.carousel, "train", "--preset", preset, "--vocab-size", V, "--steps", "1", "--batch", "1"]
    context.run(command + ["--context", "8", "--val-fraction", "0", "--sample", "0", "--out", folder])


def official_step(context, folder, text, B, S):
    """A step of the official model whose mLSTM cells call the authors' kernel."""
    torch = context.torch
    sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "golden"))
    import oracle
    from mlstm_kernels.torch import get_mlstm_kernel

    kernel = get_mlstm_kernel("chunkwise--native_autograd" if context.options.tiny else "chunkwise--triton_xl_chunk")
    chunk = 16 if context.options.tiny else 128

    def cell(queries, keys, values, igate_preact, fgate_preact, **_):
        q, k, v = (x.to(context.narrow).contiguous() for x in (queries, keys, values))
        return kernel(q, k, v, igate_preact[..., 0].float(), fgate_preact[..., 0].float(), chunk_size=chunk)

    model = oracle.load(folder, S).float().train().to(context.device)
    for block in model.xlstm_block_stack.blocks:
        if block.config.mlstm is not None:
            block.xlstm.mlstm_cell.backend_fn = cell
    decayed = set(model.get_weight_decay_optim_group_param_names()[0])
    groups = [
        {"params": [p for name, p in model.named_parameters() if name in decayed], "weight_decay": 0.1},
        {"params": [p for name, p in model.named_parameters() if name not in decayed], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=LEARNING_RATE, betas=(0.9, 0.95), eps=1e-8, fused=True)
    inputs = text[:-1].reshape(B, S).to(context.device)
    targets = text[1:].to(context.device)

    def step():
        optimizer.zero_grad()
        with torch.autocast(context.device.type, dtype=torch.bfloat16):
            logits = model(inputs)
        loss = torch.nn.functional.cross_entropy(logits.float().flatten(0, 1), targets)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        return loss.item()

    return step


def compare_curves(context):
    """Losses of the same training on the GPU and on the cpu, in float32. True where they stay together."""
    preset, steps, B, S = context.sizes.curve
    curves = []
    with tempfile.TemporaryDirectory() as scratch:
        for device in ("cpu", "cpu" if context.options.tiny else "cuda"):
            out = Path(scratch) / f"{len(curves)}"
            command = [context.options.carousel, "train", "--preset", preset, "--steps", steps, "--batch", B]
            command += ["--context", S, "--val-fraction", "0", "--sample", "0", "--device", device, "--out", out]
            context.run(command)
            lines = (out / "metrics.jsonl").read_text().splitlines()
            curves.append([json.loads(line)["loss"] for line in lines])
    worst = max(abs(a - b) for a, b in zip(*curves))
    print(f"losses of {steps} steps of {preset}, GPU and cpu: {worst:.1e} apart at most (bar {LOSS_TOLERANCE})")
    return worst <= LOSS_TOLERANCE


CASES = {"mlstm": compare_mlstm, "slstm": compare_slstm, "lstm": compare_lstm}
CASES |= {"bandwidth": show_bandwidth, "train": compare_training, "curve": compare_curves}

if __name__ == "__main__":
    sys.exit(main())
