/* test_options.c - a pool's options from texts and from YAML files. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sopool/cbor.h>

#include "pool/options.h"
#include "unit.h"

static sopool_options *options;
static sopool_error err;
static char complaints[65536];
static int complaint_count;

static void set_up(void)
{
    options = sopool_options_new();
    ck_assert_ptr_nonnull(options);
    complaints[0] = '\0';
    complaint_count = 0;
}

static void tear_down(void)
{
    sopool_options_free(options);
}

/* ---- texts ------------------------------------------------------------- */

static void good(const char *key, const char *text)
{
    ck_assert_msg(sopool_options_set(options, key, text, &err) == 0,
                  "%s: %s: %s", key, text, err.message);
}

static void bad(const char *key, const char *text)
{
    ck_assert_msg(sopool_options_set(options, key, text, &err) == -1,
                  "%s: %s was taken", key, text);
    ck_assert_int_eq(err.code, SOPOOL_E_CONFIG);
}

START_TEST(counts)
{
    good("processes", "4");
    ck_assert_uint_eq(options->processes, 4);
    good("processes", "auto");
    ck_assert_uint_eq(options->processes, 0);
    good("processes", "4096");
    good("maxtasksperchild", "18446744073709551615");
    ck_assert_uint_eq(options->maxtasksperchild, UINT64_MAX);
    good("retries", "0");
    bad("processes", "4097");
    bad("processes", "0");
    bad("processes", "-1");
    bad("processes", "");
    bad("processes", "4x");
    bad("processes", " 4");
    bad("processes", "Auto");
    bad("maxtasksperchild", "0");
    ck_assert_ptr_nonnull(strstr(err.message, "leave it out for no limit"));
    bad("maxtasksperchild", "18446744073709551616");
    bad("chunksize", "0");
    ck_assert_uint_eq(options->processes, 4096);
}
END_TEST

static const struct {
    const char *text;
    int64_t ns; /* 0: refused */
} durations[] = {
    {"30s", 30000000000},
    {"250ms", 250000000},
    {"1us", 1000},
    {"7ns", 7},
    {"5m", 300000000000},
    {"2h", 7200000000000},
    {"1.5h", 5400000000000},
    {"0.25s", 250000000},
    {"30", 0},
    {"s", 0},
    {"0s", 0},
    {"-1s", 0},
    {"1.s", 0},
    {".5s", 0},
    {"1 s", 0},
    {"1d", 0},
    {"1S", 0},
    {"9999999999h", 0},
    {"99999999999999999999s", 0},
    {"1.1234567s", 0},
};

START_TEST(durations_have_units)
{
    if (durations[_i].ns == 0) {
        bad("timeout", durations[_i].text);
        ck_assert_ptr_nonnull(strstr(err.message, "250ms"));
        return;
    }
    good("timeout", durations[_i].text);
    ck_assert_int_eq(options->timeout_ns, durations[_i].ns);
}
END_TEST

static const struct {
    const char *text;
    uint64_t bytes; /* 0: refused */
} sizes[] = {
    {"512M", UINT64_C(512) << 20},
    {"2G", UINT64_C(2) << 30},
    {"2GiB", UINT64_C(2) << 30},
    {"2GB", UINT64_C(2) << 30},
    {"65536K", UINT64_C(65536) << 10},
    {"1.5G", UINT64_C(3) << 29},
    {"1T", UINT64_C(1) << 40},
    {"33554432", 33554432},
    {"33554432B", 33554432},
    {"1M", 0},
    {"512m", 0},
    {"M", 0},
    {"512MM", 0},
    {"512iB", 0},
    {"99999999999T", 0},
};

START_TEST(sizes_have_units)
{
    if (sizes[_i].bytes == 0) {
        bad("limits.memory", sizes[_i].text);
        return;
    }
    good("limits.memory", sizes[_i].text);
    ck_assert_uint_eq(options->limit_memory, sizes[_i].bytes);
}
END_TEST

