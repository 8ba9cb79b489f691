/* key.h - the name of a call in a job log: what it is made of is the build of
 * the plugin, the task and the arguments, so that equal calls have equal keys,
 * wherever their inputs stand, and a plugin that was changed makes other ones.
 */
#ifndef SOPOOL_CLI_KEY_H
#define SOPOOL_CLI_KEY_H

#include <stdbool.h>

#include <sopool.h>

enum { KEY_SIZE = 65 }; /* of SHA-256 in hexadecimal, with its NUL */

/* Was the command built with what makes keys? */
bool key_available(void);

/* Of a call with these arguments; or, where no arguments could be made of it
 * (`args` is NULL), of the text of an input. -1: no memory. */
int key_make(const sopool_task_info *task, const sopool_args *args,
             const char *text, size_t size, char out[KEY_SIZE]);

#endif
