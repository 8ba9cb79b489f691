/* base64.c - see base64.h. */
#include "base64.h"

#include <string.h>

static const char letters[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

size_t base64_encode(const uint8_t *data, size_t size, char *out)
{
    size_t used = 0;

    for (size_t i = 0; i < size; i += 3) {
        size_t left = size - i;
        uint32_t bits = (uint32_t)data[i] << 16;

        if (left > 1)
            bits |= (uint32_t)data[i + 1] << 8;
        if (left > 2)
            bits |= data[i + 2];
        out[used++] = letters[bits >> 18];
        out[used++] = letters[bits >> 12 & 63];
        out[used++] = left > 1 ? letters[bits >> 6 & 63] : '=';
        out[used++] = left > 2 ? letters[bits & 63] : '=';
    }
    return used;
}

size_t base64_decode(const char *text, size_t size, uint8_t *out)
{
    uint32_t bits = 0;
    size_t used = 0, full = size;

    while (full > 0 && size - full < 2 && text[full - 1] == '=')
        full--;
    if (full % 4 == 1 || (full < size && size % 4 != 0))
        return SIZE_MAX;
    for (size_t i = 0; i < full; i++) {
        const char *at = text[i] != '\0' ? strchr(letters, text[i]) : NULL;

        if (at == NULL)
            return SIZE_MAX;
        bits = bits << 6 | (uint32_t)(at - letters);
        if (i % 4 != 0)
            out[used++] = (uint8_t)(bits >> (6 - 2 * (i % 4)));
    }
    /* The last letter must not have bits that belong to no byte. */
    if (full % 4 != 0 && (bits & ((full % 4 == 2) ? 15u : 3u)) != 0)
        return SIZE_MAX;
    return used;
}
