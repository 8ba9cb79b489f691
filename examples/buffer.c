/* buffer.c - large data that many calls read, and that nobody copies: the
 * program fills a buffer, and workers read it in place. */
#include <string.h>

#include "example.h"

enum { SIZE = 16 << 20 };

int main(void)
{
    static const char letters[] = "abcd";
    sopool_pool *pool = open_pool(SETTINGS("processes", "2"));
    sopool_result *result[4];
    sopool_error err = {0};
    sopool_buffer *buffer = sopool_buffer_new(SIZE, &err);
    char *data;

    if (buffer == NULL)
        fail(&err);
    data = sopool_buffer_data(buffer);
    for (size_t i = 0; i < SIZE; i++)
        data[i] = letters[i % 8 < 4 ? 0 : i % 4];

    for (int i = 0; i < 4; i++) {
        result[i] = sopool_apply_async(
            pool, "examples.count",
            SOPOOL_ARGS((int)letters[i],
                        sopool_arg_buffer(buffer, 0, SIZE, SOPOOL_BYTES)),
            NULL, &err);
        if (result[i] == NULL)
            fail(&err);
    }
    /* The calls keep it until they are done. */
    sopool_buffer_free(buffer);

    for (int i = 0; i < 4; i++) {
        sopool_value *value = sopool_result_get(result[i], -1, &err);
        int64_t count;

        if (value == NULL || sopool_value_i64(value, &count, &err) != 0)
            fail(&err);
        printf("%c: %" PRId64 "\n", letters[i], count);
        sopool_value_free(value);
        sopool_result_free(result[i]);
    }
    finish(pool);
    return 0;
}