START_TEST(words)
{
    good("start_method", "spawn");
    ck_assert_int_eq(options->start_method, START_SPAWN);
    bad("start_method", "forkservr");
    ck_assert_ptr_nonnull(strstr(err.message, "did you mean 'forkserver'?"));
    good("initializer", "hash.init");
    bad("initializer", "hash");
    bad("initializer", "hash.");
    bad("initializer", ".init");
    bad("initializer", "a.b.c");
    ck_assert_str_eq(options->initializer, "hash.init");
    bad("initargs", "[1]");
}
END_TEST

START_TEST(lists_are_added_to)
{
    good("plugins.load", "a");
    good("plugins.load", "b");
    good("plugin_path", "/x");
    ck_assert_uint_eq(options->plugin_load.count, 2);
    ck_assert_str_eq(options->plugin_load.item[1], "b");
    ck_assert_str_eq(options->plugin_first.item[0], "/x");
    bad("plugins.load", "");
}
END_TEST

static void note_folder(void *ctx, const char *path)
{
    char *all = ctx;

    (void)strcat(strcat(all, path), "\n");
}

START_TEST(folders_in_the_order_of_the_search)
{
    char all[4096] = "";

    ck_assert_int_eq(setenv("SOPOOL_PLUGIN_PATH", "/env::/env2", 1), 0);
    ck_assert_int_eq(setenv("HOME", "/home/me", 1), 0);
    good("plugin_path", "/first");
    ck_assert_int_eq(sopool_options_folders(options, note_folder, all, &err),
                     0);
    ck_assert_ptr_eq(
        strstr(all, "/first\n/env\n/env2\n/home/me/.local/lib/sopool\n/"), all);
    good("plugins.path", "/config");
    all[0] = '\0';
    ck_assert_int_eq(sopool_options_folders(options, note_folder, all, &err),
                     0);
    ck_assert_str_eq(all, "/first\n/env\n/env2\n/config\n");
}
END_TEST

START_TEST(unknown_keys_are_guessed)
{
    static const char *const guesses[][2] = {
        {"workers", "processes"},
        {"max_tasks_per_child", "maxtasksperchild"},
        {"proceses", "processes"},
        {"timout", "timeout"},
        {"limits.memry", "limits.memory"},
        {"mp_context", "start_method"},
    };

    for (size_t i = 0; i < sizeof(guesses) / sizeof(guesses[0]); i++) {
        bad(guesses[i][0], "1");
        ck_assert_msg(strstr(err.message, guesses[i][1]) != NULL, "%s",
                      err.message);
    }
    bad("zzzzzzzzzzzz", "1");
    ck_assert_ptr_null(strstr(err.message, "did you mean"));
}
END_TEST

START_TEST(only_what_a_task_needs)
{
    good("initializer", "a.b");
    ck_assert_int_eq(sopool_options_only(options, "c.d", &err), 0);
    ck_assert_uint_eq(options->plugin_load.count, 2);
    ck_assert_str_eq(options->plugin_load.item[0], "c");
    ck_assert_str_eq(options->plugin_load.item[1], "a");
    ck_assert_int_eq(sopool_options_only(options, "e.f", &err), 0);
    ck_assert_uint_eq(options->plugin_load.count, 2);
}
END_TEST

START_TEST(a_copy_has_everything)
{
    sopool_options *copy;

    good("plugins.load", "a");
    good("plugins.path", "/y");
    good("plugin_path", "/x");
    good("initializer", "a.b");
    good("timeout", "3s");
    copy = options_copy(options);
    ck_assert_ptr_nonnull(copy);
    sopool_options_free(options);
    options = copy;
    ck_assert_str_eq(copy->plugin_load.item[0], "a");
    ck_assert_str_eq(copy->plugin_path.item[0], "/y");
    ck_assert_str_eq(copy->plugin_first.item[0], "/x");
    ck_assert_str_eq(copy->initializer, "a.b");
    ck_assert_int_eq(copy->timeout_ns, 3000000000);
}
END_TEST

