"""The part of scripts/check_tensorboard.sh that runs in the environment it makes."""

import json
import pathlib
import struct
import sys

from tensorboard.backend.event_processing.plugin_event_accumulator import EventAccumulator
from tensorboard.util import tensor_util


def as_float32(value):
    return struct.unpack("f", struct.pack("f", value))[0]


def journal(run):
    """The numbers of metrics.jsonl and speed.jsonl: {tag: [(step, value rounded to float32)]}."""
    wanted = {}
    for name in ("metrics.jsonl", "speed.jsonl"):
        for line in (run / name).read_text().splitlines():
            fields = json.loads(line)
            step = fields.pop("step")
            for tag, value in fields.items():
                wanted.setdefault(tag, []).append((step, as_float32(value)))
    return wanted


def events(run):
    """The same as TensorBoard's charts see it."""
    accumulator = EventAccumulator(str(run), size_guidance={"tensors": 0})
    accumulator.Reload()
    return {
        tag: [(event.step, tensor_util.make_ndarray(event.tensor_proto).item())
              for event in accumulator.Tensors(tag)]
        for tag in accumulator.Tags()["tensors"]
    }


def main():
    wrong = False
    for run in map(pathlib.Path, sys.argv[1:]):
        wanted, found = journal(run), events(run)
        for tag in sorted(wanted.keys() | found.keys()):
            equal = wanted.get(tag) == found.get(tag)
            wrong = wrong or not equal
            print(f"{run}: {tag}: {len(wanted.get(tag, []))} values, {'equal' if equal else 'DIFFERENT'}")
        if not wanted:
            wrong = True
            print(f"{run}: no values")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
