/* test_cpus.c - how many processors may be used. */
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "files.h"
#include "pool/cpus.h"
#include "unit.h"

START_TEST(a_quota_is_rounded_up)
{
    ck_assert_uint_eq(cpus_of_quota(100000, 100000), 1);
    ck_assert_uint_eq(cpus_of_quota(150000, 100000), 2);
    ck_assert_uint_eq(cpus_of_quota(50000, 100000), 1);
    ck_assert_uint_eq(cpus_of_quota(-1, 100000), 0);
    ck_assert_uint_eq(cpus_of_quota(100000, 0), 0);
}
END_TEST

/* A tree "/a/b" of groups with these texts in their files. */
static uint32_t groups(int version, const char *outer, const char *inner)
{
    const char *names[2] = {version == 2 ? "cpu.max" : "cpu.cfs_quota_us",
                            "cpu.cfs_period_us"};
    char group[] = "/a/b";
    path_text root, a, b;
    uint32_t cpus;

    make_folder(root);
    ck_assert_int_eq(mkdir(path_of(a, root, "a"), 0700), 0);
    ck_assert_int_eq(mkdir(path_of(b, a, "b"), 0700), 0);
    write_file(a, names[0], outer, strlen(outer));
    write_file(b, names[0], inner, strlen(inner));
    if (version == 1) {
        write_file(a, names[1], "100000\n", 7);
        write_file(b, names[1], "100000\n", 7);
    }
    cpus = cpus_of_group(root, group, version);
    remove_folder(b);
    remove_folder(a);
    remove_folder(root);
    return cpus;
}

START_TEST(the_smallest_quota_on_the_way_counts)
{
    ck_assert_uint_eq(groups(2, "max 100000\n", "max 100000\n"), 0);
    ck_assert_uint_eq(groups(2, "max 100000\n", "300000 100000\n"), 3);
    ck_assert_uint_eq(groups(2, "150000 100000\n", "300000 100000\n"), 2);
    ck_assert_uint_eq(groups(2, "", "rubbish\n"), 0);
    ck_assert_uint_eq(groups(1, "-1\n", "-1\n"), 0);
    ck_assert_uint_eq(groups(1, "-1\n", "250000\n"), 3);
    ck_assert_uint_eq(groups(1, "100000\n", "250000\n"), 1);
}
END_TEST

START_TEST(the_affinity_mask_counts)
{
    cpu_set_t one, before;

    ck_assert_int_eq(sched_getaffinity(0, sizeof(before), &before), 0);
    ck_assert_uint_ge(cpus_available(), 1);
    ck_assert_uint_le(cpus_available(), (unsigned)CPU_COUNT(&before));
    CPU_ZERO(&one);
    for (size_t i = 0; i < CPU_SETSIZE && CPU_COUNT(&one) == 0; i++)
        if (CPU_ISSET(i, &before))
            CPU_SET(i, &one);
    ck_assert_int_eq(sched_setaffinity(0, sizeof(one), &one), 0);
    ck_assert_uint_eq(cpus_available(), 1);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("cpus");
    TCase *t = tcase_create("cpus");

    tcase_add_test(t, a_quota_is_rounded_up);
    tcase_add_test(t, the_smallest_quota_on_the_way_counts);
    tcase_add_test(t, the_affinity_mask_counts);
    suite_add_tcase(s, t);
    return unit_run(s);
}
