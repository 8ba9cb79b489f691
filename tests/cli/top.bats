#!/usr/bin/env bats
# sopool top: running pools, in a table, as JSON and live.

load helper

setup() {
    # Sockets of this test alone.
    export XDG_RUNTIME_DIR=$BATS_TEST_TMPDIR/run
    mkdir -m 700 "$XDG_RUNTIME_DIR"
}

teardown() {
    exec 7>&- 8<&- 2>/dev/null || true
    if [ -n "${pool-}" ]; then
        kill "$pool" 2>/dev/null || true
        wait "$pool" 2>/dev/null || true
    fi
}

# begin OPTION...: a map in the background, of two workers that nap for long,
# one call each, and some that wait; returns once they are busy.
begin() {
    mkfifo "$BATS_TEST_TMPDIR/in"
    SOPOOL_TEST_MARK=$BATS_TEST_TMPDIR sopool map \
        --plugin-path "$SOPOOL_TEST_PLUGINS" -j 2 --chunksize 1 "$@" \
        faults.nap "$BATS_TEST_TMPDIR/in" >"$out" 2>"$err" 3>&- &
    pool=$!
    exec 7>"$BATS_TEST_TMPDIR/in"
    printf '%s\n' 1 1 1 60000 60000 60000 60000 >&7
    for _ in {1..200}; do
        if [ "$(seen '[0]["running"]')" = 2 ] &&
            [ "$(seen '[0]["done"]')" = 3 ]; then
            return
        fi
        sleep 0.05
    done
    echo "the pool is not seen" >&2
    return 1
}

# seen EXPRESSION: of the JSON, in Python.
seen() {
    sopool top --once --json | python3 -c "
import json, sys
pools = json.load(sys.stdin)
try:
    print(pools$1)
except IndexError:
    print('none')"
}

@test "top --once: no pool" {
    run --separate-stderr sopool top --once
    ends 0
    is "sopool top: 0 pools, 0 workers, 0 busy, 0/s"
    [ "$stderr" = "" ]
    run sopool top --once --json
    ends 0
    is "[]"
}

@test "top --once: a table of what runs, 80 columns wide" {
    begin
    run --separate-stderr sopool top --once
    ends 0
    [ "$stderr" = "" ]
    [[ ${lines[0]} =~ ^"sopool top: 1 pool, 2 workers, 2 busy, ".*/s$ ]]
    has "PID $pool  open  up " "  sopool map --plugin-path" \
        "done 3  failed 0  queued 2  running 2" \
        "forkserver: 2/2 workers, 2 busy  restarts 0 (0 died)  retried 0" \
        "  WORKER      PID  STATE     TASK" "SINCE      CALLS"
    [ "$(grep -cE '^ +[0-9]+ +[0-9]+  busy +faults\.nap +[0-9.]+s +[0-9]+$' \
        <<<"$output")" -eq 2 ]
    [ "$(grep -v ^PID <<<"$output" | wc -L)" -le 80 ]
}

@test "top --once --json: for scripts" {
    begin
    [ "$(seen '[0]["pid"]')" = "$pool" ]
    [ "$(seen '[0]["queued"]')" = 2 ]
    [ "$(seen '[0]["processes"]')" = 2 ]
    [ "$(seen '[0]["start_method"]')" = forkserver ]
    [ "$(seen '[0]["tasks"][0]["task"]')" = faults.nap ]
    [ "$(seen '[0]["workers"][1]["task"]')" = faults.nap ]
    [ "$(seen '[0]["workers"][1]["state"]')" = busy ]
    # Since when: some time ago, but not long.
    [ "$(seen '[0]["time_ns"] - pools[0]["workers"][0]["since_ns"] > 0')" = \
        True ]
    [ "$(seen '[0]["time_ns"] - pools[0]["workers"][0]["since_ns"] < 60e9')" = \
        True ]
}

@test "a worker that dies is a restart" {
    local victim
    begin
    victim=$(seen '[0]["workers"][0]["pid"]')
    kill -KILL "$victim"
    for _ in {1..100}; do
        [ "$(seen '[0]["died"]')" = 1 ] && break
        sleep 0.05
    done
    run sopool top --once
    has "restarts 1 (1 died)" "failed 1"
}

@test "the socket goes with the pool: at its end, by signals, by a closed pipe" {
    begin
    [ "$(ls "$XDG_RUNTIME_DIR/sopool")" = "$pool-1.sock" ]
    [ "$(stat -c %a "$XDG_RUNTIME_DIR/sopool")" = 700 ]
    kill "$pool"
    wait "$pool" || true
    [ "$(ls "$XDG_RUNTIME_DIR/sopool")" = "" ]
    run signalled SIGINT sopool map math.square
    [ "${lines[0]}" = 130 ]
    [ "$(ls "$XDG_RUNTIME_DIR/sopool")" = "" ]
    run bash -c "yes 3 | sopool map math.square | head -n 1"
    is 9
    for _ in {1..100}; do
        [ "$(ls "$XDG_RUNTIME_DIR/sopool")" = "" ] && break
        sleep 0.05
    done
    [ "$(ls "$XDG_RUNTIME_DIR/sopool")" = "" ]
    sopool map math.square <<<3
    [ "$(ls "$XDG_RUNTIME_DIR/sopool")" = "" ]
}

