/* options.c - see options.h. */
#include "pool/options.h"

#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/near.h"
#include "pool/status.h"

#define AT(member)                                                             \
    .offset = offsetof(struct sopool_options, member),                         \
    .width = sizeof(((struct sopool_options *)0)->member)
#define DURATIONS "a duration such as 250ms, 30s, 5m, 2h"
#define SIZES "a size such as 64K, 512M, 2G"

const struct option_key option_keys[] = {
    {.name = "plugins.path",
     .kind = OPTION_FOLDERS,
     AT(plugin_path),
     .allowed = "a list of folders",
     .doc = "folders to look for plugins in, in order"},
    {.name = "plugins.load",
     .kind = OPTION_LIST,
     AT(plugin_load),
     .allowed = "a list of plugins' names",
     .doc = "the plugins to use; all that are found if left out"},
    {.name = "plugin_path",
     .kind = OPTION_LIST,
     AT(plugin_first),
     .allowed = "a folder",
     .doc = "a folder to look in before all others",
     .command_only = true},
    {.name = "processes",
     .kind = OPTION_COUNT,
     AT(processes),
     .least = 1,
     .most = PROCESSES_MAX,
     .zero = "auto",
     .allowed = "1 to 4096, or auto",
     .doc = "how many workers; auto: the processors this process may use"},
    {.name = "start_method",
     .kind = OPTION_METHOD,
     AT(start_method),
     .allowed = "forkserver, spawn, fork, thread",
     .doc = "how workers are started"},
    {.name = "initializer",
     .kind = OPTION_TASK,
     AT(initializer),
     .allowed = "a task's name, PLUGIN.TASK",
     .doc = "a task that runs once in every new worker"},
    {.name = "initargs",
     .kind = OPTION_ARGS,
     AT(initargs),
     .allowed = "a list of values",
     .doc = "the initializer's arguments"},
    {.name = "maxtasksperchild",
     .kind = OPTION_COUNT,
     AT(maxtasksperchild),
     .least = 1,
     .most = UINT64_MAX,
     .allowed = "1 or more; leave it out for no limit",
     .doc = "calls that a worker runs before it is replaced"},
    {.name = "chunksize",
     .kind = OPTION_COUNT,
     AT(chunksize),
     .least = 1,
     .most = 65536,
     .zero = "auto",
     .allowed = "1 to 65536, or auto",
     .doc = "calls that travel together; auto: from measured durations"},
    {.name = "timeout",
     .kind = OPTION_DURATION,
     AT(timeout_ns),
     .least = 1,
     .most = INT64_MAX,
     .allowed = DURATIONS,
     .doc = "time limit of a call, from its start"},
    {.name = "retries",
     .kind = OPTION_COUNT,
     AT(retries),
     .least = 0,
     .most = RETRIES_MAX,
     .allowed = "0 to 100",
     .doc = "how often a call of an idempotent task is run again after its "
            "worker died"},
    {.name = "threads_per_worker",
     .kind = OPTION_COUNT,
     AT(threads_per_worker),
     .least = 1,
     .most = 1024,
     .allowed = "1 to 1024",
     .doc = "threads that libraries in a worker may use (OMP_NUM_THREADS)"},
    {.name = "limits.memory",
     .kind = OPTION_SIZE,
     AT(limit_memory),
     .least = 16 << 20,
     .most = INT64_MAX,
     .allowed = SIZES ", at least 16M",
     .doc = "memory of a worker"},
    {.name = "limits.cpu",
     .kind = OPTION_DURATION,
     AT(limit_cpu_ns),
     .least = NS_PER_S,
     .most = INT64_MAX,
     .allowed = DURATIONS ", at least 1s",
     .doc = "processor time of a call"},
    {.name = "limits.open_files",
     .kind = OPTION_COUNT,
     AT(limit_files),
     .least = 16,
     .most = 1048576,
     .allowed = "16 to 1048576",
     .doc = "open files of a worker"},
    {.name = "crash_dir",
     .kind = OPTION_FOLDER,
     AT(crash_dir),
     .allowed = "a folder",
     .doc = "where what there is of a call that crashed is kept"},
    {.name = "status",
     .kind = OPTION_SWITCH,
     AT(status),
     .allowed = "true, false, auto",
     .doc = "whether 'sopool top' shows the pool; auto: if it can be"},
    {.name = "chaos",
     .kind = OPTION_CHAOS,
     AT(chaos),
     .allowed = "faults, such as kill=1/200,slow=1/50:20ms",
     .doc = "faults to be injected into workers, for tests"},
};

