#!/usr/bin/env bats
# Options, help, config files.

load helper

# One plugin, so that the others' loading does not matter.
config() {
    { echo "plugins: {load: [faults]}"; cat; } >"$BATS_TEST_TMPDIR/pool.yaml"
}

@test "--help and help show the commands" {
    local words
    for words in --help -h help; do
        run --separate-stderr sopool $words
        ends 0
        has "Usage: sopool COMMAND" list apply map starmap check new inspect test replay \
            "Exit status:" "128+N"
        [ "$stderr" = "" ]
    done
}

@test "each command has a help: synopsis, options, examples, exit status" {
    local command
    for command in list apply map starmap check new inspect test replay; do
        run --separate-stderr sopool $command --help
        ends 0
        has "Usage: sopool $command [OPTION...] " "Examples:" "Exit status:" \
            "--help"
        [ $command = replay ] || [ $command = inspect ] || [ $command = new ] ||
            has "--config FILE" "--plugin-path DIR" "-j, --processes N" \
                "--start-method METHOD" "--maxtasksperchild N" "--chunksize N" \
                "--timeout DURATION"
        [ "$stderr" = "" ]
        sopool $command -h | cmp - <(printf '%s\n' "$output")
        sopool help $command | cmp - <(printf '%s\n' "$output")
        # It fits a terminal.
        [ "$(printf '%s\n' "$output" | wc -L)" -le 80 ]
    done
}

@test "every option that the help shows is one" {
    local command option
    for command in list apply map starmap check new inspect test replay; do
        for option in $(sopool $command --help | grep -oE '^ .*--[a-z-]+' |
            grep -oE -- '--[a-z-]+'); do
            run sopool $command "$option"
            [[ $output != *"unknown option"* ]]
        done
    done
}

@test "--version" {
    run sopool --version
    ends 0
    [[ $output =~ ^sopool\ [0-9]+\.[0-9]+\.[0-9]+$ ]]
    [ "$(sopool version)" = "$output" ]
}

@test "no command, or one that is not known" {
    run --separate-stderr sopool
    ends 2
    is ""
    [[ $stderr == *"a command is missing"*"Try 'sopool --help'"* ]]
    run sopool mpa
    ends 2
    has "sopool: unknown command 'mpa'; did you mean 'map'?" \
        "Try 'sopool --help'"
    run sopool frobnicate
    ends 2
    has "unknown command 'frobnicate'"
    run sopool help mpa
    ends 2
    run sopool --config x
    ends 2
    has "--config: there is no command behind it"
}

@test "options may stand before the command" {
    run sopool -j 1 --plugin-path "$SOPOOL_TEST_PLUGINS" apply faults.echo 3
    ends 0
    is 3
    run sopool --timeout=5s --output json apply math.square 3
    ends 0
    is '{"result":9}'
    run sopool --nonsense apply math.square 3
    ends 2
    has "unknown option '--nonsense'"
}

@test "an unknown option: the nearest is named" {
    run sopool map --procesess 2 math.square
    ends 2
    has "unknown option '--procesess'; did you mean '--processes'?" \
        "Try 'sopool map --help'"
    run sopool map --xyzzy math.square
    ends 2
    has "unknown option '--xyzzy'"
    run sopool map -x math.square
    ends 2
    has "unknown option '-x'"
    run sopool list --unordered
    ends 2
}

@test "an option without its value, or with one too many" {
    run sopool map math.square --processes
    ends 2
    has "--processes needs a value: N"
    run sopool map math.square -j
    ends 2
    has "--processes needs a value: N"
    run sopool map --unordered=yes math.square
    ends 2
    has "--unordered takes no value"
}

@test "options that are not right: what is allowed is said, all at once" {
    run sopool apply -j 0 --start-method frok --timeout 3 --chunksize x \
        --maxtasksperchild 0 math.square 1
    ends 2
    has "sopool: --processes: '0' is not right; allowed: 1 to" \
        "--start-method: 'frok' is not right" "did you mean 'fork'?" \
        "--timeout: '3' is not right; allowed: a duration" \
        "--chunksize: 'x'" "--maxtasksperchild: '0'"
    run sopool apply --input yaml math.square 1
    ends 2
    has "--input: 'yaml' is not right; allowed: text, json"
    run sopool map --output xml math.square
    ends 2
    has "--output: 'xml' is not right; allowed: text, json"
}

@test "map takes options anywhere before --" {
    echo 6 >"$BATS_TEST_TMPDIR/in"
    cd "$BATS_TEST_TMPDIR"
    run sopool map math.square in --output json
    ends 0
    is '{"result":36}'
    cp -- in --output
    run sopool map math.square -- --output
    ends 0
    is 36
}

