/* taskjson.c - see taskjson.h. */
#include "taskjson.h"

#include <sopool/abi.h>

#include "render.h"

const struct task_flag task_flags[TASK_FLAGS] = {
    {SOPOOL_IDEMPOTENT, "idempotent", "may be run again after a crash"},
    {SOPOOL_PURE, "pure", "the result depends on the arguments alone"},
    {SOPOOL_NO_FORK, "no_fork", "runs with the start method spawn alone"},
};

static void put_params(struct output *out, const sopool_task_info *task)
{
    output_text(out, "\"params\":[");
    for (size_t i = 0; i < task->param_count; i++) {
        output_text(out, i > 0 ? ",{" : "{");
        render_member(out, "name", task->params[i].name);
        output_format(out, "\"type\":\"%s\"}",
                      sopool_type_name(task->params[i].type));
    }
    output_text(out, "],");
}

static void put_flags(struct output *out, const sopool_task_info *task)
{
    const char *comma = "";

    output_text(out, "\"flags\":[");
    for (size_t i = 0; i < TASK_FLAGS; i++)
        if (task->flags & task_flags[i].flag) {
            output_format(out, "%s\"%s\"", comma, task_flags[i].name);
            comma = ",";
        }
    output_byte(out, ']');
}

void task_json(struct output *out, const sopool_task_info *task)
{
    output_byte(out, '{');
    render_member(out, "name", task->name);
    render_member(out, "signature", task->signature);
    render_member(out, "doc", task->doc);
    render_member(out, "plugin", task->plugin);
    render_member(out, "version", task->plugin_version);
    render_member(out, "file", task->path);
    put_params(out, task);
    render_member(out, "result", sopool_type_name(task->result_type));
    put_flags(out, task);
    output_byte(out, '}');
}
