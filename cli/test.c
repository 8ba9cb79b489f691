/* test.c - see test.h.
 *
 * First all that can be said about the cases is said; then the plugin runs,
 * started from a thread that may change nothing but a folder.
 */
#include "test.h"

#include <errno.h>
#include <ftw.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "fuzz.h"
#include "memory.h"
#include "message.h"
#include "ready.h"
#include "same.h"
#include "sandbox.h"
#include "session.h"
#include "status.h"
#include "tap.h"
#include "tryout.h"

static struct output out;

struct testing {
    const struct settings *settings;
    struct tryout tryout;
    sopool_catalog *catalog;
    struct ready_cases cases;
    char *folder; /* that may be written to; owned */
    uint64_t seed;
    struct tap tap;
    int error;  /* an errno: standard output cannot be written; or 0 */
    int status; /* an exit status */
};

/* Takes what `out` has. The command may not end in the thread that is bounded:
 * it could not take the folder away. */
static void write_out(void *ctx, const char *data, size_t size)
{
    struct testing *t = ctx;

    if (t->error == 0 && output_write(out.fd, data, size) != 0)
        t->error = errno;
}

/* ---- cases ------------------------------------------------------------- */

/* What a case is called: its name, or its call. */
static void name_case(const struct ready *r, char *name, size_t room)
{
    char shown[64] = "";
    char *args = memory_json(r->args, r->size);
    size_t size = args != NULL ? strlen(args) : 0;

    if (size > 2) /* the brackets */
        (void)message_text(args + 1, size - 2, shown, sizeof(shown));
    free(args);
    if (r->from->name != NULL)
        (void)snprintf(name, room, "%.*s", (int)strcspn(r->from->name, "\n"),
                       r->from->name);
    else
        (void)snprintf(name, room, "%s(%s)", r->task->name, shown);
}

static void note_place(struct testing *t, const struct ready *r)
{
    char place[32];

    (void)snprintf(place, sizeof(place), ":%zu:%zu", r->from->at.line,
                   r->from->at.column);
    output_format(&out, "# %-9s ", "case");
    output_text(&out, t->cases.from.path);
    output_text(&out, place);
    output_byte(&out, '\n');
}

/* Did a call fail as it was to? By the task's own decision, not by its death.
 */
static bool failed_so(const struct ready *r, const struct trial *trial)
{
    return trial->value == NULL && r->from->error != NULL &&
           trial->err.code == SOPOOL_E_TASK &&
           strstr(trial->err.message, r->from->error) != NULL;
}

static void note_failure(struct testing *t, const sopool_error *err)
{
    char kind[64];

    tap_note(&t->tap, "failed", err->message);
    if (err->code != SOPOOL_E_TASK) {
        (void)snprintf(kind, sizeof(kind), "%s", sopool_code_name(err->code));
        tap_note(&t->tap, "reason", kind);
    }
}

static void judge(struct testing *t, const struct ready *r,
                  const struct trial *trial)
{
    char *got = NULL;
    bool good = failed_so(r, trial);
    char name[256];
    size_t size;

    if (trial->value != NULL) {
        const void *item = sopool_value_cbor(trial->value, &size);

        got = memory_json(item, size);
        good =
            got != NULL && r->from->error == NULL &&
            (r->result == NULL || same_json(r->result, got, r->from->within));
    }
    name_case(r, name, sizeof(name));
    tap_result(&t->tap, good && trial->report == NULL, name, NULL);
    if (!good) {
        note_place(t, r);
        if (r->result != NULL)
            tap_note(&t->tap, "expected", r->result);
        if (r->from->error != NULL)
            tap_note(&t->tap, "error", r->from->error);
        if (got != NULL)
            tap_note(&t->tap, "got", got);
        else
            note_failure(t, &trial->err);
    }
    if (trial->report != NULL)
        tap_note(&t->tap, "report", trial->report);
    free(got);
}

static bool is_wanted(const struct testing *t, const sopool_task_info *task)
{
    const char *only = t->settings->task, *dot = strchr(task->name, '.');

    return only == NULL || strcmp(only, task->name) == 0 ||
           (dot != NULL && strcmp(only, dot + 1) == 0);
}

static void run_cases(struct testing *t)
{
    for (size_t i = 0; i < t->cases.count && t->error == 0; i++) {
        struct ready *r = &t->cases.item[i];
        struct trial trial;

        if (!is_wanted(t, r->task))
            continue;
        tryout_run(&t->tryout, r->task->name, r->from->timeout,
                   sopool_args_cbor(r->args, r->size), &trial);
        judge(t, r, &trial);
        trial_finish(&trial);
    }
}

