#!/bin/sh
# run.sh SOURCE SECONDS TARGET... - runs fuzz targets for so long each, as many
# at once as there are processors, or $FUZZ_JOBS (0: all). What they find to be
# new is kept in tests/fuzz/work, what breaks them in tests/fuzz/found; from
# there it belongs into the corpus, once it is mended.

# one SOURCE SECONDS TARGET
one() {
    name=${3##*/}
    mkdir -p "tests/fuzz/work/$name" tests/fuzz/found
    if "./$3" -max_total_time="$2" -max_len=16384 -timeout=10 \
        -print_final_stats=1 -artifact_prefix="tests/fuzz/found/$name-" \
        "tests/fuzz/work/$name" "$1/tests/fuzz/corpus/$name" \
        >"tests/fuzz/work/$name.log" 2>&1; then
        runs=$(sed -n 's/^stat::number_of_executed_units: *//p' \
            "tests/fuzz/work/$name.log")
        new=$(sed -n 's/^stat::new_units_added: *//p' \
            "tests/fuzz/work/$name.log")
        echo "ok      $name: $runs runs, $new inputs that reach something new"
        return
    fi
    echo "FAILED  $name: $(ls "tests/fuzz/found/$name"-* 2>/dev/null)"
    grep -vE '^#[0-9]+' "tests/fuzz/work/$name.log" | tail -n 40
    return 1
}

if [ "$1" = --one ]; then
    shift
    one "$@"
    exit
fi
source=$1
seconds=$2
shift 2
printf '%s\n' "$@" |
    xargs -P "${FUZZ_JOBS:-$(nproc)}" -n 1 sh "$0" --one "$source" "$seconds"
