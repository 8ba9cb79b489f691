/* eventloop.c - a pool in a program that has an event loop (epoll here; libuv,
 * GLib and their like in the same way): callbacks are called in the loop's own
 * thread, and no thread is blocked. */
#include <sys/epoll.h>

#include "example.h"

struct loop {
    int left;
    int64_t sum;
};

static void on_result(sopool_result *result, void *ctx)
{
    struct loop *loop = ctx;
    sopool_error err = {0};
    sopool_value *value = sopool_result_get(result, 0, &err);
    int64_t square;

    if (value == NULL || sopool_value_i64(value, &square, &err) != 0)
        fail(&err);
    loop->sum += square;
    loop->left--;
    sopool_value_free(value);
}

int main(void)
{
    sopool_pool *pool = open_pool(SETTINGS("processes", "2"));
    struct loop loop = {.left = 100};
    const sopool_call_options how = {.callback = on_result, .ctx = &loop};
    struct epoll_event event = {.events = EPOLLIN};
    sopool_error err = {0};
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    int fd = sopool_fd(pool, &err);

    if (fd < 0)
        fail(&err);
    if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0)
        return 1;
    for (int i = 1; i <= 100; i++) {
        sopool_result *result =
            sopool_apply_async(pool, "math.square", SOPOOL_ARGS(i), &how, &err);

        if (result == NULL)
            fail(&err);
        sopool_result_free(result);
    }
    while (loop.left > 0) {
        /* The program's own descriptors would be waited for here, too. */
        if (epoll_wait(epoll, &event, 1, -1) == 1 &&
            sopool_dispatch(pool, &err) < 0)
            fail(&err);
    }
    printf("the sum is %" PRId64 "\n", loop.sum);
    finish(pool);
    return 0;
}
