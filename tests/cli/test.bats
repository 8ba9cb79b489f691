#!/usr/bin/env bats
# sopool test: cases, made-up arguments, and what looks at the workers.

load helper

setup() {
    cd "$BATS_TEST_TMPDIR" || return
    chmod 755 .
    plugin=$SOPOOL_TEST_PLUGINS/tried.so
}

# try OPTION...: the cases on stdin.
try() {
    cat >cases.yaml
    run --separate-stderr sopool test "$@" "$plugin" cases.yaml
}

# small TASK LEAST: the call that was found is that with a small number, the least
# one if there was time enough to look for it.
small() {
    [[ $output =~ "- {task: tried.$1, args: ["([0-9]+)"]}" ]]
    [ "${BASH_REMATCH[1]}" -ge "$2" ]
    [ "${BASH_REMATCH[1]}" -le 255 ]
}

# No worker, and not the folder for what is temporary.
nothing_left() {
    run leftover
    is ""
    run find "$TMPDIR" -maxdepth 1 -name 'sopool-test-*'
    is ""
}

# A sanitizer's options without what the suite says for its own.
quiet() {
    env -u ASAN_OPTIONS -u UBSAN_OPTIONS -u TSAN_OPTIONS "$@"
}

@test "cases that hold" {
    try <<'END'
- {task: twice, args: [21], result: 42}
- task: tried.twice        # by its whole name, arguments by theirs
  args: {x: -4}
  result: -8
- {task: third, args: [1], result: 0.333, within: 1e-3}
- {task: twice, args: [9223372036854775807], error: is too large}
- {task: third, args: [2]}
- {task: picky, args: ["# is text"], name: "with a #", timeout: 5s}
END
    ends 0
    is 'TAP version 13
1..6
ok 1 - tried.twice(21)
ok 2 - tried.twice(-4)
ok 3 - tried.third(1.0)
ok 4 - tried.twice(9223372036854775807)
ok 5 - tried.third(2.0)
ok 6 - with a \#'
    [ "$stderr" = "" ]
}

