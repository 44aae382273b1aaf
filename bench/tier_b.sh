#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Simulated hours per second of CPU time in tiers A and B, plain and over TLS.
#
#   bench/tier_b.sh [BUILD...]     build/release; several take turns
#
# poll: a client that asks eleven times an hour and gets nothing, 2000 h. work: ten credits an hour, 500 h.
# Both with one client. outage_of_a_day and chaos are built in.
set -euo pipefail
cd "$(dirname "$0")/.."
[ $# -gt 0 ] || set -- build/release
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export TIMEFORMAT='%U %S'

scenario() { # name hours settings prove faults
    cat > "$folder/$1.yaml" << END
name: $1
heal_at: $2h
proofs: model
orchestrator: {fetches_per_window: 3, window: 180s, task_expiry: 3h, closed_tasks_kept: 1000, credits_kept: 1000, $3
  programs: [{id: fib, n: 9, a: 1, b: 1}]}
network: {latency: 20ms, jitter: 80ms}
clients: [{name: laptop, $4, start_spread: 5s}]
faults: [$5]
END
}
scenario poll 2000 'task_limit: 20,' 'prove: 10s, prove_jitter: 30s' '{fault: fetch_429, probability: 0.25}'
scenario work 500 '' 'prove: 4m, prove_jitter: 4m' \
    '{fault: fetch_429, probability: 0.1}, {fault: submit_429, probability: 0.1}'

for round in 1 2 3; do
    for name in "$folder/poll.yaml" "$folder/work.yaml" "outage_of_a_day --seeds 30 --jobs 1" \
        "chaos --seeds 5 --jobs 1"; do
        for options in '' '--tier b' '--tier b --tls'; do
            for build in "$@"; do
                # shellcheck disable=SC2086 # several words
                spent=$({ time "$build/nxp-sim" run $name $options > "$folder/said"; } 2>&1)
                hours=$(sed -n 's/.*hold; \([0-9]*\) h of.*/\1/p' "$folder/said")
                awk -v h="$hours" -v what="$(basename "${name%% *}" .yaml) ${options:-tier a}" -v build="$build" '
                    { printf "%-34s %-24s %6.2f s of CPU, %6.0f h a second\n", what, build, $1 + $2, h / ($1 + $2) }' <<< "$spent"
            done
        done
    done
done
