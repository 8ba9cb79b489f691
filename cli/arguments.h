/* arguments.h - from what stands in an input or on the command line to the
 * arguments of a call. Those of --arg are the same in every call; the others,
 * the open ones, come from its input. */
#ifndef SOPOOL_CLI_ARGUMENTS_H
#define SOPOOL_CLI_ARGUMENTS_H

#include <sopool.h>
#include <sopool/cbor.h>

#include "json.h"
#include "settings.h"

/* Where an argument lies in the scratch, as CBOR; of size 0: it does not. */
struct argument_part {
    size_t at, size;
};

struct arguments {
    const sopool_task_info *task; /* borrowed */
    bool json;                    /* inputs are JSON, not text */
    bool list; /* an input is a JSON array or object of arguments */
    size_t open_count, first_open;
    int plain; /* the type of the one argument that an input is the text of; 0:
                  an input is something else */
    /* Of each parameter; owned. */
    sopool_writer *given; /* by --arg, as CBOR; of size 0: it is open */
    struct argument_part *part;
    sopool_arg *item;
    struct json *reader;   /* owned */
    sopool_writer scratch; /* owned */
};

/* With the settings' --arg. EXIT_GOOD, or another after a message; to be
 * finished in any case. */
int arguments_init(struct arguments *arguments, const sopool_task_info *task,
                   const struct settings *settings, bool list);
void arguments_finish(struct arguments *arguments);

static inline bool arguments_is_open(const struct arguments *arguments,
                                     size_t param)
{
    return arguments->given[param].size == 0;
}

/* The arguments that one input gives, borrowed until the next, as the input
 * is. */
int arguments_read(struct arguments *arguments, const char *text, size_t size,
                   sopool_args *out, sopool_error *err);

/* The same one by one: begins a call, sets each open argument, takes them all.
 * Texts and data are borrowed as long as the arguments. */
void arguments_begin(struct arguments *arguments);
int arguments_put(struct arguments *arguments, size_t param, const char *text,
                  size_t size, sopool_error *err);
void arguments_put_bytes(struct arguments *arguments, size_t param,
                         const void *data, size_t size);
void arguments_take(struct arguments *arguments, sopool_args *out);

/* The arguments that words give, one each; as many as are open. */
int arguments_words(struct arguments *arguments, char **word, sopool_args *out,
                    sopool_error *err);

/* The arguments as one CBOR list, the caller's to free(). -1: no memory. */
int arguments_list(const sopool_args *args, void **list, size_t *size);

#endif
