/* signature.c - fuzzes signatures, and the checks of arguments and results by
 * them: a text up to the first NUL, then the bytes to be checked. */
#include "fuzz.h"

#include <string.h>

#include <sopool/cbor.h>

#include "value/signature.h"

static void check(const struct signature *s, const uint8_t *data, size_t size)
{
    sopool_error err;

    memset(&err, 0, sizeof(err));
    if (signature_check_args(s, data, size, &err) == 0)
        must(sopool_cbor_check(data, size) == NULL);
    else
        must(err.code == SOPOOL_E_ARGS && err.message[0] != '\0');
    if (signature_check_result(s, data, size, &err) == 0)
        must(sopool_cbor_check(data, size) == NULL);
    else
        must(err.code == SOPOOL_E_RESULT && err.message[0] != '\0');
}

static void parse_texts(const struct signature *s, const uint8_t *data,
                        size_t size)
{
    sopool_arg arg;

    for (size_t i = 0; i < s->param_count; i++)
        (void)sopool_arg_parse(s->param[i].type, (const char *)data, size, &arg,
                               NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *end = memchr(data, '\0', size);
    struct signature s;
    sopool_error err;
    char shown[200];
    char *text;

    text =
        strndup((const char *)data, end != NULL ? (size_t)(end - data) : size);
    if (text == NULL)
        return 0;
    memset(&err, 0, sizeof(err));
    if (signature_parse(&s, text, &err) == 0) {
        must((signature_show_params(&s, shown, sizeof(shown)) > 0) ==
             (s.param_count > 0));
        if (end != NULL) {
            size_t rest = size - (size_t)(end + 1 - data);

            check(&s, end + 1, rest);
            parse_texts(&s, end + 1, rest);
        }
        signature_finish(&s);
    } else {
        must(err.code == SOPOOL_E_PLUGIN && err.message[0] != '\0');
    }
    free(text);
    return 0;
}
