/* fuzz.c - see fuzz.h. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "growing.h"
#include "session.h"

/* Calls under way; and, to make one simpler, how long at most, and how long a
 * call may hang then. */
enum { WINDOW = 64, SHRINK_MS = 20000, HANG_MS = 1000 };

/* A call that is under way. */
struct slot {
    struct choices choices;
    sopool_result *result; /* NULL: none */
};

struct run {
    struct fuzz *fuzz;
    sopool_pool *pool;
    unsigned short random[3];
    int64_t end_ms;
    struct slot slot[WINDOW];
};

static int64_t now_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- a call ------------------------------------------------------------ */

/* A task may refuse its arguments; its worker must live. */
static bool is_break(const sopool_error *err)
{
    switch (err->code) {
    case SOPOOL_E_DIED:
    case SOPOOL_E_TIMEOUT:
    case SOPOOL_E_RESULT:
    case SOPOOL_E_PROTOCOL:
        return true;
    default:
        return false;
    }
}

/* Can no call be made any more? */
static bool is_end(const sopool_error *err)
{
    return err->code == SOPOOL_E_BROKEN || err->code == SOPOOL_E_CLOSED;
}

static bool is_same(const sopool_error *a, const sopool_error *b)
{
    return a->code == b->code && a->signal == b->signal &&
           a->exit_status == b->exit_status;
}

static sopool_writer arguments(const struct fuzz *fuzz,
                               const struct choices *choices)
{
    sopool_writer out = growing_writer();

    invent(choices, fuzz->task, &fuzz->known, &out);
    return out;
}

/* Mostly few choices, now and then very many. */
static void make_choices(struct run *run, struct choices *choices)
{
    unsigned bits = 2 + (unsigned)nrand48(run->random) % 9;

    choices->size = (size_t)nrand48(run->random) % ((1U << bits) + 1);
    if (choices->size > CHOICES_MOST)
        choices->size = CHOICES_MOST;
    for (size_t i = 0; i < choices->size; i++)
        choices->byte[i] = (uint8_t)(nrand48(run->random) >> 8);
}

static int submit(struct run *run, struct slot *slot, sopool_error *err)
{
    sopool_writer args;

    make_choices(run, &slot->choices);
    args = arguments(run->fuzz, &slot->choices);
    slot->result =
        sopool_apply_async(run->pool, run->fuzz->task->name,
                           sopool_args_cbor(args.data, args.size), NULL, err);
    free(args.data);
    run->fuzz->calls += slot->result != NULL;
    return slot->result != NULL ? 0 : -1;
}

/* Waits for a call. Whether it broke its worker. */
static bool take(struct slot *slot, sopool_error *err)
{
    sopool_value *value = sopool_result_get(slot->result, -1, err);

    sopool_result_free(slot->result);
    slot->result = NULL;
    sopool_value_free(value);
    if (value != NULL)
        err->code = SOPOOL_E_NONE;
    return value == NULL && is_break(err);
}

/* ---- looking for a break ----------------------------------------------- */

/* The choices of a call that breaks its worker; NULL: none was found, or (with
 * an error) no calls can be made. */
static const struct choices *search(struct run *run, sopool_error *err)
{
    const struct choices *found = NULL;

    *err = (sopool_error){0};
    for (size_t i = 0; i < WINDOW && !is_end(err); i++)
        (void)submit(run, &run->slot[i], err);
    for (size_t i = 0; found == NULL && !is_end(err); i = (i + 1) % WINDOW) {
        struct slot *slot = &run->slot[i];

        if (slot->result != NULL && take(slot, err))
            found = &slot->choices;
        else if (now_ms() >= run->end_ms || session_ending())
            break;
        else if (!is_end(err))
            (void)submit(run, slot, err);
    }
    return found;
}

static void drop_all(struct run *run)
{
    for (size_t i = 0; i < WINDOW; i++)
        sopool_result_free(run->slot[i].result);
}

/* ---- making it simpler ------------------------------------------------- */

struct shrinking {
    struct run *run;
    const sopool_error *as; /* how the call breaks its worker */
    struct choices best;
    sopool_writer args; /* that they make; owned */
};

/* Are these arguments simpler? Shorter ones are; numbers too are longer the
 * larger they are. */
static int compare(const sopool_writer *a, const sopool_writer *b)
{
    if (a->size != b->size)
        return a->size < b->size ? -1 : 1;
    return memcmp(a->data, b->data, a->size);
}

static bool breaks(const struct shrinking *s, const sopool_writer *args)
{
    sopool_call_options options = {0};
    sopool_value *value;
    sopool_error err = {0};
    bool same;

    if (s->as->code == SOPOOL_E_TIMEOUT)
        options.timeout_ms = HANG_MS;
    value = sopool_apply_with(s->run->pool, s->run->fuzz->task->name,
                              sopool_args_cbor(args->data, args->size),
                              &options, &err);
    same = value == NULL && is_same(&err, s->as);
    sopool_value_free(value);
    return same;
}

/* Do these choices make simpler arguments, or the same in fewer choices, that
 * break the worker in the same way? Then they are the best so far. */
static bool improve(struct shrinking *s, const struct choices *choices)
{
    sopool_writer args = arguments(s->run->fuzz, choices);
    int order = compare(&args, &s->args);

    if (order > 0 || (order == 0 && choices->size >= s->best.size) ||
        (order < 0 && !breaks(s, &args))) {
        free(args.data);
        return false;
    }
    s->best = *choices;
    free(s->args.data);
    s->args = args;
    return true;
}

