/* unit.h - runs a suite as a program of the test suite: TAP on stdout. */
#ifndef SOPOOL_TESTS_UNIT_H
#define SOPOOL_TESTS_UNIT_H

#include <check.h>

/* Check notes each assertion that holds in a file, so that it can say which was
 * the last before a crash: a system call each, and the file is read at the end
 * of the test. Tests here assert a million times. */
#undef ck_assert_msg
#undef ck_assert
#define ck_assert_msg(expr, ...) ((expr) ? (void)0 : ck_abort_msg(__VA_ARGS__))
#define ck_assert(expr) ck_assert_msg(expr, "Assertion '%s' failed", #expr)

/* The program's exit status: 0, or 1 when a test failed. */
static inline int unit_run_as(Suite *s, enum fork_status how)
{
    SRunner *runner = srunner_create(s);
    int failed;

    srunner_set_fork_status(runner, how);
    srunner_set_tap(runner, "-");
    srunner_run_all(runner, CK_SILENT);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}

/* Each test in a process of its own. */
static inline int unit_run(Suite *s)
{
    return unit_run_as(s, CK_FORK_GETENV);
}

/* All in this process: for tests of plain functions. Under sanitizers the end
 * of a process, with its search for leaks, takes longer than such a test. */
static inline int unit_run_here(Suite *s)
{
    return unit_run_as(s, CK_NOFORK);
}

#endif
