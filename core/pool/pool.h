/* pool.h - the pool inside: what the files of this folder share.
 *
 * One lock guards everything here. Threads that submit put ranges in the queue
 * and fill workers themselves (feed.c); the dispatcher thread (dispatch.c)
 * reads results, starts and buries workers and keeps time. It sleeps in epoll
 * when there is nothing to do. Callbacks have a thread of their own.
 *
 *   pool.c       making a pool
 *   ending.c     close, terminate, stop, join, destroy
 *   guard.c      who may come in: not after fork, not in a signal handler
 *   queue.c      the calls that no worker has
 *   handed.c     the calls that a worker has
 *   cancel.c     taking calls back, and ending those that run
 *   member.c     one worker as the pool sees it: start, messages, results
 *   stopped.c    workers that a signal has stopped
 *   obituary.c   a worker's death: what becomes of the calls that it had
 *   cause.c      how it ended, in words
 *   buffers.c    which worker has which buffers of the program
 *   bundle.c     what is kept of it for later
 *   feed.c       which worker gets which calls
 *   crowd.c      how many workers are enough
 *   warm.c       large data in memory that is used again
 *   watch.c      results that the thread looks for that waits for them
 *   server.c     the forkserver
 *   dispatch.c   the thread
 *   settle.c     outcomes of calls
 *   stats.c      what was counted
 *   workers.c    what the workers do now
 *   status.c     being looked at by others: see status.h
 *   submit.c     how programs submit calls: apply, map and their like
 *   result.c     what they get for it
 *   wait.c       waiting for results
 *   callback.c   the thread that calls programs back; event loops
 *   stream.c  imap.c   any number of calls, lazily
 */
#ifndef SOPOOL_POOL_POOL_H
#define SOPOOL_POOL_POOL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/counted.h"
#include "base/tls.h"
#include "channel/channel.h"
#include "plugin/catalog.h"
#include "pool/batch.h"
#include "pool/callback.h"
#include "pool/logger.h"
#include "pool/options.h"
#include "sopool.h"
#include "value/buffer.h"
#include "worker/launch.h"

enum {
    MEMBER_BIGS = 64,   /* memory files of a worker not fetched yet */
    START_FAILURES = 5, /* in a row, before the pool is broken */
    START_SECONDS = 60, /* to get ready, the initializer aside */
    RANGE_NS = 300000,  /* work that should wait in a range */
    BRIEF_NS = 100000, /* calls that more workers would not help: see crowd.c */
    RANGE_ITEMS = 4096, /* most calls of one */
    DEPTH = 6,          /* ranges that wait in a worker */
    DEPTH_EASY = 3,     /* so many, and nobody need look at it soon */
    DEPTH_MOST = 48,    /* the same, of single short calls */
    LONG_NS = 5000000,  /* a call that takes longer has none waiting behind */
    LATE_MS = 5,        /* short calls, when nothing came back for so long */
    LOOK_MS = 1000,     /* between looks at workers that say nothing */
    CLOSED_MS = 100,    /* an idle worker may live without its socket */
};

struct sopool_pool;

/* What an epoll event is about; first member of what it is in. */
enum watch_kind {
    WATCH_WAKE,
    WATCH_CONTROL,
    WATCH_EXIT,
    WATCH_SERVER,
    WATCH_STATUS,
};

struct watch {
    enum watch_kind kind;
    void *owner;
};

enum member_state {
    MEMBER_STARTING, /* not ready for calls */
    MEMBER_READY,
    MEMBER_ENDING, /* told to end once it has done what it has */
    MEMBER_LOST,   /* a thread that is past its time; nothing of it counts */
    MEMBER_DEAD,   /* ended, and its calls are settled; about to be freed */
};

/* What a worker has, by the slot of its range: see handed.c. */
struct handed {
    struct range *singles; /* those not answered, or NULL and: */
    struct batch *batch;   /* may be gone once all of the range is answered */
    uint32_t first;
    uint32_t task;
    uint32_t level;
    bool slow; /* may take long */
    int64_t timeout_ns;
    int64_t at; /* when, if the pool keeps such times */
};

struct big_result {
    uint64_t seq;
    int32_t index; /* of the item in its range */
    int fd;
};

