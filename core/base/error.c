/* error.c - see error.h. */
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void reset(sopool_error *err, int code)
{
    memset(err, 0, sizeof(*err));
    err->code = code;
    err->exit_status = -1;
}

int error_set(sopool_error *err, int code, const char *fmt, ...)
{
    va_list ap;

    if (err == NULL)
        return -1;
    reset(err, code);
    va_start(ap, fmt);
    (void)vsnprintf(err->message, sizeof(err->message), fmt, ap);
    va_end(ap);
    return -1;
}

static int code_of_errno(int os_error)
{
    switch (os_error) {
    case ENOMEM:
    case EMFILE:
    case ENFILE:
    case EAGAIN:
    case ETOOMANYREFS: /* descriptors on their way */
        return SOPOOL_E_NOMEM;
    default:
        return SOPOOL_E_SYSTEM;
    }
}

int error_errno(sopool_error *err, const char *fmt, ...)
{
    int os_error = errno;
    va_list ap;
    size_t used;

    if (err == NULL)
        return -1;
    reset(err, code_of_errno(os_error));
    err->os_error = os_error;
    va_start(ap, fmt);
    (void)vsnprintf(err->message, sizeof(err->message), fmt, ap);
    va_end(ap);
    used = strlen(err->message);
    (void)snprintf(err->message + used, sizeof(err->message) - used, ": %s",
                   strerror(os_error));
    return -1;
}

int error_nomem(sopool_error *err)
{
    return error_set(err, SOPOOL_E_NOMEM, "out of memory");
}

int error_prefix(sopool_error *err, const char *fmt, ...)
{
    char prefix[sizeof(err->message)];
    va_list ap;
    size_t room, kept;

    if (err == NULL)
        return -1;
    va_start(ap, fmt);
    (void)vsnprintf(prefix, sizeof(prefix), fmt, ap);
    va_end(ap);
    room = strlen(prefix);
    kept = strlen(err->message);
    if (kept > sizeof(err->message) - 1 - room)
        kept = sizeof(err->message) - 1 - room;
    memmove(err->message + room, err->message, kept);
    memcpy(err->message, prefix, room);
    err->message[room + kept] = '\0';
    return -1;
}

const char *sopool_code_name(int code)
{
    static const char *const names[] = {
        [SOPOOL_E_NONE] = "none",           [SOPOOL_E_NOMEM] = "no-memory",
        [SOPOOL_E_SYSTEM] = "system",       [SOPOOL_E_USAGE] = "usage",
        [SOPOOL_E_CONFIG] = "config",       [SOPOOL_E_PLUGIN] = "plugin",
        [SOPOOL_E_NO_TASK] = "no-task",     [SOPOOL_E_ARGS] = "arguments",
        [SOPOOL_E_TASK] = "task",           [SOPOOL_E_RESULT] = "result",
        [SOPOOL_E_DIED] = "died",           [SOPOOL_E_TIMEOUT] = "timeout",
        [SOPOOL_E_CANCELLED] = "cancelled", [SOPOOL_E_PROTOCOL] = "protocol",
        [SOPOOL_E_BROKEN] = "broken",       [SOPOOL_E_CLOSED] = "closed",
        [SOPOOL_E_VALUE] = "value",         [SOPOOL_E_DEADLOCK] = "deadlock",
        [SOPOOL_E_FORKED] = "forked",       [SOPOOL_E_REENTERED] = "reentered",
    };
    _Static_assert(sizeof(names) / sizeof(names[0]) == SOPOOL_E_COUNT,
                   "every code has a name");

    if (code < 0 || code >= SOPOOL_E_COUNT)
        return "unknown";
    return names[code];
}

const char *sopool_ender_name(int ender)
{
    static const char *const names[] = {
        [SOPOOL_BY_NOBODY] = "",
        [SOPOOL_BY_ITSELF] = "self",
        [SOPOOL_BY_OUTSIDE] = "outside",
        [SOPOOL_BY_TIMEOUT] = "timeout",
        [SOPOOL_BY_TERMINATE] = "terminate",
        [SOPOOL_BY_POOL] = "pool",
        [SOPOOL_BY_KILL] = "kill",
    };

    if (ender < 0 || (size_t)ender >= sizeof(names) / sizeof(names[0]))
        return "";
    return names[ender];
}
