#!/usr/bin/env bats
# --trace and --report: pictures of a run, looked at as their readers do.

load helper

trace=$BATS_TEST_TMPDIR/run.json
report=$BATS_TEST_TMPDIR/run.html

# looked WHAT FILE...: what pictures.py finds in it.
looked() {
    run python3 "$SOPOOL_TEST_SOURCE/tests/cli/pictures.py" "$@"
    ends 0
}

# browse ARGUMENT...: chromium without a window and without a network.
browse() {
    [ -z "$SOPOOL_TEST_SANITIZED" ] || skip "it would see the same report"
    command -v chromium >/dev/null ||
        skip "there is no browser: on Debian install chromium"
    timeout 100 chromium --headless --no-sandbox --disable-gpu \
        --disable-dev-shm-usage --hide-scrollbars --no-first-run \
        --user-data-dir="$BATS_TEST_TMPDIR/browser" \
        --host-resolver-rules='MAP * ~NOTFOUND' --proxy-server=127.0.0.1:9 \
        "$@" 2>"$err"
}

@test "--trace: a slice for each call, workers as tracks" {
    seq 3000 | sopool map -j 3 --trace "$trace" math.square >"$out"
    seq 3000 | awk '{ print $1 * $1 }' | cmp - "$out"
    looked trace "$trace" 3000
    has "process: sopool map math.square" "done: 3000" "ready: 3"
}

@test "--trace: starmap, without order" {
    for i in 1 2 3 4 5; do echo "[$i, 7]"; done |
        sopool starmap --unordered --trace "$trace" math.estimate_pi >"$out"
    looked trace "$trace" 5
    has "process: sopool starmap math.estimate_pi" "done: 5"
}

@test "--trace: what a slice tells" {
    printf '3\nx\n' >"$BATS_TEST_TMPDIR/in"
    run sopool map --trace "$trace" math.square "$BATS_TEST_TMPDIR/in"
    ends 1
    python3 - "$trace" "$BATS_TEST_TMPDIR/in" <<'END'
import json, sys
good, bad = [e for e in json.load(open(sys.argv[1])) if e["ph"] == "X"
             and e["cat"] == "call"]
assert good["name"] == "math.square" and good["tid"] > 0 and good["dur"] > 0
args = good["args"]
assert args["input"] == "3" and args["index"] == 0 and args["line"] == 1
assert args["file"] == sys.argv[2] and args["status"] == "done"
assert args["attempts"] == 1 and args["cpu_us"] >= 0
assert args["peak_kib"] > 100
# No worker has begun the other.
assert bad["tid"] == 0 and bad["dur"] == 0 and bad["args"]["line"] == 2
assert bad["args"]["status"] == "arguments" and "i64" in bad["args"]["error"]
END
}

@test "--trace: workers that die are replaced" {
    seq 20 >"$BATS_TEST_TMPDIR/in"
    run faults map -j 2 --trace "$trace" faults.die_odd "$BATS_TEST_TMPDIR/in"
    ends 1
    looked trace "$trace" 20
    has "died: 10" "done: 10" "ended: " "restarted: "
    grep '"name":"ended"' "$trace" | grep -q '"signal":"SIGSEGV"'
    grep '"status":"died"' "$trace" | grep -q '"error":"'
}

@test "--trace: waits of workers" {
    : >"$out"
    { echo 1; until [ -s "$out" ]; do sleep 0.05; done; sleep 0.4; echo 2; } |
        faults map -j 1 --trace "$trace" faults.nap >"$out"
    looked trace "$trace" 2
    python3 - "$trace" <<'END'
import json, sys
events = json.load(open(sys.argv[1]))
waits = [e for e in events if e.get("cat") == "wait"]
calls = [e for e in events if e.get("cat") == "call"]
assert max(e["dur"] for e in waits) > 200e3, waits
assert min(e["dur"] for e in waits) >= 1e3, waits
assert all(900 < c["dur"] for c in calls), calls
END
}

# any_bytes: inputs that are hard to write down, and a long one.
any_bytes() {
    printf '\xff\xfe"\\\x01</script>\n\xe2\x82\xac\n\0\n'
    head -c 100000 /dev/zero | tr '\0' y
}

@test "--trace: any bytes as inputs" {
    any_bytes >"$BATS_TEST_TMPDIR/in"
    sopool map --trace "$trace" hash.sha512 "$BATS_TEST_TMPDIR/in" >"$out"
    looked trace "$trace" 4
    python3 - "$trace" <<'END'
import json, sys
inputs = [e["args"] for e in json.load(open(sys.argv[1])) if e["ph"] == "X"
          and e["cat"] == "call"]
assert [a["input"] for a in inputs] == [
    '\ufffd\ufffd"\\\x01</script>', "\u20ac", "\0", 200 * "y"]
assert inputs[3]["input_size"] == 100000 and "input_size" not in inputs[2]
END
}