/* Memory for large data that a worker has, too: arguments, then results. */
struct warm_memory {
    uint8_t *at; /* owned mapping of both halves, or NULL */
    size_t half; /* bytes of each */
    uint64_t serial;
    size_t want; /* a result would have needed so much */
    bool used;   /* by a call, which keeps the member in memory */
};

/* A buffer that a worker keeps. */
struct lent_buffer {
    const sopool_buffer *buffer; /* known, not used; or NULL */
    uint64_t used;               /* when, by the worker's count */
};

/* What a worker has done since it was looked at how long it had run. */
struct sample {
    int64_t used_ns;  /* which was so long; 0 or -1: not known */
    uint64_t busy_ns; /* in calls */
    uint32_t task;    /* of that one, unless */
    bool mixed;
};

struct member {
    struct member *next; /* the pool's list */
    struct sopool_pool *pool;
    uint64_t id;
    int64_t born; /* when it was made */
    enum member_state state;
    struct parent_end end;
    struct handed handed[CHANNEL_SLOTS];
    struct watch on_control, on_exit;
    int control; /* the pool's end; -1 once closed */
    int pidfd;   /* -1: a thread, or not forked yet */
    pid_t pid;
    bool was_ready;    /* it has said so */
    bool closed;       /* its end of the control socket is */
    bool killed;       /* or to be, once its pidfd is known */
    bool gone;         /* the process or thread has ended */
    bool status_known; /* wait_status is */
    int wait_status;
    bool usage_known; /* of the whole worker: */
    uint32_t usage_kib, usage_ms;
    int ended_by;      /* a sopool_ender, once the pool has acted */
    bool broke;        /* the protocol: nothing in its channel counts */
    const char *why;   /* the pool ended it, or NULL */
    uint32_t inflight; /* ranges sent, not answered in full, not taken back */
    uint32_t slow;     /* of these, such as may take long */
    uint64_t moved;    /* results read, when there were last more: */
    int64_t moved_at;
    int64_t answered_at; /* when it gave results last; only if timing */
    int64_t asked_at;    /* when it was asked what it does */
    bool late;           /* and that is long ago */
    struct sample sample;
    bool fed;          /* was sent something since it was last woken */
    bool rings;        /* it was asked to ring when there are results */
    uint32_t watchers; /* threads that look at its channel: see wait.c */
    uint64_t budget;   /* calls that it may still be sent */
    bool last;         /* it was sent its last ones, and ends after them */
    enum phase phase;  /* what it says it is doing while it starts */
    size_t phase_plugin;
    uint64_t looked_at; /* results read when it was looked at last */
    bool stopped;       /* by a signal, and ended for that */
    bool surplus;       /* to be ended, because the pool got smaller */
    int64_t limit_at;   /* when the start is over time, or the running call */
    int64_t limit_ns;   /* the time limit of that call */
    uint64_t timed_seq; /* the call that limit_at is for */
    uint32_t timed_index;
    int64_t timed_seen; /* when it was first seen to run */
    struct warm_memory warm;
    struct lent_buffer lent[CHANNEL_PLACES];
    uint64_t lent_uses; /* counted */
    struct big_result big[MEMBER_BIGS];
    uint32_t big_count;
    bool reading; /* a result, which is not known to be answered yet */
    bool leaving; /* it said so meanwhile */
};

struct server {
    struct watch on_control;
    int control; /* -1: none */
    int pidfd;
    pid_t pid;
    bool ready;
    enum phase phase;
    size_t phase_plugin;
    int64_t limit_at;
};

/* What the dispatcher does. */
enum dispatcher_sleep {
    DISPATCHER_AWAKE,
    DISPATCHER_ASLEEP, /* is about to wait, or waits, or is no more: who submits
                          feeds the workers */
    DISPATCHER_EASY,   /* waits until a worker has little to run: they have
                          enough, and who submits need do nothing */
};

enum pool_state { POOL_OPEN, POOL_CLOSED, POOL_TERMINATED };

/* Calls that no worker has: a list for each priority, the highest first. */
enum { QUEUE_LEVELS = SOPOOL_PRIORITY_MAX - SOPOOL_PRIORITY_MIN + 1 };

