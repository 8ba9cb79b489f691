#!/bin/sh
# Runs after all other tests, in TAP: no process of theirs is left, no file in
# the temporary folder or in /dev/shm, and no sanitizer had anything to report.
#
# What belongs to the tests of this build tree is known by its path, so other
# trees may be tested at the same time.

build=$(pwd -P)

# Every process whose program lies in this build tree, or which was started by
# a test (tests/env puts the stage into the environment).
processes() {
    for dir in /proc/[0-9]*; do
        exe=$(readlink "$dir/exe" 2>/dev/null) || continue
        pid=${dir#/proc/}
        case $exe in
        "$build"/*) ;;
        *)
            { tr '\0' '\n' <"$dir/environ"; } 2>/dev/null |
                grep -qxF "SOPOOL_TEST_STAGE=$build/stage" || continue
            ;;
        esac
        echo "$pid $(tr '\0' ' ' <"$dir/cmdline" 2>/dev/null)"
    done
}

# ThreadSanitizer's own file stays if its process is killed as it starts.
files() {
    find tests/tmp /dev/shm -mindepth 1 -maxdepth 1 \
        \( -path 'tests/tmp/*' -o -name 'sopool*' \) \
        ! -name 'tsan.rodata.*' 2>/dev/null
}

# What sanitizers said, but for the remark that a thread ended while the leak
# checker looked at it.
reports() {
    find tests/reports -type f -exec cat {} + 2>/dev/null |
        grep -v 'Unable to get registers from thread' | head -n 60
    rm -rf tests/reports
}

# result NUMBER NAME FOUND
failed=0
result() {
    if [ -z "$3" ]; then
        echo "ok $1 - $2"
        return
    fi
    echo "not ok $1 - $2"
    echo "$3" | sed 's/^/# /'
    failed=1
}

echo 1..3
# What ends by itself may take a moment.
for _ in 1 2 3 4 5 6 7 8 9 10; do
    left=$(processes)
    [ -z "$left" ] && break
    sleep 0.3
done
result 1 "no process of a test is left" "$left"
result 2 "no file of a test is left" "$(files)"
result 3 "no sanitizer reported anything" "$(reports)"
exit $failed