/* ---- made-up arguments ------------------------------------------------- */

/* Says what was found, so that it can be called again and become a case. */
static void note_fuzz(struct testing *t, const struct fuzz *fuzz)
{
    char text[64];
    char *args;

    (void)snprintf(text, sizeof(text), "--seed %" PRIu64 ", %" PRIu64 " calls",
                   t->seed, fuzz->calls);
    tap_note(&t->tap, "fuzzed", text);
    if (fuzz->broke) {
        args = memory_json(fuzz->args, fuzz->size);
        output_format(&out, "# %-9s - {task: %s, args: ", "case",
                      fuzz->task->name);
        output_text(&out, args != NULL ? args : "?");
        output_text(&out, "}\n");
        free(args);
        note_failure(t, &fuzz->trial.err);
        if (!fuzz->alone)
            tap_note(&t->tap, "but",
                     "as a worker's first call it does no harm: what calls "
                     "before it left behind counts");
    }
    if (fuzz->trial.report != NULL)
        tap_note(&t->tap, "report", fuzz->trial.report);
}

/* The arguments of the task's cases, to begin with; its list is to be freed. */
static struct known_args known_args(const struct testing *t,
                                    const sopool_task_info *task)
{
    sopool_blob *list = calloc(t->cases.count + 1, sizeof(*list));
    struct known_args known = {.list = list};

    for (size_t i = 0; list != NULL && i < t->cases.count; i++)
        if (t->cases.item[i].task == task)
            list[known.count++] = (sopool_blob){.ptr = t->cases.item[i].args,
                                                .size = t->cases.item[i].size};
    return known;
}

static void fuzz_task(struct testing *t, const sopool_task_info *task)
{
    struct fuzz fuzz = {.tryout = &t->tryout,
                        .task = task,
                        .known = known_args(t, task),
                        .seed = t->seed,
                        .ms = t->settings->fuzz_ms};
    char name[128];
    sopool_error err;

    (void)snprintf(name, sizeof(name), "%s with arguments made up", task->name);
    if (task->param_count == 0)
        tap_result(&t->tap, true, name, "it takes none");
    else if (fuzz_run(&fuzz, &err) != 0) {
        tap_result(&t->tap, false, name, NULL);
        note_failure(t, &err);
        note_fuzz(t, &fuzz);
    } else {
        tap_result(&t->tap, !fuzz.broke && fuzz.trial.report == NULL, name,
                   NULL);
        note_fuzz(t, &fuzz);
    }
    fuzz_finish(&fuzz);
    free((void *)(uintptr_t)fuzz.known.list);
}

static void run_fuzz(struct testing *t)
{
    const sopool_task_info *task;

    for (size_t i = 0;
         t->error == 0 && (task = sopool_catalog_task(t->catalog, i)) != NULL;
         i++)
        if (is_wanted(t, task))
            fuzz_task(t, task);
}

/* ---- the surroundings -------------------------------------------------- */

static int make_folder(struct testing *t)
{
    const char *parent = secure_getenv("TMPDIR");

    if (asprintf(&t->folder, "%s/sopool-test-XXXXXX",
                 parent != NULL && parent[0] == '/' ? parent : "/tmp") < 0) {
        t->folder = NULL;
        message("out of memory");
        return -1;
    }
    if (mkdtemp(t->folder) == NULL) {
        message("%s: cannot be made: %s", t->folder, strerror(errno));
        free(t->folder);
        t->folder = NULL;
        return -1;
    }
    /* Where tasks put what is temporary. */
    return setenv("TMPDIR", t->folder, 1);
}

static int remove_one(const char *path, const struct stat *st, int kind,
                      struct FTW *at)
{
    (void)st;
    (void)kind;
    (void)at;
    (void)remove(path);
    return 0;
}