struct queue {
    struct range *first[QUEUE_LEVELS], *last[QUEUE_LEVELS];
    uint32_t filled; /* a bit for each level that has some */
    uint64_t calls;
};

/* What is known of a task. */
struct task_record {
    uint64_t each_ns; /* how long a call takes, lately; 0: not known */
    uint64_t last_ns; /* and how long by the last range alone */
    uint32_t waits;   /* how much of that without a processor: see crowd.c */
    sopool_task_stats stats;
};

struct sopool_pool {
    pthread_mutex_t lock;
    _Atomic(struct range *) inbox; /* see queue.c; needs no lock */
    pthread_cond_t changed;        /* a worker is ready; broken; finished; or no
                                      callback runs any more */
    atomic_uint refs;              /* who still uses this memory: see guard.c */
    unsigned process;              /* in which it was opened: see guard.c */
    sopool_options *options;
    sopool_catalog *catalog;
    struct worker_setup setup;
    struct logger *logger; /* NULL with threads */
    uint32_t processes;
    uint32_t cpus; /* that it may use */

    /* These three are also set in signal handlers. */
    atomic_int state;         /* an enum pool_state */
    atomic_bool cancel_rest;  /* what has not begun is not to begin */
    atomic_bool stop_running; /* what runs should end early */
    bool cancelled, stopped;  /* the dispatcher has seen to these */
    atomic_bool finished; /* all workers are gone, and the dispatcher ends */
    atomic_bool broken;   /* no worker can be had; `trouble` says why */
    sopool_error trouble;

    struct queue queue;
    bool timed;        /* some call has had a time limit */
    atomic_bool mixed; /* or a priority */
    struct member *members;
    struct member *buried; /* to be freed after the events at hand */
    uint32_t ready;        /* members that are */
    bool timing;           /* when workers get calls is to be known */
    int64_t opened_at;
    struct status *status; /* owned; NULL: it cannot be looked at */
    bool sets_up;          /* workers run load hooks or an initializer first */
    uint64_t next_id;
    uint64_t reset_id; /* workers before this one started before a reset */
    uint32_t start_failures; /* in a row */
    int64_t start_after;     /* not before this time */
    int64_t look_at;         /* when workers are looked at; 0: no need */
    int64_t give_up_at;      /* on threads that do not end; 0: not yet */
    struct server server;
    struct task_record *task; /* by id */
    atomic_uint last_task;    /* that was looked up; a hint */
    struct callbacks callbacks;
    sopool_stream *streams; /* that are open */

    pthread_t dispatcher;
    int epoll;
    int wake; /* an eventfd, for the dispatcher */
    struct watch on_wake;
    struct buffer_watcher on_buffer; /* in use once `gone` is set */
    atomic_bool buffer_gone;         /* some buffer is */
    atomic_int asleep;               /* an enum dispatcher_sleep */
    uint32_t busy;    /* workers with short work only, when it was fed last */
    bool late;        /* as many as there are processors are late with it */
    bool held;        /* idle workers were given none of it */
    bool look_again;  /* a worker with nothing could be given something soon */
    bool hush;        /* workers that are given something need not ring: */
    uint32_t hushed;  /* ranges that were given so */
    unsigned crashes; /* bundles made */
    uint64_t memory_kills; /* the last that was seen of cause_memory_kills */
    struct events *events; /* owned; NULL: nobody has asked for them */
    uint64_t jitter;       /* state of a small random generator */
    sopool_stats stats;
};

static inline bool dispatcher_sleeps(const struct sopool_pool *pool)
{
    return atomic_load(&pool->asleep) != DISPATCHER_AWAKE;
}

static inline enum pool_state pool_state(const struct sopool_pool *pool)
{
    return (enum pool_state)atomic_load(&pool->state);
}

/* ---- guard.c ----------------------------------------------------------- */

/* Every public function on a pool begins with pool_enter, which keeps the
 * pool's memory until pool_leave; -1 and the error if it must not go on. Not
 * locked yet. */
int pool_enter(struct sopool_pool *pool, sopool_error *err);
void pool_leave(struct sopool_pool *pool);

/* This thread is inside the library from here to there. Stepped out of for the
 * time of what belongs to the program: callbacks, input functions. */
