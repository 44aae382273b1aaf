/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "mockorch/core/admin_call.h"

/* ---- why: each check of a submission, side by side ---- */

struct sides {
    char wanted[JOURNAL_TEXT], got[JOURNAL_TEXT]; /* "" and "": the words say all */
};

static void count_fields(struct sides *s, const struct journal_entry *e)
{
    size_t proofs = e->task_type == TASK_PROOF_REQUIRED ? e->inputs : 0;
    size_t hashes = e->task_type == TASK_ALL_PROOF_HASHES ? e->inputs : 0;

    snprintf(s->wanted, sizeof s->wanted, "%zu proofs, %zu hashes", proofs, hashes);
    snprintf(s->got, sizeof s->got, "%zu proofs, %zu hashes", e->proofs, e->all_proof_hashes);
}

static struct sides sides_of(const struct journal_entry *e, enum check check)
{
    bool failed = e->verdict.failed == check;
    struct sides s = {"", ""};

    if (!e->submission)
        return s;
    switch (check) {
    case CHECK_SIZES:
        snprintf(s.wanted, sizeof s.wanted, "key 32 bytes, signature 64 bytes");
        snprintf(s.got, sizeof s.got, "key %zu bytes, signature %zu bytes", e->key_bytes,
                 e->signature_bytes);
        break;
    case CHECK_TASK:
        snprintf(s.wanted, sizeof s.wanted, "open");
        snprintf(s.got, sizeof s.got, "%s",
                 !failed         ? "open"
                 : e->task_state ? e->task_state
                                 : "unknown");
        break;
    case CHECK_KEY:
        snprintf(s.wanted, sizeof s.wanted, "%s", e->key_wanted);
        snprintf(s.got, sizeof s.got, "%s", e->key_got);
        break;
    case CHECK_FORM:
        snprintf(s.wanted, sizeof s.wanted, "64 lower-case hex digits");
        snprintf(s.got, sizeof s.got, "%s", e->proof_hash);
        break;
    case CHECK_FIELDS:
        if (e->task_state)
            count_fields(&s, e);
        break;
    default:
        break;
    }
    return s;
}

static json_t *check_json(const struct journal_entry *e, enum check check)
{
    bool passed = e->verdict.passed & 1u << check, failed = e->verdict.failed == check;
    struct sides s = {"", ""};
    json_t *json = json_pack("{ss ss}", "check", check_name(check), "result",
                             failed   ? "failed"
                             : passed ? "passed"
                                      : "not reached");

    if (passed || failed)
        s = sides_of(e, check);
    if (s.wanted[0] || s.got[0]) {
        json_object_set_new(json, "wanted", json_string(s.wanted));
        json_object_set_new(json, "got", json_string(s.got));
    }
    if (failed)
        json_object_set_new(json, "why", json_string(e->verdict.why.text));
    return json;
}

static double seconds(int64_t ns)
{
    return (double)ns / (double)NS_PER_S;
}

/* Words from outside need not be UTF-8: then they are left out. Here and below NULL, for want of
 * memory, takes nothing. */
static void put_words(json_t *json, const struct journal_entry *e)
{
    const struct verdict *v = &e->verdict;
    const struct {
        const char *name, *value;
    } words[] = {
        {"path", e->path},       {"peer", e->peer},     {"node_id", v->node_id},
        {"task_id", v->task_id}, {"faults", v->faults}, {"why", v->why.text},
        {"key", e->key_got},
    };

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        json_object_set_new(json, words[i].name, json_string(words[i].value));
}

static json_t *entry_json(const struct journal_entry *e)
{
    const struct verdict *v = &e->verdict;
    json_t *json = json_pack("{so sf sf ss si ss si ss so so ss}", "number",
                             state_counter(e->number), "at_s", seconds(e->at_ns), "took_s",
                             seconds(e->took_ns), "method", http_method_name(e->method),
                             "peer_port", (int)e->port, "call", call_name(v->call), "status",
                             (int)v->status, "failed", check_name(v->failed), "body_bytes",
                             state_counter(e->body_bytes), "answer_bytes",
                             state_counter(e->answer_bytes), "answer", journal_end_name(e->end));
    char hash[17];
    json_t *checks;

    put_words(json, e);
    if (e->end != JOURNAL_UNDER_WAY)
        json_object_set_new(json, "end_s", json_real(seconds(e->end_ns)));
    if (e->retry_after_s >= 0)
        json_object_set_new(json, "retry_after_s", json_integer(e->retry_after_s));
    if (v->call != CALL_SUBMIT)
        return json;
    snprintf(hash, sizeof hash, "%016" PRIx64, e->body_hash);
    json_object_set_new(json, "body_hash", json_string(hash));
    json_object_set_new(json, "outcome",
                        json_string(v->credited ? "credited" : v->held ? "held" : ""));
    checks = json_array();
    for (int check = 0; check < CHECK_NONE; check++)
        json_array_append_new(checks, check_json(e, (enum check)check));
    json_object_set_new(json, "checks", checks);
    return json;
}

/* ---- filters ---- */

struct filter { /* "": any */
    char call[32], node[32], task[64], failed[32], fault[FAULT_TEXT];
    int64_t status; /* -1: any; 0: lost */
};