@test "what a killed command leaves behind is removed" {
    begin
    kill -KILL "$pool"
    wait "$pool" || true
    [ "$(ls "$XDG_RUNTIME_DIR/sopool")" != "" ]
    run sopool top --once --json
    is "[]"
    [ "$(ls "$XDG_RUNTIME_DIR/sopool")" = "" ]
}

@test "--status false, and apply: not seen" {
    sopool map --status false math.square <<<3
    [ ! -e "$XDG_RUNTIME_DIR/sopool" ]
    sopool apply math.square 3
    [ ! -e "$XDG_RUNTIME_DIR/sopool" ]
    sopool apply --status true math.square 3
    [ -d "$XDG_RUNTIME_DIR/sopool" ]
    echo "status: false" >"$BATS_TEST_TMPDIR/pool.yaml"
    rmdir "$XDG_RUNTIME_DIR/sopool"
    sopool map -c "$BATS_TEST_TMPDIR/pool.yaml" math.square <<<3
    [ ! -e "$XDG_RUNTIME_DIR/sopool" ]
    run sopool map --status maybe math.square <<<3
    ends 2
    has "--status: 'maybe' is not right; allowed: true, false, auto"
}

@test "a folder that others can reach: map goes on, who insists is told why" {
    mkdir -m 755 "$XDG_RUNTIME_DIR/sopool"
    chmod 755 "$XDG_RUNTIME_DIR/sopool"
    run sopool map math.square <<<3
    ends 0
    is 9
    run sopool map --status true math.square <<<3
    [ "$status" -ne 0 ]
    has "status: others can reach into $XDG_RUNTIME_DIR/sopool; run: chmod 700"
    run sopool top --once
    ends 1
    has "others can reach into $XDG_RUNTIME_DIR/sopool; run: chmod 700"
}

@test "top: what it does not take" {
    run sopool top --json
    ends 2
    has "--json needs --once"
    run sopool top 1234
    ends 2
    has "top takes no argument, but got '1234'"
    run sopool top </dev/null
    ends 2
    has "top shows pools live on a terminal, and this is none; use --once"
}

@test "top: its help" {
    run sopool top --help
    ends 0
    has "Usage: sopool top [OPTION...]" --once --json "Exit status:"
    [ "$(printf '%s\n' "$output" | wc -L)" -le 80 ]
}

# live COLUMNS LINES KEYS...: top on a terminal of that size, which gets the
# keys one after the other, with half a second between; prints the last screen.
# A key "COLUMNSxLINES" resizes the terminal, "INT" is that signal.
live() {
    python3 - "$@" <<'PY'
import fcntl, os, pty, re, select, signal, struct, sys, termios, time

columns, rows = int(sys.argv[1]), int(sys.argv[2])
pid, master = pty.fork()
if pid == 0:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.environ["TERM"] = "xterm"
    time.sleep(0.3)
    os.execvp("sopool", ["sopool", "top"])
size = lambda c, r: fcntl.ioctl(master, termios.TIOCSWINSZ,
                                struct.pack("HHHH", r, c, 0, 0))
size(columns, rows)
got, sizes = b"", []

def listen(seconds):
    global got
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        if select.select([master], [], [], left)[0]:
            try:
                piece = os.read(master, 65536)
            except OSError:
                return False
            if not piece:
                return False
            got += piece
    return True

listen(2.5)
for key in sys.argv[3:]:
    if "x" in key:
        size(*map(int, key.split("x")))
        os.kill(pid, signal.SIGWINCH)
    elif key == "INT":
        os.kill(pid, signal.SIGINT)
    else:
        os.write(master, key.encode())
    listen(1.5)
listen(1)
_, status = os.waitpid(pid, 0)
sys.stdout.write(re.sub(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b[()][A-Z0-9]|\x1b.",
                        "\n", got.decode(errors="replace")))
print()
print("status", os.waitstatus_to_exitcode(status))
PY
}

@test "live: in 80x24, until q" {
    if ! ldd "$(command -v sopool)" | grep -q ncurses; then
        skip "built without ncurses"
    fi
    begin
    run live 80 24 q
    ends 0
    has "sopool top: 1 pool, 2 workers, 2 busy" "PID $pool" WORKER faults.nap \
        "q quits" "status 0"
}

@test "live: a small terminal, a resize, a signal" {
    if ! ldd "$(command -v sopool)" | grep -q ncurses; then
        skip "built without ncurses"
    fi
    begin
    run live 40 6 j k 80x24 20x2 80x24 INT
    ends 0
    has "arrows scroll: " "faults.nap" "status -2"
}
