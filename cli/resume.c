/* resume.c - see resume.h. */
#include "resume.h"

#include <inttypes.h>
#include <string.h>

#include "message.h"

static void tell(const struct resume *resume, const char *path)
{
    uint64_t count = done_count(resume->done);
    uint64_t failed = done_failed(resume->done);

    if (count > 0)
        message("%s: %" PRIu64 " calls were done before, %" PRIu64
                " of them failed%s",
                path, count, failed,
                failed == 0     ? ""
                : resume->again ? "; these are run again"
                                : "; --retry-failed runs these "
                                  "again");
}

static bool check(const struct settings *settings)
{
    if (settings->joblog == NULL) {
        message("%s needs --joblog FILE: the log of the run to go on with",
                settings->retry_failed ? "--retry-failed" : "--resume");
        return false;
    }
    if (key_available())
        return true;
    message("--joblog: this sopool was built without openssl, which makes the "
            "keys of calls");
    return false;
}

int resume_open(struct resume *resume, const struct settings *settings)
{
    bool resumes = settings->resume || settings->retry_failed;

    if (settings->joblog == NULL && !resumes)
        return 0;
    if (!check(settings))
        return -1;
    resume->again = settings->retry_failed;
    resume->done = done_new();
    if (resume->done == NULL) {
        message("out of memory");
        return -1;
    }
    resume->log = joblog_open(settings->joblog, resumes, resume->done);
    if (resume->log == NULL)
        return -1;
    resume->on = true;
    tell(resume, settings->joblog);
    return 0;
}

void resume_close(struct resume *resume)
{
    done_free(resume->done);
    resume->done = NULL;
}

int resume_wants(struct resume *resume, const sopool_task_info *task,
                 const sopool_args *args, const char *text, size_t size,
                 struct logged *out)
{
    out->number = ++resume->numbers;
    out->run = 1;
    out->key[0] = '\0';
    if (!resume->on)
        return 1;
    if (key_make(task, args, text, size, out->key) != 0)
        return -1;
    out->run = done_take(resume->done, out->key, resume->again);
    if (out->run > 0)
        return 1;
    resume->skipped++;
    return 0;
}