/* How many of the filter's wishes it does not fulfil; the words name the last of them. */
static int differs(const struct filter *f, const struct journal_entry *e, struct why *why)
{
    const struct verdict *v = &e->verdict;
    const struct {
        const char *name, *wanted, *got;
        bool same;
    } wishes[] = {
        {"call", f->call, call_name(v->call), strcmp(f->call, call_name(v->call)) == 0},
        {"node", f->node, v->node_id, strcmp(f->node, v->node_id) == 0},
        {"task", f->task, v->task_id, strcmp(f->task, v->task_id) == 0},
        {"failed", f->failed, check_name(v->failed), strcmp(f->failed, check_name(v->failed)) == 0},
        {"fault", f->fault, v->faults, strstr(v->faults, f->fault) != NULL},
    };
    int count = 0;

    for (size_t i = 0; i < sizeof wishes / sizeof *wishes; i++)
        if (wishes[i].wanted[0] && !wishes[i].same) {
            fail(why, ST_NOT_FOUND, "%s is '%s', not '%s'", wishes[i].name, wishes[i].got,
                 wishes[i].wanted);
            count++;
        }
    if (f->status >= 0 && f->status != (int64_t)v->status) {
        fail(why, ST_NOT_FOUND, "status is %u, not %d", v->status, (int)f->status);
        count++;
    }
    return count;
}

/* false: the status is no number. */
static bool filter_of_query(struct filter *f, const struct admin_call *c)
{
    char status[16];
    size_t digits;

    f->status = -1;
    admin_query(c, "call", f->call, sizeof f->call);
    admin_query(c, "node", f->node, sizeof f->node);
    admin_query(c, "task", f->task, sizeof f->task);
    admin_query(c, "failed", f->failed, sizeof f->failed);
    admin_query(c, "fault", f->fault, sizeof f->fault);
    if (!admin_query(c, "status", status, sizeof status))
        return true;
    digits = strspn(status, "0123456789");
    f->status = strtol(status, NULL, 10);
    return digits > 0 && digits <= 3 && status[digits] == 0;
}

json_t *admin_requests(struct admin_call *c)
{
    const struct journal *j = &c->o->journal;
    struct admin_page page;
    struct filter filter;
    uint64_t after = 0;
    json_t *error = admin_page_start(&page, c), *answer;
    uint64_t number = journal_first(j);

    if (error)
        return error;
    if (!filter_of_query(&filter, c)) {
        json_decref(page.items);
        return admin_error(c, 400, "status: a number of three digits, or 0: lost");
    }
    if (!admin_query_number(c, "after", INT64_MAX, &after)) {
        json_decref(page.items);
        return admin_error(c, 400, "after: a whole number is needed");
    }
    if (after >= number)
        number = after + 1;
    for (; number <= j->written; number++) {
        const struct journal_entry *e = journal_get(j, number);

        if (differs(&filter, e, NULL) == 0 && admin_page_wants(&page))
            json_array_append_new(page.items, entry_json(e));
    }
    answer = admin_page_end(&page);
    json_object_set_new(answer, "first", state_counter(journal_first(j)));
    json_object_set_new(answer, "last", state_counter(j->written));
    return answer;
}

json_t *admin_forget_requests(struct admin_call *c)
{
    journal_clear(&c->o->journal);
    persist_forget_journal(c->o);
    return json_pack("{so}", "last", state_counter(c->o->journal.written));
}

/* ---- verify ---- */

struct expectation {
    struct filter filter;
    int64_t least, most;
};

static bool read_word(const struct admin_call *c, const char *key, char *out, size_t size)
{
    const char *text = "";

    if (admin_text(c, key, &text) < 0 || strlen(text) >= size)
        return false;
    strcpy(out, text);
    return true;
}

/* NULL, or what is wrong. */
static json_t *read_expectation(struct expectation *x, struct admin_call *c)
{
    struct filter *f = &x->filter;
    int64_t exactly = 0;
    int said, least, most;

    *x = (struct expectation){.filter.status = -1, .most = INT64_MAX};
    if (!read_word(c, "call", f->call, sizeof f->call) ||
        !read_word(c, "node", f->node, sizeof f->node) ||
        !read_word(c, "task", f->task, sizeof f->task) ||
        !read_word(c, "failed", f->failed, sizeof f->failed) ||
        !read_word(c, "fault", f->fault, sizeof f->fault))
        return admin_error(c, 400, "call, node, task, failed, fault: short texts");
    if (admin_integer(c, "status", &f->status) < 0)
        return admin_error(c, 400, "status: a number, 0: lost");
    said = admin_integer(c, "exactly", &exactly);
    least = admin_integer(c, "at_least", &x->least);
    most = admin_integer(c, "at_most", &x->most);
    if (said < 0 || least < 0 || most < 0 || !(said || least || most) || (said && (least || most)))
        return admin_error(c, 400, "one of exactly, at_least, at_most: a whole number");
    if (said)
        x->least = x->most = exactly;
    return NULL;
}

#define NEAREST 5

json_t *admin_verify(struct admin_call *c)
{
    const struct journal *j = &c->o->journal;
    json_t *numbers, *near;
    struct expectation x;
    json_t *error = read_expectation(&x, c);
    int64_t count = 0;
    bool holds;

    if (error)
        return error;
    numbers = json_array();
    near = json_array();
    for (uint64_t n = journal_first(j); n <= j->written; n++) {
        struct why why;
        int missing = differs(&x.filter, journal_get(j, n), &why);

        count += missing == 0;
        if (missing == 0 && json_array_size(numbers) < MOST_ON_A_PAGE)
            json_array_append_new(numbers, state_counter(n));
        if (missing == 1) { /* the last few that came close */
            if (json_array_size(near) == NEAREST)
                json_array_remove(near, 0);
            json_array_append_new(
                near, json_pack("{so ss}", "number", state_counter(n), "but", why.text));
        }
    }
    holds = count >= x.least && count <= x.most;
    c->status = holds ? 200 : 409;
    return json_pack("{sb sI so so sb}", "holds", holds, "count", (json_int_t)count, "requests",
                     numbers, "near", near, "complete", journal_first(j) == 1);
}
