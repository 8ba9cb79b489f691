#!/bin/sh
# layers.sh - who may include whom: a folder of core/ only itself and those
# before it; the command nothing of the library but its public header; the SDK
# nothing but itself.
source=$(dirname "$0")/..
layers='base value channel plugin worker pool config'
number=0
failed=0

# result NAME FOUND: what was found should not be there.
result() {
    number=$((number + 1))
    if [ -z "$2" ]; then
        echo "ok $number - $1"
        return
    fi
    echo "not ok $number - $1"
    echo "$2" | sed 's/^/# /'
    failed=1
}

# Includes of ours in the files given: "FILE:#include <sopool/...>".
includes() {
    grep -HE '^ *# *include *(<sopool|")' "$@"
}

allowed='<sopool/(abi|cbor|task)\.h>|"sopool\.h"'
for layer in $layers; do
    allowed="$allowed|\"$layer/"
    result "core/$layer includes only what stands before it" \
        "$(includes "$source/core/$layer"/*.[ch] | grep -vE "$allowed")"
done
result "the command includes only <sopool.h>, the codec and its own" \
    "$(includes "$source"/cli/*.[ch] "$source"/cli/*/*.[ch] |
        grep -vE '<sopool(/abi|/cbor)?\.h>|"(service/)?[a-z0-9]+\.h"')"
result "plugins include only the SDK" \
    "$(includes "$source"/plugins/*/*.c | grep -vE '<sopool/(task|cbor)\.h>')"
result "the SDK includes only the SDK" \
    "$(includes "$source"/sdk/include/sopool/*.h* |
        grep -vE '<sopool/(abi|cbor)\.h>|/task\.hpp:.*<sopool/task\.h>')"
# A clock that somebody sets must neither shorten a wait nor make it longer.
result "only what people read comes from the wall clock" \
    "$(grep -nE 'CLOCK_REALTIME|gettimeofday|[^_a-z]time\(|timedjoin' \
        "$source"/core/*/*.[ch] "$source"/cli/*.[ch] \
        "$source"/cli/*/*.[ch] |
        grep -vE '/core/base/clock\.c:|/cli/report\.c:')"
echo "1..$number"
exit $failed
