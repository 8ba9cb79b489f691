/* uv.c - libuv's thread pool: many calls, submitted one by one, then collected.
 *
 *     uv async COUNT
 */
#include <uv.h>

#include "bench.h"

struct call {
    uv_work_t work;
    int64_t in, out;
};

static int64_t sum;

static void run(uv_work_t *work)
{
    struct call *call = work->data;

    call->out = call->in;
}

static void collect(uv_work_t *work, int status)
{
    const struct call *call = work->data;

    sum += status == 0 ? call->out : INT64_MIN;
}

static double async(char **args)
{
    const size_t count = (size_t)number_of(args[0]);
    struct call *calls = calloc(count, sizeof(*calls));
    uv_loop_t *loop = uv_default_loop();
    int64_t began = 0; /* of the second round, when memory is warm */

    for (size_t i = 0; i < count; i++) {
        calls[i].work.data = &calls[i];
        calls[i].in = (int64_t)i;
    }
    for (int round = 0; round < 2; round++) {
        began = now_ns();
        for (size_t i = 0; i < count; i++)
            (void)uv_queue_work(loop, &calls[i].work, run, collect);
        (void)uv_run(loop, UV_RUN_DEFAULT);
        began = now_ns() - began;
    }
    free(calls);
    return sum < 0 ? -1 : (double)began / (double)count;
}

int main(int argc, char **argv)
{
    static const struct scenario scenarios[] = {
        {"async", async, 1},
        {NULL, NULL, 0},
    };

    (void)setenv("UV_THREADPOOL_SIZE", "2", 1);
    return run_scenario(scenarios, argc, argv);
}
