# SPDX-License-Identifier: Apache-2.0
# What the end-to-end tests share: the real nxp against the real nxp-mockorch over loopback.
# NXP and MOCKORCH are the programs; everything lives in one folder that is removed at the end.
# shellcheck shell=bash
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
folder=$(mktemp -d)
export NXP_HOME=$folder/home
mock='' client=''
end() {
    local code=$?
    [ -z "$client" ] || kill -9 "$client" 2> /dev/null || true
    [ -z "$mock" ] || kill "$mock" 2> /dev/null || true
    if [ $code != 0 ]; then
        for f in client.log client.err mock.log; do
            echo "---- $f"
            cat "$folder/$f" 2> /dev/null || true
        done
    fi
    rm -rf "$folder"
}
trap end EXIT
complain() { echo "$1"; exit 1; }

start_mock() { # SCENARIO
    "$MOCKORCH" --listen 127.0.0.1:0 --port-file "$folder/port" --scenario "$1" --json-log \
        > /dev/null 2> "$folder/mock.log" &
    mock=$!
    for _ in $(seq 200); do
        [ -s "$folder/port" ] && break
        kill -0 "$mock" 2> /dev/null || complain "the mock has ended"
        sleep 0.05
    done
    [ -s "$folder/port" ] || complain "the mock did not start"
    url=http://127.0.0.1:$(cat "$folder/port")
}

start_client() { # OPTIONS...: in the background; its log grows
    "$NXP" start --headless --json-log --node-id 7 --fetch-interval 1 --max-threads 1 \
        --orchestrator-url "$url" "$@" >> "$folder/client.log" 2>> "$folder/client.err" &
    client=$!
}

wait_for_event() { # NAME
    for _ in $(seq 400); do
        grep -q "\"event\":\"$1\"" "$folder/client.log" && return
        sleep 0.05
    done
    complain "the client never said '$1'"
}

wait_for_client() { # it must end by itself, well, and in time
    local code=0
    timeout 25 tail --pid="$client" -f /dev/null || complain "the client does not come to its end"
    wait "$client" || code=$?
    client=''
    [ "$code" = 0 ] || complain "the client ended with $code"
    curl -sS "$url/admin/state" > "$folder/state.json"
}

holds() { # WORDS FILE JQ-FILTER [jq options]: the filter is true of the lines of a log
    local words=$1 file=$2 filter=$3
    shift 3
    jq -es "$@" "$filter" "$folder/$file" > /dev/null || complain "$words"
}

struck() { # RULE...: each of these faults has happened
    for rule in "$@"; do
        holds "the fault '$rule' never struck" mock.log \
            'any(.[]; .faults | split(",") | index($rule))' --arg rule "$rule"
    done
}

# After a fault called …_wait_N the next request of that call arrives N seconds later at the
# earliest. The mock notes when it answered and how long that took.
nobody_came_early() {
    holds "a request came before the time that a Retry-After had named" mock.log '
        [group_by(.call)[] | sort_by(.t) as $r | range(1; length) |
         ($r[. - 1].faults | capture("wait_(?<s>[0-9]+)").s // "0" | tonumber) as $wait |
         $r[.].t - $r[.].took_ms / 1000 - $r[. - 1].t - $wait] | length > 0 and all(.[]; . >= 0)'
}

# What the client took for credited, for sure or probably, is what was credited; no task twice; no
# finished proof is without a credit.
books_agree() {
    jq -es '
        .[0] as $state | .[1:] as $log |
        def tasks(e): [$log[] | select(.event == e) | .task_id];
        ([$state.tasks[] | select(.state == "accepted") | .task_id] | sort) as $credited |
        ((tasks("submitted") + tasks("unknown")) | sort) as $believed |
        $credited == $believed and ($credited | unique | length) == $state.users[0].credits and
        $state.metrics.tasks_accepted == $state.users[0].credits and
        (tasks("proved") | unique) == $credited' \
        "$folder/state.json" "$folder/client.log" > /dev/null ||
        complain "the books of client and orchestrator differ: $(jq -c '[.tasks[] |
            {task_id, state, submissions}]' "$folder/state.json")"
}
