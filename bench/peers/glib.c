/* glib.c - GLib's thread pool: many calls, submitted one by one, then
 * collected.
 *
 *     glib async COUNT
 */
#include <glib.h>
#include <stdatomic.h>

#include "bench.h"

struct call {
    int64_t in, out;
};

static _Atomic size_t left;
static GMutex lock;
static GCond all;

static void run(gpointer data, gpointer ctx)
{
    struct call *call = data;

    (void)ctx;
    call->out = call->in;
    if (atomic_fetch_sub(&left, 1) != 1)
        return;
    g_mutex_lock(&lock);
    g_cond_signal(&all);
    g_mutex_unlock(&lock);
}

static double async(char **args)
{
    const size_t count = (size_t)number_of(args[0]);
    GThreadPool *pool = g_thread_pool_new(run, NULL, 2, TRUE, NULL);
    struct call *calls = calloc(count, sizeof(*calls));
    int64_t began = 0; /* of the second round, when memory is warm */
    int64_t sum = 0;

    for (size_t i = 0; i < count; i++)
        calls[i].in = (int64_t)i;
    for (int round = 0; round < 2; round++) {
        atomic_store(&left, count);
        began = now_ns();
        for (size_t i = 0; i < count; i++)
            (void)g_thread_pool_push(pool, &calls[i], NULL);
        g_mutex_lock(&lock);
        while (atomic_load(&left) > 0)
            g_cond_wait(&all, &lock);
        g_mutex_unlock(&lock);
        for (size_t i = 0; i < count; i++)
            sum += calls[i].out;
        began = now_ns() - began;
    }
    g_thread_pool_free(pool, FALSE, TRUE);
    free(calls);
    return sum < 0 ? -1 : (double)began / (double)count;
}

int main(int argc, char **argv)
{
    static const struct scenario scenarios[] = {
        {"async", async, 1},
        {NULL, NULL, 0},
    };

    return run_scenario(scenarios, argc, argv);
}
