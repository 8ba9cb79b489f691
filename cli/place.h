/* place.h - where the inputs that are being worked on stood, for the messages
 * about those that fail: written by the thread that sends, read by the one
 * that reads results. Memory is bounded by the stream's window. */
#ifndef SOPOOL_CLI_PLACE_H
#define SOPOOL_CLI_PLACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The stream's window: calls sent, but not read. With less, workers run out of
 * calls before the sender is awake; with more, all that is under way fits in no
 * cache. */
enum { PLACE_WINDOW = 8192 };

/* What a job log is to say of a call. */
struct logged {
    uint64_t number; /* of the input, from 1 */
    uint32_t run;    /* the how-manieth time */
    char key[65];    /* of the call, "" if there is none */
};

struct place {
    uint64_t index; /* of the input, from 0 */
    uint64_t line;  /* in its file, from 1; 0: it is the file */
    size_t column;  /* of what is wrong with it, from 1; 0: not known */
    uint32_t file;
    uint8_t size; /* of its text, cut */
    bool cut;
    bool waits; /* its result is still to come */
    char text[41];
    struct kept *kept; /* all of it, if that is kept; owned by who takes it */
};

/* An input as a whole. */
struct kept {
    size_t size;
    struct logged logged;
    char text[];
};

struct places;

/* `unordered`: results come in any order; `whole`: inputs are kept as a whole.
 * NULL: no memory. */
struct places *places_new(bool unordered, bool whole);
void places_free(struct places *places);

/* Notes an input, before it is sent. 0, or -1: no memory. */
int places_put(struct places *places, uint64_t index, uint32_t file,
               uint64_t line, const char *text, size_t size,
               const struct logged *logged);

/* Of the input that was noted last: what is wrong with it stands there. */
void places_mark(struct places *places, uint64_t index, uint64_t line,
                 size_t column);

/* The place of an input whose result has come. Each is to be taken once. */
struct place places_take(struct places *places, uint64_t index);

#endif
