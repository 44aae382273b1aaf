/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/conformance/exchange.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define BODY_LIMIT ((size_t)16 << 20)

struct exchange {
    struct exchange_options options;
    CURL *easy;
    struct buffer body;
    struct answer answer;
};

struct exchange *exchange_new(const struct exchange_options *o)
{
    struct exchange *x = calloc(1, sizeof *x);

    if (!x)
        return NULL;
    x->options = *o;
    x->easy = curl_easy_init();
    buffer_init(&x->body, BODY_LIMIT);
    if (x->easy)
        return x;
    free(x);
    return NULL;
}

void exchange_free(struct exchange *x)
{
    curl_easy_cleanup(x->easy);
    buffer_fini(&x->body);
    free(x);
}

static size_t on_body(char *data, size_t size, size_t count, void *context)
{
    struct exchange *x = context;

    buffer_put(&x->body, data, size * count);
    return buffer_ok(&x->body) ? size * count : 0;
}

static void keep(char out[static 80], const char *line, size_t size, const char *name)
{
    size_t length = strlen(name);

    if (size <= length || strncasecmp(line, name, length) != 0)
        return;
    line += length;
    size -= length;
    while (size && (*line == ' ' || *line == '\t')) {
        line++;
        size--;
    }
    snprintf(out, 80, "%.*s", (int)strcspn(line, "\r\n"), line);
}

static size_t on_header(char *line, size_t size, size_t count, void *context)
{
    struct exchange *x = context;

    keep(x->answer.content_type, line, size * count, "content-type:");
    keep(x->answer.retry_after, line, size * count, "retry-after:");
    return size * count;
}

static struct curl_slist *headers_of(const struct http_request *r)
{
    struct curl_slist *list = curl_slist_append(NULL, "Expect:");
    bool typed = false;

    for (size_t i = 0; i < r->header_count; i++) {
        char line[256];

        snprintf(line, sizeof line, "%s: %s", r->headers[i].name, r->headers[i].value);
        list = curl_slist_append(list, line);
        typed |= strcasecmp(r->headers[i].name, "content-type") == 0;
    }
    return typed ? list : curl_slist_append(list, "Content-Type:");
}

const struct answer *exchange_call(struct exchange *x, const struct http_request *request)
{
    struct curl_slist *headers = headers_of(request);
    char url[512], error[CURL_ERROR_SIZE] = "";
    long status = 0;
    CURLcode code;

    snprintf(url, sizeof url, "%.250s%.250s", x->options.base_url, request->path);
    x->answer = (struct answer){.status = 0};
    buffer_reset(&x->body);
    curl_easy_reset(x->easy);
    curl_easy_setopt(x->easy, CURLOPT_URL, url);
    curl_easy_setopt(x->easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(x->easy, CURLOPT_TIMEOUT, 60L);
    curl_easy_setopt(x->easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(x->easy, CURLOPT_ERRORBUFFER, error);
    curl_easy_setopt(x->easy, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(x->easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(x->easy, CURLOPT_WRITEDATA, x);
    curl_easy_setopt(x->easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(x->easy, CURLOPT_HEADERDATA, x);
    if (x->options.ca_file)
        curl_easy_setopt(x->easy, CURLOPT_CAINFO, x->options.ca_file);
    if (request->method == HTTP_POST || request->body.size) {
        curl_easy_setopt(x->easy, CURLOPT_POST, 1L);
        curl_easy_setopt(x->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.size);
        curl_easy_setopt(x->easy, CURLOPT_POSTFIELDS,
                         request->body.size ? (const char *)request->body.data : "");
    }
    curl_easy_setopt(x->easy, CURLOPT_CUSTOMREQUEST, http_method_name(request->method));
    code = curl_easy_perform(x->easy);
    curl_slist_free_all(headers);
    if (code)
        snprintf(x->answer.text, sizeof x->answer.text, "%s",
                 error[0] ? error : curl_easy_strerror(code));
    else if (curl_easy_getinfo(x->easy, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK)
        x->answer.status = (unsigned)status;
    x->answer.body = buffer_bytes(&x->body);
    return &x->answer;
}
