/* submit.c - how programs submit calls: apply, map and their like. See
 * sopool.h. */
#include <stdlib.h>
#include <string.h>

#include "base/counted.h"
#include "base/error.h"
#include "pool/pool.h"
#include "pool/result.h"
#include "value/args.h"
#include "value/number.h"

/* ---- batches from inputs ----------------------------------------------- */

/* Calls that are to be made: of map (items), of starmap and apply (args) or of
 * a map of numbers (words). */
struct calls {
    const char *task;
    const sopool_arg *items;
    const sopool_args *args;
    const uint64_t *words; /* numbers, for results that go to `out` */
    uint64_t *out;
    size_t count;
    bool many;
    bool lent; /* the inputs stay until all calls are done */
    const sopool_call_options *options;
};

static const sopool_call_options no_options;

static int add_calls(struct sopool_pool *pool, struct batch *batch,
                     const struct calls *calls, sopool_error *err)
{
    const struct signature *signature = &pool->catalog->signature[batch->task];

    if (calls->words != NULL) {
        batch_lend_words(batch, signature, calls->words, (uint32_t)calls->count,
                         calls->out);
        return 0;
    }
    if (calls->lent && calls->items != NULL &&
        batch_lend(batch, signature, calls->items, (uint32_t)calls->count))
        return 0;
    for (size_t i = 0; i < calls->count; i++) {
        const sopool_args args =
            calls->args != NULL ? calls->args[i]
                                : (sopool_args){&calls->items[i], 1, NULL, 0};

        if (batch_add(batch, &args, err) != 0)
            return calls->many ? error_prefix(err, "input %zu: ", i + 1) : -1;
    }
    return 0;
}

static int set_how(struct sopool_pool *pool, struct batch *batch,
                   const struct calls *calls, sopool_error *err)
{
    const sopool_call_options *options = calls->options;
    const struct call_settings settings = {
        .timeout_ms = options->timeout_ms,
        .retries = options->retries,
        .priority = options->priority,
        .chunksize = options->chunksize,
    };
    const sopool_task_info *task = &pool->catalog->task[batch->task];

    if (options->retries > 0 &&
        (task->flags & (SOPOOL_IDEMPOTENT | SOPOOL_PURE)) == 0)
        return error_set(err, SOPOOL_E_USAGE,
                         "%s may not be retried: it is declared neither "
                         "IDEMPOTENT nor PURE",
                         task->name);
    return batch_set(batch, &settings, pool->options, err);
}

static sopool_result *make_result(struct sopool_pool *pool,
                                  const struct calls *calls, sopool_error *err)
{
    sopool_result *result;
    uint32_t task;

    if (calls->count > UINT32_MAX - 1) {
        (void)error_set(err, SOPOOL_E_USAGE,
                        "a map takes up to 4294967294 inputs; use imap");
        return NULL;
    }
    if (pool_task(pool, calls->task, &task, err) != 0)
        return NULL;
    result = result_new(pool, task, (uint32_t)calls->count, calls->many, err);
    if (result == NULL)
        return NULL;
    if (set_how(pool, &result->batch, calls, err) == 0 &&
        add_calls(pool, &result->batch, calls, err) == 0)
        return result;
    result_unref(result);
    return NULL;
}

/* ---- results ----------------------------------------------------------- */

static int add_callbacks(struct sopool_pool *pool, sopool_result *result,
                         const sopool_call_options *options, sopool_error *err)
{
    if (options->callback == NULL && options->error_callback == NULL)
        return 0;
    if (options->callback != NULL &&
        result_on(result, ON_SUCCESS, options->callback, options->ctx, err) !=
            0)
        return -1;
    if (options->error_callback != NULL &&
        result_on(result, ON_FAILURE, options->error_callback, options->ctx,
                  err) != 0)
        return -1;
    return callbacks_start(pool, err);
}

/* The pool was entered. */
static sopool_result *submit(struct sopool_pool *pool, struct calls *calls,
                             sopool_error *err)
{
    sopool_result *result;
    int status;

    if (calls->options == NULL)
        calls->options = &no_options;
    result = make_result(pool, calls, err);
    if (result == NULL)
        return NULL;
    pthread_mutex_lock(&pool->lock);
    status = add_callbacks(pool, result, calls->options, err);
    if (status == 0)
        status = result_submit(result, err);
    pthread_mutex_unlock(&pool->lock);
    if (status == 0)
        return result;
    result_unref(result);
    return NULL;
}

/* Is this the type that the task has there? */
static int check_type(const char *task, const char *what, int type, int is,
                      sopool_error *err)
{
    if (type == is)
        return 0;
    return error_set(err, SOPOOL_E_ARGS, "%s %s %s, not %s", task, what,
                     sopool_type_name(is), sopool_type_name(type));
}

