#!/bin/sh
# readme.sh - every command that the documents show, run as shown.
[ -n "${SOPOOL_TEST_STAGE-}" ] || exec sh tests/env sh "$0" # in a build folder
stage=$SOPOOL_TEST_STAGE
lib=$(dirname "$(find "$stage" -name sopool.pc)")
PKG_CONFIG_PATH=$lib:$(dirname "$(find "$stage" -name sopool-sdk.pc)")
PKG_CONFIG_SYSROOT_DIR=$stage
export PKG_CONFIG_PATH PKG_CONFIG_SYSROOT_DIR
exec /usr/bin/python3 "$SOPOOL_TEST_SOURCE/tests/docs/console.py" \
    "$SOPOOL_TEST_SOURCE/README.md" "$SOPOOL_TEST_SOURCE/docs/plugins.md"
