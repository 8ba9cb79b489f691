# config.bats - sopool check, and which options win.

setup() {
    cd "$BATS_TEST_TMPDIR"
}

@test "a good config is ok, silently else" {
    echo 'processes: 2' > pool.yaml
    run sopool check pool.yaml
    [ "$status" -eq 0 ]
    [ "$output" = "pool.yaml: ok" ]
}

@test "every sample config is valid" {
    for file in "$SOPOOL_TEST_SOURCE"/configs/*.yaml; do
        sopool check "$file"
    done
}

@test "all that is wrong is told in one run, with its place" {
    printf 'workers: 1\nprocesses: x\ntimeout: 5\n' > pool.yaml
    run sopool check pool.yaml
    [ "$status" -eq 2 ]
    [ "${#lines[@]}" -eq 3 ]
    [[ "${lines[0]}" == "pool.yaml:1:1: unknown key 'workers'; did you mean 'processes'?" ]]
    [[ "${lines[1]}" == "pool.yaml:2:12: "*"allowed: 1 to 4096, or auto" ]]
    [[ "${lines[2]}" == "pool.yaml:3:10: "* ]]
}

@test "no file, a folder, an empty file" {
    run sopool check none.yaml
    [ "$status" -eq 2 ]
    [[ "$output" == "none.yaml:1:1: "*"No such file"* ]]
    run sopool check .
    [ "$status" -eq 2 ]
    : > empty.yaml
    run sopool check empty.yaml
    [ "$status" -eq 2 ]
    [[ "$output" == "empty.yaml:1:1: the file is empty"* ]]
}

@test "other commands refuse a wrong config as check does" {
    echo 'procesess: 2' > pool.yaml
    run sopool apply -c pool.yaml math.square 2
    [ "$status" -eq 2 ]
    [[ "$output" == *"pool.yaml:1:1: unknown key 'procesess'; did you mean 'processes'?"* ]]
}

@test "the command line goes over the file" {
    printf 'processes: 1\ntimeout: 100ms\n' > pool.yaml
    P=$SOPOOL_TEST_PLUGINS
    run sopool apply -c pool.yaml --plugin-path "$P" faults.nap 1000
    [ "$status" -eq 1 ]
    [[ "$output" == *"longer than its time limit of 100 ms"* ]]
    run sopool apply --timeout 10s -c pool.yaml --plugin-path "$P" faults.nap 300
    [ "$status" -eq 0 ]
}

@test "an initializer runs, and one that fails breaks the pool" {
    printf 'initializer: faults.init\ninitargs: [41]\n' > pool.yaml
    P=$SOPOOL_TEST_PLUGINS
    [ "$(sopool apply -c pool.yaml --plugin-path "$P" faults.initialized)" = 41 ]
    printf 'initializer: faults.fail\ninitargs: [no luck]\n' > pool.yaml
    run sopool apply -c pool.yaml --plugin-path "$P" faults.initialized
    [ "$status" -eq 3 ]
    [[ "$output" == *"the initializer faults.fail failed: no luck"* ]]
    printf 'initializer: faults.init\ninitargs: [x]\n' > pool.yaml
    run sopool apply -c pool.yaml --plugin-path "$P" faults.initialized
    [ "$status" -eq 2 ]
}

@test "folders are relative to the config" {
    mkdir sub
    cp "$SOPOOL_TEST_PLUGINS/faults.so" sub/
    chmod go-w . sub sub/faults.so
    echo 'plugins: {path: [sub]}' > pool.yaml
    cd /
    run sopool list -c "$BATS_TEST_TMPDIR/pool.yaml" faults.echo
    [ "$status" -eq 0 ]
    [[ "$output" == *"$BATS_TEST_TMPDIR/sub/faults.so"* ]]
}
