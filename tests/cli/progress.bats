#!/usr/bin/env bats
# How far a map is: the bar, on terminals and elsewhere, and what SIGUSR1 asks.

load helper

setup() {
    export TERM=xterm
}

# terminal [COLUMNS:]COLUMNS COMMAND...: runs it with standard error on a
# terminal of so many columns (changed once two results are there), and
# standard output on $out. Prints the lines that stand there at the end, as a
# terminal that folds long lines anew has them; then those that were drawn.
terminal() {
    python3 - "$out" "$@" <<'END'
import fcntl, os, pty, re, select, struct, subprocess, sys, termios

widths = [int(w) for w in sys.argv[2].split(":")]
master, slave = pty.openpty()
resize = lambda w: fcntl.ioctl(slave, termios.TIOCSWINSZ,
                               struct.pack("HHHH", 24, w, 0, 0))
resize(widths[0])
with open(sys.argv[1], "wb") as out:
    p = subprocess.Popen(sys.argv[3:], stdout=out, stderr=slave)

lines, row, col, drawn, width = [""], 0, 0, [], widths[0]

def put(text):
    global row, col
    for part in re.findall(r"\r|\n|\x1b\[J|[^\r\n\x1b]+", text):
        if part == "\r":
            col = col // width * width
        elif part == "\n":
            row, col = row + 1, col % width
            if row == len(lines):
                lines.append("")
        elif part == "\x1b[J":
            lines[row] = lines[row][:col]
            del lines[row + 1:]
        else:
            drawn.append(part)
            if len(part) >= width and not part.startswith("sopool: "):
                print("too wide:", part)
            line = lines[row].ljust(col)
            lines[row] = line[:col] + part + line[col + len(part):]
            col += len(part)
            assert "\x1b" not in part

text = ""
while True:
    if p.poll() is not None and not select.select([master], [], [], 0.2)[0]:
        break
    if len(widths) > 1 and "2/6 " in text:
        put(text)
        text = ""
        width = widths.pop()
        resize(width)
    if select.select([master], [], [], 0.05)[0]:
        text += os.read(master, 65536).decode()
put(text)
print("\n".join(line for line in lines if line))
print("drawn:")
print("\n".join(drawn))
sys.exit(p.wait())
END
}

# naps MS...: a call at a time.
naps() {
    printf '%s\n' "$@" >"$BATS_TEST_TMPDIR/in"
    echo sopool map --plugin-path "$SOPOOL_TEST_PLUGINS" -j 1 --chunksize 1 \
        faults.nap "$BATS_TEST_TMPDIR/in"
}

# stands TEXT: that is all that is left on the terminal, a pattern.
stands() {
    # shellcheck disable=SC2053
    [[ ${output%%$'\n'drawn:*} == $1 ]] || {
        printf 'stands: %s\n' "${output%%$'\n'drawn:*}" >&2
        return 1
    }
}

@test "a bar when standard error alone is a terminal" {
    seq 200000 >"$BATS_TEST_TMPDIR/in"
    run terminal 80 sopool map math.square "$BATS_TEST_TMPDIR/in"
    ends 0
    stands "\[####################\] 100%  200k/200k  */s  0/* busy  *s"
    [ "$(wc -l <"$out")" -eq 200000 ]
    # Redrawn ten times a second, not for each result.
    [ "${#lines[@]}" -lt 100 ]
}

@test "on its way: share, count, rate, busy workers, time that is left" {
    # shellcheck disable=SC2046
    run terminal 80 $(naps 300 300 300 300)
    ends 0
    has "[#####---------------] 25%  1/4  " "/s  1/1 busy  ETA "
    stands "\[####################\] 100%  4/4  */s  0/1 busy  *s"
}

@test "failures are counted, and their lines stand alone" {
    # shellcheck disable=SC2046
    run terminal 80 $(naps 200 x 300)
    ends 1
    has "2/3  " "/s  1/1 busy  1 failed  ETA "
    stands "sopool: *in:2: faults.nap(\"x\"): *
\[####################\] 100%  3/3  */s  0/1 busy  1 failed  *s"
}

@test "input of unknown length: count, rate and time, no share" {
    run terminal 80 bash -c "(echo 1; sleep 1; echo 2; sleep 1) |
        sopool map -j 1 math.square"
    ends 0
    [[ $output =~ $'\n'"1 done  "[0-9.]+"/s  0/1 busy  "[0-9.]+s$'\n' ]]
    [[ $output =~ $'\n'"2 done  "[0-9.]+"/s  0/1 busy  "[0-9.]+s$'\n' ]]
    # At the end it is known.
    stands "\[####################\] 100%  2/2  */s  0/1 busy  *s"
}

@test "a terminal that becomes narrower, and one that becomes wider" {
    # shellcheck disable=SC2046
    run terminal 80:40 $(naps 400 400 400 400 400 400)
    ends 0
    # Without the bar, which has no room, and nothing is left of it.
    has "[######" "3/6  "
    stands "6/6  */s  0/1 busy  *s"
    # shellcheck disable=SC2046
    run terminal 30:80 $(naps 400 400 400 400 400 400)
    ends 0
    stands "\[####################\] 100%  6/6  */s  0/1 busy  *s"
    # shellcheck disable=SC2046
    run terminal 10 $(naps 200 200)
    ends 0
    stands "2/2  *"
}

@test "each redraw writes over the last one, and clears only what is behind" {
    # shellcheck disable=SC2046
    run python3 - $(naps 300 300 300) <<'END'
import os, pty, re, subprocess, sys

master, slave = pty.openpty()
p = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=slave)
os.close(slave)
got = b""
try:
    while piece := os.read(master, 65536):
        got += piece
except OSError:
    pass
p.wait()
assert re.fullmatch(rb"(\r[^\r\n\x1b]+\x1b\[J\r)+\r[^\r\n\x1b]+\x1b\[J\r\n",
                    got), got
END
    ends 0
}

