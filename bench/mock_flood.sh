#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# How much a flood of invalid proofs slows valid ones: alternating runs without and with it, server on CPU 0, clients on CPU 1.
#    bench/mock_flood.sh [BUILD] [ROUNDS] [TASKS] [FLOODERS] [SCENARIO_KEYS] [KIND]
set -euo pipefail
bin=${1:-build/release} rounds=${2:-3} tasks=${3:-1500} flooders=${4:-1} keys=${5:-} kind=${6:-proof}
work=$(mktemp -d)
mock=
finish() {
    [[ -z $mock ]] || kill "$mock" 2>/dev/null || true
    rm -rf "$work"
}
trap finish EXIT
{
    printf 'name: flood\norchestrator:\n  fetches_per_window: 0\n  task_expiry: 1h\n'
    printf '  programs: [{id: fib, n: 1..40, a: 0..1000000, b: 0..1000000}]\n'
    [[ -z $keys ]] || printf '  %s\n' "$keys"
} >"$work/scenario.yaml"
nodes=(--node 7)
for ((i = 0; i < flooders; i++)); do
    nodes+=(--node "$((100 + i))=$(printf '0x%040d' "$i")")
done

run() { # FLOODERS
    mkfifo "$work/says"
    taskset -c 0 "$bin/nxp-mockorch" --listen 127.0.0.1:0 --scenario "$work/scenario.yaml" "${nodes[@]}" --quiet >"$work/says" &
    mock=$!
    read -r line <"$work/says"
    rm "$work/says"
    taskset -c 1 "$bin/bench/mock_flood" "${line##*:}" "$tasks" 4 "$1" 8 "$kind"
    kill "$mock"
    wait "$mock" || true
    mock=
}

for ((round = 0; round < rounds; round++)); do
    run 0
    run "$flooders"
done