const size_t option_key_count = sizeof(option_keys) / sizeof(option_keys[0]);

static sopool_key_info infos[sizeof(option_keys) / sizeof(option_keys[0])];

static void fill_infos(void)
{
    for (size_t i = 0; i < option_key_count; i++)
        infos[i] = (sopool_key_info){
            .name = option_keys[i].name,
            .allowed = option_keys[i].allowed,
            .doc = option_keys[i].doc,
            .in_files = !option_keys[i].command_only,
        };
}

const sopool_key_info *sopool_options_key(size_t index)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    (void)pthread_once(&once, fill_infos);
    return index < option_key_count ? &infos[index] : NULL;
}

/* ---- names ------------------------------------------------------------- */

const struct option_key *option_find(const char *name)
{
    for (size_t i = 0; i < option_key_count; i++)
        if (strcmp(option_keys[i].name, name) == 0)
            return &option_keys[i];
    return NULL;
}

const char *option_meant(const char *name)
{
    static const char *const others[][2] = {
        {"workers", "processes"},
        {"max_workers", "processes"},
        {"jobs", "processes"},
        {"nprocs", "processes"},
        {"n_jobs", "processes"},
        {"threads", "processes"},
        {"max_tasks_per_child", "maxtasksperchild"},
        {"context", "start_method"},
        {"mp_context", "start_method"},
        {"method", "start_method"},
        {"init", "initializer"},
        {"initializer_args", "initargs"},
        {"args", "initargs"},
        {"path", "plugins.path"},
        {"load", "plugins.load"},
        {"plugin_path", "plugins.path"},
        {"memory", "limits.memory"},
        {"cpu", "limits.cpu"},
        {"open_files", "limits.open_files"},
        {"limits.files", "limits.open_files"},
        {"limits.nofile", "limits.open_files"},
    };
    const char *names[sizeof(option_keys) / sizeof(option_keys[0]) + 2];
    size_t count = 0;

    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        if (strcmp(others[i][0], name) == 0)
            return others[i][1];
    for (size_t i = 0; i < option_key_count; i++)
        if (!option_keys[i].command_only)
            names[count++] = option_keys[i].name;
    names[count++] = "plugins";
    names[count++] = "limits";
    return near_find(name, names, count);
}

const char *start_method_name(int method)
{
    static const char *const names[] = {
        [START_FORKSERVER] = "forkserver",
        [START_SPAWN] = "spawn",
        [START_FORK] = "fork",
        [START_THREAD] = "thread",
    };

    return method >= 0 && method <= START_THREAD ? names[method] : "?";
}

/* ---- values ------------------------------------------------------------ */

static int refuse(const struct option_key *key, const char *text,
                  sopool_error *err)
{
    return error_set(err, SOPOOL_E_CONFIG, "'%.60s' is not right; allowed: %s",
                     text, key->allowed);
}

static void store(sopool_options *options, const struct option_key *key,
                  uint64_t value)
{
    char *to = (char *)options + key->offset;
    uint32_t narrow = (uint32_t)value;

    if (key->width == sizeof(narrow))
        memcpy(to, &narrow, sizeof(narrow));
    else
        memcpy(to, &value, sizeof(value));
}

/* The digits that a text begins with; -1 when there are none or too many. */
static int take_digits(const char **at, uint64_t *value)
{
    const char *from = *at;

    *value = 0;
    for (; **at >= '0' && **at <= '9'; (*at)++)
        if (__builtin_mul_overflow(*value, (uint64_t)10, value) ||
            __builtin_add_overflow(*value, (uint64_t)(**at - '0'), value))
            return -1;
    return *at > from ? 0 : -1;
}

