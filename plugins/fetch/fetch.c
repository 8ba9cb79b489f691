/* fetch.c - what a URL answers, by libcurl. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include <sopool/task.h>

enum {
    BODY_BYTES = 64 << 20,
    REDIRECTS = 10,
    CONNECT_SECONDS = 10,
    TOTAL_SECONDS = 60,
};

static pthread_key_t handle_key;

static void free_handle(void *handle)
{
    curl_easy_cleanup((CURL *)handle);
}

/* Once in each process, before any task. */
static int32_t load(sopool_call *call)
{
    CURLcode status = curl_global_init(CURL_GLOBAL_DEFAULT);

    if (status != CURLE_OK)
        return sopool_fail(call, "libcurl: %s", curl_easy_strerror(status));
    if (pthread_key_create(&handle_key, free_handle) != 0)
        return sopool_fail(call, "no room for a handle");
    return SOPOOL_OK;
}

/* The thread's handle, which keeps connections open from call to call. */
static CURL *own_handle(void)
{
    CURL *handle = (CURL *)pthread_getspecific(handle_key);

    if (handle == NULL) {
        handle = curl_easy_init();
        (void)pthread_setspecific(handle_key, handle);
    } else {
        curl_easy_reset(handle);
    }
    return handle;
}

/* ---- one transfer ------------------------------------------------------ */

struct transfer {
    sopool_call *call;
    char *body; /* owned */
    size_t size, room;
    bool too_large;
    char error[CURL_ERROR_SIZE];
};

static size_t take(char *data, size_t one, size_t count, void *ctx)
{
    struct transfer *t = (struct transfer *)ctx;
    size_t size = one * count;

    if (size > BODY_BYTES - t->size) {
        t->too_large = true;
        return 0;
    }
    if (size > t->room - t->size) {
        size_t room = t->room * 2 + size + 4096;
        char *body = (char *)realloc(t->body, room);

        if (body == NULL)
            return 0;
        t->body = body;
        t->room = room;
    }
    memcpy(t->body + t->size, data, size);
    t->size += size;
    return size;
}

static int progress(void *ctx, curl_off_t a, curl_off_t b, curl_off_t c,
                    curl_off_t d)
{
    const struct transfer *t = (const struct transfer *)ctx;

    (void)a;
    (void)b;
    (void)c;
    (void)d;
    return sopool_should_stop(t->call) != 0;
}

static void set_up(CURL *handle, struct transfer *t, const char *url, bool head)
{
    (void)curl_easy_setopt(handle, CURLOPT_URL, url);
    (void)curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    (void)curl_easy_setopt(handle, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    (void)curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 1L);
    (void)curl_easy_setopt(handle, CURLOPT_MAXREDIRS, (long)REDIRECTS);
    (void)curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT,
                           (long)CONNECT_SECONDS);
    (void)curl_easy_setopt(handle, CURLOPT_TIMEOUT, (long)TOTAL_SECONDS);
    (void)curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(handle, CURLOPT_NOBODY, head ? 1L : 0L);
    (void)curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, take);
    (void)curl_easy_setopt(handle, CURLOPT_WRITEDATA, t);
    (void)curl_easy_setopt(handle, CURLOPT_NOPROGRESS, 0L);
    (void)curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, progress);
    (void)curl_easy_setopt(handle, CURLOPT_XFERINFODATA, t);
    (void)curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, t->error);
}

static int32_t run(CURL *handle, struct transfer *t, const char *url, bool head)
{
    CURLcode status;

    set_up(handle, t, url, head);
    status = curl_easy_perform(handle);
    if (status == CURLE_OK)
        return SOPOOL_OK;
    if (t->too_large)
        return sopool_fail(t->call, "%s: the body is larger than 64 MiB", url);
    return sopool_fail(t->call, "%s: %s", url,
                       t->error[0] != '\0' ? t->error
                                           : curl_easy_strerror(status));
}

static void put_number(sopool_writer *out, const char *key, uint64_t value)
{
    (void)sopool_put_text(out, key, strlen(key));
    (void)sopool_put_u64(out, value);
}

/* Keys in the order of the encoding: the shorter first. */
static void put_answer(CURL *handle, const struct transfer *t, bool head,
                       sopool_writer *out)
{
    const char *type = NULL;
    long status = 0;

    (void)curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
    (void)curl_easy_getinfo(handle, CURLINFO_CONTENT_TYPE, &type);
    if (type == NULL || sopool_utf8_span(type, strlen(type)) != strlen(type))
        type = "";
    (void)sopool_put_map(out, head ? 2 : 4);
    if (!head) {
        (void)sopool_put_text(out, "body", 4);
        (void)sopool_put_bytes(out, t->body, t->size);
        put_number(out, "size", t->size);
    }
    (void)sopool_put_text(out, "type", 4);
    (void)sopool_put_text(out, type, strlen(type));
    put_number(out, "status", (uint64_t)status);
}

static int32_t fetch(sopool_call *call, sopool_text text, bool head,
                     sopool_writer *out)
{
    char *url = (char *)sopool_scratch(call, text.size + 1);
    CURL *handle = own_handle();
    struct transfer t;
    int32_t status;

    if (url == NULL || handle == NULL)
        return sopool_fail(call, "no memory");
    memcpy(url, text.ptr, (size_t)text.size);
    url[text.size] = '\0';
    if (strlen(url) != text.size)
        return sopool_fail(call, "a URL has no NUL characters");
    memset(&t, 0, sizeof(t));
    t.call = call;
    status = run(handle, &t, url, head);
    if (status == SOPOOL_OK)
        put_answer(handle, &t, head, out);
    free(t.body);
    return status;
}

SOPOOL_TASK(get, map, "A URL's status, type, size and body.", (str, url))
{
    return fetch(call, a->url, false, out);
}

SOPOOL_TASK(head, map, "A URL's status and type, without its body.", (str, url))
{
    return fetch(call, a->url, true, out);
}

SOPOOL_PLUGIN_WITH(load, fetch, "1.0", get, head);