@test "a picture is whole though the run was interrupted" {
    run signalled SIGINT sopool map --trace "$trace" --report "$report" \
        math.square
    has 130
    looked trace "$trace" 1
    has "interrupted: 1"
    looked report "$report"
    has "Ended early by SIGINT" "1 call"
}

@test "a picture is whole though calls were under way, or nobody reads on" {
    yes 3 | timeout --foreground -s INT 1 sopool map --trace "$trace" --report "$report" \
        math.square >"$out" 2>"$err" || true
    grep -q "^sopool: stopped by SIGINT: " "$err"
    calls=$(grep -c '"cat":"call"' "$trace")
    [ "$calls" -ge "$(wc -l <"$out")" ]
    looked trace "$trace" "$calls"
    has "done: $calls" "interrupted: 1"
    looked report "$report"
    has "Ended early by SIGINT" "No call failed."
    yes 3 | sopool map --trace "$trace" --report "$report" math.square |
        head -n 2 >"$out"
    looked trace "$trace" "$(grep -c '"cat":"call"' "$trace")"
    looked report "$report"
}

@test "a picture that cannot be written costs no result" {
    local option
    seq 2000 >"$BATS_TEST_TMPDIR/in"
    for option in --trace --report; do
        status=0
        sopool map "$option" /dev/full math.square "$BATS_TEST_TMPDIR/in" \
            >"$out" 2>"$err" || status=$?
        ends 1
        [ "$(cat "$err")" = \
            "sopool: cannot write /dev/full: No space left on device" ]
        awk '{ print $1 * $1 }' "$BATS_TEST_TMPDIR/in" | cmp - "$out"
    done
}

@test "a picture that cannot be begun stops the run before it starts" {
    local option
    for option in --trace --report; do
        run sopool map "$option" "$BATS_TEST_TMPDIR/no/file" math.square <<<3
        ends 2
        is "sopool: cannot write $BATS_TEST_TMPDIR/no/file: No such file or directory"
        run sopool map "$option" "$BATS_TEST_TMPDIR" math.square <<<3
        ends 2
        is "sopool: cannot write $BATS_TEST_TMPDIR: Is a directory"
        run sopool map "$option" "$report" math.nothing <<<3
        ends 2
        [ ! -e "$report" ]
    done
}

@test "a picture given twice" {
    local option
    for option in --trace --report; do
        run sopool map "$option" a "$option" b math.square <<<3
        ends 2
        is "sopool: $option is given twice; allowed: one file"
    done
}

@test "--report: a summary" {
    seq 3000 | sopool map -j 2 --report "$report" math.square >"$out"
    looked report "$report"
    has "sopool map" "math.square" "3,000 calls: all gave a result." \
        "Command | sopool map -j 2 --report $report math.square |" \
        "math.square(x: i64) -> i64" "$(uname -n), Linux" \
        "Workers | 2 | 0 restarts" "Timeline of the workers" \
        "How long calls took" "Median" "No call failed." "Slowest calls"
    # It holds together with nothing run, and with one.
    sopool map --report "$report" math.square </dev/null
    looked report "$report"
    has "There were no calls."
    sopool map --report "$report" math.square <<<3 >"$out"
    looked report "$report"
    has "1 call: it gave a result."
}

@test "--report: failures by reason, with the first inputs" {
    { seq 1 2 19; seq -f 'x%g' 5; } >"$BATS_TEST_TMPDIR/in"
    run faults map -j 2 --report "$report" faults.die_odd \
        "$BATS_TEST_TMPDIR/in"
    ends 1
    looked report "$report"
    has "15 of 15 calls failed" "Never begun | 5 calls" \
        "| 10 | died |" "| 1 | $BATS_TEST_TMPDIR/in:1 |" \
        "| 5 | arguments |" "| x1 | $BATS_TEST_TMPDIR/in:11 |" "x3"
    [[ $output != *"| x4 |"* ]]
    [[ $output =~ Workers\ \|\ 2\ \|\ ([0-9]+)\ restarts ]]
    [ "${BASH_REMATCH[1]}" -ge 8 ]
}

@test "--report: the slowest calls with their inputs" {
    { yes 0 | head -n 500; echo 60; yes 0 | head -n 500; echo 90; } |
        faults map -j 2 --report "$report" faults.nap >"$out"
    looked report "$report"
    [[ $output =~ "Slowest calls".*\|\ 90\ \|\ stdin:1002\ .*\|\ 60\ \|\ stdin:501\ \| ]]
    [ "$(grep -o '<tr><td class="n">[^<]*</td><td class="n">[^<]*</td><td' \
        "$report" | wc -l)" -eq 20 ]
}

@test "--report: any bytes are text, and no page of theirs" {
    { printf '<script>document.title="taken"</script>\n'
      printf '</title></svg><h1 onload="x()">\xff\xfe&amp;\x01\xc2\x80\n'
      printf '%s\n' '"><img src=x onerror=x()>'
      printf '\xe2\x80\xae\n'; } >"$BATS_TEST_TMPDIR/<b>in"
    run faults map --report "$report" faults.fail "$BATS_TEST_TMPDIR/<b>in"
    ends 1
    sed -i 's/\xe2\x80\xae//g' "$report"
    looked report "$report"
    has '<script>document.title="taken"</script>' \
        '</title></svg><h1 onload="x()">\xff\xfe&amp;\x01\xc2\x80' \
        '"><img src=x onerror=x()>' "<b>in:1"
}

