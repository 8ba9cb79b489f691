/* test_vet.c - whom a plugin and its folder must belong to. */
#include "files.h"
#include "plugin/vet.h"
#include "unit.h"

#include <errno.h>

static path_text folder;

static void set_up(void)
{
    make_folder(folder);
    write_file(folder, "p.so", "bytes", 5);
}

static void tear_down(void)
{
    (void)chmod(folder, 0700);
    remove_folder(folder);
}

static void set_mode(const char *name, mode_t mode)
{
    path_text path;

    ck_assert_int_eq(chmod(path_of(path, folder, name), mode), 0);
}

static const char *refused_folder(const char *path, sopool_error *err)
{
    memset(err, 0, sizeof(*err));
    ck_assert_int_eq(vet_directory(path, err), -1);
    ck_assert_int_eq(err->code, SOPOOL_E_PLUGIN);
    return err->message;
}

static const char *refused_file(const char *name, sopool_error *err)
{
    int dir = vet_directory(folder, err);

    ck_assert_int_ge(dir, 0);
    memset(err, 0, sizeof(*err));
    ck_assert_int_eq(vet_file(dir, folder, name, err), -1);
    ck_assert_int_eq(err->code, SOPOOL_E_PLUGIN);
    (void)close(dir);
    return err->message;
}

START_TEST(what_is_safe_is_opened)
{
    sopool_error err = {0};
    int dir = vet_directory(folder, &err);
    int file = vet_file(dir, folder, "p.so", &err);
    char bytes[8];

    ck_assert_int_ge(dir, 0);
    ck_assert_int_ge(file, 0);
    ck_assert_int_eq(err.code, 0);
    ck_assert_int_eq(fcntl(dir, F_GETFD), FD_CLOEXEC);
    ck_assert_int_eq(fcntl(file, F_GETFD), FD_CLOEXEC);
    ck_assert_int_eq(read(file, bytes, sizeof(bytes)), 5);
    (void)close(file);
    (void)close(dir);
}
END_TEST

START_TEST(what_root_has_is_safe)
{
    sopool_error err = {0};
    int dir = vet_directory("/usr/bin", &err);

    ck_assert_msg(dir >= 0, "%s", err.message);
    (void)close(dir);
}
END_TEST

static const struct {
    mode_t mode;
    const char *who;
    const char *command;
} modes[] = {
    {0020, "its group may write", "g-w"},
    {0002, "everybody may write", "o-w"},
    {0022, "its group and everybody may write", "go-w"},
};

START_TEST(folder_that_others_write)
{
    char command[600];
    sopool_error err;

    (void)snprintf(command, sizeof(command), "; run: chmod %s '%s'",
                   modes[_i].command, folder);
    ck_assert_int_eq(chmod(folder, 0700 | modes[_i].mode), 0);
    ck_assert_has(refused_folder(folder, &err), modes[_i].who);
    ck_assert_has(err.message, command);
    ck_assert_int_eq(chmod(folder, 01755), 0); /* mended */
    (void)close(vet_directory(folder, &err));
}
END_TEST

START_TEST(file_that_others_write)
{
    char command[600];
    sopool_error err;

    (void)snprintf(command, sizeof(command), "; run: chmod %s '%s/p.so'",
                   modes[_i].command, folder);
    set_mode("p.so", 0600 | modes[_i].mode);
    ck_assert_has(refused_file("p.so", &err), modes[_i].who);
    ck_assert_has(err.message, command);
}
END_TEST

/* The command that the message names does mend it. */
START_TEST(the_command_mends_it)
{
    sopool_error err;
    const char *command;
    int dir;

    set_mode("p.so", 0666);
    command = strstr(refused_file("p.so", &err), "run: ");
    ck_assert_ptr_nonnull(command);
    ck_assert_int_eq(system(command + 5), 0);
    dir = vet_directory(folder, &err);
    ck_assert_int_ge(vet_file(dir, folder, "p.so", &err), 0);
}
END_TEST

START_TEST(folder_that_is_missing)
{
    sopool_error err;
    path_text path;

    (void)refused_folder(path_of(path, folder, "none"), &err);
    ck_assert_int_eq(err.os_error, ENOENT);
    ck_assert_has(err.message, path);
    (void)refused_folder(path_of(path, folder, "p.so"), &err);
    ck_assert_int_eq(err.os_error, ENOTDIR);
}
END_TEST