/* ---- YAML -------------------------------------------------------------- */

static void keep_complaint(void *ctx, const char *complaint)
{
    size_t used = strlen(complaints);

    (void)ctx;
    (void)snprintf(complaints + used, sizeof(complaints) - used, "%s\n",
                   complaint);
    complaint_count++;
}

static int load(const char *yaml, size_t size)
{
    char path[] = "/tmp/sopool-unit-XXXXXX";
    int fd = mkstemp(path);
    int status;

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, yaml, size), (ssize_t)size);
    (void)close(fd);
    status = sopool_options_load(options, path, keep_complaint, NULL, &err);
    (void)unlink(path);
    return status;
}

static void good_yaml(const char *yaml)
{
    ck_assert_msg(load(yaml, strlen(yaml)) == 0, "%s\n%s", yaml, err.message);
}

/* Refused, with these complaints: "LINE:COLUMN: ..." each. */
static void bad_yaml(const char *yaml, const char *const *expected)
{
    sopool_options *before = options_copy(options);
    const char *at = complaints;

    complaints[0] = '\0';
    ck_assert_int_eq(load(yaml, strlen(yaml)), -1);
    for (; *expected != NULL; expected++) {
        const char *found = strstr(at, *expected);

        ck_assert_msg(found != NULL, "no '%s' in:\n%s", *expected, complaints);
        at = found;
    }
    /* Nothing was changed, and the first complaint is the error. */
    ck_assert_uint_eq(options->processes, before->processes);
    ck_assert_uint_eq(options->plugin_load.count, before->plugin_load.count);
    ck_assert_ptr_eq(strstr(complaints, err.message), complaints);
    sopool_options_free(before);
}

#define BAD(yaml, ...) bad_yaml(yaml, (const char *const[]){__VA_ARGS__, NULL})

START_TEST(a_whole_config)
{
    good_yaml("plugins:\n"
              "  path: [./plugins, /usr/lib/sopool/plugins]\n"
              "  load: [hash, text]\n"
              "processes: 3\n"
              "start_method: spawn\n"
              "initializer: hash.init\n"
              "initargs: [\"sha512\"]\n"
              "maxtasksperchild: 1000\n"
              "chunksize: auto\n"
              "timeout: 30s\n"
              "retries: 0\n"
              "threads_per_worker: 2\n"
              "limits: {memory: 512M, cpu: 60s, open_files: 256}\n");
    ck_assert_uint_eq(options->processes, 3);
    ck_assert_int_eq(options->start_method, START_SPAWN);
    ck_assert_str_eq(options->plugin_path.item[0], "/tmp/./plugins");
    ck_assert_str_eq(options->plugin_path.item[1], "/usr/lib/sopool/plugins");
    ck_assert_uint_eq(options->plugin_load.count, 2);
    ck_assert_uint_eq(options->maxtasksperchild, 1000);
    ck_assert_uint_eq(options->limit_memory, UINT64_C(512) << 20);
    ck_assert_int_eq(options->limit_cpu_ns, 60000000000);
    ck_assert_uint_eq(options->limit_files, 256);
    ck_assert_uint_eq(options->threads_per_worker, 2);
    /* What was set stays where the next file says nothing. */
    good_yaml("processes: auto\nplugins: {load: [math]}\n");
    ck_assert_uint_eq(options->processes, 0);
    ck_assert_uint_eq(options->plugin_load.count, 1);
    ck_assert_uint_eq(options->maxtasksperchild, 1000);
}
END_TEST

