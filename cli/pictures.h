/* pictures.h - what --trace and --report ask for, among the followers of a run.
 */
#ifndef SOPOOL_CLI_PICTURES_H
#define SOPOOL_CLI_PICTURES_H

#include "follow.h"
#include "settings.h"

struct pictures {
    sopool_pool *pool; /* borrowed */
    struct trace *trace;
    struct report *report;
    bool early; /* the run did not come to its end */
};

/* Opens the files that are asked for, and follows the run, which begins. 0, or
 * -1 after a message. */
int pictures_begin(struct pictures *pictures, const struct settings *settings,
                   const char *command, const sopool_task_info *task,
                   sopool_pool *pool, struct follow *follow);

/* Ends them where the run cannot go on to its end. */
void pictures_end(struct pictures *pictures);

#endif