START_TEST(what_is_no_file)
{
    sopool_error err;
    path_text path;

    ck_assert_int_eq(mkfifo(path_of(path, folder, "pipe.so"), 0600), 0);
    ck_assert_has(refused_file("pipe.so", &err), "not a file"); /* no wait */
    ck_assert_int_eq(symlink("/dev/null", path_of(path, folder, "null.so")), 0);
    ck_assert_has(refused_file("null.so", &err), "not a file");
    ck_assert_int_eq(symlink("/", path_of(path, folder, "root.so")), 0);
    ck_assert_has(refused_file("root.so", &err), "not a file");
    ck_assert_int_eq(symlink("nowhere", path_of(path, folder, "lost.so")), 0);
    (void)refused_file("lost.so", &err);
    ck_assert_int_eq(err.os_error, ENOENT);
}
END_TEST

/* A link is as safe as what it leads to. */
START_TEST(links_are_followed)
{
    sopool_error err;
    path_text path;
    int dir = vet_directory(folder, &err);

    ck_assert_int_eq(symlink("p.so", path_of(path, folder, "link.so")), 0);
    ck_assert_int_ge(vet_file(dir, folder, "link.so", &err), 0);
    set_mode("p.so", 0620);
    ck_assert_has(refused_file("link.so", &err),
                  "its group may write to it; run: chmod g-w ");
}
END_TEST

/* ---- with another owner: for root alone to test ------------------------ */

START_TEST(folder_of_another)
{
    sopool_error err;

    ck_assert_int_eq(chown(folder, 12345, (gid_t)-1), 0);
    ck_assert_has(refused_folder(folder, &err), "belongs to user 12345");
    ck_assert_has(err.message, "; run: chown 0 '");
}
END_TEST

START_TEST(file_of_another)
{
    sopool_error err;
    path_text path;

    (void)path_of(path, folder, "p.so");
    ck_assert_int_eq(chown(path, 12345, (gid_t)-1), 0);
    ck_assert_has(refused_file("p.so", &err), "belongs to user 12345");
    ck_assert_has(err.message, "/p.so'");
}
END_TEST

/* A user takes what is root's and their own, and nobody else's. */
START_TEST(seen_by_a_user)
{
    sopool_error err = {0};
    path_text path;
    int dir;

    (void)path_of(path, folder, "p.so");
    ck_assert_int_eq(chmod(folder, 0755), 0);
    dir = vet_directory(folder, &err);
    ck_assert_int_eq(seteuid(12345), 0);
    ck_assert_int_ge(vet_file(dir, folder, "p.so", &err), 0); /* root's */
    ck_assert_int_eq(seteuid(0), 0);
    ck_assert_int_eq(chown(path, 12345, (gid_t)-1), 0);
    ck_assert_int_eq(seteuid(12345), 0);
    ck_assert_int_ge(vet_file(dir, folder, "p.so", &err), 0); /* their own */
    ck_assert_int_eq(seteuid(0), 0);
    ck_assert_int_eq(chown(path, 23456, (gid_t)-1), 0);
    ck_assert_int_eq(seteuid(12345), 0);
    ck_assert_int_eq(vet_file(dir, folder, "p.so", &err), -1);
    ck_assert_has(err.message, "belongs to user 23456");
    ck_assert_has(err.message, "; run: chown 12345 '");
    ck_assert_int_eq(seteuid(0), 0);
}
END_TEST

static Suite *suite(void)
{
    const int count = sizeof(modes) / sizeof(modes[0]);
    Suite *s = suite_create("vet");
    TCase *tc = tcase_create("vet");

    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, what_is_safe_is_opened);
    tcase_add_test(tc, what_root_has_is_safe);
    tcase_add_loop_test(tc, folder_that_others_write, 0, count);
    tcase_add_loop_test(tc, file_that_others_write, 0, count);
    tcase_add_test(tc, the_command_mends_it);
    tcase_add_test(tc, folder_that_is_missing);
    tcase_add_test(tc, what_is_no_file);
    tcase_add_test(tc, links_are_followed);
    if (geteuid() == 0) {
        tcase_add_test(tc, folder_of_another);
        tcase_add_test(tc, file_of_another);
        tcase_add_test(tc, seen_by_a_user);
    }
    suite_add_tcase(s, tc);
    return s;
}

int main(void)
{
    return unit_run(suite());
}
