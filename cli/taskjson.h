/* taskjson.h - a task as a JSON object, with all that is known of it. */
#ifndef SOPOOL_CLI_TASKJSON_H
#define SOPOOL_CLI_TASKJSON_H

#include <stdint.h>

#include <sopool.h>

#include "output.h"

/* A flag of tasks. */
struct task_flag {
    uint32_t flag;
    const char *name, *means;
};

enum { TASK_FLAGS = 3 };
extern const struct task_flag task_flags[TASK_FLAGS];

void task_json(struct output *out, const sopool_task_info *task);

#endif
