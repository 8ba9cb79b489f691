#!/usr/bin/env bats
# What the command says of what is wrong. Most messages are expected where the
# tests of a subject are; here are those that belong to none, and the proof that
# there is no message without a test.

load helper

setup() {
    cd "$BATS_TEST_TMPDIR" || return
}

@test "every message is expected by a test" {
    run python3 "$SOPOOL_TEST_SOURCE/tests/messages.py" "$SOPOOL_TEST_SOURCE"
    ends 0
    has " messages, 0 in no test"
}

# refused CONFIG MESSAGE: sopool check says just that of a file.
refused() {
    printf '%b' "$1" >pool.yaml
    run sopool check pool.yaml
    ends 2
    is "pool.yaml:$2"
}

@test "configs: what is no YAML, or not what a config may be" {
    refused 'initargs: [' "2:1: not YAML: while parsing a flow node, did not \
find expected node content; allowed: keys and values of a pool"
    refused 'processes: \0377' "1:1: not UTF-8 text at byte 12: invalid leading \
UTF-8 octet; allowed: YAML"
    refused "initargs: $(printf '[%.0s' {1..60})" \
        "1:34: nested too deeply; allowed: 24 levels"
    refused 'processes: *two\n' "1:12: an alias; allowed: values written out, \
without anchors and aliases"
    refused 'processes: &two 2\n' "1:12: an anchor; allowed: values written \
out, without anchors and aliases"
    refused 'processes: !two 2\n' "1:12: the tag !two; allowed: no tags"
    refused 'initializer: "a\\0b"\n' "1:14: initializer: a NUL character; \
allowed: a task's name, PLUGIN.TASK"
}

@test "configs: keys" {
    refused 'processes: 1\nprocesses: 2\n' \
        "2:1: 'processes' is there twice; allowed: once"
    refused 'limits: {cpu: 1s}\nlimits: {cpu: 2s}\n' \
        "2:1: 'limits' is there twice; allowed: once"
    refused 'something: 1\n' "1:1: unknown key 'something'; allowed: plugins, \
processes, start_method, initializer, initargs, maxtasksperchild, chunksize, \
timeout, retries, threads_per_worker, limits"
    refused 'plugins: 1\n' "1:10: plugins: a single value is not right; \
allowed: a mapping with path and load"
    refused 'limits: 1\n' "1:9: limits: a single value is not right; allowed: \
a mapping with memory, cpu and open_files"
}

# argument TASK JSON MESSAGE
argument() {
    run faults apply --input json "$1" "$2"
    ends 1
    has "argument 1 ($4): $3"
}

@test "arguments of the wrong type: what is allowed" {
    argument faults.size 5 \
        '5 is not bytes; allowed: a string, or {"base64": "..."}' data
    argument faults.fail '[1]' '[1] is not a str; allowed: a string' why
    argument faults.items '{"a": 1}' \
        '{"a":1} is not a list; allowed: an array' list
    argument faults.pairs '[1]' '[1] is not a map; allowed: an object' map
}

@test "a worker that dies of a signal" {
    run faults apply faults.die segv
    ends 1
    has " was ended by SIGSEGV (Segmentation fault)"
}

@test "list: no plugins" {
    mkdir none
    run env -u SOPOOL_PLUGIN_PATH sopool list --plugin-path none
    has "no plugins found; --plugin-path or SOPOOL_PLUGIN_PATH say where to look"
}