START_TEST(initargs_are_values)
{
    static const uint8_t expected[] = {
        0x8d, 0x66, 's',  'h',  'a',  '5',  '1',  '2',  0x01, 0x20, 0x18,
        0x1f, 0xf9, 0x3e, 0x00, 0xf6, 0xf5, 0x64, 't',  'r',  'u',  'e',
        0xf9, 0x7c, 0x00, 0x1b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0x08, 0x80, 0xa2, 0x61, 'b',  0x82, 0x02, 0xa0, 0x62, 'a',
        'a',  0x01, 0x64, 0xc3, 0xa9, 0xc3, 0xa9};

    good_yaml("initializer: a.b\n"
              "initargs: [sha512, 1, -1, 0x1f, 1.5, ~, true, 'true', .inf,\n"
              "  18446744073709551615, 0o10, [], {aa: 1, b: [2, {}]}, éé]\n");
    /* Fourteen items: one head byte. */
    ck_assert_uint_eq(options->initargs.data[0], 0x8e);
    ck_assert_ptr_null(
        sopool_cbor_check(options->initargs.data, options->initargs.size));
    ck_assert_uint_eq(options->initargs.size, sizeof(expected));
    ck_assert_mem_eq(options->initargs.data + 1, expected + 1,
                     sizeof(expected) - 1);
}
END_TEST

START_TEST(all_errors_in_one_run)
{
    BAD("workers: 3\n"
        "processes: many\n"
        "processes: 3\n"
        "start_method: forkservr\n"
        "timeout: 30\n"
        "limits: {memory: 1M, cpus: 3}\n"
        "plugins: 3\n",
        ":1:1: unknown key 'workers'; did you mean 'processes'?",
        ":2:12: processes: 'many'", ":3:1: 'processes' is there twice",
        ":4:15: start_method:", ":5:10: timeout: '30'",
        ":6:18: limits.memory: '1M'", ":6:22: unknown key 'limits.cpus'",
        ":7:10: plugins: a single value");
    ck_assert_int_eq(complaint_count, 8);
}
END_TEST

START_TEST(wrong_types)
{
    BAD("processes: [1]\nplugins: {load: hash, path: {a: b}}\n"
        "timeout: {a: 1}\ninitializer: a.b\ninitargs: 3\nretries:\n",
        ":1:12: processes: a list", ":2:17: plugins.load: a single value",
        ":2:29: plugins.path: a mapping", ":3:10: timeout: a mapping",
        ":5:11: initargs: a single value", ":6:9: retries: nothing");
}
END_TEST

START_TEST(anchors_aliases_and_tags)
{
    BAD("processes: &a 3\nretries: *a\n", ":1:12: an anchor",
        ":2:10: an alias");
    BAD("processes: 3\nretries: !bar 2\n", ":2:10: the tag !bar");
    BAD("processes: !!int 3\n", ":1:12: the tag tag:yaml.org,2002:int");
    BAD("a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n", ":1:4: an anchor");
}
END_TEST

START_TEST(what_is_no_config)
{
    BAD("", ":1:1: the file is empty");
    BAD("# nothing\n", ":1:1: the file is empty");
    BAD("- a\n- b\n", ":1:1: a list is no pool config");
    BAD("hello\n", ":1:1: a single value is no pool config");
    BAD("processes: 1\n---\nprocesses: 2\n", ":2:1: a second document");
    BAD("processes: [1\n", ": not YAML: ");
    BAD("a: b: c\n", ":1:5: not YAML: ");
    BAD("initargs: [1]\n", ":1:11: initargs without an initializer");
    BAD("[1, 2]: 3\n? {a: 1}\n: 4\n", ":1:1: a key that is no text");
    BAD("initializer: a.b\ninitargs: [{1: a, 1: b}, {[1]: 2}]\n",
        "a key twice");
}
END_TEST

