/* html.h - text, numbers and times for a page, whatever they hold. */
#ifndef SOPOOL_CLI_HTML_H
#define SOPOOL_CLI_HTML_H

#include <stdint.h>

#include "output.h"
#include "sample.h"

/* Text as it is to be read, also within an attribute: what is no printable
 * UTF-8 is written as in C. */
void html_text(struct output *out, const char *text, size_t size);
void html_string(struct output *out, const char *text);

/* An input: its text, or what is kept of it and how long it is. */
void html_input(struct output *out, const char *text, size_t kept,
                size_t whole);

/* 1,234,567 */
void html_count(struct output *out, uint64_t count);

/* "1.2 ms", "3.45 s", "2 h 05 min" */
const char *html_time(char text[32], double ns);

/* "12.3 MiB" */
const char *html_size(char text[32], double bytes);

/* "1.31 M", three digits */
const char *html_short(char text[32], double count);

#endif