void pool_step_in(void);
void pool_step_out(void);

/* The number of this process, and how often this thread is inside. */
extern atomic_uint pool_process;
extern _Thread_local unsigned pool_inside FAST_TLS;

/* Is this the process that opened the pool? */
static inline bool pool_is_ours(const struct sopool_pool *pool)
{
    return pool->process == atomic_load(&pool_process);
}

/* The two things that pool_enter checks, and both. */
int pool_check_ours(const struct sopool_pool *pool, sopool_error *err);
int pool_check_thread(sopool_error *err);
int pool_refuse(const struct sopool_pool *pool, sopool_error *err);

/* The same as pool_enter for what takes no lock, calls nothing in which a
 * thread can be cancelled, and has something that keeps the pool's memory. */
static inline int pool_enter_briefly(const struct sopool_pool *pool,
                                     sopool_error *err)
{
    if (!pool_is_ours(pool) || pool_inside != 0)
        return pool_refuse(pool, err);
    pool_inside++;
    atomic_signal_fence(memory_order_seq_cst);
    return 0;
}

static inline void pool_leave_briefly(void)
{
    atomic_signal_fence(memory_order_seq_cst);
    pool_inside--;
}

/* -1 with SOPOOL_E_DEADLOCK in a task that is a thread of this pool. */
int pool_may_wait(const struct sopool_pool *pool, sopool_error *err);

/* Told once in a process, before its first pool. */
void pool_guard_init(unsigned *process);

void pool_ref(struct sopool_pool *pool);

/* The last one frees. */
void pool_unref(struct sopool_pool *pool);

/* ---- pool.c ------------------------------------------------------------ */

/* Frees the memory, by pool_unref. */
void pool_free(struct sopool_pool *pool);

/* Lets go of what this thread keeps ready for results of the pool (result.c).
 */
void results_close(struct sopool_pool *pool);

/* Closes what a pool that has ended need not have open. */
void pool_close_files(struct sopool_pool *pool);

/* With the pool locked, as all below. */

/* Puts a sealed batch in the queue, or says why the pool takes none. */
int pool_queue(struct sopool_pool *pool, struct batch *batch,
               sopool_error *err);

/* The same, and feeds the workers. */
int pool_submit(struct sopool_pool *pool, struct batch *batch,
                sopool_error *err);

/* Would pool_submit take one? */
int pool_accepts(const struct sopool_pool *pool, sopool_error *err);

/* As far as is known without the lock. */
bool pool_is_open(const struct sopool_pool *pool);

/* Feeds what came while the dispatcher sleeps, and wakes it if it is needed. */
void pool_fed_asleep(struct sopool_pool *pool);

/* No worker can be had any more: all calls fail with this. */
void pool_break(struct sopool_pool *pool, const sopool_error *why);

/* Waits for a condition until the deadline: 0, or ETIMEDOUT. */
int pool_wait(struct sopool_pool *pool, pthread_cond_t *cond, int64_t deadline);

/* Wakes the dispatcher. Needs no lock. */
void pool_wake(struct sopool_pool *pool);

const char *pool_task_name(const struct sopool_pool *pool, uint32_t task);

/* The id of a task that this pool can run. Needs no lock. Mostly it is the one
 * that was asked for last; else it is looked up. */
int pool_look_up(struct sopool_pool *pool, const char *name, uint32_t *task,
                 sopool_error *err);

static inline int pool_task(struct sopool_pool *pool, const char *name,
                            uint32_t *task, sopool_error *err)
{
    *task = atomic_load_explicit(&pool->last_task, memory_order_relaxed);
    if (*task < pool->catalog->task_count &&
        strcmp(pool->catalog->task[*task].name, name) == 0)
        return 0;
    return pool_look_up(pool, name, task, err);
}

/* ---- queue.c ----------------------------------------------------------- */

/* The next range to be handed out, or NULL. */
struct range *queue_head(const struct sopool_pool *pool);

void queue_push(struct sopool_pool *pool, struct range *range);

/* Puts calls that were sent already back at the head of the queue; when there
 * is no memory for that, they fail. */
void queue_give_back(struct sopool_pool *pool, struct batch *batch,
                     uint32_t first, uint32_t count);

