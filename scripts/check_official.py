"""Compares carousel's logits with the official package's, in both directions. Started by check_official.sh.

A model directory that carousel wrote is loaded into the package, strictly; models that the package made are written
to a directory for carousel. Each time `carousel eval --logits` and the package go over the same bytes in float64.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import torch
from safetensors.torch import load_file

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "golden"))
import models  # noqa: E402
import oracle  # noqa: E402

TOLERANCE = 1e-9
CONTEXT = 48
LENGTH = 3 * CONTEXT + 18  # three whole windows and a shorter one, with one byte more to predict


def main(arguments):
    if len(arguments) < 2:
        sys.exit("usage: check_official.py CAROUSEL MODEL_DIR...")
    carousel, *folders = map(Path, arguments)
    torch.set_num_threads(1)
    passed = []
    with tempfile.TemporaryDirectory() as scratch:
        scratch = Path(scratch)
        data = write_data(scratch / "data")
        for folder in folders:
            passed.append(compare(carousel, folder, data, scratch))
        for name, config in package_configs().items():
            passed.append(compare(carousel, write_package_model(scratch / name, config), data, scratch))
    print(f"{sum(passed)} passed, {len(passed) - sum(passed)} failed")
    return 0 if all(passed) else 1


def write_data(path):
    generator = torch.Generator().manual_seed(1)
    path.write_bytes(bytes(torch.randint(256, (LENGTH,), generator=generator).tolist()))
    return path


def package_configs():
    """Byte-level models that between them use every key that changes a number."""
    byte_level = {"vocab_size": 256, "context_length": CONTEXT}
    return {
        "package_mixed": models.config(blocks=4, **byte_level),
        "package_bias_tied": models.config(bias=True, tie_weights=True, feedforward={"bias": True}, **byte_level),
        "package_options": models.config(
            blocks=3,
            slstm_at=(0, 2),
            mlstm={"conv1d_kernel_size": 3, "qkv_proj_blocksize": 8, "num_heads": 1},
            slstm={"conv1d_kernel_size": 0, "group_norm_weight": False, "function": "lstm"},
            feedforward={"act_fn": "swish", "proj_factor": 2.0},
            add_post_blocks_norm=False,
            **byte_level,
        ),
    }


def write_package_model(folder, config):
    model, as_json = oracle.build(config)
    oracle.perturb(model, seed=1)
    oracle.save(folder, {"model": oracle.weights(model)}, config=as_json)
    return folder


def compare(carousel, folder, data, scratch):
    """True if both programs give the same logits for the model in `folder`; prints one line."""
    try:
        theirs = package_logits(oracle.load(folder, CONTEXT), data)
        ours = carousel_logits(carousel, folder, data, scratch / "logits.safetensors")
    except Exception as error:  # whatever went wrong, this model has failed and the next one is still worth a try
        print(f"FAILED {folder.name}: {type(error).__name__}: {error}")
        return False
    if ours.shape != theirs.shape or ours.dtype != theirs.dtype:
        print(f"FAILED {folder.name}: logits are {describe(ours)}, want {describe(theirs)}")
        return False
    error = (ours - theirs).abs().max().item()
    passed = error <= TOLERANCE
    print(f"{'ok' if passed else 'FAILED'} {folder.name}: largest difference {error:.1e} over {ours.shape[0]} tokens")
    return passed


def describe(tensor):
    return f"{tensor.dtype} {tuple(tensor.shape)}"


@torch.no_grad()
def package_logits(model, data):
    """(N, V): row t predicts byte t + 1; every window of CONTEXT bytes starts from a fresh state."""
    if model.config.vocab_size != 256:
        raise ValueError(f"vocab_size is {model.config.vocab_size}, want a byte-level model")
    inputs = torch.tensor(list(data.read_bytes()))[None, :-1]
    return torch.cat([model(window)[0] for window in inputs.split(CONTEXT, dim=1)])


def carousel_logits(carousel, folder, data, output):
    output.unlink(missing_ok=True)
    command = [carousel, "eval", "--model", folder, "--data", data, "--context", str(CONTEXT)]
    command += ["--logits", output, "--dtype", "float64"]
    run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if run.returncode != 0:
        raise RuntimeError(f"carousel eval ended with {run.returncode}: {run.stdout.strip()}")
    return load_file(output)["logits"]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
