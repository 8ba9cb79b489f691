/* dryrun.h - what a run would do, without doing it. */
#ifndef SOPOOL_CLI_DRYRUN_H
#define SOPOOL_CLI_DRYRUN_H

#include "output.h"
#include "resume.h"
#include "source.h"

struct dryrun {
    const sopool_task_info *task;
    struct source *source;
    struct resume *resume;
    struct output *out;
};

/* Prints each call that would be run, as task(arguments); says what is wrong
 * with those that cannot be. Returns the exit status. */
int dryrun(struct dryrun *run);

#endif
