/* tap.h - results in the Test Anything Protocol, version 13, which prove,
 * automake, meson and others read: see testanything.org. */
#ifndef SOPOOL_CLI_TAP_H
#define SOPOOL_CLI_TAP_H

#include <stdbool.h>
#include <stddef.h>

#include "output.h"

struct tap {
    struct output *out;
    size_t count, failed; /* so far */
};

/* So many results will come. */
void tap_plan(struct tap *tap, size_t count);

/* One of them; `skip` (may be NULL) says why it was not tried. */
void tap_result(struct tap *tap, bool good, const char *name, const char *skip);

/* Remarks on the last result: "name: text", with each line of the text. */
void tap_note(struct tap *tap, const char *name, const char *text);

#endif
