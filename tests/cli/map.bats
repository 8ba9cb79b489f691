#!/usr/bin/env bats
# sopool map: one call for each line.

load helper

@test "one result for each line, in order" {
    seq 5000 >"$BATS_TEST_TMPDIR/in"
    sopool map math.square "$BATS_TEST_TMPDIR/in" >"$out"
    awk '{ print $1 * $1 }' "$BATS_TEST_TMPDIR/in" | cmp - "$out"
}

@test "standard input by default, and where - stands" {
    run sopool map math.square <<<3
    is 9
    echo 4 >"$BATS_TEST_TMPDIR/four"
    run sopool map math.square "$BATS_TEST_TMPDIR/four" - \
        "$BATS_TEST_TMPDIR/four" <<<3
    is $'16\n9\n16'
}

@test "no input, no result" {
    run sopool map math.square </dev/null
    ends 0
    is ""
    : >"$BATS_TEST_TMPDIR/empty"
    run sopool map math.square "$BATS_TEST_TMPDIR/empty" "$BATS_TEST_TMPDIR/empty"
    ends 0
    is ""
}

@test "a real dictionary of the tests' size, as sha512sum has it" {
    python3 - >"$BATS_TEST_TMPDIR/words" <<'END'
import random
random.seed(3)
for i in range(20000):
    print("".join(random.choices("abcdefghij'é", k=random.randrange(1, 20))))
END
    sopool map hash.sha512 "$BATS_TEST_TMPDIR/words" >"$out"
    python3 - "$BATS_TEST_TMPDIR/words" "$out" <<'END'
import hashlib, sys
with open(sys.argv[1], "rb") as a, open(sys.argv[2]) as b:
    for word, digest in zip(a, b, strict=True):
        assert hashlib.sha512(word[:-1]).hexdigest() == digest[:-1]
END
}

@test "the last line needs no newline; empty lines are inputs" {
    run bash -c "printf '\n\na' | sopool map hash.sha512"
    ends 0
    [ "${#lines[@]}" -eq 3 ]
    [ "${lines[0]}" = "$(printf '' | sha512sum | cut -d ' ' -f 1)" ]
    [ "${lines[1]}" = "${lines[0]}" ]
    [ "${lines[2]}" = "$(printf a | sha512sum | cut -d ' ' -f 1)" ]
}

@test "-0: inputs end with NUL, and may hold newlines" {
    run bash -c "printf 'a\nb\0c' | sopool map -0 hash.sha512"
    ends 0
    [ "${#lines[@]}" -eq 2 ]
    [ "${lines[0]}" = "$(printf 'a\nb' | sha512sum | cut -d ' ' -f 1)" ]
    run --separate-stderr bash -c "printf '1\0x\0' | sopool map -0 math.square"
    ends 1
    [[ $stderr == "sopool: stdin: item 2: math.square(\"x\"): "* ]]
}

@test "NUL bytes within lines" {
    run bash -c "printf 'a\0b\n' | sopool map hash.sha512"
    is "$(printf 'a\0b' | sha512sum | cut -d ' ' -f 1)"
}

@test "lines of any length" {
    head -c 5000000 /dev/zero | tr '\0' x >"$BATS_TEST_TMPDIR/long"
    { cat "$BATS_TEST_TMPDIR/long"; echo; echo y; cat "$BATS_TEST_TMPDIR/long"; } \
        >"$BATS_TEST_TMPDIR/in"
    run faults map faults.size "$BATS_TEST_TMPDIR/in"
    ends 0
    is $'5000000\n1\n5000000'
    # Where the buffer ends must not matter.
    python3 -c 'print("\n".join("z" * n for n in range(1500)))' \
        >"$BATS_TEST_TMPDIR/in"
    faults map faults.size <"$BATS_TEST_TMPDIR/in" | cmp - <(seq 0 1499)
}

@test "a failed call: nothing on standard output, one line on standard error" {
    printf '%s\n' 1 x 3 >"$BATS_TEST_TMPDIR/words"
    cd "$BATS_TEST_TMPDIR"
    run --separate-stderr sopool map math.square words
    ends 1
    is $'1\n9'
    [[ $stderr == "sopool: words:2: math.square(\"x\"): argument 1 (x): 'x' is not an i64;"* ]]
    [ "${#stderr_lines[@]}" -eq 1 ]
}

@test "lines are counted in each file" {
    cd "$BATS_TEST_TMPDIR"
    printf '%s\n' 2 4 5 >a
    printf '%s\n' 6 7 >b
    run --separate-stderr faults map faults.fail_odd a b - <<<9
    ends 1
    is $'true\ntrue\ntrue'
    [ "${stderr_lines[0]}" = 'sopool: a:3: faults.fail_odd("5"): 5 is odd' ]
    [ "${stderr_lines[1]}" = 'sopool: b:2: faults.fail_odd("7"): 7 is odd' ]
    [ "${stderr_lines[2]}" = 'sopool: stdin:1: faults.fail_odd("9"): 9 is odd' ]
}

