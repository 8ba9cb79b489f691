/* cause.c - how a worker ended, in words. See pool.h. */
#include "pool/pool.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/error.h"
#include "base/libc.h"

static bool is_own_fault(int sig)
{
    static const int own[] = {SIGSEGV, SIGABRT, SIGFPE,  SIGBUS,  SIGILL,
                              SIGTRAP, SIGSYS,  SIGXCPU, SIGXFSZ, SIGPIPE};

    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
        if (own[i] == sig)
            return true;
    return false;
}

void cause_add(sopool_error *err, const char *fmt, ...)
{
    size_t used = strlen(err->message);
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(err->message + used, sizeof(err->message) - used, fmt, ap);
    va_end(ap);
}

/* Where its last line begins, or the one before that if they belong together:
 * what the C++ runtime says of an exception that nobody caught. */
static const char *last_line(const char *text, size_t size)
{
    static const char cxx[] = "terminate called";
    const char *end = memrchr(text, '\n', size);
    const char *before;

    if (end == NULL)
        return text;
    before = memrchr(text, '\n', (size_t)(end - text));
    before = before == NULL ? text : before + 1;
    return strncmp(before, cxx, sizeof(cxx) - 1) == 0 ? before : end + 1;
}

/* What it said last often says why: an assertion's text, an exception's. */
static void add_last_words(const struct member *m, sopool_error *err)
{
    size_t used = strlen(err->message);
    char text[400];
    size_t size;

    if (m->pool->logger == NULL)
        return;
    size = logger_last(m->pool->logger, m->id, text, sizeof(text) - 1);
    while (size > 0 && text[size - 1] == '\n')
        size--;
    if (size == 0)
        return;
    text[size] = '\0';
    cause_add(err, "; it last printed: %s", last_line(text, size));
    settle_clean(err->message + used, strlen(err->message + used));
}

/* ---- where it was, by the worker's own note: for people, and not to be relied
 * on --------------------------------------------------------------------- */

enum {
    CALLERS = 6,        /* shown at most */
    STACK_NEAR = 65536, /* a fault so near the stack pointer: the stack ended */
};

/* The two functions that SOPOOL_TASK makes of a task are the task to people. */
static const char *plain_name(const char *name)
{
    static const char *const made[] = {"sopool_body_", "sopool_entry_"};

    for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++)
        if (strncmp(name, made[i], strlen(made[i])) == 0)
            return name + strlen(made[i]);
    return name;
}

static void frame_text(const struct sopool_pool *pool,
                       const struct fault_frame *frame, bool with_file,
                       char *out, size_t room)
{
    const sopool_catalog *catalog = pool->catalog;
    const struct catalog_plugin *plugin = NULL;
    unsigned long long offset = frame->offset;
    const char *file = frame->module;
    char name[128];
    uint64_t delta;

    if (frame->plugin < catalog->plugin_count) {
        plugin = &catalog->plugin[frame->plugin];
        file = basename(plugin->path);
    }
    if (plugin != NULL && plugin->fd >= 0 &&
        elf_function(plugin->fd, frame->offset, name, sizeof(name), &delta) ==
            0) {
        (void)snprintf(out, room, "%s+0x%llx", plain_name(name),
                       (unsigned long long)delta);
        if (with_file)
            (void)snprintf(out + strlen(out), room - strlen(out),
                           " (%s+0x%llx)", file, offset);
    } else if (file[0] != '\0') {
        (void)snprintf(out, room, "%s+0x%llx", file, offset);
    } else {
        (void)snprintf(out, room, "no code at 0x%llx", offset);
    }
    settle_clean(out, strlen(out));
}

static bool same_function(const char *a, const char *b)
{
    size_t size = strcspn(a, "+");

    return strcspn(b, "+") == size && memcmp(a, b, size) == 0;
}

/* The stack from frame `i` on, whose text is `text`; of it the plugin's part,
 * if there is one. */
static void add_callers(const struct sopool_pool *pool,
                        const struct last_fault *fault, uint32_t i,
                        const char *text, sopool_error *err)
{
    bool inside = fault->frame[i].plugin != UINT32_MAX;
    char last[256], next[256];
    uint32_t shown = 0;

    (void)snprintf(last, sizeof(last), "%s", text);
    while (++i < fault->depth && shown < CALLERS) {
        const struct fault_frame *frame = &fault->frame[i];
        bool plugin = frame->plugin != UINT32_MAX;

        if (inside && !plugin)
            continue;
        frame_text(pool, frame, plugin && !inside, next, sizeof(next));
        if (same_function(last, next))
            continue;
        cause_add(err, "%s%s", shown++ == 0 ? ", called from " : ", ", next);
        memcpy(last, next, sizeof(last));
        inside = inside || plugin;
    }
}

