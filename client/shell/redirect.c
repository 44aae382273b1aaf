/* SPDX-License-Identifier: Apache-2.0 */
#include "client/shell/redirect.h"

#include <curl/curl.h>
#include <string.h>
#include <strings.h>

static bool keeps_the_request(enum http_method method, unsigned status)
{
    return status == 307 || status == 308 || (method == HTTP_GET && status >= 301 && status <= 303);
}

/* Equal parts, both present. */
static bool same_part(CURLU *a, CURLU *b, CURLUPart part)
{
    char *x = NULL, *y = NULL;
    bool same = curl_url_get(a, part, &x, CURLU_DEFAULT_PORT) == CURLUE_OK &&
                curl_url_get(b, part, &y, CURLU_DEFAULT_PORT) == CURLUE_OK && strcasecmp(x, y) == 0;

    curl_free(x);
    curl_free(y);
    return same;
}

static bool has_user(CURLU *u)
{
    char *user = NULL;
    bool has = curl_url_get(u, CURLUPART_USER, &user, 0) == CURLUE_OK;

    curl_free(user);
    return has;
}

bool redirect_allowed(const char *from, const char *to, enum http_method method, unsigned status)
{
    CURLU *a = curl_url(), *b = curl_url();
    bool allowed = keeps_the_request(method, status) && strcmp(from, to) != 0 && a && b &&
                   curl_url_set(a, CURLUPART_URL, from, 0) == CURLUE_OK &&
                   curl_url_set(b, CURLUPART_URL, to, 0) == CURLUE_OK && !has_user(b) &&
                   same_part(a, b, CURLUPART_SCHEME) && same_part(a, b, CURLUPART_HOST) &&
                   same_part(a, b, CURLUPART_PORT);

    curl_url_cleanup(a);
    curl_url_cleanup(b);
    return allowed;
}