/* Takes the first `count` calls from the head of the queue. */
void queue_take(struct sopool_pool *pool, uint32_t count);

/* Takes that many singles, up to `last`; they stay linked. */
struct range *queue_take_singles(struct sopool_pool *pool, struct range *last,
                                 uint32_t count);

/* Puts singles that are linked back at the head of the queue, or fails them. */
void queue_give_back_singles(struct sopool_pool *pool, struct range *first);

/* Submits a single without the lock, while the dispatcher is awake. */
COUNTED void queue_send(struct sopool_pool *pool, struct batch *single);

/* What was sent so joins the queue. */
void queue_collect(struct sopool_pool *pool);

/* Fails all calls in the queue, or those of one batch. */
void queue_fail(struct sopool_pool *pool, const struct batch *batch,
                const sopool_error *why);

/* ---- handed.c ---------------------------------------------------------- */

/* The first call of a range that is not answered. */
struct batch *handed_next(const struct handed *handed,
                          const struct sent_range *range, uint32_t *index);

/* It is answered now; before it is settled. */
static inline void handed_answered(struct handed *handed)
{
    if (handed->singles != NULL)
        handed->singles = handed->singles->next;
}

/* Gives calls that were taken back to the queue: all from item `from` on, which
 * are `count`. */
void handed_give_back(struct member *m, uint64_t seq, uint32_t from,
                      uint32_t count);

/* Is a call of this batch among those not answered? */
bool handed_has(const struct handed *handed, const struct batch *batch);

/* ---- cancel.c ---------------------------------------------------------- */

/* Fails the calls of a batch that have not begun. */
void batch_cancel(struct sopool_pool *pool, struct batch *batch,
                  const sopool_error *why);

/* The same, and its owner hears no more of it. It is freed, now or when the
 * rest is done. */
void batch_abandon(struct sopool_pool *pool, struct batch *batch);

/* Takes back all that a worker has and has not begun, into the queue. */
void member_take_back(struct member *m);

/* The batch of the call that the worker runs, and which call, or NULL. Reads
 * first what it has answered, which may settle calls. */
struct batch *member_runs(struct member *m, uint32_t *index);

/* Before a batch of a higher priority is fed: gives back what waits in workers
 * and is less urgent. */
void take_back_lower(struct sopool_pool *pool, uint32_t level);

/* Raises the stop flag of the calls of a batch that run; how many they are. */
size_t batch_stop(struct sopool_pool *pool, const struct batch *batch);

/* Ends the workers that run calls of a batch; how many they are. */
size_t batch_kill(struct sopool_pool *pool, const struct batch *batch);

/* What cancel_rest and stop_running ask for. */
void cancel_as_asked(struct sopool_pool *pool);

/* ---- settle.c ---------------------------------------------------------- */

void settle_failed(struct sopool_pool *pool, struct batch *batch,
                   uint32_t index, const sopool_error *err);

/* Makes a worker's text fit to be shown: no control characters, only UTF-8. */
void settle_clean(char *text, size_t size);

/* Settles a call from its record, copying the bytes first. */
void settle_record(struct member *member, struct batch *batch, uint32_t index,
                   const struct record *record);

/* Settles the next calls of a range from results that are numbers. */
COUNTED void settle_numbers(struct member *member, struct handed *handed,
                            const struct sent_range *range,
                            const struct record *record);

/* ---- member.c ---------------------------------------------------------- */

/* Starts a worker. -1: it could not be; 1: not now, but when the forkserver has
 * answered. */
int member_start(struct sopool_pool *pool, sopool_error *err);

/* From now on it has so much time to become ready. */
void member_limit_start(struct member *member);

/* The forkserver's answer; there may have been no room for the pidfd, which is
 * -1 then. -1 and errno: its end will be seen by nobody but its forkserver. */
int member_forked(struct member *member, pid_t pid, int pidfd);

/* Its forkserver has forked it, or is about to, and has not been heard yet: it
 * may have answered already. */
bool member_is_unknown(const struct member *member);
struct member *member_by_id(struct sopool_pool *pool, uint64_t id);
struct member *member_by_pid(struct sopool_pool *pool, pid_t pid);