@test "--report: stays small, whatever runs" {
    seq 200000 | sopool map -j 3 --maxtasksperchild 2000 --report "$report" \
        --trace "$trace" math.square >"$out"
    looked report "$report"
    has "200,000 calls: all gave a result."
    [ "$(wc -c <"$report")" -lt 200000 ]
    looked trace "$trace" 200000
}

@test "a browser shows the report, with no network, and runs nothing of it" {
    printf '<script>document.title="taken"</script>\n3\n' |
        sopool map --report "$report" math.square >"$out" 2>/dev/null || true
    browse --dump-dom "file://$report" >"$BATS_TEST_TMPDIR/dom"
    grep -q '<title>math.square' "$BATS_TEST_TMPDIR/dom"
    grep -q '<h2 id="timeline">Timeline of the workers</h2>' \
        "$BATS_TEST_TMPDIR/dom"
    grep -q '&lt;script&gt;document.title="taken"&lt;/script&gt;' \
        "$BATS_TEST_TMPDIR/dom"
    run grep -c '<script' "$BATS_TEST_TMPDIR/dom"
    is 0
}

@test "a browser draws the report, on a screen and on paper" {
    seq 500 | sopool map --report "$report" math.square >"$out"
    browse --window-size=1200,2000 \
        --screenshot="$BATS_TEST_TMPDIR/screen.png" "file://$report"
    browse --no-pdf-header-footer \
        --print-to-pdf="$BATS_TEST_TMPDIR/paper.pdf" "file://$report"
    python3 - "$BATS_TEST_TMPDIR/screen.png" "$BATS_TEST_TMPDIR/paper.pdf" <<'END'
import re, struct, sys, zlib

with open(sys.argv[1], "rb") as file:
    png = file.read()
assert png[:8] == b"\x89PNG\r\n\x1a\n"
width, height = struct.unpack(">II", png[16:24])
assert (width, height) == (1200, 2000)
at, data = 8, b""
while at < len(png):
    size, kind = struct.unpack(">I4s", png[at:at + 8])
    data += png[at + 8:at + 8 + size] if kind == b"IDAT" else b""
    at += 12 + size
# Not blank: what is drawn does not pack as paper does.
assert len(zlib.decompress(data)) > width * height * 3 and len(data) > 50000
with open(sys.argv[2], "rb") as file:
    pdf = file.read()
assert pdf.startswith(b"%PDF-")
pages = len(re.findall(rb"/Type\s*/Page\b", pdf))
assert 1 <= pages <= 4, pages
END
}

# viewed: what the viewer of chrome://tracing shows of the trace.
viewed() {
    local viewer
    viewer=$(find /usr/share/go-*/src/cmd/trace/static \
        -name trace_viewer_full.html -printf '%h\n' 2>/dev/null | head -n 1)
    [ -n "$viewer" ] ||
        skip "there is no trace viewer: on Debian install golang-src"
    mkdir "$BATS_TEST_TMPDIR/viewed"
    ln -s "$viewer" "$BATS_TEST_TMPDIR/viewed/viewer"
    ln -s "$trace" "$BATS_TEST_TMPDIR/viewed/trace.json"
    cp "$SOPOOL_TEST_SOURCE/tests/cli/viewer.html" "$BATS_TEST_TMPDIR/viewed"
    browse --allow-file-access-from-files --virtual-time-budget=30000 \
        --dump-dom "file://$BATS_TEST_TMPDIR/viewed/viewer.html" \
        >"$BATS_TEST_TMPDIR/dom"
    grep -q '<title>loaded' "$BATS_TEST_TMPDIR/dom"
    run grep -o '<p>[^<]*' "$BATS_TEST_TMPDIR/dom"
}

@test "a trace viewer shows the workers, their calls and their ends" {
    seq 20 >"$BATS_TEST_TMPDIR/in"
    any_bytes >>"$BATS_TEST_TMPDIR/in"
    run faults map -j 2 --trace "$trace" faults.die_odd "$BATS_TEST_TMPDIR/in"
    ends 1
    viewed
    has "process sopool map faults.die_odd (pid " \
        "track inputs that no worker began: 4 calls, 0 waits, 0 marks"
    [[ $output != *warning* ]]
    # As many calls as there were, and of each worker its beginning and its end.
    echo "$output" | awk '/track worker/ {
            calls += $6
            if ($10 != 3)
                exit 1
        }
        END { exit calls != 20 }'
    # All that is drawn, too.
    [ "$(grep -c '<heading .*, name: worker ' "$BATS_TEST_TMPDIR/dom")" \
        -eq "$(grep -c 'track worker' <<<"$output")" ]
}
