/* signature.h - what a task takes and gives: "(x: i64, s: str) -> i64". */
#ifndef SOPOOL_VALUE_SIGNATURE_H
#define SOPOOL_VALUE_SIGNATURE_H

#include "sopool.h"

enum { SIGNATURE_PARAMS = 32 };

struct signature {
    int result; /* a sopool_type */
    size_t param_count;
    sopool_param *param; /* owned; the names stand in `names` */
    char *names;         /* owned */
    uint32_t words;      /* parameters, if they and the result are numbers
                            and they are no more than NUMBER_WORDS; else 0 */
};

/* Reads a signature's text; -1 with SOPOOL_E_PLUGIN when it is none. */
int signature_parse(struct signature *s, const char *text, sopool_error *err);
void signature_finish(struct signature *s);

/* Are these bytes a CBOR array, within the profile, of the arguments that the
 * signature asks for? The error (SOPOOL_E_ARGS) says which is not. Allocates
 * nothing. */
int signature_check_args(const struct signature *s, const void *args,
                         size_t size, sopool_error *err);

/* Are these bytes one item of the result's type (SOPOOL_E_RESULT)? */
int signature_check_result(const struct signature *s, const void *item,
                           size_t size, sopool_error *err);

/* "(x: i64) -> i64" without its result: for messages. */
size_t signature_show_params(const struct signature *s, char *out, size_t room);

#endif
