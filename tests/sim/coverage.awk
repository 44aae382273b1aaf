# SPDX-License-Identifier: Apache-2.0
# Reads lcov's records of both cores; see tests/sim/coverage.
function function_of(line,    name, best) {
    for (name in at)
        if (at[name] <= line && (best == "" || at[name] > at[best]))
            best = name
    return best
}
function of_a_file(    room, line, name, key, lines, hit, forks, taken, gaps) {
    for (key in reached) {
        split(key, part, SUBSEP)
        line = part[2] + 0
        name = function_of(line)
        if ((file ":" name) in left_out || file in left_out) {
            used[(file in left_out) ? file : file ":" name] = 1
            continue
        }
        if (part[1] == "line") {
            lines++
            if (reached[key] > 0) hit++
            else gaps = gaps sprintf("%s:%05d line    %s\n", file, line, name)
        } else {
            forks++
            if (reached[key] > 0) taken++
            else gaps = gaps sprintf("%s:%05d branch  %s\n", file, line, name)
        }
    }
    room = file; sub(/\/[^\/]*$/, "", room)
    all_lines[room] += lines; all_hit[room] += hit; all_forks[room] += forks; all_taken[room] += taken
    printf "%-36s %4d of %4d lines %6.1f %%  %4d of %4d branches %6.1f %%\n", file, hit, lines,
           lines ? 100 * hit / lines : 100, taken, forks, forks ? 100 * taken / forks : 100
    printf "%s", gaps | ("sort -u > " missed)
    split("", at); split("", reached)
}
BEGIN {
    while ((getline line < floors) > 0) { split(line, f, " "); floor[f[1]] = f[2] " " f[3] }
    while ((getline line < beyond) > 0)
        if (line !~ /^#/ && split(line, f, " ") > 1) left_out[f[1]] = 1
}
/^SF:/ { file = substr($0, 4); sub(source, "", file) }
/^FN:/ { split(substr($0, 4), f, ","); at[f[2]] = f[1] + 0 }
/^DA:/ { split(substr($0, 4), f, ","); reached["line", f[1]] += f[2] }
/^BRDA:/ { split(substr($0, 6), f, ","); reached["branch", f[1], f[2], f[3]] += f[4] == "-" ? 0 : f[4] }
/^end_of_record/ { of_a_file() }
END {
    for (name in left_out)
        if (!(name in used)) { print name ": is left out, but is not there"; bad = 1 }
    for (room in floor) {
        have[1] = 100 * all_hit[room] / all_lines[room]; have[2] = 100 * all_taken[room] / all_forks[room]
        printf "%s: lines %.1f %% (%d of %d), branches %.1f %% (%d of %d)\n", room, have[1], all_hit[room],
               all_lines[room], have[2], all_taken[room], all_forks[room]
        split(floor[room], want, " ")
        if (have[1] < want[1] + 0 || have[2] < want[2] + 0) {
            printf "%s: below the floor of lines %s %%, branches %s %%\n", room, want[1], want[2]; bad = 1
        }
    }
    exit bad
}