/* Does the task take and give one number, of these types? */
static int check_numbers(sopool_pool *pool, const char *task, int type,
                         int out_type, sopool_error *err)
{
    const struct signature *s;
    uint32_t index;

    if (pool_task(pool, task, &index, err) != 0)
        return -1;
    s = &pool->catalog->signature[index];
    if (s->words != 1)
        return error_set(err, SOPOOL_E_ARGS,
                         "%s does not take one number and give one, as a map "
                         "of numbers needs: %s",
                         task, pool->catalog->task[index].signature);
    if (check_type(task, "takes", type, s->param[0].type, err) != 0)
        return -1;
    return check_type(task, "gives", out_type, s->result, err);
}

static sopool_result *submit_async(sopool_pool *pool, struct calls *calls,
                                   sopool_error *err)
{
    sopool_result *result;

    if (pool_enter(pool, err) != 0)
        return NULL;
    result = submit(pool, calls, err);
    pool_leave(pool);
    return result;
}

/* Submits and waits until all is done. */
static sopool_result *submit_wait(sopool_pool *pool, struct calls *calls,
                                  sopool_error *err)
{
    sopool_result *result;

    if (pool_enter(pool, err) != 0)
        return NULL;
    calls->lent = true;
    result = pool_may_wait(pool, err) == 0 ? submit(pool, calls, err) : NULL;
    pool_leave(pool);
    if (result != NULL)
        (void)result_wait(result, -1, NULL);
    return result;
}

static struct calls one_call(const char *task, const sopool_args *args,
                             const sopool_call_options *options)
{
    return (struct calls){
        .task = task, .args = args, .count = 1, .options = options};
}

/* ---- one small call ---------------------------------------------------- */

static bool is_plain(const struct sopool_pool *pool,
                     const sopool_call_options *how)
{
    const sopool_options *options = pool->options;

    return options->timeout_ns == 0 && options->retries == 0 &&
           (how == NULL ||
            (how->timeout_ms <= 0 && how->retries <= 0 && how->priority == 0 &&
             how->callback == NULL && how->error_callback == NULL));
}

/* The arguments as numbers, if the task takes such and they are. */
static bool put_words(struct sopool_pool *pool, const sopool_args *args,
                      struct single *out)
{
    const struct signature *s = &pool->catalog->signature[out->task];

    if (s->words == 0 || args->cbor != NULL || args->count != s->words)
        return false;
    for (uint32_t i = 0; i < s->words; i++) {
        uint64_t word;

        if (!number_of_arg(&args->items[i], s->param[i].type, &word))
            return false;
        memcpy(out->args + i * sizeof(word), &word, sizeof(word));
    }
    out->words = s->words;
    out->size = s->words * sizeof(uint64_t);
    return true;
}

static bool put_list(const sopool_args *args, struct single *out)
{
    sopool_writer w = sopool_writer_of(out->args + sizeof(uint32_t),
                                       sizeof(out->args) - sizeof(uint32_t));
    uint32_t size;

    if (args_payload(args) > SINGLE_ARGS || args_put(args, &w, NULL) != 0 ||
        w.failed)
        return false;
    size = (uint32_t)w.size;
    memcpy(out->args, &size, sizeof(size));
    out->words = 0;
    out->size = sizeof(size) + w.size;
    return true;
}

/* Makes a single of a call that needs nothing special: 1; 0 when it is to go
 * the way of all others, which also tells what is wrong with it. */
static COUNTED int make_single(struct sopool_pool *pool, const char *task,
                               const sopool_args *args,
                               const sopool_call_options *how,
                               struct single *out)
{
    return is_plain(pool, how) &&
           pool_task(pool, task, &out->task, NULL) == 0 &&
           (put_words(pool, args, out) || put_list(args, out));
}

/* Submits without the lock if the dispatcher is at work. */
static int send_single(struct sopool_pool *pool, sopool_result *result,
                       sopool_error *err)
{
    int status = 0;

    if (pool_is_open(pool) && !atomic_load(&pool->mixed)) {
        queue_send(pool, &result->batch);
        if (atomic_load(&pool->asleep) != DISPATCHER_ASLEEP)
            return 0;
        pool_step_in();
        pthread_mutex_lock(&pool->lock);
        pool_fed_asleep(pool);
    } else {
        pool_step_in();
        pthread_mutex_lock(&pool->lock);
        status = pool_submit(pool, &result->batch, err);
    }
    pthread_mutex_unlock(&pool->lock);
    pool_step_out();
    return status;
}

static sopool_result *submit_single(struct sopool_pool *pool,
                                    const struct single *single,
                                    sopool_error *err)
{
    sopool_result *result = result_new_single(pool, single, err);

    if (result == NULL || send_single(pool, result, err) == 0)
        return result;
    result_unref(result);
    result_unref(result); /* the call's */
    return NULL;
}

