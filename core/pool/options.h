/* options.h - how a pool is made: the keys of a config file.
 *
 * One table (options.c) names every key, its type, its limits and its
 * documentation; the config reader, the command line and the docs are all
 * served from it.
 */
#ifndef SOPOOL_POOL_OPTIONS_H
#define SOPOOL_POOL_OPTIONS_H

#include "base/buf.h"
#include "plugin/own.h"
#include "sopool.h"
#include "worker/chaos.h"

enum start_method {
    START_FORKSERVER,
    START_SPAWN,
    START_FORK,
    START_THREAD,
};

enum { PROCESSES_MAX = 4096, RETRIES_MAX = 100 };

/* A list of texts; all owned. */
struct strings {
    char **item;
    size_t count;
};

struct sopool_options {
    struct strings plugin_path;  /* directories of the config, in order */
    struct strings plugin_first; /* of the command line: searched before, and
                                    must exist */
    struct strings plugin_load;  /* names of plugins; empty: all found */
    struct own_task *own;        /* functions of the program; owned array */
    size_t own_count;
    uint32_t processes;          /* 0: auto */
    int start_method;            /* enum start_method */
    char *initializer;           /* "plugin.task" or NULL; owned */
    struct buf initargs;         /* a CBOR array; empty: no arguments */
    uint64_t maxtasksperchild;   /* 0: unlimited */
    uint32_t chunksize;          /* 0: from measured durations */
    uint32_t threads_per_worker; /* 0: left alone */
    uint32_t retries;
    int64_t timeout_ns;    /* of a task; 0: none */
    uint64_t limit_memory; /* bytes; 0: none */
    int64_t limit_cpu_ns;  /* 0: none */
    uint64_t limit_files;  /* open files; 0: left alone */
    struct chaos chaos;
    int status;      /* enum of status.h */
    char *crash_dir; /* where crashes are kept, or NULL; owned */
};

/* What the text of a key's value is. */
enum option_kind {
    OPTION_COUNT,    /* a whole number, or a word that stands for 0 */
    OPTION_METHOD,   /* a start method */
    OPTION_TASK,     /* "plugin.task" */
    OPTION_DURATION, /* "30s", in nanoseconds */
    OPTION_SIZE,     /* "512M", in bytes */
    OPTION_LIST,     /* texts, added one by one */
    OPTION_FOLDERS,  /* the same; paths, relative to the config file */
    OPTION_CHAOS,    /* faults: see chaos.h */
    OPTION_FOLDER,   /* a path, relative to the config file */
    OPTION_SWITCH,   /* true, false, auto */
    OPTION_ARGS,     /* a list of any values; from config files alone */
};

struct option_key {
    const char *name; /* with a dot when it stands inside another key */
    enum option_kind kind;
    size_t offset; /* in struct sopool_options */
    size_t width;  /* bytes of the number there */
    uint64_t least, most;
    const char *zero;    /* the word for 0, or NULL */
    const char *allowed; /* for messages */
    const char *doc;
    bool command_only; /* not in config files */
};

/* All keys, and how many. */
extern const struct option_key option_keys[];
extern const size_t option_key_count;

/* The key of that name, or NULL. */
const struct option_key *option_find(const char *name);

/* What was probably meant by a name that is no key, or NULL: near names, and
 * those of other pools ("max_workers"). */
const char *option_meant(const char *name);

/* Sets a key from text; what options_set does, for config files too. The error
 * is "what is wrong; allowed: ..." without the key's name. */
int option_put(sopool_options *options, const struct option_key *key,
               const char *text, sopool_error *err);

/* Empties a list, for one of a stronger source to take its place. */
void option_clear(sopool_options *options, const struct option_key *key);

/* Appends a text. 0, or -1 when there is no memory. */
int strings_add(struct strings *list, const char *text);

/* A copy, or NULL when there is no memory. */
sopool_options *options_copy(const sopool_options *options);

/* "forkserver", ... Static. */
const char *start_method_name(int method);

#endif