/* It has nothing more of a range that it was handed. */
void member_has_answered(struct member *member, const struct handed *handed);

/* Reads control messages, results, and frees slots. True if there was
 * something. */
COUNTED bool member_harvest(struct member *member);

/* The same, but lets slots be until there are some: for who waits for what is
 * read. */
bool member_read(struct member *member);
void member_read_control(struct member *member);

/* The memory file that the worker sent for that item of that range, or -1. */
int member_big(struct member *member, uint64_t seq, uint32_t index);

/* Asks the worker to wake the dispatcher when there are results, if that is not
 * done yet; true if there is something already. And takes that back. */
bool member_rings(struct member *member);
void member_hush(struct member *member);

/* Sends SIGKILL, and nothing else. */
void member_kill_process(const struct member *member);

/* Ends the worker now; a thread is given up. */
void member_kill(struct member *member, int ended_by);

/* Ends the worker if the call that it runs is this one, and no other call. */
bool member_kill_call(struct member *member, const struct batch *batch,
                      uint32_t index, int ended_by);

/* Tells it to end after what it has; takes nothing back. */
void member_end(struct member *member);

/* A worker that has nothing more to do ends: it has served its number of calls,
 * or is one too many. */
void member_retire(struct member *member);

/* Forgets a member that is no more; freed by member_free_buried. */
void member_bury(struct member *member);
void member_free_buried(struct sopool_pool *pool);

/* ---- stopped.c --------------------------------------------------------- */

/* Ends workers that are stopped in the middle of a call, if it is time to look;
 * and when that is the next time. */
void stopped_look(struct sopool_pool *pool, int64_t now);

/* What the kernel says a worker does: 'R' runs or would run, 'S' waits, and so
 * on; '\0' if it cannot be told. */
char member_process_state(const struct member *member);

/* ---- obituary.c -------------------------------------------------------- */

/* The process or thread has ended: reads what it left, and settles or gives
 * back what it had once it is known how it ended. */
void member_died(struct member *member);

/* A thread that is past its time: the same for what it has, but it lives. */
void member_lose(struct member *member);

/* ---- cause.c ----------------------------------------------------------- */

enum { SIGNAL_ROOM = 80 };

/* A signal's name and what it means. */
const char *cause_signal(int sig, char out[SIGNAL_ROOM]);

/* How a worker that has ended, or is given up, did so, as the error of the call
 * that it ran. */
void cause_describe(const struct member *member, sopool_error *err);

