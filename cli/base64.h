/* base64.h - bytes in text (RFC 4648, section 4). */
#ifndef SOPOOL_CLI_BASE64_H
#define SOPOOL_CLI_BASE64_H

#include <stddef.h>
#include <stdint.h>

/* Writes the text of `size` bytes (4 characters for 3) and no NUL; returns how
 * many characters. */
size_t base64_encode(const uint8_t *data, size_t size, char *out);

/* Writes the bytes of a text (3 at most for 4 characters); padding may be left
 * out. Returns how many bytes, or SIZE_MAX if it is not base64. */
size_t base64_decode(const char *text, size_t size, uint8_t *out);

#endif