static void add_place(const struct member *m, const struct last_fault *fault,
                      sopool_error *err)
{
    uint32_t first = 0;
    char text[256];

    /* How abort() gets from the plugin to the signal tells nobody anything. */
    if (fault->code <= 0)
        while (first < fault->depth && fault->frame[first].plugin == UINT32_MAX)
            first++;
    if (first >= fault->depth)
        return;
    frame_text(m->pool, &fault->frame[first], true, text, sizeof(text));
    cause_add(err, " in %s", text);
    add_callers(m->pool, fault, first, text, err);
}

static bool is_overflow(const struct last_fault *fault)
{
    uint64_t apart = fault->address > fault->stack
                         ? fault->address - fault->stack
                         : fault->stack - fault->address;

    return fault->signal == SIGSEGV && fault->code > 0 && apart < STACK_NEAR;
}

static void add_fault(const struct member *m, const struct last_fault *fault,
                      sopool_error *err)
{
    if (fault->code <= 0 && fault->sender != m->pid) {
        cause_add(err, ", which process %d sent", (int)fault->sender);
        err->ended_by = SOPOOL_BY_OUTSIDE;
        return;
    }
    if (fault->code > 0 && fault->signal != SIGFPE && fault->signal != SIGILL)
        cause_add(err, " at address 0x%llx",
                  (unsigned long long)fault->address);
    add_place(m, fault, err);
    if (is_overflow(fault))
        cause_add(err, ": most likely it used up its stack");
}

/* What the worker noted of the signal that ended it, if it did. Its walk up
 * the stack is ended by an alarm if need be. */
static bool read_fault(const struct member *m, int *sig,
                       struct last_fault *fault)
{
    parent_fault(&m->end, fault);
    if (fault->depth > FAULT_FRAMES)
        fault->depth = FAULT_FRAMES;
    for (uint32_t i = 0; i < fault->depth; i++)
        fault->frame[i].module[FAULT_MODULE - 1] = '\0';
    if (*sig == SIGALRM && is_own_fault(fault->signal))
        *sig = fault->signal;
    return fault->signal == *sig;
}

void cause_stack(const struct member *m, int sig, FILE *file)
{
    struct last_fault fault;
    char text[256];

    if (m->pool->options->start_method == START_THREAD ||
        !read_fault(m, &sig, &fault) || fault.depth == 0)
        return;
    (void)fprintf(file, "\nWhere it was, the innermost first:\n\n");
    for (uint32_t i = 0; i < fault.depth; i++) {
        frame_text(m->pool, &fault.frame[i], true, text, sizeof(text));
        (void)fprintf(file, "    %s\n", text);
    }
}

/* ---- how it ended ------------------------------------------------------ */

uint64_t cause_memory_kills(void)
{
    static const char name[] = "oom_kill ";
    FILE *file = fopen("/proc/vmstat", "re");
    char line[128];
    uint64_t count = 0;

    while (file != NULL && fgets(line, sizeof(line), file) != NULL)
        if (strncmp(line, name, sizeof(name) - 1) == 0)
            count = strtoull(line + sizeof(name) - 1, NULL, 10);
    if (file != NULL)
        (void)fclose(file);
    return count;
}

/* The kernel counts the processes that it kills for want of memory, before they
 * die. */
static const char *kill_hint(struct sopool_pool *pool)
{
    uint64_t before = pool->memory_kills;

    pool->memory_kills = cause_memory_kills();
    return pool->memory_kills > before
               ? ": most likely by the kernel, which has just killed a process "
                 "for want of memory"
               : ": by 'kill -9' or the like";
}

static const char *signal_hint(const struct member *m, int sig)
{
    if (sig == SIGKILL)
        return kill_hint(m->pool);
    if (sig == SIGXCPU)
        return ": it used up its limit of processor time";
    return "";
}

/* Few programs check every allocation. */
static void add_memory_limit(const struct member *m, sopool_error *err)
{
    uint64_t limit = m->pool->setup.limit_memory;

    if (limit != 0 && err->ended_by == SOPOOL_BY_ITSELF)
        cause_add(err, "; its memory was limited to %llu MiB",
                  (unsigned long long)(limit >> 20));
}

