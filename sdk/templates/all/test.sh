#!/bin/sh
# test.sh [FOLDER] - tries the tasks of the plugin in FOLDER, by default here.
folder=${1:-.}
failed=0

# expect RESULT TASK ARGUMENT...
expect() {
    want=$1
    shift
    got=$(sopool apply --plugin-path "$folder" "$@")
    if [ "$got" = "$want" ]; then
        echo "ok: $*"
        return
    fi
    echo "FAILED: $*: '$got' is not '$want'"
    failed=1
}

expect 'Hello, world!' @name@.hello world
expect 'Hello, !' @name@.hello ''
exit $failed
