/* option.h - the command line: one table for each group of options, from which
 * both the reading and the help are made. */
#ifndef SOPOOL_CLI_OPTION_H
#define SOPOOL_CLI_OPTION_H

#include "settings.h"

struct option_spec {
    const char *name; /* NULL ends a table */
    char letter;      /* or 0 */
    const char *arg;  /* what its value is called; NULL: it has none */
    const char *help; /* at most 50 bytes a line */
    /* Takes the value (NULL if it has none): 0, or -1 after a message. */
    int (*take)(struct settings *settings, const struct option_spec *spec,
                const char *value);
    const char *key; /* for `take`: the pool's option, or the values allowed */
    size_t at;       /* for a flag or a text: where in the settings it goes */
};

struct option_group {
    const char *title;
    const struct option_spec *spec;
};

extern const struct option_group option_group_config;  /* -c and what finds */
extern const struct option_group option_group_pool;    /* the pool's options */
extern const struct option_group option_group_input;   /* what words are */
extern const struct option_group option_group_inputs;  /* of many calls */
extern const struct option_group option_group_output;  /* what a result is */
extern const struct option_group option_group_outputs; /* of many calls */
extern const struct option_group option_group_lines;   /* map and starmap */
extern const struct option_group option_group_runs; /* the same, of long runs */
extern const struct option_group option_group_pictures; /* the same */
extern const struct option_group option_group_listing;  /* list */
extern const struct option_group option_group_inspect;  /* inspect */
extern const struct option_group option_group_new;      /* new */
extern const struct option_group option_group_replay;   /* replay */
extern const struct option_group option_group_test;     /* test */
extern const struct option_group option_group_top;      /* top */
extern const struct option_group option_group_service;  /* whose tasks */
extern const struct option_group option_group_serve;    /* serve */
extern const struct option_group option_group_help;

struct command {
    const char *name;
    const char *synopsis; /* of its arguments */
    const char *summary;
    const char *details;  /* paragraphs for its help */
    const char *examples; /* lines for its help */
    const char *status;   /* what its exit status tells */
    bool task_first; /* options end at the first argument, and those after it
                        may begin with a minus */
    bool seen;       /* its pool is shown in `sopool top` */
    const struct option_group *group[12]; /* NULL ends the list */
    /* Does the work; `argv` has `argc` arguments, no options. */
    int (*run)(const struct command *command, const struct settings *settings,
               int argc, char **argv);
};

/* Reads options out of `argv` (argv[0] is the command's name), which is
 * reordered so that the arguments stand last, from the index returned on. -1
 * after a message. */
int option_read(const struct command *command, struct settings *settings,
                int argc, char **argv);

/* The command's option that a word is: "--name", "--name=value", "-x"; NULL:
 * none. */
const struct option_spec *option_find(const struct command *command,
                                      const char *word);

/* The value within such a word; NULL: it is the next word, if it takes one. */
const char *option_value(const char *word);

/* Is the value one of the words, which have commas between? */
bool option_lists(const char *words, const char *value);

/* The help of a command, on standard output. */
void option_help(const struct command *command);

#endif
