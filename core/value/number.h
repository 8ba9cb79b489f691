/* number.h - numbers as 64-bit words, as they travel to and from tasks whose
 * parameters and result are all numbers: an int64_t, a uint64_t or the bits of
 * a double, as the type says. */
#ifndef SOPOOL_VALUE_NUMBER_H
#define SOPOOL_VALUE_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <sopool/cbor.h>

#include "sopool.h"
#include "value/signature.h"

/* Most parameters of a task that is called in that way. */
enum { NUMBER_WORDS = 8 };

/* Most bytes of a number as a CBOR item, and of a list of NUMBER_WORDS. */
enum { NUMBER_ITEM = 9, NUMBER_LIST = 1 + NUMBER_WORDS * NUMBER_ITEM };

static inline bool is_number(int type)
{
    return type == SOPOOL_I64 || type == SOPOOL_U64 || type == SOPOOL_F64;
}

/* The argument as a word of that type; false if it is not such a number. */
static inline bool number_of_arg(const sopool_arg *arg, int type,
                                 uint64_t *word)
{
    *word = arg->as.u;
    if (arg->type == type)
        return true;
    /* The other kind of integer, if it is one of both. */
    return (arg->type == SOPOOL_I64 || arg->type == SOPOOL_U64) &&
           type != SOPOOL_F64 && arg->as.u <= INT64_MAX;
}

/* Writes the word as one CBOR item of up to NUMBER_ITEM bytes: how many. */
static inline size_t number_put(int type, uint64_t word, uint8_t *to)
{
    sopool_writer w;
    double number;

    if (type != SOPOOL_F64) {
        bool negative = type == SOPOOL_I64 && word > INT64_MAX;

        return sopool_head_put(to,
                               negative ? SOPOOL_CBOR_NEGINT : SOPOOL_CBOR_UINT,
                               negative ? ~word : word);
    }
    memcpy(&number, &word, sizeof(number));
    w = sopool_writer_of(to, NUMBER_ITEM);
    (void)sopool_put_f64(&w, number);
    return w.size;
}

/* Writes the arguments that the words are as a list of up to NUMBER_LIST bytes:
 * how many. */
size_t number_put_list(const struct signature *s, const void *words,
                       uint8_t *to);

/* The word of a CBOR item of that type; false if it is something else. */
bool number_get(int type, const void *item, size_t size, uint64_t *word);

#endif
