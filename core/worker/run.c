/* run.c - see run.h. */
#include "worker/run.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/counted.h"
#include "base/error.h"
#include "base/libc.h"
#include "channel/more.h"
#include "worker/call.h"
#include "worker/crash.h"
#include "worker/detail.h"
#include "worker/shelf.h"
#include "worker/tidy.h"
#include "worker/warm.h"

struct runner {
    struct worker *worker;
    struct tasks own; /* if it has opened them itself */
    struct worker_end end;
    struct tidy tidy; /* in a process */
    struct warm warm;
    struct shelf shelf;
    bool cramped; /* no memory for what the pool has given it */
    struct call call;
    struct detail detail;
    bool hooked;  /* a plugin's load hook was run */
    bool told;    /* the pool knows of a phase */
    bool running; /* a task is */
    bool rites;   /* something is done before and after each item */
    bool always;  /* of each range: copied, because in a thread the setup lies
                     beside what the pool writes all the time */
};

static void tell_phase(void *ctx, enum phase phase, size_t plugin)
{
    struct runner *r = ctx;

    r->told = true;
    (void)message_send(r->worker->control, MESSAGE_PHASE, (int32_t)phase,
                       plugin, NULL, 0);
}

static void ring(void *ctx)
{
    const struct worker *worker = ctx;

    (void)message_send(worker->control, MESSAGE_RING, 0, 0, NULL, 0);
}

/* ---- making ready ------------------------------------------------------ */

static int limit(rlimit_kind resource, rlim_t value, const char *what,
                 sopool_error *err)
{
    struct rlimit now;

    if (getrlimit(resource, &now) != 0)
        return error_errno(err, "cannot read the limit of %s", what);
    now.rlim_cur = value;
    if (now.rlim_max != RLIM_INFINITY && now.rlim_max < value)
        now.rlim_cur = now.rlim_max;
    if (resource != RLIMIT_CPU)
        now.rlim_max = now.rlim_cur;
    if (setrlimit(resource, &now) != 0)
        return error_errno(err, "cannot limit %s", what);
    return 0;
}

static int set_limits(const struct worker_setup *setup, sopool_error *err)
{
    if (setup->limit_memory != 0 &&
        limit(RLIMIT_AS, setup->limit_memory, "memory", err) != 0)
        return -1;
    if (setup->limit_files != 0 &&
        limit(RLIMIT_NOFILE, setup->limit_files, "open files", err) != 0)
        return -1;
    return 0;
}

/* A process has a processor time limit, a call has not: so before each call
 * the limit is set that much above what was used, in whole seconds. */
