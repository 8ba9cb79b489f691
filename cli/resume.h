/* resume.h - a run that goes on where a job log ends: what is in the log is not
 * run again. */
#ifndef SOPOOL_CLI_RESUME_H
#define SOPOOL_CLI_RESUME_H

#include "done.h"
#include "follow.h"
#include "joblog.h"
#include "place.h"
#include "settings.h"

struct resume {
    bool on;           /* there is a log */
    bool again;        /* calls that failed are run again */
    struct done *done; /* owned */
    struct joblog *log;
    uint64_t numbers; /* inputs read */
    uint64_t skipped; /* of these, not run again; the feeding thread's */
};

/* As the settings say: 0, or -1 after a message. */
int resume_open(struct resume *resume, const struct settings *settings);
void resume_close(struct resume *resume);

/* Is the next input to be run? `args` is NULL if it has none; `out` is what the
 * log will say of it. 1, 0, or -1: no memory. */
int resume_wants(struct resume *resume, const sopool_task_info *task,
                 const sopool_args *args, const char *text, size_t size,
                 struct logged *out);

#endif
