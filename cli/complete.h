/* complete.h - what could stand next on the command line, for the shells'
 * completion, and all options, for whoever checks documents against them. */
#ifndef SOPOOL_CLI_COMPLETE_H
#define SOPOOL_CLI_COMPLETE_H

#include "option.h"

/* The words up to the cursor, without "sopool", the last as far as it is
 * typed, may be "": prints what it could become, a line each, behind a tab what
 * that means. Instead or besides a line may be ":file", ":yaml" or ":dir", for
 * names of files, of config files, of folders. */
int complete_words(const struct command *commands, size_t count, int argc,
                   char **argv);

/* Prints, with tabs between the fields, a line
 *
 *     command  NAME  SYNOPSIS  SUMMARY
 *     option   COMMAND  --NAME  -LETTER  VALUE  WORDS  HELP
 *     key      NAME  file|text  ALLOWED  DOC
 *
 * for each command, option and key of the pool's options; a field that does not
 * apply is "-". */
int complete_dump(const struct command *commands, size_t count);

#endif
