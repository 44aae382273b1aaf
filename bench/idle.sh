#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What nxp start and its worker cost while they wait for the next task: resident memory and CPU time.
#
#   bench/idle.sh [SECONDS] [BUILD]     60, build/release
#
# The real client proves the one task that the real mock orchestrator has, then fetches in vain; the
# first 160 s of that are not counted (the worker gives its memory back after 150).
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-60}
build=${2:-build/release}
folder=$(mktemp -d)
export NXP_HOME=$folder
mock='' client=''
trap 'kill $client $mock 2> /dev/null; rm -rf "$folder"' EXIT

"$build/nxp-mockorch" --listen 127.0.0.1:0 --port-file "$folder/port" --node 7 \
    --task-limit 1 > "$folder/mock.log" 2>&1 &
mock=$!
until [ -s "$folder/port" ]; do sleep 0.1; done
: > "$folder/client.log"
"$build/nxp" start --headless --node-id 7 --orchestrator-url "http://127.0.0.1:$(cat "$folder/port")" \
    >> "$folder/client.log" 2>&1 &
client=$!
until grep -q -i "accepted\|submitted" "$folder/client.log"; do sleep 0.2; done
worker=$(pgrep -P "$client")

cpu_ms() { # user and system time of a process
    awk -v hz="$(getconf CLK_TCK)" '{ sub(/.*\) /, ""); print ($12 + $13) * 1000 / hz }' "/proc/$1/stat"
}
rss_mib() { awk '/^VmRSS/ { printf "%.1f", $2 / 1024 }' "/proc/$1/status"; }
switches() { awk '/ctxt_switches/ { n += $2 } END { print n }' /proc/"$1"/task/*/status; }

sleep 160
c0=$(cpu_ms "$client") w0=$(cpu_ms "$worker") cs0=$(switches "$client") ws0=$(switches "$worker")
sleep "$seconds"
echo "resident: client $(rss_mib "$client") MiB, worker $(rss_mib "$worker") MiB"
echo "CPU in $seconds s: client $(($(cpu_ms "$client") - c0)) ms, worker $(($(cpu_ms "$worker") - w0)) ms"
echo "times woken in $seconds s: client $(($(switches "$client") - cs0)), worker $(($(switches "$worker") - ws0))"
