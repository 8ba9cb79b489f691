/* pool.c - making a pool, and handing it calls. See pool.h and sopool.h. */
#include "pool/pool.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "pool/cpus.h"
#include "pool/plugins.h"
#include "pool/status.h"

const char *sopool_version(void)
{
    return SOPOOL_VERSION;
}

const char *pool_task_name(const struct sopool_pool *pool, uint32_t task)
{
    return pool->catalog->task[task].name;
}

void pool_wake(struct sopool_pool *pool)
{
    const uint64_t one = 1;

    /* Not by write(), in which a thread could be cancelled. */
    (void)!syscall(SYS_write, pool->wake, &one, sizeof(one));
}

int pool_wait(struct sopool_pool *pool, pthread_cond_t *cond, int64_t deadline)
{
    return clock_wait(cond, &pool->lock, deadline);
}

void pool_break(struct sopool_pool *pool, const sopool_error *why)
{
    if (pool->broken)
        return;
    pool->trouble = *why;
    pool->broken = true;
    queue_fail(pool, NULL, why);
    pthread_cond_broadcast(&pool->changed);
}

/* ---- making ------------------------------------------------------------ */

static int check_method(const sopool_options *options, const char *task,
                        uint32_t flags, sopool_error *err)
{
    if ((flags & SOPOOL_NO_FORK) == 0 || options->start_method == START_SPAWN)
        return 0;
    return error_set(err, SOPOOL_E_PLUGIN,
                     "%s runs only in a process of its own; use the start "
                     "method spawn, not %s",
                     task, start_method_name(options->start_method));
}

static bool refuses_fork(const struct manifest *manifest)
{
    for (size_t i = 0; i < manifest->task_count; i++)
        if (manifest->task[i].flags & SOPOOL_NO_FORK)
            return true;
    return false;
}

static int setup_initializer(struct sopool_pool *pool, sopool_error *err)
{
    static const uint8_t no_args[] = {0x80};
    const sopool_options *options = pool->options;
    struct worker_setup *setup = &pool->setup;
    const struct buf *args = &options->initargs;

    if (options->initializer == NULL)
        return 0;
    if (catalog_id(pool->catalog, options->initializer, &setup->initializer,
                   err) != 0)
        return error_prefix(err, "initializer: ");
    setup->has_initializer = true;
    if (buf_add(&setup->initargs, args->size > 0 ? args->data : no_args,
                args->size > 0 ? args->size : sizeof(no_args)) != 0)
        return error_nomem(err);
    if (signature_check_args(&pool->catalog->signature[setup->initializer],
                             setup->initargs.data, setup->initargs.size,
                             err) != 0) {
        if (err != NULL)
            err->code = SOPOOL_E_CONFIG;
        return error_prefix(err, "initializer %s: ", options->initializer);
    }
    return 0;
}

/* A worker that is another program has none of this one's functions. */
static int check_own(const sopool_options *options, sopool_error *err)
{
    if (options->own_count == 0 || options->start_method == START_FORK ||
        options->start_method == START_THREAD)
        return 0;
    return error_set(err, SOPOOL_E_USAGE,
                     "functions of the program need the start method fork or "
                     "thread, not %s",
                     start_method_name(options->start_method));
}

static int make_setup(struct sopool_pool *pool, sopool_error *err)
{
    const sopool_options *options = pool->options;
    const sopool_catalog *catalog = pool->catalog;
    struct worker_setup *setup = &pool->setup;

    if (check_own(options, err) != 0)
        return -1;
    setup->plugin = calloc(catalog->plugin_count + 1, sizeof(*setup->plugin));
    if (setup->plugin == NULL)
        return error_nomem(err);
    for (size_t i = 0; i < catalog->plugin_count; i++)
        setup->plugin[i] = (struct setup_plugin){
            .path = catalog->plugin[i].path,
            .fd = catalog->plugin[i].fd,
            .own = catalog->plugin[i].own,
            .manifest = &catalog->plugin[i].manifest,
            .skip = options->start_method != START_SPAWN &&
                    refuses_fork(&catalog->plugin[i].manifest),
        };
    setup->plugin_count = catalog->plugin_count;
    setup->plugins_required = options->plugin_load.count > 0;
    setup->limit_memory = options->limit_memory;
    setup->limit_cpu_ns = options->limit_cpu_ns;
    setup->limit_files = options->limit_files;
    setup->chaos = options->chaos;
    return setup_initializer(pool, err);
}