static int put_count(sopool_options *options, const struct option_key *key,
                     const char *text, sopool_error *err)
{
    const char *at = text;
    uint64_t value = 0;

    if (key->zero != NULL && strcmp(text, key->zero) == 0) {
        store(options, key, 0);
        return 0;
    }
    if (take_digits(&at, &value) != 0 || *at != '\0' || value < key->least ||
        value > key->most)
        return refuse(key, text, err);
    store(options, key, value);
    return 0;
}

struct unit {
    const char *name;
    uint64_t factor;
};

static const struct unit duration_units[] = {
    {"ns", 1},       {"us", 1000},         {"ms", NS_PER_MS},
    {"s", NS_PER_S}, {"m", 60 * NS_PER_S}, {"h", 3600 * NS_PER_S},
    {NULL, 0},
};

static const struct unit size_units[] = {
    {"", 1},
    {"K", UINT64_C(1) << 10},
    {"M", UINT64_C(1) << 20},
    {"G", UINT64_C(1) << 30},
    {"T", UINT64_C(1) << 40},
    {NULL, 0},
};

/* The unit's factor; 0 when there is no such unit. "iB" and "B" may follow
 * those of sizes. */
static uint64_t factor_of(const struct unit *units, const char *name)
{
    size_t size = strlen(name);

    if (units == size_units && size > 0 && name[size - 1] == 'B')
        size -= size > 2 && name[size - 2] == 'i' ? 2 : 1;
    for (; units->name != NULL; units++)
        if (strlen(units->name) == size && memcmp(units->name, name, size) == 0)
            return units->factor;
    return 0;
}

/* "1.5h": digits, maybe a fraction, a unit. */
static int put_measure(sopool_options *options, const struct option_key *key,
                       const struct unit *units, const char *text,
                       sopool_error *err)
{
    const char *at = text;
    uint64_t whole, value, fraction = 0, scale = 1, factor;

    if (take_digits(&at, &whole) != 0)
        return refuse(key, text, err);
    if (*at == '.') {
        const char *from = ++at;

        if (take_digits(&at, &fraction) != 0 || at - from > 6)
            return refuse(key, text, err);
        for (; from < at; from++)
            scale *= 10;
    }
    factor = factor_of(units, at);
    if (factor == 0 || __builtin_mul_overflow(whole, factor, &value) ||
        __builtin_add_overflow(
            value,
            (uint64_t)((double)fraction / (double)scale * (double)factor + 0.5),
            &value) ||
        value < key->least || value > key->most)
        return refuse(key, text, err);
    store(options, key, value);
    return 0;
}

static int put_method(sopool_options *options, const struct option_key *key,
                      const char *text, sopool_error *err)
{
    const char *names[START_THREAD + 1];
    const char *near;

    for (int i = 0; i <= START_THREAD; i++) {
        names[i] = start_method_name(i);
        if (strcmp(names[i], text) == 0) {
            options->start_method = i;
            return 0;
        }
    }
    near = near_find(text, names, START_THREAD + 1);
    if (near == NULL)
        return refuse(key, text, err);
    return error_set(err, SOPOOL_E_CONFIG,
                     "'%.60s' is not right; allowed: %s; did you mean '%s'?",
                     text, key->allowed, near);
}

static int put_task(sopool_options *options, const struct option_key *key,
                    const char *text, sopool_error *err)
{
    const char *dot = strchr(text, '.');
    char *copy;

    if (dot == NULL || dot == text || dot[1] == '\0' ||
        strchr(dot + 1, '.') != NULL)
        return refuse(key, text, err);
    copy = strdup(text);
    if (copy == NULL)
        return error_nomem(err);
    free(options->initializer);
    options->initializer = copy;
    return 0;
}

