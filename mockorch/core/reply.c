/* SPDX-License-Identifier: Apache-2.0 */
#include "mockorch/core/reply.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/print.h"
#include "mockorch/core/record.h"

void reply_init(struct reply *r)
{
    *r = (struct reply){.status = 0};
    buffer_init(&r->body, 0);
}

void reply_fini(struct reply *r)
{
    buffer_fini(&r->body);
}

static void reply_start(struct reply *r, unsigned status, const char *content_type)
{
    r->status = status;
    r->content_type = content_type;
    r->retry_after[0] = r->location[0] = 0;
    r->rate_limit[0] = r->rate_policy[0] = 0;
    r->old_limit[0] = r->old_remaining[0] = r->old_reset[0] = 0;
    buffer_reset(&r->body);
}

void reply_good(struct reply *r)
{
    reply_start(r, 200, "application/octet-stream");
}

/* ---- errors of the orchestrator ---- */

static const char *error_name(unsigned status)
{
    switch (status) {
    case 400:
        return "BadRequestError";
    case 401:
        return "UnauthorizedError";
    case 403:
        return "ForbiddenError";
    case 404:
        return "NotFoundError";
    case 405:
        return "MethodNotAllowedError";
    case 409:
        return "ConflictError";
    case 422:
        return "UnprocessableEntityError";
    case 500:
        return "InternalServerError";
    case 503:
        return "ServiceUnavailableError";
    default:
        return "Error"; /* so the network calls a 429 */
    }
}

static const char *error_message(enum call call, unsigned status)
{
    switch (status) {
    case 403:
        return "Forbidden";
    case 404:
        return call == CALL_SUBMIT                               ? "Task not found"
               : call == CALL_USER || call == CALL_REGISTER_NODE ? "User not found"
                                                                 : "Node not found";
    case 409:
        return call == CALL_SUBMIT ? "Proof already submitted" : "Wallet address already exists";
    case 422:
        return "Invalid proof";
    case 429:
        return call == CALL_SUBMIT
                   ? "User's proof submission limit exceeded for user. Please try again later."
                   : "Rate limit exceeded for user. Please try again later.";
    case 500:
        return call == CALL_SUBMIT ? "Unable to connect to verifier." : "Internal server error";
    default:
        return "Request failed";
    }
}

void reply_error(struct reply *r, enum call call, unsigned status, const char *message)
{
    json_t *error =
        json_pack("{ss ss si}", "name", error_name(status), "message",
                  message ? message : error_message(call, status), "httpCode", (int)status);
    char *text = error ? record_text(error, JSON_COMPACT) : NULL;

    reply_start(r, status, "application/json");
    if (text)
        buffer_put_text(&r->body, text);
    else
        r->body.failed = true; /* no memory, or a message that is not UTF-8 */
    free(text);
    json_decref(error);
}

static int64_t up_to_seconds(int64_t ns)
{
    return (ns + NS_PER_S - 1) / NS_PER_S;
}

void reply_retry_after_ns(struct reply *r, int64_t wait_ns, bool date, int64_t shown_ns)
{
    if (date)
        http_date_format(r->retry_after, up_to_seconds(shown_ns + wait_ns));
    else
        print_text(r->retry_after, sizeof r->retry_after, "%" PRId64, up_to_seconds(wait_ns));
}

void reply_rate_limit(struct reply *r, enum settings_fields fields, const char *name,
                      const struct quota *q, int64_t now_ns)
{
    int64_t more_s = up_to_seconds(quota_more_ns(q, now_ns));
    uint32_t left = quota_left(q, now_ns);

    if (fields == SETTINGS_FIELDS_NEW || fields == SETTINGS_FIELDS_BOTH) {
        print_text(r->rate_policy, sizeof r->rate_policy, "\"%s\";q=%u;w=%" PRId64, name, q->limit,
                 up_to_seconds(q->window_ns));
        print_text(r->rate_limit, sizeof r->rate_limit, "\"%s\";r=%u;t=%" PRId64, name, left, more_s);
    }
    if (fields == SETTINGS_FIELDS_OLD || fields == SETTINGS_FIELDS_BOTH) {
        print_text(r->old_limit, sizeof r->old_limit, "%u", q->limit);
        print_text(r->old_remaining, sizeof r->old_remaining, "%u", left);
        print_text(r->old_reset, sizeof r->old_reset, "%" PRId64, more_s);
    }
}

/* ---- bodies of faults ---- */

