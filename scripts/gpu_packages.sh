#!/usr/bin/env bash
# Prints the path of a Python that has PyTorch for CUDA and the xLSTM authors' packages for GPUs: xlstm, mlstm_kernels,
# flashrnn.
#
# For development only: the first call makes an environment of several gigabytes under build/gpu-packages
# (or CAROUSEL_GPU_VENV).
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
venv=${CAROUSEL_GPU_VENV:-$root/build/gpu-packages}

if [[ ! -e $venv/complete ]]; then
  {
    "$root/scripts/setup.sh" python3-venv python3-dev ninja-build
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet -r "$root/tests/golden/requirements.txt" einops==0.8.2 PyYAML==6.0.3 \
      matplotlib==3.11.2 ninja==1.13.2
    "$venv/bin/pip" install --quiet --no-deps xlstm==2.0.6 mlstm_kernels==2.0.6 flashrnn==1.0.8
    touch "$venv/complete"
  } >&2
fi
echo "$venv/bin/python"