static void allow_cpu(const struct worker_setup *setup)
{
    struct rusage used;
    int64_t total;

    if (getrusage(RUSAGE_SELF, &used) != 0)
        return;
    total = (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * NS_PER_S +
            (used.ru_utime.tv_usec + used.ru_stime.tv_usec) * 1000;
    total += setup->limit_cpu_ns + NS_PER_S - 1;
    (void)limit(RLIMIT_CPU, (rlim_t)(total / NS_PER_S), "processor time", NULL);
}

/* Load hooks run once in each process; with thread workers the first of them
 * runs each hook, the others wait for it and share its outcome. */
static pthread_mutex_t hooks_lock = PTHREAD_MUTEX_INITIALIZER;
static struct hook {
    const sopool_plugin *plugin;
    bool failed;
    char reason[128]; /* cut */
} hooks_done[256];
static size_t hooks_count;

static const struct hook *find_hook(const sopool_plugin *plugin)
{
    for (size_t i = 0; i < hooks_count; i++)
        if (hooks_done[i].plugin == plugin)
            return &hooks_done[i];
    return NULL;
}

/* Fills in `out`, and keeps it if there is room. */
static void run_hook_locked(struct runner *r, const sopool_plugin *plugin,
                            struct hook *out)
{
    const struct hook *done = find_hook(plugin);

    if (done != NULL) {
        *out = *done;
        return;
    }
    out->plugin = plugin;
    out->failed = call_hook(&r->call, plugin->load) != 0;
    (void)snprintf(out->reason, sizeof(out->reason), "%.*s",
                   (int)r->call.reason_size, r->call.reason);
    if (hooks_count < sizeof(hooks_done) / sizeof(hooks_done[0]))
        hooks_done[hooks_count++] = *out;
}

static int run_hook(struct runner *r, const char *path,
                    const sopool_plugin *plugin, sopool_error *err)
{
    struct hook hook = {0};

    call_init(&r->call, NULL, -1);
    r->call.name = plugin->name;
    pthread_mutex_lock(&hooks_lock);
    run_hook_locked(r, plugin, &hook);
    pthread_mutex_unlock(&hooks_lock);
    call_reset(&r->call);
    if (!hook.failed)
        return 0;
    return error_set(err, SOPOOL_E_PLUGIN,
                     "%s: the plugin's load hook failed: %s", path,
                     hook.reason);
}

static int run_hooks(struct runner *r, sopool_error *err)
{
    const struct worker_setup *setup = r->worker->setup;

    for (size_t i = 0; i < setup->plugin_count; i++) {
        const sopool_plugin *plugin = r->worker->tasks->plugin[i].loaded.abi;

        if (plugin == NULL || !SOPOOL_HAS(plugin, sopool_plugin, load) ||
            plugin->load == NULL)
            continue;
        tell_phase(r, PHASE_LOAD, i);
        r->hooked = true;
        if (run_hook(r, setup->plugin[i].path, plugin, err) != 0)
            return -1;
    }
    return 0;
}

static int run_initializer(struct runner *r, sopool_error *err)
{
    const struct worker_setup *setup = r->worker->setup;
    const struct task *task;
    int code;

    if (!setup->has_initializer)
        return 0;
    if (setup->initializer >= r->worker->tasks->count)
        return error_set(err, SOPOOL_E_PROTOCOL, "no such initializer");
    tell_phase(r, PHASE_INIT, 0);
    task = &r->worker->tasks->task[setup->initializer];
    call_init(&r->call, NULL, -1);
    r->call.name = "initializer";
    code = call_run(&r->call, task, setup->initargs.data, setup->initargs.size);
    if (code != 0)
        (void)error_set(err, code, "%s", r->call.reason);
    call_reset(&r->call);
    return code == 0 ? 0 : -1;
}

/* How things are now is how tasks are to find them: what hooks and initializer
 * have set up stays. */
static int know_order(struct runner *r, sopool_error *err)
{
    const struct worker *worker = r->worker;
    const struct worker_setup *setup = worker->setup;

    if (worker->tidy != NULL && !r->hooked && !setup->has_initializer &&
        setup->limit_memory == 0 && setup->limit_files == 0) {
        tidy_inherit(&r->tidy, worker->tidy, worker->control);
        return 0;
    }
    return tidy_init(&r->tidy, worker->control) == 0 ? 0 : error_nomem(err);
}

static int make_ready(struct runner *r, sopool_error *err)
{
    struct worker *worker = r->worker;

    if (worker->process) {
        if (set_limits(worker->setup, err) != 0)
            return -1;
        crash_watch(worker->shared);
    }
    if (worker->tasks == NULL) {
        if (tasks_open(&r->own, worker->setup, tell_phase, r, err) != 0)
            return -1;
        worker->tasks = &r->own;
    }
    if (worker->process && worker->tidy == NULL)
        crash_know(worker->tasks);
    if (run_hooks(r, err) != 0 || run_initializer(r, err) != 0)
        return -1;
    return worker->process ? know_order(r, err) : 0;
}

/* ---- running calls ----------------------------------------------------- */

static void keep_buffer(struct runner *r, const struct message *message, int fd)
{
    uint32_t place = (uint32_t)message->value;

    if (place < CHANNEL_PLACES &&
        worker_forgets(&r->end, place) != message->number)
        shelf_put(&r->shelf, place, message->number, fd);
}

/* The next message, once there is one; the memory that some bring is kept. */
static int take_message(struct runner *r, struct message *message,
                        struct message_fds *fds)
{
    if (message_receive(r->worker->control, message, fds, 1) != 1)
        return -1;
    if (message->kind == MESSAGE_WARM && fds->count == 1)
        (void)warm_map(&r->warm, fds->fd[0], message->number);
    if (message->kind == MESSAGE_BUFFER && fds->count == 1)
        keep_buffer(r, message, fds->fd[0]);
    return 0;
}

/* Waits for a descriptor that was sent before the range that needs it: it is in
 * the control socket, maybe behind those of ranges that were taken back. If
 * tasks have left no room for more descriptors, its message comes without it.
 */
static int receive(struct runner *r, enum message_kind kind, uint64_t number,
                   struct message_fds *fds)
{
    struct message message;

    while (take_message(r, &message, fds) == 0) {
        if (message.kind == kind && message.number == number)
            return 0;
        message_close(fds);
    }
    return -1;
}

/* Takes what was sent for ranges that were taken back: many of them would fill
 * the socket, and the pool could send no more. */
static int drop_stale(struct runner *r)
{
    struct message message;
    struct message_fds fds;
    uint32_t kind;
    uint64_t number;

    while (message_peek(r->worker->control, &kind, &number) &&
           (kind != MESSAGE_BIG || number < r->end.seq)) {
        if (take_message(r, &message, &fds) != 0)
            return -1;
        message_close(&fds);
    }
    return 0;
}

static void answer_no_memory(struct runner *r)
{
    static const char reason[] =
        "no memory, or no descriptor, for the call's arguments";

    worker_answer(&r->end, 0, SOPOOL_E_NOMEM, reason, sizeof(reason) - 1);
}

/* Is there something to do before each item of any range? */
static bool has_always_rites(const struct worker *worker)
{
    return worker->setup->chaos.on ||
           (worker->process && worker->setup->limit_cpu_ns != 0);
}

static void begin_rites(struct runner *r, const struct range_view *range)
{
    if (range->flags & CHANNEL_TIMED)
        worker_began(&r->end, clock_now());
    if (r->worker->process && r->worker->setup->limit_cpu_ns != 0)
        allow_cpu(r->worker->setup);
    chaos_before(&r->call.chaos);
    if (r->end.detail != NULL)
        detail_begin(&r->detail);
}

/* The runner of this process, and whether the process is a child that a task
 * has forked. */
static struct runner *own;
static bool is_child;

/* As there may be many items, only their rites are looked at after each. */
static void became_child(void)
{
    is_child = true;
    own->rites = true;
}

/* A child that comes back from the task, as if it were the worker: what it goes
 * on to do would be done to the calls of its parent. */
static __attribute__((cold)) _Noreturn void end_child(const struct runner *r)
{
    (void)dprintf(STDERR_FILENO,
                  "a child that the task %s forked came back from it, and was "
                  "ended: it is to call _exit()\n",
                  r->call.name);
    _exit(1);
}

static void end_rites(struct runner *r)
{
    if (is_child)
        end_child(r);
    if (r->end.detail != NULL)
        detail_end(&r->detail);
    chaos_after(&r->call.chaos);
}

static void begin_item(struct runner *r, const struct range_view *range)
{
    if (r->rites)
        begin_rites(r, range);
    r->running = true;
}

static void end_item(struct runner *r)
{
    r->running = false;
    if (r->rites)
        end_rites(r);
}

static void run_item(struct runner *r, const struct range_view *range,
                     const uint8_t *args, size_t size)
{
    const struct task *task = &r->worker->tasks->task[range->task];
    int code;

    begin_item(r, range);
    code = call_run(&r->call, task, args, size);
    end_item(r);
    call_answer(&r->call, r->end.item, code);
    call_reset(&r->call);
}

static void run_numbers(struct runner *r, const struct range_view *range,
                        const struct task *task, uint8_t *numbers)
{
    bool done;
    int code;

    begin_item(r, range);
    done = call_run_numbers(&r->call, task, numbers, &code);
    end_item(r);
    if (!done)
        call_answer(&r->call, r->end.item, code);
    call_reset(&r->call);
}

/* In the channel stands where in the file they are. */
static int run_big(struct runner *r, const struct range_view *range)
{
    uint64_t where[2]; /* offset and size */
    struct message_fds fds;
    void *map = MAP_FAILED;

    if (receive(r, MESSAGE_BIG, range->seq, &fds) != 0)
        return -1;
    memcpy(where, range->args, sizeof(where));
    if (where[1] <= PTRDIFF_MAX && fds.count == 1)
        map = mmap(NULL, (size_t)where[1], PROT_READ, MAP_PRIVATE, fds.fd[0],
                   (off_t)where[0]);
    message_close(&fds);
    r->cramped = map == MAP_FAILED;
    if (r->cramped) {
        answer_no_memory(r);
        return 0;
    }
    run_item(r, range, map, (size_t)where[1]);
    (void)munmap(map, (size_t)where[1]);
    return 0;
}

/* Waits until the memory with that number is there, if it can be. */
static int await_warm(struct runner *r, uint64_t serial)
{
    struct message_fds fds;

    if (r->warm.serial == serial)
        return 0;
    if (receive(r, MESSAGE_WARM, serial, &fds) != 0)
        return -1;
    message_close(&fds);
    return 0;
}

/* A call whose result may go to the warm memory. */
static void run_into_warm(struct runner *r, const struct range_view *range,
                          const uint8_t *args, size_t size)
{
    r->call.warm = r->warm.results;
    r->call.warm_room = r->warm.half;
    run_item(r, range, args, size);
    r->call.warm = NULL;
    r->call.warm_room = 0;
}

/* In the channel stands in which memory they are, and their size. */
static int run_warm(struct runner *r, const struct range_view *range)
{
    uint64_t which[2];

    memcpy(which, range->args, sizeof(which));
    if (await_warm(r, which[0]) != 0)
        return -1;
    r->cramped = r->warm.serial != which[0];
    if (r->cramped || which[1] > r->warm.half)
        answer_no_memory(r);
    else
        run_into_warm(r, range, r->warm.args, (size_t)which[1]);
    return 0;
}

/* Waits for the buffer, unless it is there, if it can be. */
static int await_buffer(struct runner *r, const struct lent_args *lent)
{
    struct message_fds fds;

    if (r->shelf.place[lent->place].number == lent->number)
        return 0;
    if (receive(r, MESSAGE_BUFFER, lent->number, &fds) != 0)
        return -1;
    message_close(&fds);
    return 0;
}

/* In the channel stands a struct lent_args and the rest of the arguments. */
static int run_lent(struct runner *r, const struct range_view *range)
{
    const bool limited = r->worker->setup->limit_memory != 0;
    struct lent_args lent;
    const uint8_t *args;
    size_t size;

    memcpy(&lent, range->args, sizeof(lent));
    if ((lent.warm != 0 && await_warm(r, lent.warm) != 0) ||
        await_buffer(r, &lent) != 0)
        return -1;
    args = shelf_args(&r->shelf, &lent, range->args + sizeof(lent));
    size = (size_t)(lent.head_size + lent.size);
    r->cramped = (lent.warm != 0 && r->warm.serial != lent.warm) ||
                 (args == NULL && !limited);
    if (args == NULL)
        answer_no_memory(r);
    else if (lent.warm != 0 && r->warm.serial == lent.warm)
        run_into_warm(r, range, args, size);
    else
        run_item(r, range, args, size);
    if (limited) /* which is for tasks */
        shelf_drop(&r->shelf, lent.place);
    return 0;
}

static void forget_buffers(struct runner *r)
{
    for (uint32_t i = 0; i < CHANNEL_PLACES; i++)
        if (r->shelf.place[i].number != 0 &&
            r->shelf.place[i].number == worker_forgets(&r->end, i))
            shelf_drop(&r->shelf, i);
}

static int run_elsewhere(struct runner *r, const struct range_view *range)
{
    if (range->flags & CHANNEL_BIG)
        return run_big(r, range);
    return range->flags & CHANNEL_WARM ? run_warm(r, range)
                                       : run_lent(r, range);
}

/* -1: the worker is to be replaced, and the pool was told so. */
static int judge(struct runner *r, const char *why)
{
    if (why == NULL)
        return 0;
    (void)message_send_text(r->worker->control, MESSAGE_LEAVING, 0, why);
    return -1;
}

/* After a call. */
static int tidied(struct runner *r)
{
    return judge(r, tidy_after(&r->tidy));
}

/* Runs the item whose arguments stand at `at`; returns where the next ones
 * stand, or NULL: the worker is to end. `numbers`: so many bytes of them, or
 * 0. */
static uint8_t *run_next(struct runner *r, const struct range_view *range,
                         const struct task *task, size_t numbers, uint8_t *at)
{
    uint32_t size;

    if (numbers > 0) {
        run_numbers(r, range, task, at);
        return at + numbers;
    }
    if (range->flags & (CHANNEL_BIG | CHANNEL_WARM | CHANNEL_LENT))
        return run_elsewhere(r, range) == 0 ? range->args + range->size : NULL;
    memcpy(&size, at, sizeof(size));
    at += sizeof(size);
    run_item(r, range, at, size);
    return at + size;
}

/* -1: the worker is to end. */
static COUNTED int run_items(struct runner *r, const struct range_view *range,
                             const struct task *task, int64_t began)
{
    const size_t numbers = range->flags & CHANNEL_NUMBERS
                               ? task->signature.words * sizeof(uint64_t)
                               : 0;
    const bool process = r->worker->process;
    uint8_t *at = range->args, *const end = at + range->size;

    do {
        at = run_next(r, range, task, numbers, at);
        if (at == NULL)
            return -1;
        /* Before the next item begins, so that it can go elsewhere. */
        if (process && at < end && tidied(r) != 0)
            return -1;
    } while (worker_more(&r->end, began));
    return 0;
}

static int run_range(struct runner *r, const struct range_view *range,
                     int64_t began)
{
    const struct task *task = &r->worker->tasks->task[range->task];
    int status;

    r->rites =
        r->always || (range->flags & (CHANNEL_TIMED | CHANNEL_DETAILED)) != 0;
    r->end.detail = NULL;
    if (range->flags & CHANNEL_DETAILED) {
        detail_clear(&r->detail);
        r->end.detail = &r->detail.said;
    }
    r->call.name = task->abi != NULL ? task->abi->name : "";
    status = run_items(r, range, task, began);
    r->tidy.used = true; /* it is put in order before the next range */
    return status;
}

/* Between ranges, but not after the last one. */
static int put_in_order(struct runner *r, bool busy, int64_t *now)
{
    if (!r->worker->process || worker_ends(&r->end))
        return 0;
    return judge(r, busy ? tidy_before(&r->tidy, now) : tidy_idle(&r->tidy));
}

/* Runs ranges until the pool says that it is enough: 0, or -1. What tasks have
 * left to put in order is rather done while there is nothing to run. */
static int run_ranges(struct runner *r)
{
    struct range_view range;

    for (;;) {
        int64_t began;
        bool busy = worker_look(&r->end, &began);
        int got;

        if (put_in_order(r, busy, &began) != 0)
            return -1;
        /* The pool counts on what it has given. */
        if (r->cramped)
            return judge(r, "it had no room for large data");
        got = worker_next(&r->end, &range);
        if (got == 0)
            return 0;
        if (got == 2) {
            forget_buffers(r);
            continue;
        }
        if (got == 3) {
            if (drop_stale(r) != 0)
                return -1;
            continue;
        }
        if (!busy)
            began = clock_now();
        if (range.task >= r->worker->tasks->count ||
            run_range(r, &range, began) != 0)
            return -1;
    }
}

static int run(struct runner *r)
{
    struct worker *worker = r->worker;
    sopool_error err = {0};

    if (make_ready(r, &err) != 0) {
        (void)message_send_text(worker->control, MESSAGE_FAILED, err.code,
                                err.message);
        return 1;
    }

    if (r->told)
        tell_phase(r, PHASE_RUN, 0);
    worker_init(&r->end, worker->shared, ring, worker);
    call_init(&r->call, &r->end, worker->control);
    chaos_init(&r->call.chaos, &worker->setup->chaos, worker->id,
               worker->process);
    chaos_start(&r->call.chaos);
    r->always = has_always_rites(worker);
    if (worker->process) {
        own = r;
        (void)pthread_atfork(NULL, NULL, became_child);
    }
    if (message_send(worker->control, MESSAGE_READY, 0, (uint64_t)clock_now(),
                     NULL, 0) != 0)
        return 1;
    return run_ranges(r) == 0 ? 0 : 1;
}

/* A task ended its thread (pthread_exit), and with it the worker. A process
 * would live on in the other threads that the task may have started. */
static void thread_ended(void *arg)
{
    static const char reason[] =
        "the task ended the worker's thread, by pthread_exit() or the like";
    struct runner *r = arg;

    if (is_child)
        end_child(r);
    if (r->running)
        worker_answer(&r->end, r->end.item, SOPOOL_E_TASK, reason,
                      sizeof(reason) - 1);
    if (r->worker->process)
        _exit(1);
    call_reset(&r->call);
    warm_finish(&r->warm);
    shelf_finish(&r->shelf);
    tasks_finish(&r->own);
}

int worker_run(struct worker *worker)
{
    struct runner r = {.worker = worker, .detail.process = worker->process};
    int status;

    pthread_cleanup_push(thread_ended, &r);
    status = run(&r);
    pthread_cleanup_pop(0);
    warm_finish(&r.warm);
    shelf_finish(&r.shelf);
    tidy_finish(&r.tidy);
    tasks_finish(&r.own);
    return status;
}