/* Adds to the error's message, as far as there is room. */
void cause_add(sopool_error *err, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* The stack of a worker that a signal has ended, a line for each function. */
void cause_stack(const struct member *member, int sig, FILE *file);

/* How many processes the kernel has ever killed for want of memory. */
uint64_t cause_memory_kills(void);

/* ---- bundle.c ---------------------------------------------------------- */

/* Keeps what there is of a call that its worker died of, if the options ask for
 * it, and says where in the error. */
void bundle_keep(struct member *member, const struct batch *batch,
                 uint32_t index, sopool_error *err);

/* ---- buffers.c --------------------------------------------------------- */

/* Sees to it that the worker, which has no call, has a buffer, and where. -1:
 * it cannot be given it now. */
int buffers_give(struct member *m, const sopool_buffer *buffer,
                 uint32_t *place);

/* Has workers let go of buffers that were freed. */
void buffers_look(struct sopool_pool *pool);

/* A worker that is no more has none; a pool that has ended wants to know of
 * none. */
void buffers_finish_member(struct member *m);
void buffers_unwatch(struct sopool_pool *pool);

/* ---- warm.c ------------------------------------------------------------ */

/* Runs a call with large arguments by memory that a worker keeps, and waits for
 * it: 1 and its value, or NULL and how it failed; 0 if it is to go the way of
 * others. Not locked; the pool was entered. */
int warm_apply(struct sopool_pool *pool, uint32_t task, const sopool_args *args,
               sopool_value **value, sopool_error *err);

/* Frees what is the pool's of a worker's memory. */
void warm_finish_member(struct member *m);

/* ---- watch.c ----------------------------------------------------------- */

/* This thread will look at the results of the worker that gets the call itself,
 * so that nobody need be woken: submits the call as pool_submit does, and
 * returns its worker, or NULL if it has none yet. */
int watch_submit(struct sopool_pool *pool, struct batch *single,
                 struct member **worker, sopool_error *err);

/* Looks at the worker's results. */
void watch_harvest(struct member *worker);

/* Looks no more; whoever needs it is woken. */
void watch_end(struct member *worker);

/* Before this thread sleeps until the dispatcher tells it something. */
void watch_sleep(struct sopool_pool *pool);

/* ---- feed.c ------------------------------------------------------------ */

/* Gives queued calls to workers that can take some, and wakes them. */
COUNTED void feed(struct sopool_pool *pool);

/* Gives a call straight to a worker that is idle, if that is all there is to
 * do: the worker, or NULL, and the call is to be queued. */
struct member *feed_at_once(struct sopool_pool *pool, struct batch *single);

/* Gives a worker that is idle a call whose arguments, of that size, it has in
 * its memory already; or that end in a buffer. False if it can take nothing. */
bool feed_warm(struct member *m, struct batch *single, size_t size);
bool feed_lent(struct member *m, struct batch *single,
               const struct spilled *lent);

/* A range has come back in full: learns how long its calls take. */
void feed_learn(struct sopool_pool *pool, uint32_t task, uint32_t items,
                uint64_t busy_ns);

/* How many calls of the task make a range. */
uint32_t feed_range(const struct sopool_pool *pool, uint32_t task);

/* ---- crowd.c ----------------------------------------------------------- */

/* A range of a worker has come back; after feed_learn. */
void crowd_learn(struct member *m, uint32_t task, uint64_t busy_ns);

/* All that have come back of it are known. */
void crowd_sample(struct member *m);

/* How many workers should share calls of this task. */
uint32_t crowd_enough(const struct sopool_pool *pool, uint32_t task);

/* Are so many busy already, as they were counted last? */
bool crowd_is_full(const struct sopool_pool *pool, uint32_t task);

/* Counts the busy workers, before they are fed. */
void crowd_look(struct sopool_pool *pool);

/* Has it short work, and does it get on with it? */
bool crowd_is_busy(const struct member *m);

/* ---- stats.c ----------------------------------------------------------- */

/* Calls of a task have ended that took that long together. */
void stats_took(struct sopool_pool *pool, uint32_t task, uint32_t items,
                uint64_t busy_ns);

/* With room for so many: as sopool_get_stats. */
void stats_look(struct sopool_pool *pool, sopool_stats *out);
size_t stats_of_tasks(const struct sopool_pool *pool, sopool_task_stats *tasks,
                      size_t room);

/* ---- workers.c --------------------------------------------------------- */

/* As sopool_get_workers. */
size_t workers_look(struct sopool_pool *pool, sopool_worker *out, size_t room);

/* ---- detail.c ---------------------------------------------------------- */

/* Takes what the worker says of an item off the end of its record, if that is
 * kept. -1: it is not there. */
int detail_take(struct member *member, struct batch *batch, uint32_t index,
                struct record *record);

/* The worker has died of the call. */
void detail_lost(struct member *member, struct batch *batch, uint32_t index);

/* ---- events.c ---------------------------------------------------------- */

/* At what time, by clock_now(); `how` it ended, or NULL. */
void events_note(const struct member *member, int kind, int64_t at,
                 const sopool_error *how);

/* ---- server.c ---------------------------------------------------------- */

/* -1: server_stop is to be called. */
int server_start(struct sopool_pool *pool, sopool_error *err);
void server_event(struct sopool_pool *pool);
void server_stop(struct sopool_pool *pool);

/* ---- dispatch.c -------------------------------------------------------- */

void *dispatcher_run(void *pool);

/* A worker could not start: tries again later, or breaks the pool. `final`:
 * trying again would not help. */
void start_failed(struct sopool_pool *pool, bool final,
                  const sopool_error *why);

/* "while it opened the plugin x.so", for the phase of a start. */
void phase_describe(const struct sopool_pool *pool, enum phase phase,
                    size_t plugin, char *out, size_t room);

int watch_add(struct sopool_pool *pool, int fd, struct watch *watch);

#endif
