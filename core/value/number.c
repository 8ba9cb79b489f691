/* number.c - see number.h. */
#include "value/number.h"

#include <string.h>

size_t number_put_list(const struct signature *s, const void *words,
                       uint8_t *to)
{
    const uint8_t *at = words;
    size_t size = sopool_head_put(to, SOPOOL_CBOR_ARRAY, s->words);

    for (uint32_t i = 0; i < s->words; i++) {
        uint64_t word;

        memcpy(&word, at + i * sizeof(word), sizeof(word));
        size += number_put(s->param[i].type, word, to + size);
    }
    return size;
}

bool number_get(int type, const void *item, size_t size, uint64_t *word)
{
    sopool_reader r = sopool_reader_of(item, size);
    int64_t whole;
    double number;
    int status = -1;

    if (type == SOPOOL_I64 && (status = sopool_read_i64(&r, &whole)) == 0)
        memcpy(word, &whole, sizeof(whole));
    else if (type == SOPOOL_U64)
        status = sopool_read_u64(&r, word);
    else if (type == SOPOOL_F64 && (status = sopool_read_f64(&r, &number)) == 0)
        memcpy(word, &number, sizeof(number));
    return status == 0 && r.at == r.end;
}
