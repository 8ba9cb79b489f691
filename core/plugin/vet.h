/* vet.h - whom a plugin must belong to: it and its folder to root or to the
 * user, and writable by nobody else. Checked on the open descriptor, and that
 * descriptor is what is loaded later. */
#ifndef SOPOOL_PLUGIN_VET_H
#define SOPOOL_PLUGIN_VET_H

#include "sopool.h"

/* Opens a folder of plugins: a descriptor, or -1 with SOPOOL_E_PLUGIN (or with
 * os_error ENOENT when there is none). The message names the command that mends
 * it. */
int vet_directory(const char *path, sopool_error *err);

/* Opens a plugin in it for reading; `dir` is for the message. */
int vet_file(int dirfd, const char *dir, const char *name, sopool_error *err);

#endif