static int put_path(sopool_options *options, const struct option_key *key,
                    const char *text, sopool_error *err)
{
    char **at = (char **)(void *)((char *)options + key->offset);
    char *copy;

    if (text[0] == '\0')
        return refuse(key, text, err);
    copy = strdup(text);
    if (copy == NULL)
        return error_nomem(err);
    free(*at);
    *at = copy;
    return 0;
}

static int put_switch(sopool_options *options, const struct option_key *key,
                      const char *text, sopool_error *err)
{
    static const char *const words[] = {
        [STATUS_OFF] = "false",
        [STATUS_ON] = "true",
        [STATUS_AUTO] = "auto",
    };

    for (int i = STATUS_OFF; i <= STATUS_AUTO; i++)
        if (strcmp(words[i], text) == 0) {
            store(options, key, (uint64_t)i);
            return 0;
        }
    return refuse(key, text, err);
}

static struct strings *list_at(sopool_options *options,
                               const struct option_key *key)
{
    return (struct strings *)(void *)((char *)options + key->offset);
}

int option_put(sopool_options *options, const struct option_key *key,
               const char *text, sopool_error *err)
{
    switch (key->kind) {
    case OPTION_COUNT:
        return put_count(options, key, text, err);
    case OPTION_METHOD:
        return put_method(options, key, text, err);
    case OPTION_TASK:
        return put_task(options, key, text, err);
    case OPTION_DURATION:
        return put_measure(options, key, duration_units, text, err);
    case OPTION_SIZE:
        return put_measure(options, key, size_units, text, err);
    case OPTION_LIST:
    case OPTION_FOLDERS:
        if (text[0] == '\0')
            return refuse(key, text, err);
        return strings_add(list_at(options, key), text) == 0 ? 0
                                                             : error_nomem(err);
    case OPTION_FOLDER:
        return put_path(options, key, text, err);
    case OPTION_SWITCH:
        return put_switch(options, key, text, err);
    case OPTION_CHAOS:
        return chaos_parse(&options->chaos, text, err);
    default:
        return error_set(err, SOPOOL_E_CONFIG,
                         "it is set in a config file alone; allowed: %s",
                         key->allowed);
    }
}

int sopool_options_set(sopool_options *options, const char *name,
                       const char *text, sopool_error *err)
{
    const struct option_key *key = option_find(name);
    const char *meant;

    if (key != NULL)
        return option_put(options, key, text, err) == 0
                   ? 0
                   : error_prefix(err, "%s: ", name);
    meant = option_meant(name);
    if (meant == NULL)
        return error_set(err, SOPOOL_E_CONFIG, "unknown key '%.60s'", name);
    return error_set(err, SOPOOL_E_CONFIG,
                     "unknown key '%.60s'; did you mean '%s'?", name, meant);
}

/* The plugin that a task's name begins with joins those to load. */
static int load_plugin_of(sopool_options *options, const char *task,
                          sopool_error *err)
{
    char *plugin = strndup(task, strcspn(task, "."));
    int status = -1;

    if (plugin != NULL)
        status = strings_add(&options->plugin_load, plugin);
    free(plugin);
    return status == 0 ? 0 : error_nomem(err);
}

int sopool_options_only(sopool_options *options, const char *task,
                        sopool_error *err)
{
    if (options->plugin_load.count > 0)
        return 0;
    if (load_plugin_of(options, task, err) != 0)
        return -1;
    return options->initializer == NULL
               ? 0
               : load_plugin_of(options, options->initializer, err);
}

/* ---- functions of the program ------------------------------------------ */

static int add_own(sopool_options *options, const char *group,
                   const sopool_task *task)
{
    struct own_task *grown =
        reallocarray(options->own, options->own_count + 1, sizeof(*grown));

    if (grown == NULL)
        return -1;
    options->own = grown;
    grown += options->own_count;
    *grown = (struct own_task){strdup(group), task};
    if (grown->group == NULL)
        return -1;
    options->own_count++;
    return 0;
}