@test "auto: nothing of it in a file or a pipe, or beside results" {
    local command
    command=$(naps 300 300)
    $command >"$out" 2>"$err"
    [ ! -s "$err" ]
    [ "$($command 2>&1 >/dev/null | wc -c)" -eq 0 ]
    # Results on the same terminal.
    run python3 -c "
import pty, sys
pty.spawn(sys.argv[1:])" $command
    is $'300\r\n300\r'
    TERM=dumb run terminal 80 $command
    is $'\ndrawn:'
}

@test "--progress: always and never" {
    local command
    # shellcheck disable=SC2046
    run terminal 80 $(naps 200) --progress never
    is $'\ndrawn:'
    command=$(naps 1500 1)
    run --separate-stderr $command --progress=always
    ends 0
    is $'1500\n1'
    # Whole lines, one a second.
    [[ $stderr =~ ^("[--------------------] 0%  0/2  0/s  "[01]"/"[01]" busy  "[0-9.]+s$'\n')+"[####################] 100%  2/2  "[0-9.]+"/s  0/1 busy  "[0-9.]+s$ ]]
    run --separate-stderr $command --progress auto
    [ "$stderr" = "" ]
    run sopool map --progress yes math.square <<<3
    ends 2
    has "--progress: 'yes' is not right; allowed: always, never, auto"
    run sopool map --progress
    ends 2
    has "--progress needs a value: WHEN"
}

# asked SIGNALS COMMAND...: sends SIGUSR1 once the command has written a line,
# then ends its input; prints its standard error and its status.
asked() {
    python3 - "$@" <<'END'
import signal, subprocess, sys, time

p = subprocess.Popen(sys.argv[2:], stdin=subprocess.PIPE,
                     stdout=subprocess.PIPE, stderr=subprocess.PIPE)
p.stdin.write(b"1\n")
p.stdin.flush()
p.stdout.readline()
time.sleep(0.2)
for _ in range(int(sys.argv[1])):
    p.send_signal(signal.SIGUSR1)
    time.sleep(0.2)
p.stdin.close()
sys.stdout.write(p.stderr.read().decode())
print("status", p.wait())
END
}

@test "SIGUSR1: how far it is, though nothing comes and nobody looks" {
    run asked 2 sopool map -j 1 math.square
    ends 0
    [ "${#lines[@]}" -eq 3 ]
    [[ ${lines[0]} =~ ^"sopool: math.square: 1 done, 0 failed, "[0-9.]+"/s, 0 of 1 workers busy, 0 queued, "[0-9.]+s$ ]]
    [[ ${lines[1]} == "sopool: math.square: 1 done, 0 failed, "* ]]
    [ "${lines[2]}" = "status 0" ]
}

@test "SIGUSR1: of a file, with what is left; beside a bar" {
    local command
    command=$(naps 1 x 2500 1)
    $command --progress never >"$out" 2>"$err" &
    for _ in {1..100}; do
        grep -q 1 "$out" && break
        sleep 0.05
    done
    sleep 0.1
    kill -USR1 $!
    wait $! || [ $? -eq 1 ]
    run grep -v 'in:2' "$err"
    [[ $output =~ ^"sopool: faults.nap: 2/4 (50%), 1 failed, "[0-9.]+"/s, ETA "[0-9.]+"s, 1 of 1 workers busy, "[01]" queued, "[0-9.]+s$ ]]
    run terminal 80 bash -c "($command & sleep 1.5; kill -USR1 \$!; wait)"
    has $'\n'"sopool: faults.nap: 2/4 (50%), 1 failed, "
}

@test "SIGUSR1 ends no other command" {
    local made=$BATS_TEST_TMPDIR/made go=$BATS_TEST_TMPDIR/go
    sopool apply --plugin-path "$SOPOOL_TEST_PLUGINS" behave.touch_and_wait \
        "$made" "$go" 500 >"$out" &
    until [ -e "$made" ]; do sleep 0.05; done
    kill -USR1 $!
    touch "$go"
    wait $!
    [ "$(cat "$out")" = 500 ]
}