@test "the command line goes over the config file, wherever it stands" {
    config <<<"processes: 3"
    run faults apply -c "$BATS_TEST_TMPDIR/pool.yaml" faults.nap 1
    ends 0
    config <<<"timeout: 1h"
    run faults apply --timeout 50ms -c "$BATS_TEST_TMPDIR/pool.yaml" \
        faults.nap 60000
    ends 1
    has "time limit of 50 ms"
    config <<<"timeout: 50ms"
    run faults apply --config "$BATS_TEST_TMPDIR/pool.yaml" faults.nap 60000
    ends 1
    has "time limit of 50 ms"
}

@test "one config file" {
    run sopool apply -c a.yaml -c b.yaml math.square 1
    ends 2
    has "--config is given twice"
}

@test "-j: so many workers" {
    printf '%s\n' {1..60} >"$BATS_TEST_TMPDIR/in"
    run faults map -j 1 faults.pid "$BATS_TEST_TMPDIR/in"
    [ "$(printf '%s\n' "${lines[@]}" | sort -u | wc -l)" -eq 1 ]
    run faults map -j auto faults.pid "$BATS_TEST_TMPDIR/in"
    ends 0
}

@test "--maxtasksperchild: workers are replaced" {
    printf '%s\n' {1..60} >"$BATS_TEST_TMPDIR/in"
    run faults map -j 1 --maxtasksperchild 10 faults.pid \
        "$BATS_TEST_TMPDIR/in"
    ends 0
    [ "${#lines[@]}" -eq 60 ]
    [ "$(printf '%s\n' "${lines[@]}" | sort -u | wc -l)" -ge 5 ]
}

@test "--chunksize" {
    run sopool map --chunksize 7 math.square <<<$'1\n2\n3'
    ends 0
    is $'1\n4\n9'
}

@test "--retries: a call whose worker died is run again, if its task may be" {
    run faults apply --retries 1 faults.die_once "$BATS_TEST_TMPDIR/a"
    ends 0
    is true
    run faults apply --retries 1 faults.die_once_only "$BATS_TEST_TMPDIR/b"
    ends 1
}

@test "plugins: --plugin-path before SOPOOL_PLUGIN_PATH" {
    run sopool apply faults.echo 1
    ends 2
    SOPOOL_PLUGIN_PATH=$SOPOOL_PLUGIN_PATH:$SOPOOL_TEST_PLUGINS \
        run sopool apply faults.echo 1
    ends 0
    is 1
    mkdir "$BATS_TEST_TMPDIR/one" "$BATS_TEST_TMPDIR/two"
    chmod go-w "$BATS_TEST_TMPDIR/one" "$BATS_TEST_TMPDIR/two"
    cp "$SOPOOL_TEST_PLUGINS/faults.so" "$BATS_TEST_TMPDIR/one"
    cp "$SOPOOL_TEST_PLUGINS/faults.so" "$BATS_TEST_TMPDIR/two"
    SOPOOL_PLUGIN_PATH=$SOPOOL_TEST_PLUGINS \
        run sopool list --plugin-path "$BATS_TEST_TMPDIR/one" \
        --plugin-path "$BATS_TEST_TMPDIR/two" faults.echo
    has "file       $BATS_TEST_TMPDIR/one/faults.so"
}

@test "check: a file that is right" {
    config <<<"processes: 2"
    run --separate-stderr sopool check "$BATS_TEST_TMPDIR/pool.yaml"
    ends 0
    is "$BATS_TEST_TMPDIR/pool.yaml: ok"
    [ "$stderr" = "" ]
}

@test "check: all that is wrong, with its place" {
    printf 'proceses: 2\ntimeout: 3\n' >"$BATS_TEST_TMPDIR/bad.yaml"
    config <<<"processes: 2"
    run --separate-stderr sopool check "$BATS_TEST_TMPDIR/bad.yaml" \
        "$BATS_TEST_TMPDIR/pool.yaml"
    ends 2
    is "$BATS_TEST_TMPDIR/pool.yaml: ok"
    [[ $stderr == *"bad.yaml:1:1: "*"did you mean 'processes'?"* ]]
    [[ $stderr == *"bad.yaml:2:"* ]]
}

@test "check: a file that is not there, or none" {
    run sopool check "$BATS_TEST_TMPDIR/none.yaml"
    ends 2
    has none.yaml "No such file"
    run sopool check
    ends 2
    has "check needs a config file"
}

@test "a config file that is wrong ends every command with its complaints" {
    printf 'timeout: 3\n' >"$BATS_TEST_TMPDIR/bad.yaml"
    local words
    for words in list "apply math.square 1" "map math.square" \
        "starmap math.square"; do
        run sopool ${words%% *} -c "$BATS_TEST_TMPDIR/bad.yaml" \
            ${words#"${words%% *}"} </dev/null
        ends 2
        has "bad.yaml:1:"
    done
}
