/* options.h - how a pool is made: the keys of a config file.
 *
 * One table (options.c) names every key, its type, its limits and its
 * documentation; the config reader, the command line and the docs are all
 * served from it.
 */
#ifndef SOPOOL_POOL_OPTIONS_H
#define SOPOOL_POOL_OPTIONS_H

#include "base/buf.h"
#include "sopool.h"

enum start_method {
    START_FORKSERVER,
    START_SPAWN,
    START_FORK,
    START_THREAD,
};

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
};

/* A copy, or NULL when there is no memory. */
sopool_options *options_copy(const sopool_options *options);

/* "forkserver", ... Static. */
const char *start_method_name(int method);

#endif