static int check_new(const sopool_options *options, const char *group,
                     const sopool_task *task, sopool_error *err)
{
    for (size_t i = 0; i < options->own_count; i++)
        if (strcmp(options->own[i].group, group) == 0 && task->name != NULL &&
            strcmp(options->own[i].task->name, task->name) == 0)
            return error_set(err, SOPOOL_E_USAGE, "%s.%s is registered already",
                             group, task->name);
    return 0;
}

/* Is the group, with the task that was added, fit to be one? */
static int check_group(const sopool_options *options, const char *group,
                       sopool_error *err)
{
    struct manifest manifest;
    const sopool_task **tasks;

    if (own_manifest(options->own, options->own_count, group, &manifest, &tasks,
                     err) != 0)
        return -1;
    manifest_finish(&manifest);
    free(tasks);
    return 0;
}

int sopool_register(sopool_options *options, const char *group,
                    const sopool_task *task, sopool_error *err)
{
    if (check_new(options, group, task, err) != 0)
        return -1;
    if (add_own(options, group, task) != 0)
        return error_nomem(err);
    if (check_group(options, group, err) == 0)
        return 0;
    free(options->own[--options->own_count].group);
    return -1;
}

static void own_finish(sopool_options *options)
{
    for (size_t i = 0; i < options->own_count; i++)
        free(options->own[i].group);
    free(options->own);
}

static int own_copy(sopool_options *to, const sopool_options *from)
{
    for (size_t i = 0; i < from->own_count; i++)
        if (add_own(to, from->own[i].group, from->own[i].task) != 0)
            return -1;
    return 0;
}

/* ---- lists and the whole ----------------------------------------------- */

int strings_add(struct strings *list, const char *text)
{
    char **grown = reallocarray(list->item, list->count + 1, sizeof(*grown));

    if (grown == NULL)
        return -1;
    list->item = grown;
    grown[list->count] = strdup(text);
    if (grown[list->count] == NULL)
        return -1;
    list->count++;
    return 0;
}

static void strings_finish(struct strings *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->item[i]);
    free(list->item);
    *list = (struct strings){0};
}

static int strings_copy(struct strings *to, const struct strings *from)
{
    for (size_t i = 0; i < from->count; i++)
        if (strings_add(to, from->item[i]) != 0)
            return -1;
    return 0;
}

void option_clear(sopool_options *options, const struct option_key *key)
{
    if (key->kind == OPTION_LIST || key->kind == OPTION_FOLDERS)
        strings_finish(list_at(options, key));
    if (key->kind == OPTION_ARGS)
        options->initargs.size = 0;
}

sopool_options *sopool_options_new(void)
{
    return calloc(1, sizeof(struct sopool_options));
}

void sopool_options_free(sopool_options *options)
{
    if (options == NULL)
        return;
    strings_finish(&options->plugin_path);
    strings_finish(&options->plugin_first);
    strings_finish(&options->plugin_load);
    own_finish(options);
    buf_finish(&options->initargs);
    free(options->initializer);
    free(options->crash_dir);
    free(options);
}

static int copy_text(char **to, const char *from)
{
    if (from != NULL)
        *to = strdup(from);
    return from == NULL || *to != NULL ? 0 : -1;
}

sopool_options *options_copy(const sopool_options *from)
{
    sopool_options *to = sopool_options_new();

    if (to == NULL)
        return NULL;
    *to = *from;
    to->plugin_path = to->plugin_first = to->plugin_load = (struct strings){0};
    to->initargs = (struct buf){0};
    to->initializer = to->crash_dir = NULL;
    to->own = NULL;
    to->own_count = 0;
    if (strings_copy(&to->plugin_path, &from->plugin_path) == 0 &&
        strings_copy(&to->plugin_first, &from->plugin_first) == 0 &&
        strings_copy(&to->plugin_load, &from->plugin_load) == 0 &&
        own_copy(to, from) == 0 &&
        buf_add(&to->initargs, from->initargs.data, from->initargs.size) == 0 &&
        copy_text(&to->initializer, from->initializer) == 0 &&
        copy_text(&to->crash_dir, from->crash_dir) == 0)
        return to;
    sopool_options_free(to);
    return NULL;
}
