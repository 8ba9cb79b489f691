#!/usr/bin/env bats
# sopool serve, and --service: a pool that other programs call.

load helper

setup() {
    export XDG_RUNTIME_DIR=$BATS_TEST_TMPDIR/run
    mkdir -m 700 "$XDG_RUNTIME_DIR"
    socket=$XDG_RUNTIME_DIR/sopool-services/default.sock
    cd "$BATS_TEST_TMPDIR" || return
    sopool serve --help >help || skip "no help"
    run --separate-stderr sopool serve --socket /nowhere/at/all
    [[ $stderr != *"was built without libevent"* ]] || skip "built without libevent"
}

teardown() {
    if [ -n "${service-}" ]; then
        kill -9 "$service" 2>/dev/null || true
        wait "$service" 2>/dev/null || true
    fi
}

# serve OPTION...: a service in the background, once it answers; what it says
# goes to $err. It sees the plugin faults, and what else is in ./plugins. It goes on
# for long: what it leaks counts.
serve() {
    (umask 022 && mkdir -p plugins &&
        cp -n "$SOPOOL_TEST_PLUGINS/faults.so" plugins)
    SOPOOL_TEST_MARK=$BATS_TEST_TMPDIR \
        ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=1 sopool serve -j 2 \
        --plugin-path "$PWD/plugins" "$@" 2>"$err" 3>&- &
    service=$!
    answers "$socket"
}

# answers SOCKET: waits until something does there.
answers() {
    for _ in {1..200}; do
        if [ -S "$1" ] && ask "$1" '"rpc.stats"' >/dev/null 2>&1; then
            return
        fi
        kill -0 "$service" 2>/dev/null || break
        sleep 0.05
    done
    echo "no answer from $1; it says: $(cat "$err")" >&2
    return 1
}

# ends_with STATUS: the service ends so, by itself.
ends_with() {
    local status=0
    wait "$service" || status=$?
    service=
    if [ "$status" != "$1" ]; then
        echo "status $status, not $1; it says: $(cat "$err")" >&2
        return 1
    fi
}

# rpc SOCKET: sends the lines of standard input, then prints the answers.
rpc() {
    python3 -c '
import socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
s.sendall(sys.stdin.buffer.read())
s.shutdown(socket.SHUT_WR)
while True:
    piece = s.recv(65536)
    if not piece:
        break
    sys.stdout.buffer.write(piece)' "$1"
}

