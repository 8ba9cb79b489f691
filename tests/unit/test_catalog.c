/* test_catalog.c - which tasks there are: folders, order, names, refusals. */
#include "files.h"
#include "plugin/catalog.h"
#include "unit.h"

#include <errno.h>

static path_text first, second;

static void set_up(void)
{
    make_folder(first);
    make_folder(second);
}

static void tear_down(void)
{
    remove_folder(first);
    remove_folder(second);
}

/* What was complained of. */
struct complaints {
    size_t count;
    char last[1024];
};

static void complain(void *ctx, const char *complaint)
{
    struct complaints *c = ctx;

    c->count++;
    (void)snprintf(c->last, sizeof(c->last), "%s", complaint);
}

static sopool_catalog *opened(struct complaints *c)
{
    const struct catalog_dir dirs[] = {{first, true}, {second, false}};
    sopool_error err = {0};
    sopool_catalog *catalog =
        catalog_open(dirs, 2, NULL, 0, c == NULL ? NULL : complain, c, &err);

    ck_assert_msg(catalog != NULL, "%s", err.message);
    return catalog;
}

static const char *refused(const struct catalog_dir *dirs, size_t dir_count,
                           const char *load)
{
    static sopool_error err;

    memset(&err, 0, sizeof(err));
    ck_assert_ptr_null(
        catalog_open(dirs, dir_count, &load, load != NULL, NULL, NULL, &err));
    ck_assert_int_eq(err.code, SOPOOL_E_PLUGIN);
    return err.message;
}

static const char *not_found(const sopool_catalog *catalog, const char *name,
                             int code)
{
    static sopool_error err;
    uint32_t id = 7;

    memset(&err, 0, sizeof(err));
    ck_assert_ptr_null(sopool_catalog_find(catalog, name, NULL));
    ck_assert_int_eq(catalog_id(catalog, name, &id, &err), -1);
    ck_assert_int_eq(err.code, code);
    ck_assert_uint_eq(id, 7);
    return err.message;
}

static uint32_t id_of(const sopool_catalog *catalog, const char *name)
{
    sopool_error err = {0};
    uint32_t id = UINT32_MAX;

    ck_assert_msg(catalog_id(catalog, name, &id, &err) == 0, "%s", err.message);
    return id;
}

START_TEST(tasks_are_described)
{
    const sopool_task_info *task;
    sopool_catalog *catalog;
    sopool_error err = {0};
    path_text path;

    copy_plugin("good", first, "any-name.so");
    catalog = opened(NULL);
    task = sopool_catalog_find(catalog, "good.greet", &err);
    ck_assert_ptr_nonnull(task);
    ck_assert_int_eq(err.code, 0);
    ck_assert_str_eq(task->name, "good.greet");
    ck_assert_str_eq(task->plugin, "good");
    ck_assert_str_eq(task->plugin_version, "1.2");
    ck_assert_str_eq(task->path, path_of(path, first, "any-name.so"));
    ck_assert_str_eq(task->signature, "(name: str, loud: bool) -> str");
    ck_assert_int_eq(task->result_type, SOPOOL_STR);
    ck_assert_uint_eq(task->param_count, 2);
    ck_assert_str_eq(task->params[1].name, "loud");
    ck_assert_int_eq(task->params[1].type, SOPOOL_BOOL);
    ck_assert_uint_eq(task->flags, 0);
    sopool_catalog_free(catalog);
    sopool_catalog_free(NULL);
}
END_TEST

START_TEST(ids_and_names_have_their_order)
{
    static const char *const by_name[] = {"good.greet", "good.nothing",
                                          "good.square", "second.cube"};
    sopool_catalog *catalog;

    copy_plugin("second", first, "a.so"); /* files are taken by their name */
    copy_plugin("good", first, "b.so");
    catalog = opened(NULL);
    ck_assert_uint_eq(id_of(catalog, "second.cube"), 0);
    ck_assert_uint_eq(id_of(catalog, "good.square"), 1);
    ck_assert_uint_eq(id_of(catalog, "good.greet"), 2);
    ck_assert_uint_eq(id_of(catalog, "good.nothing"), 3);
    ck_assert_uint_eq(catalog->plugin[1].first_task, 1);
    ck_assert_uint_eq(sopool_catalog_count(catalog), 4);
    for (size_t i = 0; i < 4; i++)
        ck_assert_str_eq(sopool_catalog_task(catalog, i)->name, by_name[i]);
    ck_assert_ptr_null(sopool_catalog_task(catalog, 4));
    ck_assert_ptr_null(sopool_catalog_task(catalog, SIZE_MAX));
    sopool_catalog_free(catalog);
}
END_TEST

