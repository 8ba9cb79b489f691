/* name.c - see name.h. The library has the same rule: core/plugin/manifest.c.
 */
#include "name.h"

#include <string.h>

bool name_fits(const char *text, size_t size)
{
    return size > 0 && size <= NAME_MOST &&
           strchr("0123456789", text[0]) == NULL &&
           strspn(text, "abcdefghijklmnopqrstuvwxyz_0123456789") >= size;
}
