#!/bin/sh
# check.sh MODEL - runs spin over all states of the model, in TAP; then over
# models in which a step that the protocol needs is left out, which must fail.

model=$1
dir=$(mktemp -d) || exit 99
trap 'rm -rf "$dir"' EXIT
failed=0
number=0

# explore [-D...]: what pan says of the model, in $dir/out.
explore() {
    (cd "$dir" && spin -a "$@" "$model" && ${CC:-cc} -O2 -w -DSAFETY \
        -DMEMLIM=4096 -o pan pan.c && ./pan -m100000) >"$dir/out" 2>&1
}

errors() {
    sed -n 's/.*errors: \([0-9]*\).*/\1/p' "$dir/out"
}

# result NAME FOUND...: good if something was found.
result() {
    number=$((number + 1))
    if [ -n "$2" ]; then
        echo "ok $number - $1"
        return
    fi
    echo "not ok $number - $1"
    sed 's/^/# /' "$dir/out"
    failed=1
}

case $model in
/*) ;;
*) model=$PWD/$model ;;
esac
echo 1..9
for what in RECORDS NUMBERS; do
    case $what in
    NUMBERS) explore -DNUMBERS -DTAKES=1 ;; # or it takes minutes
    *) explore ;;
    esac
    whole=$([ "$(errors)" = 0 ] &&
        ! grep -q 'search not completed' "$dir/out" &&
        grep 'states, stored' "$dir/out")
    result "the protocol loses, doubles and delays nothing: $what" "$whole"
    echo "#$whole"
done
for step in WORKER_SLEEP PARENT_SLEEP EASY_SLEEP MORE TAKE DEATH NUMBERS; do
    case $step in
    NUMBERS) explore -DNUMBERS "-DBREAK_$step" ;;
    *) explore "-DBREAK_$step" ;;
    esac
    case $(errors) in
    '' | 0) found= ;;
    *) found=yes ;;
    esac
    result "without a step of it, an error is found: $step" "$found"
done
exit $failed
