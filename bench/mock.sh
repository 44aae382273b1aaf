#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Measures nxp-mockorch on loopback: throughput on one core, overload, idle connections, hostile clients. The server runs on CPU 0, the
# load on CPU 1.    bench/mock.sh [BUILD] [SECONDS]
set -euo pipefail
bin=${1:-build/release} seconds=${2:-10}
work=$(mktemp -d)
mock=
finish() {
    [[ -z $mock ]] || kill "$mock" 2>/dev/null || true
    [[ -z $mock ]] || wait "$mock" 2>/dev/null || true
    rm -rf "$work"
}
trap finish EXIT
cat >"$work/scenario.yaml" <<YAML
name: load
orchestrator:
  fetches_per_window: 0
  judging: hash
  task_types: {proof_hash: 1}
YAML

start() {
    mkfifo "$work/says"
    (ulimit -n 20000; exec taskset -c 0 "$bin/nxp-mockorch" --listen 127.0.0.1:0 --scenario "$work/scenario.yaml" --node 7 --quiet \
        "$@") >"$work/says" 2>"$work/mock.log" &
    mock=$!
    read -r line <"$work/says"
    rm "$work/says"
    port=${line##*:}
}
stop() {
    kill "$mock"
    wait "$mock" || true
    mock=
}
load() { taskset -c 1 "$bin/bench/mock_load" "$@"; }
rss() { awk '/VmRSS/ {printf "{\"server_rss_mib\": %.1f}\n", $2 / 1024}' "/proc/$mock/status"; }

start
load closed "$port" 16 "$seconds" | tee "$work/closed"
rate=$(jq .per_second "$work/closed")
rss
load open "$port" 256 "$seconds" "$((2 * ${rate%.*}))"
rss
load closed "$port" 16 1 # has it recovered?
stop
start # a node with ever more open tasks is another measure
load fetch "$port" 16 "$seconds"
stop
start
load submit "$port" 16 50000
stop
start --max-connections 128
load open "$port" 256 "$seconds" "$((2 * ${rate%.*}))" # half of them get 503
rss
load closed "$port" 16 1
stop
start
load idle "$port" 10000 "$mock"
stop
start --request-timeout 2s
load loris "$port" 1000 5 # "broken": bytes to connections that were thrown out
load body "$port"
load pipe "$port" 10000
rss
stop