# ask SOCKET METHOD [PARAMS]: prints the answer to one request, with id 1.
ask() {
    echo "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":$2${3:+,\"params\":$3}}" |
        rpc "$1"
}

# stat NAME: one of the service's numbers.
stat_of() {
    ask "$socket" '"rpc.stats"' | sed "s/.*\"$1\":\([0-9]*\).*/\1/"
}

# until_stat NAME NUMBER: waits for it.
until_stat() {
    python3 - "$socket" "$1" "$2" <<'END'
import json, socket, sys, time
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
answers = s.makefile("r")
for _ in range(1000):
    s.sendall(b'{"jsonrpc":"2.0","id":1,"method":"rpc.stats"}\n')
    stats = json.loads(answers.readline())["result"]
    if stats[sys.argv[2]] == int(sys.argv[3]):
        sys.exit(0)
    time.sleep(0.01)
print(f"{sys.argv[2]} is not {sys.argv[3]}: {stats}")
sys.exit(1)
END
}

# says TEXT: waits until the service has said it.
says() {
    for _ in {1..200}; do
        if grep -qF "$1" "$err"; then
            return
        fi
        sleep 0.05
    done
    echo "it does not say '$1' but: $(cat "$err")" >&2
    return 1
}

# build NAME VERSION [LINE [SUFFIX HOOK]]: makes plugins/NAME.so, whose task `version` gives
# that, as `wait` does once there is a file; as an installation puts it there.
build() {
    cat >"$1.c" <<END
#include <unistd.h>
#include <sopool/task.h>
${3-}
SOPOOL_TASK(version, i64, "Which it is.")
{
    *out = $2;
    return SOPOOL_OK;
}
SOPOOL_TASK(wait, i64, "The same, once there is the file go.")
{
    while (access("$BATS_TEST_TMPDIR/go", F_OK) != 0)
        (void)usleep(1000);
    *out = $2;
    return SOPOOL_OK;
}
SOPOOL_PLUGIN${4-}(${5-}$1, "$2", version, wait);
END
    (umask 022 && mkdir -p plugins &&
        ${SOPOOL_TEST_CC%% *} -I"$SOPOOL_TEST_SOURCE/sdk/include" -shared \
            -fPIC -o "$1.new" "$1.c" && mv "$1.new" "plugins/$1.so")
}

# gives VALUE TASK: waits until the service's task does.
gives() {
    for _ in {1..200}; do
        if [ "$(sopool apply --service default "$2" 2>/dev/null)" = "$1" ]; then
            return
        fi
        sleep 0.05
    done
    echo "$2 does not give $1; the service says: $(cat "$err")" >&2
    return 1
}

@test "apply, map and starmap with a service's workers" {
    serve
    [ "$(sopool apply --service default math.square -- -9)" = 81 ]
    [ "$(sopool apply --service "$socket" math.square 9)" = 81 ]
    seq 1 500 >in
    sopool map --service default math.square in >got
    sopool map math.square in >wanted
    cmp got wanted
    run sopool starmap --service default --tag math.estimate_pi \
        <<<$'[1000, 1]\n[1000, 2]'
    ends 0
    [ "${#lines[@]}" -eq 2 ]
}

@test "values come through a service as they are" {
    serve
    for value in '"Grüße"' '{"a":[1,-2,null,true]}' '18446744073709551615' \
        '{"base64":"AP8="}' '1e300' '""'; do
        run sopool apply --service default --input json --output json \
            faults.echo "$value"
        ends 0
        is "{\"result\":${value/1e300/1e+300}}"
    done
    head -c 3000000 /dev/urandom >data
    sopool map --service default --each-file --output raw faults.copy data >got
    cmp data got
    # Not a number is what JSON has no word for.
    cat >nan.c <<'END'
#include <sopool/task.h>
SOPOOL_TASK(give, f64, "Not a number.")
{
    (void)call;
    *out = __builtin_nan("");
    return SOPOOL_OK;
}
SOPOOL_PLUGIN(nan, "1", give);
END
    (umask 022 && ${SOPOOL_TEST_CC%% *} -I"$SOPOOL_TEST_SOURCE/sdk/include" \
        -shared -fPIC -o nan.new nan.c && mv nan.new plugins/nan.so)
    gives nan nan.give
}

@test "all that map can do it does with a service" {
    serve
    seq 1 20 >in
    run sopool map --service default --joblog log faults.fail_odd in
    ends 1
    seq 21 24 >>in
    run sopool map --service default --joblog log --resume --output json \
        faults.fail_odd in
    ends 1
    [ "$(grep -c result <<<"$output")" -eq 2 ]
    run sopool map --service default --dry-run faults.nap in
    ends 0
    has "faults.nap [24]"
    run sopool map --service default --halt now,fail=1 faults.fail_odd in
    ends 1
    run --separate-stderr sopool apply --service default --timeout 200ms \
        faults.nap 60000
    ends 1
    [[ $stderr == *"0.2 s"* || $stderr == *"200 ms"* ]]
}

@test "a task that fails, a task that dies: the same words" {
    serve
    run --separate-stderr sopool apply --service default faults.fail "no luck"
    ends 1
    [ "$stderr" = "sopool: faults.fail: no luck" ]
    run --separate-stderr sopool apply --service default faults.die segv
    ends 1
    [[ $stderr == *SIGSEGV* ]]
    seq 1 100 >in
    run --separate-stderr sopool map --service default faults.die_odd in
    ends 1
    [ "$(wc -l <<<"$output")" -eq 50 ]
    [ "$(grep -c SIGSEGV <<<"$stderr")" -eq 50 ]
}

@test "what cannot be with a service is said" {
    serve
    run --separate-stderr sopool apply --service default math.squar 9
    ends 2
    [ "$stderr" = "sopool: the service default has no task 'math.squar'; did you\
 mean 'math.square'?" ]
    run --separate-stderr sopool apply --service nix math.square 9
    ends 1
    [ "$stderr" = "sopool: there is no service 'nix'; looked in: \
$XDG_RUNTIME_DIR/sopool-services, /run/sopool-services; 'sopool serve' starts \
one" ]
    run --separate-stderr sopool apply --service default math.square nine
    ends 1
    [[ $stderr == *"'nine' is not an i64"* ]]
    run --separate-stderr sopool apply --service default --start-method fork \
        math.square 9
    ends 2
    [[ $stderr == *"--start-method is the service's to say"* ]]
    run --separate-stderr sopool apply --service default -c x.yaml math.square 9
    ends 2
    [[ $stderr == *"--config is for a pool of your own"* ]]
    run --separate-stderr sopool apply --service 'a b' math.square 9
    ends 1
    [[ $stderr == *"cannot be a service's name; allowed: up to 64 letters, \
digits, and . _ - @"* ]]
    run --separate-stderr sopool serve now
    ends 2
    [[ ${stderr_lines[0]} == *"serve takes no argument, such as 'now'" ]]
    run --separate-stderr sopool serve --mode 8
    ends 2
    [[ $stderr == *"--mode: '8' is not right; allowed: an octal number, such as"* ]]
}

@test "JSON-RPC: a line for each request, answers as they are there" {
    serve
    run rpc "$socket" <<'END'
{"jsonrpc":"2.0","id":1,"method":"math.square","params":[9]}
{"jsonrpc":"2.0","id":"two","method":"math.square","params":{"x":-3}}
{"jsonrpc":"2.0","method":"math.square","params":[2]}

{"jsonrpc":"2.0","id":null,"method":"faults.items","params":[[1,2]]}
{"jsonrpc":"2.0","id":4,"method":"faults.size","params":[{"base64":"AAEC"}]}
{"jsonrpc":"2.0","id":5.5,"method":"faults.size","params":["four"]}
{"jsonrpc":"2.0","id":6,"method":"faults.parent"}
{"jsonrpc":"2.0","id":7,"method":"math.square","cbor":"gQk="}
END
    ends 0
    [ "${#lines[@]}" -eq 7 ]
    has '{"jsonrpc":"2.0","id":1,"result":81}' \
        '{"jsonrpc":"2.0","id":"two","result":9}' \
        '{"jsonrpc":"2.0","id":null,"result":2}' \
        '{"jsonrpc":"2.0","id":4,"result":3}' \
        '{"jsonrpc":"2.0","id":5.5,"result":4}' \
        '{"jsonrpc":"2.0","id":6,"result":' \
        '{"jsonrpc":"2.0","id":7,"cbor":"GFE="}'
}

@test "JSON-RPC: what is wrong is said, and the next request is served" {
    serve
    run python3 - "$socket" <<'END'
import json, socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
answers = s.makefile("rb")

def error(code, text, request):
    s.sendall(request if type(request) is bytes else request.encode() + b"\n")
    answer = json.loads(answers.readline())
    got = answer.get("error", {})
    if got.get("code") != code or text not in json.dumps(got):
        print(f"{request}: wanted {code} {text}, got {answer}")

error(-32700, "the request is not JSON", "what?")
error(-32700, "ends too early", '{"jsonrpc":"2.0"')
error(-32700, "a key twice", '{"id":1,"id":2}')
error(-32700, "", b'{"jsonrpc":"2.0","id":1,"method":"\xff"}\n')
error(-32700, "nested too deeply", "[" * 100)
error(-32600, "too many lists, objects and items", "[" + "{}," * 600000 + "{}]")
error(-32600, 'a request has \\"jsonrpc\\": \\"2.0\\"', '{"id":1}')
error(-32600, 'a request has a \\"method\\"', '{"jsonrpc":"2.0","id":1}')
error(-32600, "a request is an object", "7")
error(-32600, "send a line for each", '[{"jsonrpc":"2.0","id":1}]')

def of(code, text, **members):
    error(code, text, json.dumps({"jsonrpc": "2.0", "id": 1, **members}))

of(-32600, "neither a string nor a number", id=[], method="math.square")
of(-32600, "neither an array of arguments", method="math.square", params=9)
of(-32600, "timeout_ms", method="math.square", params=[1], timeout_ms=0)
of(-32000, '"code": "timeout"',
   method="faults.nap", params=[60000], timeout_ms=100)
of(-32600, "not both", method="a.b", params=[], cbor="")
of(-32601, "there is no task 'math.squar'", method="math.squar")
of(-32602, "is not an i64", method="math.square", params=["x"])
of(-32602, "there are 2 arguments; math.square takes 1",
   method="math.square", params=[1, 2])
of(-32602, "there are 0 arguments", method="math.square")
of(-32602, 'the object has no \\"x\\"', method="math.square", params={"y": 1})
of(-32602, '\\"cbor\\" is not base64', method="math.square", cbor="!")
of(-32602, "argument", method="math.square", cbor="gWF4")
of(-32000, '"code": "task", "message": "no luck"',
   method="faults.fail", params=["no luck"])
of(-32000, '"code": "died"', method="faults.die", params=["segv"])
END
    ends 0
    is ""
    run ask "$socket" '"math.square"' '[9]'
    is '{"jsonrpc":"2.0","id":1,"result":81}'
}

@test "a request has a largest size" {
    serve
    run python3 - "$socket" <<'END'
import socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
try:
    for _ in range(80):
        s.sendall(b" " * (1 << 20))
except BrokenPipeError:
    pass
sys.stdout.write(s.recv(65536).decode())
END
    ends 0
    has "the request is too long; allowed: 64 MiB"
    run ask "$socket" '"math.square"' '[9]'
    is '{"jsonrpc":"2.0","id":1,"result":81}'
}

@test "describe says which tasks there are" {
    serve
    run python3 -c '
import json, sys
d = json.loads(sys.argv[1])["result"]
print(d["name"], d["processes"])
print([t["signature"] for t in d["tasks"] if t["name"] == "math.square"])
' "$(ask "$socket" '"rpc.describe"')"
    ends 0
    is "default 2
['(x: i64) -> i64']"
}

@test "a client that does not read holds up itself alone" {
    serve
    run python3 - "$socket" "$service" <<'END'
import socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
s.settimeout(2)
line = (b'{"jsonrpc":"2.0","id":1,"method":"faults.big","params":[100000]}\n')
sent = 0
try:
    while sent < 500000:
        s.sendall(line * 100)
        sent += 100
except TimeoutError:
    pass
o = socket.socket(socket.AF_UNIX)
o.connect(sys.argv[1])
o.sendall(b'{"jsonrpc":"2.0","id":7,"method":"math.square","params":[9]}\n')
print(o.recv(1000).decode().strip())
rss = [l for l in open(f"/proc/{sys.argv[2]}/status") if l.startswith("VmHWM")]
kib = int(rss[0].split()[1])
print("all was taken" if sent >= 500000 else "it had to wait",
      "bounded" if kib < 900000 else kib)
END
    ends 0
    is '{"jsonrpc":"2.0","id":7,"result":81}
it had to wait bounded'
}

@test "what a client that has gone has asked for is not run" {
    serve
    python3 - "$socket" <<'END'
import socket, sys, time
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
line = b'{"jsonrpc":"2.0","id":1,"method":"faults.nap","params":[600]}\n'
s.sendall(line * 100)
time.sleep(0.3)
END
    until_stat clients 1
    until_stat running 0
    [ "$(stat_of queued)" = 0 ]
    [ "$(stat_of done)" -lt 20 ]
}

@test "a request without id is run, though nobody waits" {
    serve
    python3 - "$socket" "$PWD/told" <<'END'
import json, socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
line = {"jsonrpc": "2.0", "method": "faults.record", "params": [sys.argv[2], 7]}
s.sendall((json.dumps(line) + "\n").encode() * 50)
END
    until_stat done 50
    [ "$(grep -c '^7$' told)" -eq 50 ]
}

@test "a plugin that is installed while it runs" {
    serve
    run sopool apply --service default late.version
    ends 2
    build late 1
    gives 1 late.version
    # What runs is finished by the build that it began with.
    sopool apply --service default late.wait >waited 3>&- &
    until_stat running 1
    build late 2
    gives 2 late.version
    says "the plugins and the config were read again"
    touch go
    wait $!
    [ "$(cat waited)" = 1 ]
    # One whose load fails does not take its place; nor is the service hurt.
    build late 3 'static int32_t load(sopool_call *call)
    { return sopool_fail(call, "no moon"); }' '_WITH' 'load, '
    sleep 1
    [ "$(sopool apply --service default math.square 9)" = 81 ]
    rm plugins/late.so
    for _ in {1..200}; do
        run sopool apply --service default late.version
        [ "$status" -ne 2 ] || break
        sleep 0.05
    done
    ends 2
    has "has no task 'late.version'"
}

@test "no call is lost while plugins change" {
    build late 1
    serve
    seq 1 3000 >in
    sopool map --service default math.square in >got 3>&- &
    map=$!
    for version in 2 3 4; do
        build late "$version"
        sleep 0.4
    done
    wait "$map"
    sopool map math.square in >wanted
    cmp got wanted
    gives 4 late.version
}

@test "SIGHUP reads the config file again; a wrong one changes nothing" {
    printf 'processes: 2\n' >pool.yaml
    socket=$XDG_RUNTIME_DIR/sopool-services/pool.sock
    sopool serve -c pool.yaml 2>"$err" 3>&- &
    service=$!
    answers "$socket"
    printf 'processes: 3\n' >pool.yaml
    kill -HUP "$service"
    until_stat processes 3
    printf 'processes: many\n' >pool.yaml
    kill -HUP "$service"
    says "pool.yaml:1:12: "
    says "the plugins and the config stay as they were"
    [ "$(stat_of processes)" = 3 ]
    [ "$(sopool apply --service pool math.square 9)" = 81 ]
}

@test "a config that is wrong does not hurt a service that begins" {
    mkfifo gate
    cat >slow.c <<END
#include <unistd.h>
#include <sopool/task.h>
SOPOOL_TASK(init, bool, "Waits for a file.")
{
    (void)call;
    while (access("$PWD/go", F_OK) != 0)
        (void)usleep(1000);
    *out = true;
    return SOPOOL_OK;
}
SOPOOL_PLUGIN(slow, "1", init);
END
    (umask 022 && mkdir -p plugins &&
        ${SOPOOL_TEST_CC%% *} -I"$SOPOOL_TEST_SOURCE/sdk/include" -shared \
            -fPIC -o plugins/slow.so slow.c)
    echo 'initializer: slow.init' >pool.yaml
    sopool serve -c pool.yaml --plugin-path "$PWD/plugins" --name default \
        2>"$err" 3>&- &
    service=$!
    for _ in {1..200}; do
        [ -S "$socket" ] && break
        sleep 0.05
    done
    echo 'processes: many' >pool.yaml
    kill -HUP "$service"
    says "pool.yaml:1:12: "
    touch go
    answers "$socket"
    [ "$(sopool apply --service default math.square 9)" = 81 ]
}

@test "what nobody waits for is finished, too, or ended when told twice" {
    serve
    python3 - "$socket" "$PWD/told" <<'END'
import json, socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
for params in ["faults.nap", [800]], ["faults.record", [sys.argv[2], 7]]:
    line = {"jsonrpc": "2.0", "method": params[0], "params": params[1]}
    for _ in range(2):
        s.sendall((json.dumps(line) + "\n").encode())
END
    until_stat running 2
    kill -TERM "$service"
    ends_with 0
    [ "$(grep -c '^7$' told)" -eq 2 ]
    # In a pool that is no longer the current one.
    serve
    python3 - "$socket" <<'END'
import socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
s.sendall(b'{"jsonrpc":"2.0","method":"faults.nap","params":[60000]}\n')
END
    until_stat running 1
    kill -HUP "$service"
    says "the plugins and the config were read again"
    kill -TERM "$service"
    sleep 0.2
    kill -TERM "$service"
    ends_with 0
}

@test "that nobody reads what it says does not end it" {
    mkfifo said
    sopool serve 2>said 3>&- &
    service=$!
    head -c 0 said
    answers "$socket"
    kill -USR1 "$service"
    kill -HUP "$service"
    sleep 0.3
    [ "$(sopool apply --service default math.square 9)" = 81 ]
}

@test "told to end, it finishes what it has taken" {
    serve
    sopool apply --service default faults.nap 1500 >got 3>&- &
    client=$!
    until_stat running 1
    kill -TERM "$service"
    ends_with 0
    wait "$client"
    [ "$(cat got)" = 1500 ]
    [ ! -e "$socket" ]
    is_gone=$(leftover)
    [ -z "$is_gone" ]
}

@test "told twice, or after the time of grace, it ends what runs" {
    for way in twice grace; do
        if [ $way = twice ]; then serve; else serve --grace 300ms; fi
        sopool apply --service default faults.nap 60000 >got 2>why 3>&- &
        client=$!
        until_stat running 1
        kill -INT "$service"
        if [ $way = twice ]; then
            sleep 0.2
            kill -INT "$service"
        fi
        ends_with 0
        run wait "$client"
        grep -q "terminated" why
        is_gone=$(leftover)
        [ -z "$is_gone" ]
    done
}

@test "a service that was killed leaves its name to the next" {
    serve
    run --separate-stderr sopool serve
    ends 1
    [ "$stderr" = "sopool: there is a service at $socket already; --name gives\
 this one another name" ]
    kill -9 "$service"
    wait "$service" || true
    [ -S "$socket" ]
    run --separate-stderr sopool apply --service default math.square 9
    ends 1
    [ "$stderr" = "sopool: the service at $socket has ended" ]
    serve
    [ "$(sopool apply --service default math.square 9)" = 81 ]
    touch file
    run --separate-stderr sopool serve --socket "$PWD/file"
    ends 1
    [ "$stderr" = "sopool: $PWD/file is there and no socket; say --socket PATH" ]
    [ -e file ]
}

@test "of services that start at once only one takes a dead one's place" {
    run python3 - "$socket" <<'END'
import os, signal, socket, subprocess, sys

path = sys.argv[1]
signal.alarm(60)
os.makedirs(os.path.dirname(path))
for round in range(10):
    socket.socket(socket.AF_UNIX).bind(path)
    services = [subprocess.Popen(["sopool", "serve", "-j", "1"],
                                 stderr=subprocess.DEVNULL) for _ in range(4)]
    ended = 0
    while ended < 3:
        pid, status = os.wait()
        assert os.waitstatus_to_exitcode(status) == 1, status
        services = [s for s in services if s.pid != pid]
        ended += 1
    services[0].terminate()
    assert services[0].wait(20) == 0
    assert not os.path.exists(path)
END
    ends 0
}

@test "a service that cannot answer keeps its place" {
    serve
    kill -STOP "$service"
    run --separate-stderr python3 - "$socket" <<'END'
import socket, subprocess, sys

clients = []
while True: # until its queue is full
    clients.append(socket.socket(socket.AF_UNIX))
    clients[-1].setblocking(False)
    try:
        clients[-1].connect(sys.argv[1])
    except BlockingIOError:
        break
sys.exit(subprocess.run(["sopool", "serve"], timeout=20).returncode)
END
    kill -CONT "$service"
    ends 1
    [[ $stderr == "sopool: there is a service at $socket already; --name gives"* ]]
    answers "$socket"
}

@test "its socket is for its user, or whom --mode lets in" {
    serve
    [ "$(stat -c %a "$socket")" = 600 ]
    kill "$service"
    ends_with 0
    serve --mode 660
    [ "$(stat -c %a "$socket")" = 660 ]
}

@test "an initializer that fails, a plugin that is missing: it does not begin" {
    cat >pool.yaml <<END
plugins: {path: [$SOPOOL_TEST_PLUGINS], load: [faults]}
initializer: faults.fail
initargs: [the stars are wrong]
END
    run --separate-stderr timeout 20 sopool serve -c pool.yaml
    ends 3
    [[ $stderr == *"the initializer faults.fail failed: the stars are wrong"* ]]
    echo 'plugins: {load: [missing]}' >pool.yaml
    run --separate-stderr timeout 20 sopool serve -c pool.yaml
    ends 2
    [[ $stderr == *"there is no plugin 'missing'"* ]]
    [ -z "$(ls "$XDG_RUNTIME_DIR/sopool-services")" ]
}

@test "a pool that breaks is replaced, if it can be" {
    cat >breaks.c <<END
#include <unistd.h>
#include <sopool/task.h>
SOPOOL_TASK(init, bool, "Fails if there is a file: broken, or once, but once.")
{
    *out = true;
    if (unlink("$PWD/once") == 0 || access("$PWD/broken", F_OK) == 0)
        return sopool_fail(call, "it is broken");
    return SOPOOL_OK;
}
SOPOOL_TASK(end, bool, "Ends the worker.")
{
    (void)call;
    _exit(3);
}
SOPOOL_PLUGIN(breaks, "1", init, end);
END
    mkdir -p plugins
    (umask 022 && ${SOPOOL_TEST_CC%% *} -I"$SOPOOL_TEST_SOURCE/sdk/include" \
        -shared -fPIC -o plugins/breaks.so breaks.c)
    echo 'initializer: breaks.init' >pool.yaml
    serve -c pool.yaml --name default
    # It breaks, and what broke it is gone. The other worker may have its time
    # before that is known.
    touch once
    run sopool apply --service default breaks.end
    ends 1
    for _ in {1..200}; do
        grep -q "another one is started" "$err" && break
        sopool apply --service default math.square 9 || true
        sleep 0.02
    done
    says "the pool can run nothing any more; another one is started"
    gives_square
    # It breaks for good.
    touch broken
    sopool apply --service default breaks.end || true
    for _ in {1..200}; do
        kill -0 "$service" || break
        sopool apply --service default math.square 9 || true
        sleep 0.02
    done
    ends_with 3
    says "it is broken"
}

gives_square() {
    for _ in {1..100}; do
        if [ "$(sopool apply --service default math.square 9 2>&1)" = 81 ]; then
            return
        fi
        sleep 0.05
    done
    return 1
}

@test "the service manager hears how far it is" {
    cat >manager.py <<'END'
import os, socket, subprocess, sys, signal
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind("notify")
s.settimeout(20)
env = dict(os.environ, NOTIFY_SOCKET=os.path.abspath("notify"))
p = subprocess.Popen(["sopool", "serve", "--plugin-path", sys.argv[1]], env=env)
print(s.recv(1000).decode())
p.send_signal(signal.SIGHUP)
print(s.recv(1000).decode().split("\n")[0])
print(s.recv(1000).decode())
out = subprocess.run(["sopool", "apply", "--service", "default",
                      "faults.environment", "NOTIFY_SOCKET"],
                     capture_output=True, text=True)
print("a worker sees:", repr(out.stdout.strip()))
p.send_signal(signal.SIGTERM)
print(s.recv(1000).decode())
print(p.wait(20))
END
    mkdir plugins
    (umask 022 && cp "$SOPOOL_TEST_PLUGINS/faults.so" plugins)
    run --separate-stderr python3 manager.py "$PWD/plugins"
    ends 0
    is "READY=1
RELOADING=1
READY=1
a worker sees: ''
STOPPING=1
0"
}

@test "SIGUSR1 asks how far it is; top shows it" {
    serve
    sopool apply --service default math.square 9
    kill -USR1 "$service"
    says "sopool: service default: "
    says " clients, 1 calls done, 0 failed, 0 queued, 0 running, 2 workers"
    run sopool top --once
    ends 0
    has "PID $service" "sopool serve"
}

@test "more clients than there can be have to wait" {
    command -v prlimit >/dev/null || skip "no prlimit"
    serve
    prlimit --pid "$service" --nofile=60
    run python3 - "$socket" <<'END'
import socket, sys
REQUEST = b'{"jsonrpc":"2.0","id":1,"method":"math.square","params":[9]}\n'
clients = []
for _ in range(80):
    s = socket.socket(socket.AF_UNIX)
    s.connect(sys.argv[1])
    s.sendall(REQUEST)
    clients.append(s)
while clients:
    s = clients.pop(0)
    if b"81" not in s.recv(1000):
        print("no answer")
    s.close()
END
    ends 0
    is ""
    says "clients have to wait: "
    [ "$(sopool apply --service default math.square 9)" = 81 ]
}

@test "list shows the tasks that a service has" {
    serve
    sopool list --plugin-path plugins >own
    run --separate-stderr sopool list --service default
    ends 0
    is "$(<own)"
    sopool list --plugin-path plugins --json math >own
    run --separate-stderr sopool list --service "$socket" --json math
    ends 0
    is "$(<own)"
    sopool list --plugin-path plugins math.estimate_pi >own
    run --separate-stderr sopool list --service default math.estimate_pi
    ends 0
    is "$(<own)"
    run --separate-stderr sopool list --service default math.estimate
    ends 2
    [ "$stderr" = "sopool: the service default has no task 'math.estimate'; did \
you mean 'math.estimate_pi'?" ]
    run --separate-stderr sopool list --service default --plugin-path plugins
    ends 2
    [[ $stderr == *"is the service's to say; with --service allowed: --json" ]]
    run --separate-stderr sopool list --service nix
    ends 1
    [[ $stderr == *"there is no service 'nix'"* ]]
}

@test "completion knows the services and their tasks" {
    serve
    run sopool help --complete apply --service d
    ends 0
    is $'default\ta service'
    run bash -c 'sopool help --complete map --service default faults.die_od | cut -f1'
    is faults.die_odd
    run bash -c 'sopool help --complete list --service=default mat | cut -f1'
    has $'math\n' math.square
    run --separate-stderr sopool help --complete apply --service nix math.sq
    ends 0
    is ""
}

@test "a program in Python calls a service" {
    serve
    run "$SOPOOL_TEST_SOURCE/examples/service.py" "$socket" 7 8 9
    ends 0
    is $'49\n64\n81'
}

@test "a client survives what is no service" {
    cat >liar.py <<'END'
import os, socket, sys, threading
listener = socket.socket(socket.AF_UNIX)
listener.bind("liar")
listener.listen(10)
tasks = (b'{"name":"a.b","plugin":"a","signature":"(x: i64) -> i64",'
         b'"flags":[]}')
describe = (b'{"id":0,"result":{"processes":1,"tasks":[%s]}}\n' % tasks)
answers = [
    (b"", b""),
    (b"nothing\n", b""),
    (b"[]\n", b""),
    (b'{"id":0,"result":null}\n', b""),
    (b'{"id":0,"result":7}\n', b""),
    (b'{"id":0,"result":{"tasks":7}}\n', b""),
    (b'{"id":0,"result":{"tasks":[7,null]}}\n', b""),
    (describe, b"7\n"),
    (describe, b'{"id":99,"cbor":"AQ=="}\n'),
    (describe, b'{"id":1,"error":{"message":null}}\n'),
    (describe, b'{"id":1,"error":null}\n'),
    (describe, b'{"id":1,"cbor":"!"}\n'),
    (describe, b'{"id":1,"cbor":"YWE="}\n'),
    (describe.replace(b"i64)", b"what)"), b""),
    (describe.replace(b"a.b", b"a.c"), b""),
    (describe.replace(b'"(', b'"\\u001b[2J('), b""),
    (describe.replace(b"1", b'"many"', 1), b'{"id":1,"cbor":"AQ=="}\n'),
]
print("ready", flush=True)
for first, second in answers:
    for answer in [first] + ([second] if second else []):
        client, _ = listener.accept()
        lines = client.makefile("rb")
        lines.readline()
        client.sendall(answer)
        lines.close()
        client.close()
END
    python3 liar.py >ready 3>&- &
    liar=$!
    until [ -s ready ]; do sleep 0.02; done
    for answer in {1..16}; do
        run --separate-stderr timeout 20 sopool apply --service ./liar a.b 1
        echo "$answer: $status $stderr" >>all
        [ "$status" -eq 1 ] || [ "$status" -eq 2 ]
        [ "$output" = "" ]
        [[ $stderr == "sopool: "* ]]
    done
    run timeout 20 sopool apply --service ./liar a.b 1
    ends 0
    is 1
    wait "$liar"
    output=$(<all)
    has "is no service of sopool" "the service's tasks cannot be read" \
        "has no task 'a.b'" "it ended" "is none of JSON-RPC 2.0" \
        "its answer is to something else" \
        "the service's answer is no result" "the service's task a.b: "
}

@test "what a service says of its tasks is fit for a terminal and a shell" {
    cat >liar.py <<'END'
import json, socket
listener = socket.socket(socket.AF_UNIX)
listener.bind("liar")
listener.listen(10)
def task(name, plugin="a", **more):
    return {"name": name, "plugin": plugin, "signature": "(x: i64) -> i64",
            "doc": "Does.", "params": [{"name": "x", "type": "i64"}],
            "result": "i64", "flags": ["pure"], **more}
tasks = [task("a.b", doc="\x1b[2JDoes\tso.", version="\x9b0"), 7, None,
         task("a.$(touch x)"), task("a.b c"), task(":file"), task("a.B"),
         task("a."), task("a.c", plugin="a b"), task("a.d", signature="\x07"),
         task("a.e", params=[{"name": "\x1b[2J", "type": "i64"}])]
answers = [json.dumps({"id": 0, "result": {"processes": 1, "tasks": tasks}}),
           '{"id":0,"result":7}', '{"id":0,"result":"x"}']
print("ready", flush=True)
for answer in answers[:1] * 4 + answers[1:] * 2:
    client, _ = listener.accept()
    client.makefile("rb").readline()
    client.sendall(answer.encode() + b"\n")
    client.close()
END
    python3 liar.py >ready 3>&- &
    liar=$!
    until [ -s ready ]; do sleep 0.02; done
    run --separate-stderr timeout 20 sopool list --service ./liar
    ends 0
    is 'a.b  (x: i64) -> i64  \x1b[2JDoes\tso.'
    run --separate-stderr timeout 20 sopool list --service ./liar a.b
    ends 0
    has 'version    \xc2\x9b0' "flag       pure"
    run --separate-stderr timeout 20 sopool list --service ./liar --json
    ends 0
    [ "$(grep -c '"name":"a\.' <<<"$output")" -eq 1 ]
    run --separate-stderr timeout 20 sopool help --complete map --service ./liar a
    ends 0
    is $'a.b\t\\x1b[2JDoes\\tso.'
    for _ in 1 2; do
        run --separate-stderr timeout 20 sopool list --service ./liar
        ends 1
        [[ $stderr == *"is no service of sopool" ]]
        run --separate-stderr timeout 20 sopool help --complete map \
            --service ./liar a
        ends 0
        is ""
    done
    wait "$liar"
}
