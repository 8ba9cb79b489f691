#!/usr/bin/env bats
# What systemd is given: the template of a service, its user, its folder.

load helper

setup() {
    unit=$(find "$SOPOOL_TEST_STAGE" -name 'sopool@.service')
    prefix=${unit%/lib/systemd/*}
    cd "$BATS_TEST_TMPDIR" || return
}

# The template for one pool, with what it names where it is at the moment.
staged() {
    sed -e "s|%i|$1|g" -e "s|=${prefix#"$SOPOOL_TEST_STAGE"}/bin|=$prefix/bin|" \
        -e "s| /[^ ]*/pools.d/| $BATS_TEST_TMPDIR/pools.d/|" \
        -e "s|/run/sopool-services|$BATS_TEST_TMPDIR/sockets|g" "$unit"
}

@test "the template's command serves a pool of pools.d" {
    mkdir pools.d sockets
    echo 'processes: 1' >pools.d/one.yaml
    command=$(staged one | sed -n 's/^ExecStart=//p')
    [[ $command == *" --config $PWD/pools.d/one.yaml "* ]]
    # Unquoted: its words are those that systemd makes of it.
    SOPOOL_TEST_MARK=$BATS_TEST_TMPDIR $command 2>"$err" 3>&- &
    service=$!
    for _ in {1..200}; do
        if sopool apply --service "$PWD/sockets/one.sock" math.square 9 \
            >got 2>/dev/null; then
            break
        fi
        sleep 0.05
    done
    [ "$(stat -c %a sockets/one.sock)" = 660 ]
    kill -TERM "$service"
    wait "$service"
    [ "$(cat got)" = 81 ]
    left=$(leftover)
    [ -z "$left" ]
}

@test "systemd finds nothing wrong with the template" {
    command -v systemd-analyze >/dev/null || skip "no systemd"
    # Where its pages are it would look with man.
    staged one | grep -v ^Documentation= >sopool@.service
    systemd-analyze verify ./sopool@.service 2>said || true
    cat said
    ! grep -i sopool said
}

@test "the user and the folder are made" {
    command -v systemd-sysusers >/dev/null || skip "no systemd"
    [ "$(id -u)" -eq 0 ] || skip "not root"
    mkdir -p root/etc root/run
    systemd-sysusers --root="$PWD/root" "$prefix/lib/sysusers.d/sopool.conf"
    grep -q '^sopool:.*:/var/lib/sopool:.*nologin$' root/etc/passwd
    grep -q '^sopool:' root/etc/group
    systemd-tmpfiles --create --root="$PWD/root" \
        "$prefix/lib/tmpfiles.d/sopool.conf"
    [ "$(stat -c %a root/run/sopool-services)" = 755 ]
    [ "$(stat -c %u root/run/sopool-services)" = \
        "$(sed -n 's/^sopool:x:\([0-9]*\):.*/\1/p' root/etc/passwd)" ]
}