sopool_result *sopool_apply_async(sopool_pool *pool, const char *task,
                                  sopool_args args,
                                  const sopool_call_options *options,
                                  sopool_error *err)
{
    struct single single;
    struct calls calls;
    sopool_result *result;

    if (pool_enter_briefly(pool, err) != 0)
        return NULL;
    if (make_single(pool, task, &args, options, &single) == 1) {
        result = submit_single(pool, &single, err);
        pool_leave_briefly();
        return result;
    }
    pool_leave_briefly();
    calls = one_call(task, &args, options);
    return submit_async(pool, &calls, err);
}

/* Runs a single that lives on this thread's stack. The pool was entered. */
static sopool_value *run_single(struct sopool_pool *pool,
                                const struct single *single, sopool_error *err)
{
    _Alignas(sopool_result) uint8_t room[sizeof(sopool_result) + SINGLE_ARGS];
    sopool_result *result = (sopool_result *)(void *)room;
    sopool_value *value = NULL;

    memcpy(result->args, single->args, single->size);
    result_init_local(result, pool, single->task, single->words);
    if (result_run(result, err) == 0) {
        value = result_get(result, err);
        batch_finish(&result->batch);
    }
    return value;
}

/* ---- one call ---------------------------------------------------------- */

sopool_value *sopool_apply_with(sopool_pool *pool, const char *task,
                                sopool_args args,
                                const sopool_call_options *options,
                                sopool_error *err)
{
    struct calls calls;
    sopool_value *value = NULL;
    sopool_result *result;
    struct single single;

    if (pool_enter(pool, err) != 0)
        return NULL;
    if (make_single(pool, task, &args, options, &single) == 1) {
        if (pool_may_wait(pool, err) == 0)
            value = run_single(pool, &single, err);
        pool_leave(pool);
        return value;
    }
    if (is_plain(pool, options) && pool_may_wait(pool, NULL) == 0 &&
        pool_task(pool, task, &single.task, NULL) == 0 &&
        warm_apply(pool, single.task, &args, &value, err) == 1) {
        pool_leave(pool);
        return value;
    }
    pool_leave(pool);
    calls = one_call(task, &args, options);
    result = submit_wait(pool, &calls, err);
    if (result == NULL)
        return NULL;
    value = result_get(result, err);
    sopool_result_free(result);
    return value;
}

sopool_value *sopool_apply(sopool_pool *pool, const char *task,
                           sopool_args args, sopool_error *err)
{
    return sopool_apply_with(pool, task, args, NULL, err);
}

/* ---- many calls -------------------------------------------------------- */

static struct calls many(const char *task, const sopool_arg *items,
                         const sopool_args *args, size_t count,
                         const sopool_call_options *options)
{
    return (struct calls){.task = task,
                          .items = items,
                          .args = args,
                          .count = count,
                          .many = true,
                          .options = options};
}

sopool_result *sopool_map_async(sopool_pool *pool, const char *task,
                                const sopool_arg *inputs, size_t count,
                                const sopool_call_options *options,
                                sopool_error *err)
{
    struct calls calls = many(task, inputs, NULL, count, options);

    return submit_async(pool, &calls, err);
}

sopool_result *sopool_starmap_async(sopool_pool *pool, const char *task,
                                    const sopool_args *inputs, size_t count,
                                    const sopool_call_options *options,
                                    sopool_error *err)
{
    struct calls calls = many(task, NULL, inputs, count, options);

    return submit_async(pool, &calls, err);
}

sopool_result *sopool_map(sopool_pool *pool, const char *task,
                          const sopool_arg *inputs, size_t count,
                          const sopool_call_options *options, sopool_error *err)
{
    struct calls calls = many(task, inputs, NULL, count, options);

    return submit_wait(pool, &calls, err);
}

sopool_result *sopool_starmap(sopool_pool *pool, const char *task,
                              const sopool_args *inputs, size_t count,
                              const sopool_call_options *options,
                              sopool_error *err)
{
    struct calls calls = many(task, NULL, inputs, count, options);

    return submit_wait(pool, &calls, err);
}

int sopool_map_numbers(sopool_pool *pool, const char *task, int type,
                       const void *inputs, int out_type, void *out,
                       size_t count, const sopool_call_options *options,
                       sopool_error *err)
{
    struct calls calls = many(task, NULL, NULL, count, options);
    sopool_result *result;
    int status = -1;

    calls.words = inputs;
    calls.out = out;
    if (pool_enter(pool, err) != 0)
        return -1;
    status = check_numbers(pool, task, type, out_type, err);
    pool_leave(pool);
    if (status != 0 || (result = submit_wait(pool, &calls, err)) == NULL)
        return -1;
    if (result_failures(result) > 0) {
        result_failure(result, err);
        status = -1;
    }
    sopool_result_free(result);
    return status;
}
