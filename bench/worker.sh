#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What the prover worker costs and gains, for bench/RESULTS.md. Builds the release preset.
#
#   bench/worker.sh [ROUNDS]
#
# Two rates are compared in alternating rounds, for other programs disturb them: the best pair counts.
set -euo pipefail
cd "$(dirname "$0")/.."
rounds=${1:-10}
cmake --preset release >/dev/null
cmake --build --preset release --target worker_bench nxp nxp-mockorch
bench=build/release/bench/worker_bench
uptime
"$bench" rate "$rounds"
"$bench" warm "$rounds"
"$bench" memory
"$bench" idle 200
bench/idle.sh 120