START_TEST(the_first_of_a_name_wins)
{
    struct complaints c = {0};
    sopool_catalog *catalog;
    path_text path;

    copy_plugin("good", second, "aaa.so");
    copy_plugin("good", first, "mmm.so");
    copy_plugin("good", first, "zzz.so");
    catalog = opened(&c);
    ck_assert_uint_eq(catalog->plugin_count, 1);
    ck_assert_uint_eq(sopool_catalog_count(catalog), 3);
    ck_assert_str_eq(sopool_catalog_task(catalog, 0)->path,
                     path_of(path, first, "mmm.so"));
    ck_assert_uint_eq(c.count, 0);
    sopool_catalog_free(catalog);
}
END_TEST

START_TEST(other_files_are_passed_over)
{
    struct complaints c = {0};
    sopool_catalog *catalog;

    copy_plugin("good", first, "good.so.bak");
    copy_plugin("good", first, ".hidden.so");
    copy_plugin("good", first, "good.SO");
    write_file(first, "README", "", 0);
    write_file(first, ".so", "", 0);
    catalog = opened(&c);
    ck_assert_uint_eq(sopool_catalog_count(catalog), 0);
    ck_assert_uint_eq(c.count, 0);
    ck_assert_ptr_null(sopool_catalog_task(catalog, 0));
    sopool_catalog_free(catalog);
}
END_TEST

START_TEST(folders_may_be_missing)
{
    struct catalog_dir dirs[] = {{"/no/such/folder", false}, {first, true}};
    struct complaints c = {0};
    sopool_catalog *catalog;

    copy_plugin("good", first, "good.so");
    catalog = catalog_open(dirs, 2, NULL, 0, complain, &c, NULL);
    ck_assert_ptr_nonnull(catalog);
    ck_assert_uint_eq(catalog->plugin_count, 1);
    ck_assert_uint_eq(c.count, 0);
    sopool_catalog_free(catalog);
    dirs[0].required = true;
    ck_assert_has(refused(dirs, 2, NULL), "/no/such/folder");
}
END_TEST

START_TEST(unsafe_folders_are_told_of)
{
    const struct catalog_dir dirs[] = {{first, true}, {second, true}};
    struct complaints c = {0};
    sopool_catalog *catalog;

    copy_plugin("good", first, "good.so");
    copy_plugin("second", second, "second.so");
    ck_assert_int_eq(chmod(second, 0770), 0);
    catalog = opened(&c);
    ck_assert_uint_eq(catalog->plugin_count, 1);
    ck_assert_uint_eq(c.count, 1);
    ck_assert_has(c.last, second);
    ck_assert_has(c.last, "run: chmod g-w");
    sopool_catalog_free(catalog);
    ck_assert_has(refused(dirs, 2, NULL), "run: chmod g-w");
}
END_TEST

START_TEST(refused_files_are_told_of)
{
    struct complaints c = {0};
    sopool_catalog *catalog;
    path_text path;

    copy_plugin("good", first, "good.so");
    copy_plugin("second", first, "second.so");
    ck_assert_int_eq(chmod(path_of(path, first, "good.so"), 0666), 0);
    write_file(first, "text.so", "no plugin", 9);
    catalog = opened(&c);
    ck_assert_uint_eq(c.count, 2);
    ck_assert_has(c.last, "text.so: not an ELF file");
    ck_assert_uint_eq(catalog->plugin_count, 1);
    ck_assert_has(not_found(catalog, "good.square", SOPOOL_E_PLUGIN),
                  "run: chmod go-w");
    ck_assert_has(not_found(catalog, "text.x", SOPOOL_E_PLUGIN),
                  "text.so: not an ELF file");
    sopool_catalog_free(catalog);
}
END_TEST

/* A file that is refused does not hide a good one of the same plugin. */
START_TEST(a_good_file_stands_in)
{
    struct complaints c = {0};
    sopool_catalog *catalog;
    path_text path;

    copy_plugin("good", first, "good.so");
    ck_assert_int_eq(chmod(path_of(path, first, "good.so"), 0666), 0);
    copy_plugin("good", second, "good.so");
    catalog = opened(&c);
    ck_assert_uint_eq(c.count, 1);
    ck_assert_str_eq(sopool_catalog_task(catalog, 0)->path,
                     path_of(path, second, "good.so"));
    ck_assert_has(not_found(catalog, "good.squrae", SOPOOL_E_NO_TASK),
                  "did you mean 'good.square'?");
    sopool_catalog_free(catalog);
}
END_TEST

