/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/tier_c/errand.h"

#include <curl/curl.h>
#include <stdio.h>

#define PATIENCE_MS 5000

static size_t take(char *data, size_t size, size_t count, void *context)
{
    struct buffer *answer = context;

    buffer_put(answer, data, size * count);
    return buffer_ok(answer) ? size * count : 0;
}

static CURLcode call(CURL *curl, const char *socket, const char *method, const char *path,
                     const char *body, struct buffer *answer)
{
    char url[256];

    snprintf(url, sizeof url, "http://localhost%s", path);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, socket);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)PATIENCE_MS);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
    if (body)
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
    return curl_easy_perform(curl);
}

enum status errand_run(struct buffer *out, const char *socket, const char *method,
                       const char *path, const char *body, struct why *why)
{
    CURL *curl = curl_easy_init();
    CURLcode code;
    long http = 0;

    if (!curl)
        return fail(why, ST_NO_MEMORY, "%s: out of memory", path);
    buffer_reset(out);
    code = call(curl, socket, method, path, body, out);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &http);
    curl_easy_cleanup(curl);
    if (code)
        return fail(why, ST_IO, "%s %s: %s", method, path, curl_easy_strerror(code));
    if (http < 200 || http > 299)
        return fail(why, ST_IO, "%s %s: status %ld: %.*s", method, path, http,
                    out->size < 200 ? (int)out->size : 200, (const char *)out->data);
    return ST_OK;
}