START_TEST(files_that_cannot_be_read)
{
    ck_assert_int_eq(sopool_options_load(options, "/nonexistent/x.yaml",
                                         keep_complaint, NULL, &err),
                     -1);
    ck_assert_str_eq(err.message, "/nonexistent/x.yaml:1:1: cannot be opened: "
                                  "No such file or directory");
    ck_assert_int_eq(
        sopool_options_load(options, "/tmp", keep_complaint, NULL, &err), -1);
    ck_assert_str_eq(err.message,
                     "/tmp:1:1: is a folder; allowed: a YAML file");
    ck_assert_int_eq(load("a\xff", 2), -1);
    ck_assert_ptr_nonnull(strstr(complaints, "not UTF-8"));
    ck_assert_int_eq(load("processes: \"1\\0\"\n", 17), -1);
    ck_assert_ptr_nonnull(strstr(complaints, "a NUL character"));
    ck_assert_int_eq(
        sopool_options_load(options, "/dev/zero", keep_complaint, NULL, &err),
        -1);
    ck_assert_ptr_nonnull(strstr(err.message, "larger than 1 MiB"));
}
END_TEST

static const char *const openings[] = {"[", "{a: ", "- ", "a: [", "? "};

/* Neither memory nor stack nor time is exhausted. */
START_TEST(depth_is_limited)
{
    static char deep[1 << 19];
    size_t size = strlen(openings[_i % 5]), used = 0;

    if (_i >= 5) {
        static const char head[] = "initializer: a.b\ninitargs: ";

        memcpy(deep, head, sizeof(head) - 1);
        used = sizeof(head) - 1;
    }
    for (; used + size < sizeof(deep); used += size)
        memcpy(deep + used, openings[_i % 5], size);
    ck_assert_int_eq(load(deep, used), -1);
    ck_assert_int_ge(complaint_count, 1);
}
END_TEST

/* No mutation of a config crashes the reader. */
START_TEST(mutations)
{
    static const char yaml[] =
        "plugins: {path: [a, b], load: [c]}\nprocesses: 3\n"
        "initializer: a.b\ninitargs: [1, {a: [2, 'x'], b: ~}, \"\\u00e9\"]\n"
        "limits:\n  memory: 512M\n  cpu: 1s\n";
    static const char bytes[] = "[]{}:,-?&*!|>'\"%@`#\n \t\\\0\xff~a1";
    uint64_t state = (uint64_t)_i + 1;
    char copy[sizeof(yaml)];

    for (int round = 0; round < 300; round++) {
        memcpy(copy, yaml, sizeof(yaml));
        for (int i = 0; i < 1 + round % 4; i++) {
            state = state * UINT64_C(6364136223846793005) + 1442695;
            copy[(state >> 33) % (sizeof(yaml) - 1)] =
                bytes[(state >> 20) % (sizeof(bytes) - 1)];
        }
        complaints[0] = '\0';
        if (load(copy, sizeof(yaml) - 1) != 0)
            ck_assert_int_eq(err.code, SOPOOL_E_CONFIG);
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("options");
    TCase *t = tcase_create("options");

    tcase_set_timeout(t, 240);
    tcase_add_checked_fixture(t, set_up, tear_down);
    tcase_add_test(t, counts);
    tcase_add_loop_test(t, durations_have_units, 0,
                        sizeof(durations) / sizeof(durations[0]));
    tcase_add_loop_test(t, sizes_have_units, 0,
                        sizeof(sizes) / sizeof(sizes[0]));
    tcase_add_test(t, words);
    tcase_add_test(t, lists_are_added_to);
    tcase_add_test(t, folders_in_the_order_of_the_search);
    tcase_add_test(t, unknown_keys_are_guessed);
    tcase_add_test(t, only_what_a_task_needs);
    tcase_add_test(t, a_copy_has_everything);
    tcase_add_test(t, a_whole_config);
    tcase_add_test(t, initargs_are_values);
    tcase_add_test(t, all_errors_in_one_run);
    tcase_add_test(t, wrong_types);
    tcase_add_test(t, anchors_aliases_and_tags);
    tcase_add_test(t, what_is_no_config);
    tcase_add_test(t, files_that_cannot_be_read);
    tcase_add_loop_test(t, depth_is_limited, 0, 10);
    tcase_add_loop_test(t, mutations, 0, 10);
    suite_add_tcase(s, t);
    return unit_run(s);
}