START_TEST(the_nearest_name_is_offered)
{
    sopool_catalog *catalog;

    copy_plugin("good", first, "good.so");
    catalog = opened(NULL);
    ck_assert_str_eq(
        not_found(catalog, "god.square", SOPOOL_E_NO_TASK),
        "there is no task 'god.square'; did you mean 'good.square'?");
    ck_assert_str_eq(
        not_found(catalog, "something.else", SOPOOL_E_NO_TASK),
        "there is no task 'something.else'; 'sopool list' shows all 3");
    (void)not_found(catalog, "", SOPOOL_E_NO_TASK);
    (void)not_found(catalog, "good", SOPOOL_E_NO_TASK);
    (void)not_found(catalog, "good.square ", SOPOOL_E_NO_TASK);
    (void)not_found(catalog, "good.squar", SOPOOL_E_NO_TASK);
    sopool_catalog_free(catalog);
}
END_TEST

START_TEST(only_what_is_asked_for)
{
    const struct catalog_dir dirs[] = {{first, true}, {second, true}};
    const char *const load[] = {"second"};
    sopool_catalog *catalog;

    copy_plugin("good", first, "good.so");
    copy_plugin("second", second, "x.so");
    catalog = catalog_open(dirs, 2, load, 1, NULL, NULL, NULL);
    ck_assert_ptr_nonnull(catalog);
    ck_assert_uint_eq(catalog->plugin_count, 1);
    ck_assert_uint_eq(id_of(catalog, "second.cube"), 0);
    (void)not_found(catalog, "good.square", SOPOOL_E_NO_TASK);
    sopool_catalog_free(catalog);
}
END_TEST

START_TEST(what_is_asked_for_must_be_there)
{
    const struct catalog_dir dirs[] = {{first, true}, {second, true}};
    path_text path;
    const char *why;

    copy_plugin("good", first, "good.so");
    why = refused(dirs, 2, "hash");
    ck_assert_has(why, "there is no plugin 'hash'; searched: ");
    ck_assert_has(why, first);
    ck_assert_has(why, second);
    ck_assert_int_eq(chmod(path_of(path, first, "good.so"), 0622), 0);
    ck_assert_has(refused(dirs, 2, "good"), "run: chmod go-w");
}
END_TEST

START_TEST(nothing_to_look_through)
{
    sopool_catalog *catalog = catalog_open(NULL, 0, NULL, 0, NULL, NULL, NULL);

    ck_assert_ptr_nonnull(catalog);
    ck_assert_uint_eq(sopool_catalog_count(catalog), 0);
    (void)not_found(catalog, "good.square", SOPOOL_E_NO_TASK);
    sopool_catalog_free(catalog);
}
END_TEST

static int open_descriptors(void)
{
    DIR *dir = opendir("/proc/self/fd");
    int count = 0;

    ck_assert_ptr_nonnull(dir);
    while (readdir(dir) != NULL)
        count++;
    (void)closedir(dir);
    return count;
}

START_TEST(no_descriptor_stays_open)
{
    const struct catalog_dir dirs[] = {{first, true}, {second, true}};
    const int before = open_descriptors();
    path_text path;

    copy_plugin("good", first, "good.so");
    copy_plugin("good", second, "good.so");
    copy_plugin("second", second, "second.so");
    ck_assert_int_eq(chmod(path_of(path, second, "second.so"), 0622), 0);
    write_file(second, "text.so", "no plugin", 9);
    sopool_catalog_free(opened(NULL));
    (void)refused(dirs, 2, "hash");
    ck_assert_int_eq(open_descriptors(), before);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("catalog");
    TCase *tc = tcase_create("catalog");

    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, tasks_are_described);
    tcase_add_test(tc, ids_and_names_have_their_order);
    tcase_add_test(tc, the_first_of_a_name_wins);
    tcase_add_test(tc, other_files_are_passed_over);
    tcase_add_test(tc, folders_may_be_missing);
    tcase_add_test(tc, unsafe_folders_are_told_of);
    tcase_add_test(tc, refused_files_are_told_of);
    tcase_add_test(tc, a_good_file_stands_in);
    tcase_add_test(tc, the_nearest_name_is_offered);
    tcase_add_test(tc, only_what_is_asked_for);
    tcase_add_test(tc, what_is_asked_for_must_be_there);
    tcase_add_test(tc, nothing_to_look_through);
    tcase_add_test(tc, no_descriptor_stays_open);
    suite_add_tcase(s, tc);
    return s;
}

int main(void)
{
    return unit_run_here(suite());
}
