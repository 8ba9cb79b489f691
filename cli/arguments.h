/* arguments.h - from what stands in a line or on the command line to the
 * arguments of a call. */
#ifndef SOPOOL_CLI_ARGUMENTS_H
#define SOPOOL_CLI_ARGUMENTS_H

#include <sopool.h>
#include <sopool/cbor.h>

#include "json.h"

struct arguments {
    const sopool_task_info *task; /* borrowed */
    bool json;                    /* inputs are JSON, not text */
    bool list;                    /* an input is a JSON array of arguments */
    struct json *reader;          /* owned */
    sopool_writer scratch;        /* owned */
    sopool_arg one;
};

/* 0, or -1 after a message. */
int arguments_init(struct arguments *arguments, const sopool_task_info *task,
                   bool json, bool list);
void arguments_finish(struct arguments *arguments);

/* The arguments that one input gives, borrowed until the next. */
int arguments_read(struct arguments *arguments, const char *text, size_t size,
                   sopool_args *out, sopool_error *err);

/* The arguments that words give, one each; as many as the task takes. */
int arguments_words(struct arguments *arguments, char **word, sopool_args *out,
                    sopool_error *err);

/* The arguments as one CBOR list, the caller's to free(). -1: no memory. */
int arguments_list(const sopool_args *args, void **list, size_t *size);

#endif
