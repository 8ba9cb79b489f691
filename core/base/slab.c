/* slab.c - see slab.h. */
#include "base/slab.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/forks.h"
#include "base/sanitized.h"
#include "base/tls.h"

#if SANITIZED_ADDRESS
#include <sanitizer/asan_interface.h>
#define POISON(at, size) ASAN_POISON_MEMORY_REGION(at, size)
#define UNPOISON(at, size) ASAN_UNPOISON_MEMORY_REGION(at, size)
#else
#define POISON(at, size) ((void)(at), (void)(size))
#define UNPOISON(at, size) ((void)(at), (void)(size))
#endif

struct slab {
    struct slab *next; /* the spare ones' list */
    void *owner;
    void (*release)(void *owner);
    uint32_t used;       /* bytes given out */
    uint32_t given;      /* objects given out */
    atomic_uint missing; /* OPEN and objects freed; all of them once closed */
    _Alignas(16) uint8_t data[];
};

/* In front of each object; its size is for the sanitizer. */
struct head {
    struct slab *slab;
};

enum { ROOM = SLAB_SIZE - sizeof(struct slab) };

/* Most slabs that are kept to be used again, 128 MiB: a kernel that clears new
 * memory page by page takes longer than all else that is done for a call. */
enum { SPARES = 8192 };

/* While a slab is open nobody but its thread knows how many objects it has;
 * so it counts down from this, and what is too much is taken off at the end. */
#define OPEN (1u << 30)

static _Thread_local struct slab *open_slab[SLAB_KINDS] FAST_TLS;

/* Slabs to be used again: in runs of those that went one after the other. The
 * last run is used first, because it may be in a cache still, but in itself
 * from its beginning: mostly its memory lies in that order, and a processor
 * fetches ahead what comes next, not what came before. */
enum { RUN = 32 };

static pthread_mutex_t spares_lock = PTHREAD_MUTEX_INITIALIZER;
static struct slab *spares;               /* runs, the last one first */
static struct slab *run_first, *run_last; /* the run that is not full */
static unsigned run_count;
static unsigned spare_count;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t thread_end;

static void end_run(void)
{
    run_last->next = spares;
    spares = run_first;
    run_count = 0;
}

static void keep(struct slab *slab)
{
    slab->next = NULL;
    if (run_count == 0)
        run_first = slab;
    else
        run_last->next = slab;
    run_last = slab;
    spare_count++;
    if (++run_count == RUN)
        end_run();
}

static struct slab *take_spare(void)
{
    struct slab *slab;

    pthread_mutex_lock(&spares_lock);
    if (run_count > 0)
        end_run();
    slab = spares;
    if (slab != NULL) {
        spares = slab->next;
        spare_count--;
    }
    pthread_mutex_unlock(&spares_lock);
    return slab;
}

static void destroy(struct slab *slab)
{
    if (slab->release != NULL)
        slab->release(slab->owner);
    UNPOISON(slab->data, ROOM);
    pthread_mutex_lock(&spares_lock);
    if (spare_count < SPARES) {
        keep(slab);
        slab = NULL;
    }
    pthread_mutex_unlock(&spares_lock);
    free(slab);
}

/* Takes that many off what is missing; the last one destroys. */
static void count_down(struct slab *slab, uint32_t by)
{
    if (atomic_fetch_sub_explicit(&slab->missing, by, memory_order_acq_rel) ==
        by)
        destroy(slab);
}

static void close_slab(struct slab *slab)
{
    if (slab != NULL)
        count_down(slab, OPEN - slab->given);
}

static void close_all(void *slabs)
{
    struct slab **open = slabs;

    for (int i = 0; i < SLAB_KINDS; i++) {
        close_slab(open[i]);
        open[i] = NULL;
    }
}

static void init_once(void)
{
    (void)pthread_key_create(&thread_end, close_all);
}

static struct slab *open_new(const struct slab_kind *kind, void *owner)
{
    struct slab *slab = take_spare();

    if (slab == NULL)
        slab = malloc(SLAB_SIZE);
    if (slab == NULL)
        return NULL;
    slab->owner = owner;
    slab->release = kind->release;
    slab->used = slab->given = 0;
    atomic_init(&slab->missing, OPEN);
    POISON(slab->data, ROOM);
    if (kind->hold != NULL)
        kind->hold(owner);
    (void)pthread_once(&once, init_once);
    (void)pthread_setspecific(thread_end, open_slab);
    return slab;
}

/* Begins an open slab anew if all its objects have been freed. */
static bool rewind_slab(struct slab *slab)
{
    if (atomic_load_explicit(&slab->missing, memory_order_acquire) !=
        OPEN - slab->given)
        return false;
    slab->used = slab->given = 0;
    atomic_store_explicit(&slab->missing, OPEN, memory_order_relaxed);
    return true;
}

/* There is room for it and its head. */
static inline void *cut(struct slab *slab, size_t size)
{
    struct head *head = (struct head *)(void *)(slab->data + slab->used);

    UNPOISON(head, size);
    head->slab = slab;
    slab->used += (uint32_t)size;
    slab->given++;
    return head + 1;
}

/* When the open slab is full, or another owner's. By itself, so that the usual
 * way keeps no registers for it. */
static __attribute__((noinline)) void *cut_another(const struct slab_kind *kind,
                                                   void *owner, size_t size)
{
    struct slab **open = &open_slab[kind->number];
    struct slab *slab = *open;

    if (slab == NULL || slab->owner != owner || !rewind_slab(slab)) {
        close_slab(slab);
        *open = slab = open_new(kind, owner);
    }
    return slab != NULL ? cut(slab, size) : NULL;
}

void *slab_alloc(const struct slab_kind *kind, void *owner, size_t size)
{
    struct slab *slab = open_slab[kind->number];

    size = (size + sizeof(struct head) + 7) & ~(size_t)7;
    if (slab != NULL && slab->owner == owner && slab->used + size <= ROOM)
        return cut(slab, size);
    return cut_another(kind, owner, size);
}

void slab_free(void *object)
{
    struct head *head = (struct head *)object - 1;
    struct slab *slab = head->slab;

    POISON(object, sizeof(void *));
    count_down(slab, 1);
}

void slab_trim(void)
{
    struct slab *slab;

    while ((slab = take_spare()) != NULL)
        free(slab);
}

void slab_close(const struct slab_kind *kind, const void *owner)
{
    struct slab **open = &open_slab[kind->number];

    if (*open == NULL || (*open)->owner != owner)
        return;
    close_slab(*open);
    *open = NULL;
}

FORKS_WAIT_FOR(spares_lock)
