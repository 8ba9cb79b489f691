/* unit.h - runs a suite as a program of the test suite: TAP on stdout. */
#ifndef SOPOOL_TESTS_UNIT_H
#define SOPOOL_TESTS_UNIT_H

#include <check.h>

/* The program's exit status: 0, or 1 when a test failed. */
static inline int unit_run(Suite *s)
{
    SRunner *runner = srunner_create(s);
    int failed;

    srunner_set_tap(runner, "-");
    srunner_run_all(runner, CK_SILENT);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}

#endif
