/* test_load.c - plugins opened in this process, and those that cannot be. */
#include "files.h"
#include "plugin/load.h"
#include "unit.h"

#include <sopool/cbor.h>

static path_text folder;

static void set_up(void)
{
    make_folder(folder);
}

static void tear_down(void)
{
    remove_folder(folder);
}

static struct manifest manifest_of(int fd)
{
    sopool_error err = {0};
    struct manifest m;

    ck_assert_msg(manifest_read(&m, fd, &err) == 0, "%s", err.message);
    return m;
}

/* Loads the file at the descriptor by its own manifest. */
static struct plugin loaded(int fd)
{
    struct manifest m = manifest_of(fd);
    sopool_error err = {0};
    struct plugin p;

    ck_assert_msg(plugin_load(&p, fd, "/the/path.so", &m, &err) == 0, "%s",
                  err.message);
    manifest_finish(&m);
    return p;
}

static const char *refused(int fd, const struct manifest *expect)
{
    static sopool_error err;
    struct plugin p;

    memset(&err, 0, sizeof(err));
    ck_assert_int_eq(plugin_load(&p, fd, "/the/path.so", expect, &err), -1);
    ck_assert_int_eq(err.code, SOPOOL_E_PLUGIN);
    ck_assert_ptr_null(p.abi);
    ck_assert_ptr_null(p.task);
    ck_assert_msg(strncmp(err.message, "/the/path.so: ", 14) == 0, "%s",
                  err.message);
    ck_assert_msg(strstr(err.message, "/proc/self") == NULL, "%s", err.message);
    return err.message;
}

/* ---- a host for tasks -------------------------------------------------- */

/* Room for one result. */
static uint8_t room[256];
static const uint8_t *result_at;
static uint64_t result_size;

static void *host_reserve(sopool_call *call, uint64_t size)
{
    (void)call;
    return size <= sizeof(room) ? room : NULL;
}

static int32_t host_result(sopool_call *call, const void *start, uint64_t size)
{
    (void)call;
    result_at = start;
    result_size = size;
    return 0;
}

static int32_t host_reserved(sopool_call *call, const void *ptr, uint64_t size)
{
    const uint8_t *at = ptr;

    (void)call;
    return at >= room && at + size <= room + sizeof(room);
}

static const sopool_host host = {
    .size = sizeof(host),
    .reserve = host_reserve,
    .result = host_result,
    .reserved = host_reserved,
};

static void gives(const struct plugin *p, size_t task, const char *args,
                  size_t args_size, const char *result, size_t size)
{
    sopool_call call = {&host};

    result_size = 0;
    ck_assert_int_eq(
        p->task[task]->run(&call, (const uint8_t *)args, args_size), SOPOOL_OK);
    ck_assert_uint_eq(result_size, size);
    ck_assert_mem_eq(result_at, result, size);
}

#define B(bytes) bytes, sizeof(bytes) - 1

/* ---- what works -------------------------------------------------------- */

START_TEST(tasks_can_be_run)
{
    struct plugin p;
    int fd;

    copy_plugin("good", folder, "good.so");
    fd = open_file(folder, "good.so");
    p = loaded(fd);
    (void)close(fd); /* it keeps one of its own */
    ck_assert_str_eq(p.abi->name, "good");
    ck_assert_str_eq(p.task[0]->name, "square");
    ck_assert_str_eq(p.task[1]->name, "greet");
    gives(&p, 0, B("\x81\x09"), B("\x18\x51"));
    gives(&p, 1, B("\x82\x63you\xf5"),
          B("\x6dGr\xc3\xbc\xc3\x9f"
            "e, you!"));
    free(p.task);
}
END_TEST

START_TEST(in_the_order_of_the_manifest)
{
    struct manifest m;
    struct manifest_task first;
    sopool_error err = {0};
    struct plugin p;
    int fd;

    copy_plugin("good", folder, "good.so");
    fd = open_file(folder, "good.so");
    m = manifest_of(fd);
    first = m.task[0];
    m.task[0] = m.task[2];
    m.task[2] = first;
    ck_assert_int_eq(plugin_load(&p, fd, "x", &m, &err), 0);
    ck_assert_str_eq(p.task[0]->name, "nothing");
    ck_assert_str_eq(p.task[2]->name, "square");
    gives(&p, 0, B("\x80"), B("\xf6"));
    manifest_finish(&m);
    (void)close(fd);
    free(p.task);
}
END_TEST

START_TEST(the_same_file_is_opened_once)
{
    struct plugin one, two;
    int fd, again;

    copy_plugin("good", folder, "good.so");
    fd = open_file(folder, "good.so");
    again = open_file(folder, "good.so");
    one = loaded(fd);
    two = loaded(again);
    ck_assert_ptr_eq(one.abi, two.abi);
    (void)close(fd);
    (void)close(again);
    free(one.task);
    free(two.task);
}
END_TEST

/* The linker knows what it has opened by its path too, and this one is the
 * number of a descriptor, which comes again. */
START_TEST(numbers_come_again)
{
    struct plugin good, second;
    int fd, number;

    copy_plugin("good", folder, "a.so");
    copy_plugin("second", folder, "b.so");
    number = fd = open_file(folder, "a.so");
    good = loaded(fd);
    (void)close(fd);
    fd = open_file(folder, "b.so");
    ck_assert_int_eq(fd, number);
    second = loaded(fd);
    ck_assert_str_eq(good.abi->name, "good");
    ck_assert_str_eq(second.abi->name, "second");
    gives(&second, 0, B("\x81\x03"), B("\x18\x1b"));
    (void)close(fd);
    free(good.task);
    free(second.task);
}
END_TEST