const char *cause_signal(int sig, char out[SIGNAL_ROOM])
{
    const char *name = sigabbrev_np(sig), *what = sigdescr_np(sig);

    if (name != NULL && what != NULL)
        (void)snprintf(out, SIGNAL_ROOM, "SIG%s (%s)", name, what);
    else
        (void)snprintf(out, SIGNAL_ROOM, "signal %d", sig);
    return out;
}

static void describe_signal(const struct member *m, int sig, sopool_error *err)
{
    struct last_fault fault;
    bool noted = read_fault(m, &sig, &fault);
    char name[SIGNAL_ROOM];

    (void)error_set(err, SOPOOL_E_DIED, "worker %d was ended by %s%s",
                    (int)m->pid, cause_signal(sig, name), signal_hint(m, sig));
    err->signal = sig;
    err->ended_by = is_own_fault(sig) ? SOPOOL_BY_ITSELF : SOPOOL_BY_OUTSIDE;
    if (noted)
        add_fault(m, &fault, err);
    if (sig == SIGSEGV || sig == SIGBUS || sig == SIGABRT)
        add_memory_limit(m, err);
    if (sig == SIGABRT)
        add_last_words(m, err);
}

static void describe_exit(const struct member *m, int status, sopool_error *err)
{
    (void)error_set(err, SOPOOL_E_DIED,
                    "worker %d exited with status %d in the middle of the call",
                    (int)m->pid, status);
    err->exit_status = status;
    err->ended_by = SOPOOL_BY_ITSELF;
    add_last_words(m, err);
}

static void show_duration(int64_t ns, char *out, size_t room)
{
    if (ns % NS_PER_S == 0)
        (void)snprintf(out, room, "%lld s", (long long)(ns / NS_PER_S));
    else if (ns % NS_PER_MS == 0)
        (void)snprintf(out, room, "%lld ms", (long long)(ns / NS_PER_MS));
    else
        (void)snprintf(out, room, "%lld ns", (long long)ns);
}

static void describe_ours(const struct member *m, int ended_by,
                          sopool_error *err)
{
    char limit[32];

    if (ended_by == SOPOOL_BY_TIMEOUT) {
        show_duration(m->limit_ns, limit, sizeof(limit));
        (void)error_set(err, SOPOOL_E_TIMEOUT,
                        "the call took longer than its time limit of %s",
                        limit);
    } else if (ended_by == SOPOOL_BY_KILL) {
        (void)error_set(err, SOPOOL_E_CANCELLED, "the call was killed");
    } else if (ended_by == SOPOOL_BY_TERMINATE) {
        (void)error_set(err, SOPOOL_E_CLOSED, "the pool was terminated");
    } else {
        (void)error_set(err, SOPOOL_E_PROTOCOL,
                        "worker %d could not be trusted any more: %s",
                        (int)m->pid, m->why != NULL ? m->why : "unknown");
    }
    err->ended_by = ended_by;
}

static void describe_stopped(const struct member *m, sopool_error *err)
{
    (void)error_set(err, SOPOOL_E_DIED,
                    "worker %d was stopped in the middle of the call, by "
                    "SIGSTOP or by reading from a terminal, and was ended",
                    (int)m->pid);
    err->ended_by = SOPOOL_BY_POOL;
}

void cause_describe(const struct member *m, sopool_error *err)
{
    int status = m->wait_status;

    if (m->why != NULL)
        describe_ours(m, SOPOOL_BY_POOL, err);
    else if (m->stopped)
        describe_stopped(m, err);
    else if (m->ended_by == SOPOOL_BY_TIMEOUT ||
             m->ended_by == SOPOOL_BY_KILL ||
             m->ended_by == SOPOOL_BY_TERMINATE)
        describe_ours(m, m->ended_by, err);
    else if (m->status_known && WIFSIGNALED(status))
        describe_signal(m, WTERMSIG(status), err);
    else if (m->status_known && WIFEXITED(status))
        describe_exit(m, WEXITSTATUS(status), err);
    else
        (void)error_set(err, SOPOOL_E_DIED,
                        "worker %d ended in the middle of the call; nobody "
                        "can say how: its parent died, or another wait() took "
                        "its status",
                        (int)m->pid);
    err->pid = (int)m->pid;
}
