/* name.h - names as plugins may have them, and their tasks. */
#ifndef SOPOOL_CLI_NAME_H
#define SOPOOL_CLI_NAME_H

#include <stdbool.h>
#include <stddef.h>

enum { NAME_MOST = 40 }; /* bytes */

/* Are the first `size` bytes of the text such a name? */
bool name_fits(const char *text, size_t size);

#endif