static bool is_over(const struct shrinking *s)
{
    return now_ms() >= s->run->end_ms || session_ending();
}

/* Without spans of that many choices. */
static bool cut_spans(struct shrinking *s, size_t span)
{
    bool any = false;
    size_t at = 0;

    while (at + span <= s->best.size && !is_over(s)) {
        struct choices less = s->best;

        less.size -= span;
        memmove(less.byte + at, less.byte + at + span, less.size - at);
        if (improve(s, &less))
            any = true;
        else
            at += span;
    }
    return any;
}

/* With a choice as small as it can be. */
static bool lower(struct shrinking *s, size_t at)
{
    bool any = false;
    unsigned least = 0; /* it is not known to break with less */

    while (at < s->best.size && s->best.byte[at] > least && !is_over(s)) {
        struct choices less = s->best;

        less.byte[at] = (uint8_t)(least + (less.byte[at] - least) / 2);
        if (improve(s, &less))
            any = true;
        else
            least = less.byte[at] + 1U;
    }
    return any;
}

/* With a choice that was a short way to something long spelled out: a number
 * by its bytes, a text by its characters. */
static bool spell_out(struct shrinking *s, size_t at)
{
    enum { FIRST = 3, MORE = 4 };

    for (unsigned i = 0; i < FIRST * MORE && !is_over(s); i++) {
        struct choices longer = s->best;
        size_t more = i / FIRST;

        if (longer.size + more > CHOICES_MOST)
            break;
        memmove(longer.byte + at + more, longer.byte + at, longer.size - at);
        memset(longer.byte + at, UINT8_MAX, more);
        longer.size += more;
        longer.byte[at] = (uint8_t)(i % FIRST);
        if (improve(s, &longer))
            return true;
    }
    return false;
}

static void shrink(struct shrinking *s)
{
    bool any = true;

    while (any && !is_over(s)) {
        any = false;
        for (size_t span = CHOICES_MOST / 2; span > 0; span /= 2)
            any |= cut_spans(s, span);
        for (size_t at = 0; at < s->best.size; at++)
            any |= lower(s, at);
        for (size_t at = 0; at < s->best.size; at++)
            any |= spell_out(s, at);
    }
}

/* ---- the whole --------------------------------------------------------- */

/* The call once more, alone: what it breaks then is its own doing. */
static void confirm(struct fuzz *fuzz, const sopool_writer *args,
                    const sopool_error *as)
{
    tryout_run(fuzz->tryout, fuzz->task->name, NULL,
               sopool_args_cbor(args->data, args->size), &fuzz->trial);
    fuzz->broke = true;
    fuzz->alone = fuzz->trial.value == NULL && is_break(&fuzz->trial.err);
    if (!fuzz->alone)
        fuzz->trial.err = *as;
    fuzz->args = args->data;
    fuzz->size = args->size;
}

/* The pool has calls that nobody waits for, and its watcher may have seen what
 * came of them. */
static void end_at_once(struct run *run)
{
    sopool_terminate(run->pool);
    session_finish(run->pool);
    run->pool = NULL;
    free(watcher_report(&run->fuzz->tryout->watcher));
}

static int begin(struct run *run, const char *processes, int64_t ms,
                 sopool_error *err)
{
    run->pool = tryout_pool(run->fuzz->tryout, run->fuzz->task->name, processes,
                            NULL, err);
    run->end_ms = now_ms() + ms;
    return run->pool != NULL ? 0 : -1;
}

static void settle(struct run *run, const struct choices *found,
                   const sopool_error *as)
{
    struct shrinking s = {.run = run, .as = as, .best = *found};
    sopool_error err;

    s.args = arguments(run->fuzz, found);
    end_at_once(run);
    if (begin(run, "1", SHRINK_MS, &err) == 0) {
        shrink(&s);
        end_at_once(run);
    }
    confirm(run->fuzz, &s.args, as);
}

/* What workers found that no call is known by, such as leaks. */
static void end_pool(struct run *run)
{
    const struct watcher *watcher = &run->fuzz->tryout->watcher;

    if (run->pool == NULL)
        return;
    session_finish(run->pool);
    if (watcher_looks(watcher))
        run->fuzz->trial.report = watcher_report(watcher);
}

static int run_all(struct run *run, sopool_error *err)
{
    const struct choices *found = NULL;

    if (begin(run, NULL, run->fuzz->ms, err) != 0)
        return -1;
    found = search(run, err);
    drop_all(run);
    if (session_ending())
        session_await_end();
    if (found != NULL)
        settle(run, found, err);
    end_pool(run);
    return found == NULL && is_end(err) ? -1 : 0;
}

int fuzz_run(struct fuzz *fuzz, sopool_error *err)
{
    struct run *run = calloc(1, sizeof(*run));
    int status;

    if (run == NULL) {
        *err =
            (sopool_error){.code = SOPOOL_E_NOMEM, .message = "out of memory"};
        return -1;
    }
    run->fuzz = fuzz;
    memcpy(run->random, &fuzz->seed, sizeof(run->random));
    status = run_all(run, err);
    free(run);
    return status;
}

void fuzz_finish(struct fuzz *fuzz)
{
    free(fuzz->args);
    trial_finish(&fuzz->trial);
}