/* A new build in the place of the old one is another file. */
START_TEST(a_new_build_is_another_file)
{
    struct plugin old, new;
    path_text path;
    int fd;

    copy_plugin("good", folder, "p.so");
    fd = open_file(folder, "p.so");
    old = loaded(fd);
    (void)close(fd);
    ck_assert_int_eq(unlink(path_of(path, folder, "p.so")), 0);
    copy_plugin("second", folder, "p.so");
    fd = open_file(folder, "p.so");
    new = loaded(fd);
    (void)close(fd);
    ck_assert_str_eq(old.abi->name, "good");
    ck_assert_str_eq(new.abi->name, "second");
    gives(&old, 0, B("\x81\x09"), B("\x18\x51"));
    free(old.task);
    free(new.task);
}
END_TEST

/* ---- what does not ----------------------------------------------------- */

START_TEST(a_missing_function_is_named)
{
    struct manifest m;
    const char *why;
    int fd;

    copy_plugin("unlinked", folder, "unlinked.so");
    fd = open_file(folder, "unlinked.so");
    m = manifest_of(fd);
    why = refused(fd, &m);
    ck_assert_has(why, "undefined symbol: sopool_test_nobody_has_this");
    why = refused(fd, &m); /* a second time as the first */
    ck_assert_has(why, "undefined symbol");
    manifest_finish(&m);
    (void)close(fd);
}
END_TEST

START_TEST(no_library_at_all)
{
    struct manifest m = {.name = "p"};
    int fd;

    write_file(folder, "p.so", "no library", 10);
    fd = open_file(folder, "p.so");
    ck_assert_has(refused(fd, &m), "cannot be opened");
    (void)close(fd);
}
END_TEST

/* What each change to the manifest makes of it. */
static void change(struct manifest *m, int which)
{
    switch (which) {
    case 0:
        m->name = "other";
        break;
    case 1:
        m->abi++;
        break;
    case 2:
        m->task_count--;
        break;
    case 3:
        m->task[1].name = "other";
        break;
    case 4:
        m->task[1].signature = "(name: str, loud: i64) -> str";
        break;
    default:
        m->task[1].flags ^= SOPOOL_NO_FORK;
        break;
    }
}

START_TEST(another_manifest)
{
    struct manifest m;
    int fd;

    copy_plugin("good", folder, "good.so");
    fd = open_file(folder, "good.so");
    m = manifest_of(fd);
    change(&m, _i);
    ck_assert_has(refused(fd, &m), _i < 3 ? "not what its manifest says"
                                   : _i == 3
                                       ? "task other is not in memory as"
                                       : "task greet is not in memory as");
    manifest_finish(&m);
    (void)close(fd);
}
END_TEST

/* The head of sopool_plugin as it stands in the file. */
static const uint32_t plugin_head[] = {
    SOPOOL_PLUGIN_MAGIC, sizeof(sopool_plugin), SOPOOL_ABI_MINOR, 3};

/* good.so, with a number of its sopool_plugin changed. */
static const char *refused_with(size_t member, uint32_t value)
{
    struct buf file = plugin_bytes("good");
    uint8_t *head = only_run(&file, plugin_head, sizeof(plugin_head));
    struct manifest m;
    const char *why;
    int fd;

    memcpy(head + member * sizeof(value), &value, sizeof(value));
    write_file(folder, "changed.so", file.data, file.size);
    fd = open_file(folder, "changed.so");
    m = manifest_of(fd);
    why = refused(fd, &m);
    manifest_finish(&m);
    (void)close(fd);
    buf_finish(&file);
    return why;
}

START_TEST(another_magic)
{
    ck_assert_has(refused_with(0, 0x12345678),
                  "begins with 12345678, a plugin's with ");
}
END_TEST

START_TEST(too_small)
{
    const char *why = refused_with(1, 16);

    ck_assert_has(why, "has 16 bytes, at least ");
    ck_assert_has(why, " are needed; build it with the headers of this sopool");
}
END_TEST

START_TEST(another_minor)
{
    ck_assert_has(refused_with(2, 9), "not what its manifest says");
}
END_TEST

START_TEST(another_count)
{
    ck_assert_has(refused_with(3, 2), "not what its manifest says");
}
END_TEST

START_TEST(no_symbol)
{
    struct manifest m;
    int fd;

    copy_plugin("nameless", folder, "nameless.so");
    fd = open_file(folder, "nameless.so");
    m = manifest_of(fd);
    ck_assert_has(refused(fd, &m), "it has no symbol sopool_plugin_v1");
    manifest_finish(&m);
    (void)close(fd);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("load");
    TCase *tc = tcase_create("load");

    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, tasks_can_be_run);
    tcase_add_test(tc, in_the_order_of_the_manifest);
    tcase_add_test(tc, the_same_file_is_opened_once);
    tcase_add_test(tc, numbers_come_again);
    tcase_add_test(tc, a_new_build_is_another_file);
    tcase_add_test(tc, a_missing_function_is_named);
    tcase_add_test(tc, no_library_at_all);
    tcase_add_loop_test(tc, another_manifest, 0, 6);
    tcase_add_test(tc, another_magic);
    tcase_add_test(tc, too_small);
    tcase_add_test(tc, another_minor);
    tcase_add_test(tc, another_count);
    tcase_add_test(tc, no_symbol);
    suite_add_tcase(s, tc);
    return s;
}

int main(void)
{
    return unit_run(suite());
}
