#!/usr/bin/env bash
# Sets up and draws the loss of a training run, or of the unfinished one in its directory, as SVG.
# Usage: scripts/plot_loss.sh RUN OUT.svg
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"

[ $# -eq 2 ] || { echo "usage: scripts/plot_loss.sh RUN OUT.svg" >&2; exit 2; }
metrics="$1/metrics.jsonl"
[ -e "$metrics" ] || metrics="$1/unfinished-training/metrics.jsonl"
[ -e "$metrics" ] || { echo "plot_loss: $1 holds no metrics.jsonl, want the --out of a run" >&2; exit 1; }

"$root/scripts/setup.sh" gnuplot-nox jq
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
jq -r '[.step, .loss] | @tsv' "$metrics" |
  awk '{ sum += $2 } NR % 20 == 0 { print $1 - 9.5, sum / 20; sum = 0 }' > "$work/training"
jq -r 'select(.val_loss) | [.step, .val_loss] | @tsv' "$metrics" > "$work/validation"
gnuplot > "$2" << END
set terminal svg size 720,400 font "sans-serif,13" background "white"
set xlabel "step"
set ylabel "loss in nats"
set yrange [*:8]
set ytics nomirror
set xtics nomirror
set border 3
set grid ytics linecolor rgb "#dddddd"
plot "$work/training" with lines linecolor rgb "#7799bb" title "training, mean of 20 steps", \
     "$work/validation" with linespoints linewidth 2 pointtype 7 pointsize 0.4 linecolor rgb "#bb4422" title "validation"
END
