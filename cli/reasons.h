/* reasons.h - failed calls, grouped by why they failed: by their message
 * without the numbers and quotations in it. */
#ifndef SOPOOL_CLI_REASONS_H
#define SOPOOL_CLI_REASONS_H

#include "sample.h"

enum {
    REASONS = 50, /* groups; one more takes what fits in none */
    REASON_SAMPLES = 3,
};

struct reason {
    uint64_t count;
    uint64_t hash; /* of the shape */
    int code;      /* a sopool_code */
    char shape[160];
    char message[400]; /* of the first */
    struct sample sample[REASON_SAMPLES];
};

struct reasons {
    size_t count;
    struct reason reason[REASONS + 1];
};

void reasons_add(struct reasons *reasons, const struct ended *ended);

/* The most frequent first. */
void reasons_sort(struct reasons *reasons);

#endif