static void remove_folder(const struct testing *t)
{
    if (t->folder != NULL)
        (void)nftw(t->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* A signal ends the command, in a thread without bounds: see session_at_end. */
static void at_end(void *ctx, int sig)
{
    (void)sig;
    remove_folder(ctx);
}

static int enter_sandbox(struct testing *t)
{
    static const char *const lacks[] = {
        [SANDBOX_NONE] = "this kernel has none (Landlock): tasks can write to "
                         "your files",
        [SANDBOX_FILES] = "this kernel's (Landlock) leaves TCP and signals to "
                          "tasks",
        [SANDBOX_FILES_NET] = "this kernel's (Landlock) leaves signals to "
                              "tasks",
    };
    const char *folder[2] = {t->folder, NULL};
    int strength;

    if (t->settings->no_sandbox)
        return 0;
    for (size_t i = 0; i < t->settings->pool_count; i++)
        if (strcmp(t->settings->pool[i].key, "crash_dir") == 0)
            folder[1] = t->settings->pool[i].value;
    strength = sandbox_enter(folder, 2);
    if (strength < 0)
        return -1;
    if (strength < SANDBOX_ALL)
        tap_note(&t->tap, "sandbox", lacks[strength]);
    return 0;
}

static int look(struct testing *t, const char *path)
{
    sopool_error trust, err;

    t->catalog = sopool_catalog_open_file(path, &trust, &err);
    if (t->catalog == NULL) {
        message("%s", err.message);
        return -1;
    }
    if (trust.code != SOPOOL_E_NONE) {
        message("%s", trust.message);
        return -1;
    }
    return 0;
}

static size_t count_results(const struct testing *t)
{
    const sopool_task_info *task;
    size_t count = 0;

    for (size_t i = 0; i < t->cases.count; i++)
        count += is_wanted(t, t->cases.item[i].task);
    for (size_t i = 0; t->settings->fuzz_ms > 0 &&
                       (task = sopool_catalog_task(t->catalog, i)) != NULL;
         i++)
        count += is_wanted(t, task);
    return count;
}

/* All that is to be done before the plugin runs; an exit status. */
static int prepare(struct testing *t, int argc, char **argv)
{
    const struct settings *settings = t->settings;
    sopool_error err;

    if (look(t, argv[0]) != 0 ||
        tryout_init(&t->tryout, settings, argv[0]) != 0)
        return EXIT_USAGE;
    if (settings->task != NULL &&
        ready_task(t->catalog, settings->task, &err) == NULL) {
        message("--task: %s", err.message);
        return EXIT_USAGE;
    }
    if (argc > 1 && ready_read(&t->cases, t->catalog, argv[1]) != 0)
        return EXIT_USAGE;
    if (make_folder(t) != 0)
        return EXIT_FAILED;
    session_at_end(at_end, t);
    t->tryout.watcher.folder = t->folder;
    return watcher_begin(&t->tryout.watcher, t->tryout.path, settings->valgrind,
                         settings->sanitizers);
}

/* In a thread of its own: the bounds are for ever, and the folder must go. */
static void *run_all(void *arg)
{
    struct testing *t = arg;

    if (enter_sandbox(t) != 0) {
        t->status = EXIT_FAILED;
        return NULL;
    }
    tap_plan(&t->tap, count_results(t));
    run_cases(t);
    if (t->settings->fuzz_ms > 0)
        run_fuzz(t);
    t->status = t->tap.failed == 0 ? EXIT_GOOD : EXIT_FAILED;
    return NULL;
}

static int run_bounded(struct testing *t)
{
    pthread_t thread;

    errno = pthread_create(&thread, NULL, run_all, t);
    if (errno != 0) {
        message("cannot start a thread: %s", strerror(errno));
        return EXIT_FAILED;
    }
    (void)pthread_join(thread, NULL);
    return t->status;
}

static void finish(struct testing *t)
{
    session_at_end(NULL, NULL);
    ready_finish(&t->cases);
    sopool_catalog_free(t->catalog);
    tryout_finish(&t->tryout);
    remove_folder(t);
    free(t->folder);
}

/* What is wrong with the pool's options is said once, and first. */
static int check_options(const struct settings *settings)
{
    sopool_options *options = settings_options(settings);

    sopool_options_free(options);
    return options != NULL ? 0 : -1;
}

int test_run(const struct command *command, const struct settings *settings,
             int argc, char **argv)
{
    struct testing t = {
        .settings = settings, .seed = settings->seed, .tap = {.out = &out}};
    int status;

    if (argc < 1 || argc > 2)
        return usage(command->name,
                     "test takes a plugin's file and a file of cases, not %d "
                     "arguments",
                     argc);
    if (check_options(settings) != 0)
        return EXIT_USAGE;
    if (argc < 2 && settings->fuzz_ms == 0)
        return usage(command->name, "there is nothing to try: give a file of "
                                    "cases, or --fuzz TIME");
    if (settings->valgrind && settings->sanitizers)
        return usage(command->name, "--valgrind and --sanitizers: one at a "
                                    "time");
    if (t.seed == 0)
        (void)!getrandom(&t.seed, 3, 0);
    if (session_begin() != 0)
        return EXIT_FAILED;
    out.fd = session_output();
    out.sink = write_out;
    out.ctx = &t;
    status = prepare(&t, argc, argv);
    if (status == EXIT_GOOD)
        status = run_bounded(&t);
    finish(&t);
    if (t.error != 0)
        session_cannot_write(t.error);
    return status;
}
