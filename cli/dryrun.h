/* dryrun.h - what a run would do, without doing it. */
#ifndef SOPOOL_CLI_DRYRUN_H
#define SOPOOL_CLI_DRYRUN_H

#include "arguments.h"
#include "input.h"
#include "output.h"
#include "resume.h"

struct dryrun {
    const sopool_task_info *task;
    struct input *input;
    struct arguments *arguments;
    struct resume *resume;
    struct output *out;
    char *const *name; /* of the input files */
};

/* Prints each call that would be run, as task(arguments); says what is wrong
 * with those that cannot be. Returns the exit status. */
int dryrun(struct dryrun *run);

#endif
