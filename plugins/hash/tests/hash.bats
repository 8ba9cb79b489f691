# hash.bats - the plugin hash, through the installed command.

setup() {
    sopool list hash > /dev/null 2>&1 || skip "the plugin was not built"
}

@test "digests equal those of the coreutils" {
    for text in "" a abc "Grüße" "$(head -c 5000 /dev/zero | tr '\0' x)"; do
        [ "$(sopool apply hash.sha256 -- "$text")" = \
            "$(printf %s "$text" | sha256sum | cut -d' ' -f1)" ]
        [ "$(sopool apply hash.sha512 -- "$text")" = \
            "$(printf %s "$text" | sha512sum | cut -d' ' -f1)" ]
        [ "$(sopool apply hash.blake2b -- "$text")" = \
            "$(printf %s "$text" | b2sum | cut -d' ' -f1)" ]
    done
}

@test "any bytes can be hashed" {
    printf 'a\377b\n\001\n' > "$BATS_TEST_TMPDIR/in"
    sopool map hash.sha256 < "$BATS_TEST_TMPDIR/in" > "$BATS_TEST_TMPDIR/out"
    [ "$(sed -n 1p "$BATS_TEST_TMPDIR/out")" = \
        "$(printf 'a\377b' | sha256sum | cut -d' ' -f1)" ]
    [ "$(sed -n 2p "$BATS_TEST_TMPDIR/out")" = \
        "$(printf '\001' | sha256sum | cut -d' ' -f1)" ]
}

@test "files are hashed" {
    head -c 1000000 /dev/urandom > "$BATS_TEST_TMPDIR/file"
    for what in sha256:sha256sum sha512:sha512sum blake2b:b2sum; do
        [ "$(sopool apply "hash.${what%:*}_file" "$BATS_TEST_TMPDIR/file")" = \
            "$("${what#*:}" < "$BATS_TEST_TMPDIR/file" | cut -d' ' -f1)" ]
    done
    run sopool apply hash.sha256_file "$BATS_TEST_TMPDIR/none"
    [ "$status" -eq 1 ]
    [[ "$output" == *"none: No such file or directory"* ]]
    run sopool apply hash.sha256_file "$BATS_TEST_TMPDIR"
    [ "$status" -eq 1 ]
    [[ "$output" == *"Is a directory"* ]]
}

@test "threads have contexts of their own" {
    seq 20000 > "$BATS_TEST_TMPDIR/in"
    sopool map -j 4 --start-method thread hash.sha512 \
        < "$BATS_TEST_TMPDIR/in" > "$BATS_TEST_TMPDIR/threads"
    sopool map -j 2 hash.sha512 \
        < "$BATS_TEST_TMPDIR/in" > "$BATS_TEST_TMPDIR/processes"
    cmp "$BATS_TEST_TMPDIR/threads" "$BATS_TEST_TMPDIR/processes"
}

@test "init knows its algorithms" {
    [ "$(sopool apply hash.init sha512)" = true ]
    run sopool apply hash.init md5
    [ "$status" -eq 1 ]
    [[ "$output" == *"allowed: sha256, sha512, blake2b"* ]]
}

@test "what OpenSSL is set up to offer is what is used" {
    printf '%s\n' 'openssl_conf = a' '[a]' 'providers = b' '[b]' 'base = c' \
        '[c]' 'activate = 1' > "$BATS_TEST_TMPDIR/openssl.cnf"
    for algorithm in sha256 sha512 blake2b; do
        OPENSSL_CONF=$BATS_TEST_TMPDIR/openssl.cnf \
            run sopool apply "hash.$algorithm" a
        [ "$status" -eq 1 ]
        [[ "$output" == *"OpenSSL offers no "*" here"* ]]
    done
}