@test "an input in a message is cut and printable" {
    run --separate-stderr bash -c \
        "printf 'a\tb\033[31m\377%s\n' \$(printf '%0100d' 0) |
            sopool map math.square"
    ends 1
    [[ $stderr == *'math.square("a\tb\x1b[31m\xff0000'*'0...")'* ]]
    [ "${#stderr}" -lt 250 ]
}

@test "a worker that dies fails the call that it ran, and no other" {
    printf '%s\n' 2 4 5 6 8 >"$BATS_TEST_TMPDIR/in"
    run --separate-stderr faults map faults.die_odd "$BATS_TEST_TMPDIR/in"
    ends 1
    [ "${#lines[@]}" -eq 4 ]
    [ "${#stderr_lines[@]}" -eq 1 ]
    [[ $stderr == *":3: faults.die_odd(\"5\"): worker "*SIGSEGV* ]]
}

@test "--output json: every input has its line" {
    printf '%s\n' 2 x '' 3 4 >"$BATS_TEST_TMPDIR/in"
    run --separate-stderr faults map --output json faults.die_odd \
        "$BATS_TEST_TMPDIR/in"
    ends 1
    [ "$stderr" = "" ]
    [ "${#lines[@]}" -eq 5 ]
    [[ ${lines[0]} == '{"result":'* ]]
    [[ ${lines[1]} == '{"error":{"code":"arguments","message":"'*"'x' is not"* ]]
    [[ ${lines[2]} == '{"error":{"code":"arguments",'* ]]
    [[ ${lines[3]} == '{"error":{"code":"died",'*'"signal":"SIGSEGV"'* ]]
    [[ ${lines[4]} == '{"result":'* ]]
}

@test "--output json stays aligned when every other input is wrong" {
    awk 'BEGIN { for (i = 0; i < 20000; i++) print i % 2 ? "x" i : i }' \
        >"$BATS_TEST_TMPDIR/in"
    sopool map --output json math.square "$BATS_TEST_TMPDIR/in" >"$out" ||
        [ $? -eq 1 ]
    python3 - "$out" <<'END'
import json, sys
with open(sys.argv[1]) as f:
    lines = [json.loads(line) for line in f]
assert len(lines) == 20000
for i, line in enumerate(lines):
    if i % 2:
        assert f"'x{i}'" in line["error"]["message"], (i, line)
    else:
        assert line["result"] == i * i, (i, line)
END
}

@test "--input json" {
    run sopool map --input json hash.sha512 <<<$'"a\\nb"\n{"base64":"AA=="}'
    ends 0
    [ "${lines[0]}" = "$(printf 'a\nb' | sha512sum | cut -d ' ' -f 1)" ]
    [ "${lines[1]}" = "$(printf '\0' | sha512sum | cut -d ' ' -f 1)" ]
}

@test "--unordered: results as they come, with the index of their input" {
    printf '%s\n' 1500 1 2 3 >"$BATS_TEST_TMPDIR/in"
    run faults map -j 2 --chunksize 1 --unordered faults.nap \
        "$BATS_TEST_TMPDIR/in"
    ends 0
    [ "${lines[3]}" = 1500 ]
    [ "$(printf '%s\n' "${lines[@]:0:3}" | sort | tr '\n' ' ')" = "1 2 3 " ]
    run faults map -j 2 --chunksize 1 --unordered --output json faults.nap \
        "$BATS_TEST_TMPDIR/in"
    [ "${lines[3]}" = '{"index":0,"result":1500}' ]
    has '{"index":1,"result":1}' '{"index":2,"result":2}' \
        '{"index":3,"result":3}'
}

@test "--unordered: one slow input among very many keeps its place" {
    { echo 3000; yes x | head -n 5; yes 0 | head -n 20000; echo y; } \
        >"$BATS_TEST_TMPDIR/in"
    faults map -j 2 --timeout 1s --unordered faults.nap "$BATS_TEST_TMPDIR/in" \
        >"$out" 2>"$err" || [ $? -eq 1 ]
    [ "$(wc -l <"$out")" -eq 20000 ]
    [ "$(wc -l <"$err")" -eq 7 ]
    grep -qF 'in:1: faults.nap("3000"): the call took longer' "$err"
    grep -qF 'in:20007: faults.nap("y"): ' "$err"
    faults map --unordered --output json faults.nap "$BATS_TEST_TMPDIR/in" \
        >"$out" || [ $? -eq 1 ]
    python3 - "$out" <<'END'
import json, sys
with open(sys.argv[1]) as f:
    lines = [json.loads(line) for line in f]
assert sorted(line["index"] for line in lines) == list(range(20007))
for line in lines:
    bad = 1 <= line["index"] <= 5 or line["index"] == 20006
    assert ("error" in line) == bad, line
END
}

