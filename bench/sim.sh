#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Measures tier A of nxp-sim: simulated client-hours, events and credits for each second of CPU time of one core, best of ROUNDS runs.
# The scenario `chaos` is the measure. With OTHER, an older build, both run in turn, and the last column says how many times as fast
# NXP_SIM is.    bench/sim.sh NXP_SIM [ROUNDS] [OTHER]
set -euo pipefail
sim=$1 rounds=${2:-5} other=${3:-}
root=$(cd "$(dirname "$0")/.." && pwd)
# name, seeds, clients
table='chaos 10 1
outage_of_a_day 50 1
soak_of_a_month 1 1
clock_drift 50 2
everything 50 3
many_nodes 100 1
outage 100 1
rate_limits 300 1
repeated_work 200 1
herd_of_10000 1 10000'

# -> hours events credits seconds, of the fastest so far
measure() {
    local program=$1 name=$2 seeds=$3 line user
    line=$({ TIMEFORMAT=%U; time "$program" run "$root/sim/scenarios/$name.yaml" --seeds "$seeds"; } 2>&1)
    user=${line##*$'\n'}
    sed -nE 's/.*hold; ([0-9]+) h of virtual time, ([0-9]+) events, ([0-9]+) credits.*/\1 \2 \3/p' <<<"$line" | sed "s/\$/ $user/"
}
faster() { awk -v a="$1" -v b="$2" 'BEGIN {split(a, x); split(b, y); print (!a || y[4] < x[4]) ? b : a}'; }

printf '%-18s %14s %12s %12s %10s%s\n' scenario client-hours/s events/s credits/s CPU "${other:+   times}"
while read -r name seeds clients; do
    new='' old=''
    for ((i = 0; i < rounds; i++)); do
        [[ -z $other ]] || old=$(faster "$old" "$(measure "$other" "$name" "$seeds")")
        new=$(faster "$new" "$(measure "$sim" "$name" "$seeds")")
    done
    awk -v name="$name" -v clients="$clients" -v new="$new" -v old="$old" 'BEGIN {
        split(new, n); split(old, o)
        printf "%-18s %14.0f %12.0f %12.0f %8.2f s", name, n[1] * clients / n[4], n[2] / n[4], n[3] / n[4], n[4]
        if (old) printf " %7.1f", o[4] / n[4]
        print ""}'
done <<<"$table"
