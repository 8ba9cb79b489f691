/* fuzz.h - what the fuzz targets share. A target is one function: it is given
 * any bytes, and ends the process (by `must`, or a sanitizer) when the code
 * under test does what it must not.
 *
 * The same function runs in two programs: libFuzzer's, which makes up bytes
 * (./configure --enable-fuzzing), and replay.c's, which runs those of the
 * corpus and is part of the suite.
 */
#ifndef SOPOOL_TESTS_FUZZ_H
#define SOPOOL_TESTS_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define must(condition)                                                        \
    do {                                                                       \
        if (!(condition)) {                                                    \
            (void)fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__,   \
                          #condition);                                         \
            abort();                                                           \
        }                                                                      \
    } while (0)

/* The bytes, read from the front. What is past the end reads as 0. */
struct input {
    const uint8_t *at;
    size_t left;
};

static inline uint8_t input_byte(struct input *in)
{
    if (in->left == 0)
        return 0;
    in->left--;
    return *in->at++;
}

static inline uint64_t input_number(struct input *in, unsigned bytes)
{
    uint64_t number = 0;

    while (bytes-- > 0)
        number = number << 8 | input_byte(in);
    return number;
}

#endif
