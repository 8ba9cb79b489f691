#!/usr/bin/env bats
# scripts/release, in a copy of what it changes; what it runs is a stand-in.

load helper

setup() {
    command -v git >/dev/null || skip "no git"
    command -v abidw >/dev/null || skip "no abidw"
    cd "$BATS_TEST_TMPDIR" || return
    export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@example.org
    export GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@example.org
    mkdir -p tree/scripts tree/tests tree/core tree/sdk
    cp -R "$SOPOOL_TEST_SOURCE/packaging" "$SOPOOL_TEST_SOURCE/configure.ac" tree
    cp -R "$SOPOOL_TEST_SOURCE/tests/abi" tree/tests
    cp -R "$SOPOOL_TEST_SOURCE/core/include" tree/core
    cp -R "$SOPOOL_TEST_SOURCE/sdk/include" tree/sdk
    cp "$SOPOOL_TEST_SOURCE/scripts/release" tree/scripts
    chmod -R u+w tree
    cd tree
    echo '* Changes in 7.8.9 (not released yet)' >NEWS
    echo build >.gitignore
    cat >autogen.sh <<'END'
#!/bin/sh
[ "$*" = check-all ] && [ ! -e fail ] && mkdir -p build/check/tests/plugins/lib &&
    cp -R "$SOPOOL_TEST_STAGE" build/check/stage &&
    cp "$SOPOOL_TEST_PLUGINS/good.so" build/check/tests/plugins/lib &&
    printf 'dist:\n\ttar -C ../.. -cJf sopool-7.8.9.tar.xz NEWS tests/abi\n' \
        >build/check/Makefile
END
    chmod +x autogen.sh
    git init -q -b main .
    git add -A
    git commit -qm begin
}

@test "a release: the version everywhere, a tag, the archive and its digest" {
    run scripts/release 7.8.9
    ends 0
    has "git push origin main v7.8.9"
    [ -z "$(git status --porcelain)" ]
    [ "$(git log -1 --format=%s)" = "Release 7.8.9" ]
    [ "$(git rev-parse 'v7.8.9^{commit}')" = "$(git rev-parse HEAD)" ]
    grep -qx 'AC_INIT(\[sopool\], \[7\.8\.9\])' configure.ac
    grep -qx 'pkgver=7.8.9' packaging/arch/PKGBUILD
    grep -qx 'pkgver=7.8.9' packaging/alpine/APKBUILD
    grep -qx 'Version:        7.8.9' packaging/rpm/sopool.spec
    grep -qE '^- See NEWS' packaging/rpm/sopool.spec
    [[ $(head -n 1 packaging/debian/changelog) == "sopool (7.8.9-"* ]]
    grep -qxE '\* Changes in 7\.8\.9 \(20[0-9]{2}-[0-9]{2}-[0-9]{2}\)' NEWS
    cd build/release
    sha256sum -c sopool-7.8.9.tar.xz.sha256
    tar -xJOf sopool-7.8.9.tar.xz tests/abi/plugin.abi | grep -q sopool_plugin_v1
    cd ../..
    run scripts/release 7.8.9
    ends 1
    has "7.8.9 was released before: there is a tag v7.8.9"
}

@test "what cannot be released changes nothing" {
    run scripts/release
    ends 2
    run scripts/release 1.2
    ends 1
    has "'1.2' is no version; allowed: MAJOR.MINOR.PATCH"
    run scripts/release 7.9.0
    ends 1
    has "NEWS has no '* Changes in 7.9.0 (not released yet)'"
    touch left
    run scripts/release 7.8.9
    ends 1
    has "there are changes that are not committed"
    rm left
    [ -z "$(git status --porcelain)" ]
    echo fail >>.git/info/exclude
    touch fail
    run scripts/release 7.8.9
    ends 1
    has "not released: the tests failed; git restore . takes it back"
    run git tag
    is ""
}
