/* sample.h - an input that is kept to be shown: its place and how it begins. */
#ifndef SOPOOL_CLI_SAMPLE_H
#define SOPOOL_CLI_SAMPLE_H

#include <stddef.h>
#include <stdint.h>

#include "follow.h"

struct sample {
    uint64_t index; /* from 0 */
    uint64_t line;  /* in its file, from 1 */
    size_t whole;   /* bytes of the input */
    uint8_t size;   /* of those that are kept */
    char text[200];
    char file[100];
};

/* Less of it, where there are many. */
struct brief {
    uint64_t index;
    size_t whole;
    uint8_t size;
    char text[47];
};

struct sample sample_of(const struct ended *ended);
struct brief brief_of(const struct ended *ended);

/* Of `size` bytes of text as many as have room, without a broken character. */
size_t sample_cut(const char *text, size_t size, size_t room);

#endif