static const char *reason(unsigned status)
{
    switch (status) {
    case 403:
        return "Forbidden";
    case 413:
        return "Request Entity Too Large";
    case 429:
        return "Too Many Requests";
    case 502:
        return "Bad Gateway";
    case 503:
        return "Service Temporarily Unavailable";
    case 504:
        return "Gateway Time-out";
    default:
        return "Notice";
    }
}

static void put_html(struct buffer *out, unsigned status)
{
    buffer_put_format(out,
                      "<html>\r\n<head><title>%u %s</title></head>\r\n<body>\r\n"
                      "<center><h1>%u %s</h1></center>\r\n<hr><center>nginx</center>\r\n"
                      "</body>\r\n</html>\r\n",
                      status, reason(status), status, reason(status));
}

static void put_fault_body(struct reply *r, enum call call, const struct fault_what *w)
{
    static const uint8_t garbage[] = {0xff, 0x00, 0x9f, 0x92, 0x96, 0x13, 0x37, 0x00,
                                      0x80, 0xc0, 0xfe, 0x7f, 0x01, 0xde, 0xad, 0xff};

    switch (w->body) {
    case FAULT_JSON:
        reply_error(r, call, w->status, NULL);
        break;
    case FAULT_HTML:
        reply_start(r, w->status, "text/html");
        put_html(&r->body, w->status);
        break;
    case FAULT_PLAIN:
        reply_start(r, w->status, "text/plain");
        buffer_put_text(&r->body, w->status == 403
                                      ? "RBAC: access denied"
                                      : "upstream connect error or disconnect/reset before "
                                        "headers. reset reason: connection termination");
        break;
    case FAULT_GARBAGE:
        reply_start(r, w->status, "application/octet-stream");
        buffer_put(&r->body, garbage, sizeof garbage);
        break;
    case FAULT_EMPTY:
        reply_start(r, w->status, NULL);
        break;
    }
}

static void put_retry_after(struct reply *r, const char *value, int64_t wall_s)
{
    if (strcmp(value, "none") == 0)
        r->retry_after[0] = 0;
    else if (strncmp(value, "date", 4) == 0) /* date+30, date-30: fault_plan_add has checked it */
        http_date_format(r->retry_after, wall_s + strtol(value + 4, NULL, 10));
    else
        print_text(r->retry_after, sizeof r->retry_after, "%s", value);
}

void reply_apply_faults(struct reply *r, enum call call, const struct fault_orders *orders,
                        int64_t wall_s)
{
    const struct fault_what *w = &orders->what;

    r->date_offset_s = w->effects & FAULT_DATE ? w->date_offset_s : 0;
    wall_s += r->date_offset_s;
    if (w->effects & FAULT_STATUS)
        put_fault_body(r, call, w);
    if (w->effects & FAULT_RETRY_AFTER)
        put_retry_after(r, w->retry_after, wall_s);
    if (w->effects & FAULT_LOCATION)
        print_text(r->location, sizeof r->location, "%s", w->location);
    if (w->effects & FAULT_MUTATE && r->status / 100 == 2)
        fault_mutate(&r->body, w->mutation);
    if (w->effects & FAULT_CORRUPT && buffer_ok(&r->body) && r->body.size)
        r->body.data[w->corrupt % r->body.size] ^= 1;
}

/* ---- out ---- */

static void put_header(struct http_response *out, const char *name, const char *value)
{
    if (*value)
        out->headers[out->header_count++] = (struct http_header){name, value};
}

void reply_response(struct reply *r, struct http_response *out, int64_t wall_s)
{
    *out = (struct http_response){.status = r->status};
    if (!buffer_ok(&r->body)) {
        reply_start(r, 500, NULL);
        out->status = 500;
    }
    out->body = buffer_bytes(&r->body);
    http_date_format(r->date, wall_s + r->date_offset_s);
    out->headers[out->header_count++] = (struct http_header){"date", r->date};
    if (r->content_type && r->body.size)
        out->headers[out->header_count++] = (struct http_header){"content-type", r->content_type};
    put_header(out, "retry-after", r->retry_after);
    put_header(out, "location", r->location);
    put_header(out, "ratelimit-policy", r->rate_policy);
    put_header(out, "ratelimit", r->rate_limit);
    put_header(out, "x-ratelimit-limit", r->old_limit);
    put_header(out, "x-ratelimit-remaining", r->old_remaining);
    put_header(out, "x-ratelimit-reset", r->old_reset);
}
