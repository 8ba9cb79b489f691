/* settings.h - what the command line has said, and the pool's options that
 * come of it: the config file first, the command line over it. */
#ifndef SOPOOL_CLI_SETTINGS_H
#define SOPOOL_CLI_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sopool.h>

#include "halt.h"
#include "pace.h"

enum format {
    FORMAT_DEFAULT = 0,
    FORMAT_TEXT,
    FORMAT_JSON, /* as input also JSON lines */
    FORMAT_CSV,
    FORMAT_TSV,
    FORMAT_RAW,
    FORMAT_CBOR,
};

enum progress_wish { PROGRESS_AUTO = 0, PROGRESS_ALWAYS, PROGRESS_NEVER };

/* One of the pool's options. */
struct pool_setting {
    const char *option; /* its name on the command line */
    const char *key;    /* and in the library */
    const char *value;
};

/* Texts are borrowed from the command line. */
struct settings {
    const char *config; /* or NULL */
    struct pool_setting *pool;
    size_t pool_count; /* owned */
    const char **arg;  /* NAME=VALUE, of --arg; the list is owned */
    size_t arg_count;
    int input, output;   /* enum format */
    bool each_file;      /* the files are the inputs */
    bool tag;            /* the input beside its result */
    const char *results; /* a folder for a file for each result, or NULL */
    int progress;        /* enum progress_wish */
    bool zero;           /* inputs end with NUL */
    bool unordered;
    bool json;
    bool once;                 /* of top */
    const char *lang, *build;  /* of new */
    const char *service;       /* whose task is to be run, or NULL */
    const char *socket, *name; /* of serve, or NULL; as: */
    unsigned mode;             /* of the socket */
    int64_t grace_ms;          /* that calls may take to end */
    bool seen; /* the pool is in `sopool top` unless it is said otherwise */
    bool gdb, valgrind;          /* of replay; the latter of test, too */
    bool sanitizers, no_sandbox; /* of test, as: */
    const char *task;            /* to try alone, or NULL */
    int64_t fuzz_ms;             /* 0: no */
    uint64_t seed;               /* 0: any */
    const char *joblog;          /* or NULL */
    const char *trace, *report;
    bool resume, retry_failed;
    bool dry_run;
    struct halt halt;
    struct pace pace;
    bool help;
};

int settings_add(struct settings *settings, const char *option, const char *key,
                 const char *value);
int settings_add_arg(struct settings *settings, const char *text);
void settings_finish(struct settings *settings);

/* The pool's options, the caller's; NULL after messages that say why not. */
sopool_options *settings_options(const struct settings *settings);

/* The same for that task alone, which may be a service's; NULL after messages,
 * with the exit status. */
sopool_options *settings_task_options(const struct settings *settings,
                                      const char *task, int *status);

/* A pool of these options, to run that task; NULL after messages, with the exit
 * status. */
sopool_pool *settings_pool(const struct settings *settings, const char *task,
                           int *status);

/* Reads a config file over options: 0, or -1 after all complaints. */
int settings_read(sopool_options *options, const char *path);

/* The exit status that goes with an error, a sopool_code. */
int settings_status(int code);

#endif