@test "cases that do not" {
    try <<'END'
- {task: twice, args: [21], result: 43}
- {task: third, args: [1], result: 0.333, within: 1e-4}
- {task: twice, args: [9223372036854775807], result: 1}
- {task: twice, args: [1], error: is too large}
- {task: twice, args: [9223372036854775807], error: is too small}
- {task: picky, args: ["100%"], error: died}
- {task: stuck, args: [100], timeout: 200ms}
END
    ends 1
    has 'not ok 1 - tried.twice(21)
# case      cases.yaml:1:3
# expected  43
# got       42' '
# expected  0.333
# got       0.333333' 'not ok 3 - tried.twice(9223372036854775807)
# case      cases.yaml:3:3
# expected  1
# failed    9223372036854775807 is too large
not ok 4' '
# error     is too large
# got       2
not ok 5' '
# error     is too small
# failed    9223372036854775807 is too large
not ok 6' 'was ended by SIGABRT' '
# reason    died
not ok 7' 'longer than its time limit of 200 ms
# reason    timeout'
    [[ $output != *"
ok "* ]]
}

@test "each case has a worker of its own" {
    try <<'END'
- {task: pid, result: 1}
- {task: pid, result: 1}
END
    ends 1
    [ "$(grep -c '^# got' <<<"$output")" -eq 2 ]
    [ "$(grep '^# got' <<<"$output" | sort -u | wc -l)" -eq 2 ]
}

@test "what the sandbox keeps, and what it lets through" {
    touch here
    try --no-sandbox <<END
- {task: write_file, args: [$PWD/made], result: 0}
END
    ends 0
    [ -e made ]
    rm made
    python3 -c 'import socket, time; s = socket.create_server(("127.0.0.1", 0))
print(s.getsockname()[1], flush=True); time.sleep(60)' >port 3>&- &
    server=$!
    await test -s port
    try <<END
- {task: write_file, args: [$PWD/made], result: 13}
- {task: write_file, args: [$PWD/here], result: 13}
- {task: write_file, args: [/dev/null], result: 0}
- {task: write_temporary, result: 0}
- {task: connect_to, args: [$(cat port)], result: 13}
END
    kill $server
    if [[ $output == *"# sandbox "* ]]; then
        skip "this kernel's sandbox is weaker"
    fi
    ends 0
    [ ! -e made ]
    run find "$TMPDIR" -maxdepth 1 -name 'sopool-test-*'
    is ""
}

@test "a wrong file of cases: all that is wrong, with its place" {
    try <<'END'
- {task: twice, args: [x]}
- {task: twice, args: [1, 2]}
- {task: twize, args: [1]}
- {task: twice, arg: [1]}
- {task: twice, colour: red}
- {args: [1]}
- {task: twice, args: 1}
- {task: twice, args: [1], result: x}
- {task: twice, args: [1], result: 1, error: x}
- {task: twice, args: [1], within: 1}
- {task: twice, args: [1], result: 1, within: -1}
- {task: twice, args: [1], timeout: 5}
- {task: [a], args: [1]}
- {task: twice, task: twice, args: [1]}
- twice
- {task: twice, args: [{[1]: 2}]}
END
    ends 2
    is ""
    output=$stderr
    has "sopool: cases.yaml:4:17: unknown key 'arg'; did you mean 'args'?" \
        "cases.yaml:5:17: unknown key 'colour'; allowed: task, args, result" \
        "cases.yaml:6:3: the case has no task" \
        "cases.yaml:7:23: args: allowed: a list of arguments, or a mapping of" \
        "cases.yaml:9:3: the case has a result and an error; allowed: one" \
        "cases.yaml:10:3: within: the case has no result" \
        "cases.yaml:11:47: within: allowed: a number, 0 or more" \
        "cases.yaml:13:10: task: allowed: a text" \
        "cases.yaml:14:17: task: is given twice" \
        "cases.yaml:15:3: a case is a mapping: {task: ..., args" \
        "cases.yaml:16:25: args: a key is a text, no list or mapping"
    try <<'END'
- {task: twice, args: [x]}
- {task: twice, args: [1, 2]}
- {task: twize, args: [1]}
- {task: twice, args: [1], result: x}
- {task: twice, args: [1], timeout: 5}
END
    ends 2
    output=$stderr
    has "cases.yaml:1:23: args: column 2: argument 1 (x)" \
        "cases.yaml:2:23: args: there are 2 arguments; tried.twice takes 1" \
        "cases.yaml:3:3: task: " "did you mean 'tried.twice'" \
        "cases.yaml:4:36: result: " "cases.yaml:5:3: timeout: "
}

@test "what is no file of cases" {
    try </dev/null
    ends 2
    output=$stderr
    has "cases.yaml:1:1: the file is empty; a list of cases is missing"
    try <<<'task: twice'
    ends 2
    output=$stderr
    has "cases.yaml:1:1: allowed: a list of cases"
    try <<<'- {task: "twice'
    ends 2
    output=$stderr
    has "cases.yaml:2:1: "
    try <<<'- &a {task: twice, args: [*a]}'
    ends 2
    output=$stderr
    has "args: it is nested too deeply; allowed: 32 levels"
    # Each level twice the one below it.
    python3 - >cases.yaml <<'END'
print("- {task: twice, args: [&a0 [%s]]}" % ("x" * 1000))
for i in range(1, 20):
    print("- {task: twice, args: [&a%d [*a%d, *a%d]]}" % (i, i - 1, i - 1))
END
    run sopool test "$plugin" cases.yaml
    ends 2
    has "it is too large; allowed: 16 MiB"
    run sopool test "$plugin" none.yaml
    ends 2
    has "none.yaml: cannot be read: No such file"
    run sopool test "$plugin" .
    ends 2
    has "cannot be read"
}

@test "what cannot be tried" {
    run sopool test
    ends 2
    has "test takes a plugin's file and a file of cases, not 0"
    run sopool test "$plugin"
    ends 2
    has "there is nothing to try: give a file of cases, or --fuzz TIME"
    run sopool test --fuzz 1s none.so
    ends 2
    has "none.so"
    for value in 5 x -1s 0s 1e9s; do
        run sopool test --fuzz=$value "$plugin"
        ends 2
        has "--fuzz: '$value' is not right; allowed: a number and ms, s, m or h"
    done
    run sopool test --fuzz 1s --seed 0 "$plugin"
    ends 2
    has "--seed: '0' is not right; allowed: a whole number above 0"
    run sopool test --fuzz 1s --task twize "$plugin"
    ends 2
    has "--task: " "did you mean 'tried.twice'"
    run sopool test --fuzz 1s --valgrind --sanitizers "$plugin"
    ends 2
    has "--valgrind and --sanitizers: one at a time"
    run sopool test --fuzz 1s --sanitizers "$plugin"
    ends 2
    has "no sanitizer is in it; build it with -fsanitize" ||
        has "built without libelf, and cannot see which sanitizers"
    PATH=$(dirname "$(command -v sopool)") run sopool test --fuzz 1s \
        --valgrind "$plugin"
    ends 2
    has "--valgrind: valgrind is not installed"
    cp "$plugin" .
    chmod 777 tried.so
    run sopool test --fuzz 1s tried.so
    ends 2
    has "tried.so"
    TMPDIR=/none run sopool test --fuzz 1s "$plugin"
    ends 1
    has "/none/sopool-test-" "cannot be made: No such file"
}

@test "another plugin of that name is not tried in its place" {
    mkdir -m 755 first
    cp "$plugin" first/tried.so
    run sopool test --plugin-path first --fuzz 100ms --task twice "$plugin"
    ends 0
    cp "$plugin" a_first.so
    cp "$plugin" b_second.so
    run sopool test --fuzz 100ms --task twice a_first.so
    ends 0
    run sopool test --fuzz 100ms --task twice b_second.so
    ends 1
    has "a_first.so has a plugin of that name, too, and is found first"
}

@test "made-up arguments: a task that is right" {
    run sopool test --fuzz 300ms --task twice --seed 11 "$plugin"
    ends 0
    has "ok 1 - tried.twice with arguments made up
# fuzzed    --seed 11, "
    run sopool test --fuzz 10ms --task pid "$plugin"
    ends 0
    has "ok 1 - tried.pid with arguments made up # SKIP it takes none"
}

@test "made-up arguments: the smallest that kill" {
    run sopool test --fuzz 60s --task picky "$plugin"
    ends 1
    has "not ok 1 - tried.picky with" "SIGABRT" "# reason    died"
    # As a case, it fails in the same way.
    grep '^# case' <<<"$output" | sed 's/^# case *//' >cases.yaml
    python3 - "$(cat cases.yaml)" <<'END'
import json, re, sys
text, = json.loads(re.search(r"args: (.*)}$", sys.argv[1])[1])
assert len(text.encode()) == 4 and "%" in text, text
END
    run sopool test "$plugin" cases.yaml
    ends 1
    has "SIGABRT"
}

@test "made-up arguments: the smallest that hang" {
    run sopool test --fuzz 60s --task stuck --timeout 1s "$plugin"
    ends 1
    has "# reason    timeout"
    small stuck 100
}

@test "made-up arguments: those of the cases are used" {
    cat >cases.yaml <<'END'
- {task: secret, args: [open sesame], timeout: 5s}
END
    run sopool test --fuzz 60s --task secret "$plugin" cases.yaml
    ends 1
    has "not ok 1 - tried.secret(" 'not ok 2 - tried.secret with' \
        '- {task: tried.secret, args: ["open sesame"]}'
}

@test "made-up arguments: what only many calls do" {
    run sopool test -j 1 --fuzz 60s --task tired "$plugin"
    ends 1
    has "as a worker's first call it does no harm"
}

@test "valgrind sees what the plugin does" {
    [ -z "$SOPOOL_TEST_SANITIZED" ] || skip "valgrind runs no sanitizers"
    command -v valgrind || skip "no valgrind"
    try --valgrind <<'END'
- {task: leak, args: [10], result: true}
- {task: overrun, args: [10], result: true}
- {task: overrun, args: [17], result: true}
END
    ends 1
    has "not ok 1 - tried.leak(10)" "11 bytes in 1 blocks are definitely lost" \
        "
ok 2 - " "not ok 3 - tried.overrun(17)" "Invalid write of size 1"
}

@test "a plugin with sanitizers is heard" {
    [ -z "$SOPOOL_TEST_SANITIZED" ] || skip "the worker has its own"
    ${SOPOOL_TEST_CC%% *} -fsanitize=address -g -D_GNU_SOURCE -fPIC -shared \
        -I"$SOPOOL_TEST_SOURCE/sdk/include" -o tried.so \
        "$SOPOOL_TEST_SOURCE/tests/plugins/tried.c" ||
        skip "no sanitizers"
    chmod 755 tried.so
    run sopool inspect tried.so
    has "libasan.so" || skip "the sanitizer is no library"
    cat >cases.yaml <<'END'
- {task: leak, args: [10], result: true}
- {task: overrun, args: [10], result: true}
- {task: overrun, args: [17], result: true}
END
    run quiet sopool test --sanitizers tried.so cases.yaml
    ends 1
    has "not ok 1 - tried.leak(10)" "Direct leak of 11 byte(s)" "
ok 2 - " "not ok 3 - tried.overrun(17)" "heap-buffer-overflow"
    [[ $output != *"Shadow bytes"* ]]
    run quiet sopool test --task overrun --fuzz 60s tried.so
    ends 1
    small overrun 17
}

@test "a signal ends it, and leaves nothing" {
    cat >cases.yaml <<'END'
- {task: twice, args: [1]}
- {task: stuck, args: [100], timeout: 60s}
END
    SOPOOL_TEST_MARK=$BATS_TEST_TMPDIR sopool test "$plugin" cases.yaml \
        >out 2>err 3>&- &
    local job=$! status=0
    await grep -q 'ok 1' out
    kill -TERM $job
    wait $job || status=$?
    [ $status -eq 143 ]
    nothing_left
}

@test "output that cannot be written ends it, and leaves nothing" {
    local status=0
    cat >cases.yaml <<'END'
- {task: twice, args: [1]}
- {task: stuck, args: [100], timeout: 60s}
END
    timeout 20 sopool test "$plugin" cases.yaml >/dev/full 2>err || status=$?
    [ $status -eq 1 ]
    [ "$(<err)" = "sopool: cannot write results: No space left on device" ]
    nothing_left
    # It is noticed by the next line at the latest, which comes after a second.
    run bash -c "timeout 20 sopool test --fuzz 1s '$plugin' cases.yaml |
        sleep 0
        echo \${PIPESTATUS[0]}"
    is 141
    nothing_left
}
