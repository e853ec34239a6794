"""Writes the golden files in this folder with the xLSTM authors' PyTorch package, in double precision on the CPU.

    python3 -m venv oracle && . oracle/bin/activate
    pip install -r requirements.txt && pip install --no-deps xlstm==2.0.6
    python generate.py [models] [training] [greedy] [cells]        # default: all four, about ten seconds

`--no-deps` leaves out mlstm_kernels, which the package's PyTorch backend does not use. Everything is seeded and runs on
one thread, so on one machine a second run writes the same bytes; on another the last digits may differ.

Every weight is a float32 number, stored as float32; everything computed from the weights is float64.
README.md beside this file says what each file holds and where the package's own code had to be stepped around.
"""

import sys

import torch

import cells
import greedy
import models
import training

PARTS = {"models": models, "training": training, "greedy": greedy, "cells": cells}


def main(names):
    unknown = [name for name in names if name not in PARTS]
    if unknown:
        sys.exit(f"unknown part {unknown[0]!r}, want one of {', '.join(PARTS)}")
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    for name in names or PARTS:
        PARTS[name].generate()
        print(name)


if __name__ == "__main__":
    main(sys.argv[1:])