@test "a task that takes other than one argument is for starmap" {
    run faults map faults.record </dev/null
    ends 2
    has "faults.record takes 2 arguments: (path: str, x: u64) -> u64" \
        "use starmap"
    run faults map faults.parent </dev/null
    ends 2
    has "use starmap"
}

@test "a file that cannot be read is told before any work" {
    run --separate-stderr sopool map math.square - /nonexistent <<<1
    ends 2
    is ""
    [ "$stderr" = \
        "sopool: cannot read '/nonexistent': No such file or directory" ]
    run sopool map math.square /
    ends 2
    has "cannot read '/': Is a directory"
}

@test "results come as soon as they are there" {
    run python3 - <<'END'
import subprocess, time

p = subprocess.Popen(["sopool", "map", "math.square"],
                     stdin=subprocess.PIPE, stdout=subprocess.PIPE)
for i in range(5):
    p.stdin.write(b"%d\n" % i)
    p.stdin.flush()
    assert p.stdout.readline() == b"%d\n" % (i * i)
p.stdin.close()
print(p.wait())
END
    is 0
    (echo 1; echo x; sleep 3; echo 2) | sopool map math.square >"$out" 2>"$err" &
    local i
    for i in {1..20}; do
        sleep 0.1
        [ ! -s "$out" ] || [ ! -s "$err" ] || break
    done
    [ "$(cat "$out")" = 1 ]
    grep -q stdin:2: "$err"
    wait $! || true
}

@test "endless input, a slow reader: memory and what is read stay bounded" {
    [ -z "$SOPOOL_TEST_SANITIZED" ] || skip "sanitizers keep freed memory"
    run python3 - <<'END'
import os, re, subprocess, time

def rss(pid):
    with open(f"/proc/{pid}/status") as f:
        return int(re.search(r"VmRSS:\s+(\d+)", f.read()).group(1))

read, write = os.pipe()
p = subprocess.Popen(["sopool", "map", "math.square"], stdin=read,
                     stdout=subprocess.PIPE)
os.close(read)
# Nobody reads the results: after a while nobody takes inputs either.
os.set_blocking(write, False)
taken, quiet = 0, 0
while quiet < 10 and taken < 100e6:
    try:
        taken += os.write(write, b"3\n" * 2048)
        quiet = 0
    except BlockingIOError:
        quiet += 1
        time.sleep(0.05)
assert quiet == 10, taken
blocked = rss(p.pid)
# Then somebody does, and it goes on, in the same memory.
os.set_blocking(write, True)
if os.fork() == 0:
    p.stdout.close()
    try:
        for i in range(4000):
            os.write(write, b"3\n" * 2048)
    finally:
        os._exit(0)
os.close(write)
count, most = 0, 0
while piece := p.stdout.read1(1 << 20):
    count += piece.count(b"\n")
    try:
        most = max(most, rss(p.pid))
    except AttributeError:
        pass
assert p.wait() == 0
assert count == taken // 2 + 4000 * 2048, count
assert most < blocked + 16384 and most < 65536, (blocked, most)
print("bounded")
END
    is bounded
}

@test "an endless line of failures does not grow either" {
    [ -z "$SOPOOL_TEST_SANITIZED" ] || skip "sanitizers keep freed memory"
    run python3 - <<'END'
import re, subprocess

yes = subprocess.Popen(["yes", "x"], stdout=subprocess.PIPE)
p = subprocess.Popen(["sopool", "map", "--output", "json", "math.square"],
                     stdin=yes.stdout, stdout=subprocess.PIPE)
yes.stdout.close()
for i in range(100000):
    p.stdout.readline()
with open(f"/proc/{p.pid}/status") as f:
    most = int(re.search(r"VmHWM:\s+(\d+)", f.read()).group(1))
p.stdout.close()
p.wait(20)
yes.wait(20)
assert most < 65536, most
print("bounded")
END
    is bounded
}

@test "what tasks print does not mix with results" {
    local method
    for method in forkserver spawn fork thread; do
        run --separate-stderr faults map --start-method $method faults.print \
            <<<$'one\ntwo'
        ends 0
        is $'one\ntwo'
        [[ $stderr == *one* ]]
    done
}

@test "tasks do not take the input" {
    run bash -c "seq 2000 | sopool map --start-method thread math.square |
        tail -n 1"
    is 4000000
}
