/* shim.c - what archives made for the GNU C library want of musl, in a test. */
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

int __sprintf_chk(char *to, int flag, size_t room, const char *format, ...);
int _dl_find_object(void *pc, void *result);

/* Of libyaml. */
int __sprintf_chk(char *to, int flag, size_t room, const char *format, ...)
{
    va_list args;
    int size;

    (void)flag;
    va_start(args, format);
    size = vsnprintf(to, room, format, args);
    va_end(args);
    return size;
}

/* Of the compiler's unwinder: nothing is known of any address, so there are no
 * backtraces. */
int _dl_find_object(void *pc, void *result)
{
    (void)pc;
    (void)result;
    return -1;
}