static int make_descriptors(struct sopool_pool *pool, sopool_error *err)
{
    pool->on_wake = (struct watch){WATCH_WAKE, pool};
    pool->epoll = fd_high(epoll_create1(EPOLL_CLOEXEC));
    pool->wake = fd_high(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (pool->epoll < 0 || pool->wake < 0 ||
        watch_add(pool, pool->wake, &pool->on_wake) != 0)
        return error_errno(err, "cannot make the pool's descriptors");
    return 0;
}

static int start_dispatcher(struct sopool_pool *pool, sopool_error *err)
{
    sigset_t all, before;
    int status;

    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    status = pthread_create(&pool->dispatcher, NULL, dispatcher_run, pool);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (status == 0)
        return 0;
    errno = status;
    return error_errno(err, "cannot start the dispatcher");
}

static int build(struct sopool_pool *pool, const sopool_options *options,
                 sopool_error *err)
{
    pool->options = options_copy(options);
    if (pool->options == NULL)
        return error_nomem(err);
    pool->sets_up = options->initializer != NULL;
    pool->catalog = plugins_find(options, NULL, NULL, err);
    if (pool->catalog == NULL || make_setup(pool, err) != 0)
        return -1;
    pool->task = calloc(pool->catalog->task_count + 1, sizeof(*pool->task));
    if (pool->task == NULL)
        return error_nomem(err);
    /* To look for them takes its time: the dispatcher does it when the workers
     * are starting. */
    pool->processes =
        options->processes != 0 ? options->processes : cpus_available();
    pool->cpus = pool->processes;
    if (make_descriptors(pool, err) != 0 || status_open(pool, err) != 0)
        return -1;
    if (options->start_method != START_THREAD) {
        pool->logger = logger_start(err);
        if (pool->logger == NULL)
            return -1;
    }
    return start_dispatcher(pool, err);
}

static void init_locks(struct sopool_pool *pool)
{
    (void)pthread_mutex_init(&pool->lock, NULL);
    clock_cond_init(&pool->changed);
    callbacks_init(&pool->callbacks);
}

static void close_file(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
    *fd = -1;
}

void pool_close_files(struct sopool_pool *pool)
{
    member_free_buried(pool);
    buffers_unwatch(pool);
    logger_stop(pool->logger);
    pool->logger = NULL;
    status_close(pool); /* of a pool that did not come to be */
    close_file(&pool->wake);
    close_file(&pool->epoll);
    if (pool->catalog != NULL)
        catalog_close_files(pool->catalog);
}

void pool_free(struct sopool_pool *pool)
{
    pool_close_files(pool);
    callbacks_finish(&pool->callbacks);
    (void)pthread_cond_destroy(&pool->changed);
    (void)pthread_mutex_destroy(&pool->lock);
    /* Threads that are past their time and go on use these. */
    if (pool->members != NULL)
        return;
    setup_finish(&pool->setup);
    sopool_catalog_free(pool->catalog);
    sopool_options_free(pool->options);
    free(pool->task);
    free(pool->events);
    free(pool);
}

sopool_pool *sopool_open_options(const sopool_options *options,
                                 sopool_error *err)
{
    struct sopool_pool *pool = calloc(1, sizeof(*pool));

    if (pool == NULL) {
        (void)error_nomem(err);
        return NULL;
    }
    init_locks(pool);
    atomic_init(&pool->refs, 1); /* the program's */
    pool_guard_init(&pool->process);
    pool->epoll = pool->wake = -1;
    pool->server.control = pool->server.pidfd = -1;
    pool->next_id = 1;
    atomic_init(&pool->last_task, UINT32_MAX);
    pool->jitter = (uint64_t)clock_now();
    if (build(pool, options, err) == 0)
        return pool;
    pool_free(pool);
    return NULL;
}

sopool_pool *sopool_open(const char *config_path, sopool_error *err)
{
    sopool_options *options = sopool_options_new();
    sopool_pool *pool = NULL;

    if (options == NULL)
        (void)error_nomem(err);
    else if (config_path == NULL ||
             sopool_options_load(options, config_path, NULL, NULL, err) == 0)
        pool = sopool_open_options(options, err);
    sopool_options_free(options);
    return pool;
}

/* ---- submitting -------------------------------------------------------- */

int pool_accepts(const struct sopool_pool *pool, sopool_error *err)
{
    enum pool_state state = pool_state(pool);

    if (pool->broken) {
        if (err != NULL)
            *err = pool->trouble;
        return -1;
    }
    if (state == POOL_OPEN)
        return 0;
    return error_set(err, SOPOOL_E_CLOSED, "the pool was %s",
                     state == POOL_TERMINATED           ? "terminated"
                     : atomic_load(&pool->stop_running) ? "stopped"
                                                        : "closed");
}

bool pool_is_open(const struct sopool_pool *pool)
{
    return pool_state(pool) == POOL_OPEN && !atomic_load(&pool->broken);
}

int pool_queue(struct sopool_pool *pool, struct batch *batch, sopool_error *err)
{
    if (pool_accepts(pool, err) != 0)
        return -1;
    queue_collect(pool);
    pool->stats.submitted += batch->count;
    if (batch->level != SOPOOL_PRIORITY_MAX)
        atomic_store(&pool->mixed, true);
    if (batch_timeout(batch) != 0)
        pool->timed = true;
    queue_push(pool, &batch->whole);
    if (atomic_load(&pool->mixed))
        take_back_lower(pool, batch->level);
    return 0;
}

void pool_fed_asleep(struct sopool_pool *pool)
{
    feed(pool);
    if (pool->look_at == 0)
        watch_sleep(pool);
}

int pool_submit(struct sopool_pool *pool, struct batch *batch,
                sopool_error *err)
{
    if (pool_queue(pool, batch, err) != 0)
        return -1;
    pool_fed_asleep(pool);
    /* Who keeps the time must know that there is something to time. */
    if (batch_timeout(batch) != 0 && dispatcher_sleeps(pool))
        pool_wake(pool);
    return 0;
}

int pool_look_up(struct sopool_pool *pool, const char *name, uint32_t *task,
                 sopool_error *err)
{
    if (catalog_id(pool->catalog, name, task, err) != 0 ||
        check_method(pool->options, name, pool->catalog->task[*task].flags,
                     err) != 0)
        return -1;
    atomic_store_explicit(&pool->last_task, *task, memory_order_relaxed);
    return 0;
}

const sopool_task_info *sopool_find_task(sopool_pool *pool, const char *name,
                                         sopool_error *err)
{
    uint32_t task;

    return pool_task(pool, name, &task, err) == 0 ? &pool->catalog->task[task]
                                                  : NULL;
}
