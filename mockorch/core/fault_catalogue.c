/* SPDX-License-Identifier: Apache-2.0 */
/* The faults with a name. docs/faults.md has the same table; a test compares the two. */
#include <stddef.h>
#include <string.h>

#include "base/clock.h"
#include "mockorch/core/fault.h"

#define STATUS(code, what_body)                                                                    \
    .effects = FAULT_STATUS, .status = (code), .body = FAULT_##what_body
#define STATUS_RETRY(code, what_body, value)                                                       \
    .effects = FAULT_STATUS | FAULT_RETRY_AFTER, .status = (code), .body = FAULT_##what_body,      \
    .retry_after = value
#define TASK(what_task) .effects = FAULT_TASK, .task = FAULT_TASK_##what_task
#define LOSE(what_lose, how)                                                                       \
    .effects = FAULT_LOSE, .lose = FAULT_LOSE_##what_lose, .cut = FAULT_CUT_##how

#define HEAD(what_head) .effects = FAULT_HEAD, .head = FAULT_HEAD_##what_head
#define MUTATE(what) .effects = FAULT_MUTATE, .mutation = FAULT_MUTATE_##what

static const char transfer[] = "counts it as a failed transfer";
static const char readable[] = "reads it";
static const char obey[] = "waits as told, then asks again";
static const char own_pace[] = "falls back to its own backoff";
static const char keep[] = "keeps the proof and sends the same bytes again after a pause";
static const char no_loop[] = "does not repeat it in a loop; says what the server said";
static const char reject[] = "treats it as a decode error: no crash, no work, a later fetch";
static const char same_bytes[] = "sends the same bytes again and takes a 404 as \"probably accepted\"";

static const struct fault_named catalogue[] = {
    /* refusals of a fetch */
    {"fetch_429", CALL_FETCH, {STATUS_RETRY(429, JSON, "60")}, "429, Retry-After 60", obey},
    {"fetch_429_bare", CALL_FETCH, {STATUS_RETRY(429, JSON, "none")}, "429 without Retry-After", own_pace},
    {"fetch_429_zero", CALL_FETCH, {STATUS_RETRY(429, JSON, "0")}, "429, Retry-After 0", "still keeps its own least pause"},
    {"fetch_429_date", CALL_FETCH, {STATUS_RETRY(429, JSON, "date+90")}, "429, Retry-After as a date 90 s ahead", "waits 90 s counted from the answer's Date"},
    {"fetch_429_past", CALL_FETCH, {STATUS_RETRY(429, JSON, "date-90")}, "429, Retry-After as a date in the past", own_pace},
    {"fetch_429_words", CALL_FETCH, {STATUS_RETRY(429, JSON, "soon")}, "429, Retry-After that cannot be read", own_pace},
    {"fetch_429_fraction", CALL_FETCH, {STATUS_RETRY(429, JSON, "1.5")}, "429, Retry-After with a fraction", own_pace},
    {"fetch_429_negative", CALL_FETCH, {STATUS_RETRY(429, JSON, "-1")}, "429, negative Retry-After", own_pace},
    {"fetch_429_huge", CALL_FETCH, {STATUS_RETRY(429, JSON, "99999999999")}, "429, Retry-After of 3000 years", "has a ceiling and says so"},
    {"fetch_429_hour", CALL_FETCH, {STATUS_RETRY(429, JSON, "3600")}, "429, Retry-After 3600", "waits the hour, not the reference's 600 s"},
    {"fetch_429_html", CALL_FETCH, {STATUS_RETRY(429, HTML, "60")}, "429 from a gateway: HTML", obey},
    {"fetch_500", CALL_FETCH, {STATUS(500, JSON)}, "500 with the orchestrator's JSON", own_pace},
    {"fetch_500_retry_after", CALL_FETCH, {STATUS_RETRY(500, JSON, "600")}, "500 with Retry-After 600", obey},
    {"fetch_502", CALL_FETCH, {STATUS(502, HTML)}, "502 from a gateway: HTML", own_pace},
    {"fetch_503", CALL_FETCH, {STATUS_RETRY(503, PLAIN, "120")}, "503 in plain text, Retry-After 120", obey},
    {"fetch_504", CALL_FETCH, {STATUS(504, HTML)}, "504 from a gateway: HTML", own_pace},
    {"fetch_401", CALL_FETCH, {STATUS(401, JSON)}, "401", no_loop},
    {"fetch_403", CALL_FETCH, {STATUS(403, PLAIN)}, "403 RBAC: access denied", no_loop},
    {"fetch_403_html", CALL_FETCH, {STATUS(403, HTML)}, "403 from the front end: HTML", no_loop},
    {"fetch_404", CALL_FETCH, {STATUS(404, JSON)}, "404: the node is not known", no_loop},
    {"fetch_408", CALL_FETCH, {STATUS(408, EMPTY)}, "408", own_pace},
    {"fetch_redirect", CALL_FETCH, {.effects = FAULT_STATUS | FAULT_LOCATION, .status = 307, .body = FAULT_EMPTY, .location = "/v3/tasks"}, "307 to the same address", "follows at most once or refuses; never loops"},
    {"fetch_redirect_elsewhere", CALL_FETCH, {.effects = FAULT_STATUS | FAULT_LOCATION, .status = 308, .body = FAULT_EMPTY, .location = "http://127.0.0.1:9/v3/tasks"}, "308 to another host", "does not take its work there"},
    {"fetch_426", CALL_FETCH, {STATUS(426, JSON)}, "426: this version is too old", no_loop},
    {"fetch_redirect_get", CALL_FETCH, {.effects = FAULT_STATUS | FAULT_LOCATION, .status = 302, .body = FAULT_EMPTY, .location = "/v3/tasks"}, "302, which turns the POST into a GET", "does not take the list for a task"},
    /* strange tasks */
    {"task_duplicate", CALL_FETCH, {TASK(DUPLICATE)}, "an open task of the node once more", "does not prove it twice"},
    {"task_absent", CALL_FETCH, {TASK(ABSENT)}, "200 with the old fields, without `task`", reject},
    {"task_empty_answer", CALL_FETCH, {.effects = FAULT_STATUS, .status = 200, .body = FAULT_EMPTY, .processed = true}, "200 with zero bytes: ends the reference client", reject},
    {"task_garbage", CALL_FETCH, {STATUS(200, GARBAGE)}, "200 with bytes that are no message", reject},
    {"task_portal", CALL_FETCH, {STATUS(200, HTML)}, "200 with HTML, as from a captive portal", reject},
    {"task_without_old_fields", CALL_FETCH, {TASK(WITHOUT_OLD_FIELDS)}, "only field 4 is filled", "proves it"},
    {"task_unknown_type", CALL_FETCH, {TASK(UNKNOWN_TYPE)}, "a task type of the future: ends the reference client", reject},
    {"task_unknown_difficulty", CALL_FETCH, {TASK(UNKNOWN_DIFFICULTY)}, "a reserved difficulty", "reads it as SMALL and proves it"},
    {"task_unknown_fields", CALL_FETCH, {TASK(UNKNOWN_FIELDS)}, "fields of a later schema", "skips them and proves the task"},
    {"task_unknown_program", CALL_FETCH, {TASK(UNKNOWN_PROGRAM)}, "a program that the client does not have", "gives the task up and fetches on at its pace"},
    {"task_no_inputs", CALL_FETCH, {TASK(NO_INPUTS)}, "an empty list of inputs", "gives the task up"},
    {"task_short_input", CALL_FETCH, {TASK(SHORT_INPUT)}, "an input of 11 bytes", "gives the task up"},
    {"task_long_input", CALL_FETCH, {TASK(LONG_INPUT)}, "an input of 13 bytes", "proves the first twelve"},
    {"task_many_inputs", CALL_FETCH, {TASK(MANY_INPUTS)}, "100 inputs", "proves them all, or gives up before the task expires"},
    {"task_harder", CALL_FETCH, {TASK(HARDER)}, "a bucket above the one asked for", "proves it if it can; asks for less next time otherwise"},
    {"task_easier", CALL_FETCH, {TASK(EASIER)}, "SMALL, whatever was asked for", "says so and proves it"},
    {"task_expired", CALL_FETCH, {TASK(EXPIRED)}, "over when it arrives: every submission gets 404", "stops at the 404 and learns from it"},
    {"task_empty_id", CALL_FETCH, {TASK(EMPTY_ID)}, "an empty task id", reject},
    {"task_long_id", CALL_FETCH, {TASK(LONG_ID)}, "a task id of 500 characters", "signs and submits it unchanged"},
    {"task_strange_id", CALL_FETCH, {TASK(STRANGE_ID)}, "a task id with blanks, bars and UTF-8", "signs and submits it unchanged"},
    {"task_from_tomorrow", CALL_FETCH, {TASK(FROM_TOMORROW)}, "created_at lies a day ahead", "does not care"},
    {"task_corrupt", CALL_FETCH, {.effects = FAULT_CORRUPT, .corrupt = 0}, "a bit of the first byte is turned", reject},
    {"task_truncated", CALL_FETCH, {.effects = FAULT_TRUNCATE, .truncate = 20}, "the answer ends after 20 bytes", "counts it as a failed transfer; the task comes again or expires"},
    {"task_wire_type", CALL_FETCH, {MUTATE(WIRE_TYPE)}, "`task` comes once more, as a number", reject},
    {"task_giant_length", CALL_FETCH, {MUTATE(GIANT_LENGTH)}, "a field that says it is 2 GiB long", reject},
    {"task_deep", CALL_FETCH, {MUTATE(DEEP)}, "an unknown field of 10 000 messages in each other", "skips it without falling over, and proves the task"},
    {"task_endless_varint", CALL_FETCH, {MUTATE(ENDLESS_VARINT)}, "a number of twelve bytes", reject},
    {"task_field_zero", CALL_FETCH, {MUTATE(FIELD_ZERO)}, "field number 0", reject},
    {"task_group", CALL_FETCH, {MUTATE(GROUP)}, "an unknown field of the deprecated group type", "skips it and proves the task, or treats it as a decode error"},
    {"task_merged", CALL_FETCH, {MUTATE(MERGED)}, "the whole message twice in one body", "merges the two and proves or refuses what that gives; no crash"},
    {"list_duplicate", CALL_LIST, {TASK(DUPLICATE)}, "each task is listed twice", "proves each once"},
    /* refusals of a submission */
    {"submit_429", CALL_SUBMIT, {STATUS_RETRY(429, JSON, "60")}, "429, Retry-After 60: the reference drops the proof", keep},
    {"submit_429_bare", CALL_SUBMIT, {STATUS_RETRY(429, JSON, "none")}, "429 without Retry-After", keep},
    {"submit_429_date", CALL_SUBMIT, {STATUS_RETRY(429, JSON, "date+90")}, "429, Retry-After as a date", keep},
    {"submit_429_words", CALL_SUBMIT, {STATUS_RETRY(429, JSON, "soon")}, "429, Retry-After that cannot be read", keep},
    {"submit_429_huge", CALL_SUBMIT, {STATUS_RETRY(429, JSON, "99999999999")}, "429, Retry-After of 3000 years", "tries once more before the task expires, or parks the proof"},
    {"submit_500", CALL_SUBMIT, {STATUS(500, JSON)}, "500 Unable to connect to verifier", keep},
    {"submit_500_accepted", CALL_SUBMIT, {.effects = FAULT_STATUS, .status = 500, .body = FAULT_JSON, .processed = true}, "accepted, but the answer is 500", same_bytes},
    {"submit_502", CALL_SUBMIT, {STATUS(502, HTML)}, "502 from a gateway: HTML", keep},
    {"submit_503", CALL_SUBMIT, {STATUS_RETRY(503, PLAIN, "120")}, "503 in plain text, Retry-After 120", keep},
    {"submit_504_accepted", CALL_SUBMIT, {.effects = FAULT_STATUS, .status = 504, .body = FAULT_HTML, .processed = true}, "accepted, but the gateway gave up waiting", same_bytes},
    {"submit_400", CALL_SUBMIT, {STATUS(400, JSON)}, "400", no_loop},
    {"submit_401", CALL_SUBMIT, {STATUS(401, JSON)}, "401", no_loop},
    {"submit_403", CALL_SUBMIT, {STATUS(403, JSON)}, "403", no_loop},
    {"submit_404", CALL_SUBMIT, {STATUS(404, JSON)}, "404 Task not found", "forgets the task, counts it as expired, goes on"},
    {"submit_409", CALL_SUBMIT, {STATUS(409, JSON)}, "409: there is a result already", "takes its own proof for accepted"},
    {"submit_413", CALL_SUBMIT, {STATUS(413, HTML)}, "413 from a gateway", no_loop},
    {"submit_422", CALL_SUBMIT, {STATUS(422, JSON)}, "422 Invalid proof", "keeps the evidence, does not send it again"},
    {"submit_redirect", CALL_SUBMIT, {.effects = FAULT_STATUS | FAULT_LOCATION, .status = 307, .body = FAULT_EMPTY, .location = "/v3/tasks/submit"}, "307 to the same address", "follows at most a few times; keeps the proof"},
    {"submit_redirect_get", CALL_SUBMIT, {.effects = FAULT_STATUS | FAULT_LOCATION, .status = 303, .body = FAULT_EMPTY, .location = "/healthz"}, "303 to a page that answers 200", "does not take that for an acceptance"},
    {"submit_redirect_elsewhere", CALL_SUBMIT, {.effects = FAULT_STATUS | FAULT_LOCATION, .status = 307, .body = FAULT_EMPTY, .location = "http://127.0.0.1:9/v3/tasks/submit"}, "307 to another host", "does not send its proof there"},
    {"submit_twice", CALL_SUBMIT, {.effects = FAULT_TWICE, .twice = FAULT_TWICE_SECOND}, "delivered twice by the network; the client sees the second answer, a 404", "takes it as \"probably accepted\""},
    /* the network */
    {"request_lost", FAULT_ANY_CALL, {LOSE(REQUEST, RESET)}, "the connection is reset before the request counts", "tries again after a pause"},
    {"request_swallowed", FAULT_ANY_CALL, {LOSE(REQUEST, SILENCE)}, "nothing ever comes back", "has a timeout of its own"},
    {"request_hung_up", FAULT_ANY_CALL, {LOSE(REQUEST, CLOSE)}, "the connection is closed without an answer", "tries again after a pause"},
    {"fetch_answer_lost", CALL_FETCH, {LOSE(ANSWER, RESET)}, "a task is assigned, its answer is lost", "does not hurry: the place in the allowance is gone"},
    {"fetch_twice", CALL_FETCH, {.effects = FAULT_TWICE, .twice = FAULT_TWICE_FIRST}, "delivered twice: a second task is assigned unseen", "proves the one it has"},
    {"submit_answer_lost", CALL_SUBMIT, {LOSE(ANSWER, RESET)}, "accepted, the answer is lost", same_bytes},
    {"submit_answer_swallowed", CALL_SUBMIT, {LOSE(ANSWER, SILENCE)}, "accepted, nothing comes back", same_bytes},
    {"register_answer_lost", CALL_REGISTER_USER, {LOSE(ANSWER, RESET)}, "the user is made, the answer is lost", "asks for the wallet first; a 409 is not the end"},
    {"slow", FAULT_ANY_CALL, {.effects = FAULT_DELAY, .delay_ns = 2 * NS_PER_S, .jitter_ns = NS_PER_S}, "2 to 3 s before each answer", "waits"},
    {"too_slow", FAULT_ANY_CALL, {.effects = FAULT_DELAY, .delay_ns = 12 * NS_PER_S}, "12 s: more than the reference's 10 s in all", "allows a submission the time it needs"},
    {"minutes_slow", FAULT_ANY_CALL, {.effects = FAULT_DELAY, .delay_ns = 300 * NS_PER_S}, "300 s", "has a timeout of its own"},
    {"answer_cut", FAULT_ANY_CALL, {.effects = FAULT_TRUNCATE, .truncate = 1, .cut = FAULT_CUT_CLOSE}, "the body ends after one byte", "counts it as a failed transfer"},
    {"answer_cut_head", FAULT_ANY_CALL, {.effects = FAULT_TRUNCATE, .truncate = 0, .cut = FAULT_CUT_RESET}, "reset after the head", "counts it as a failed transfer"},
    {"answer_stalls", FAULT_ANY_CALL, {.effects = FAULT_TRUNCATE, .truncate = 1, .cut = FAULT_CUT_SILENCE}, "one byte of the body, then silence", "has a limit for slow transfers"},
    {"answer_dribbles", FAULT_ANY_CALL, {.effects = FAULT_DRIBBLE, .dribble_bytes = 1, .dribble_gap_ns = 50 * NS_PER_MS}, "one byte each 50 ms", "waits, within its limit"},
    {"slow_lognormal", FAULT_ANY_CALL, {.effects = FAULT_DELAY, .delay_ns = 20 * NS_PER_MS, .jitter_ns = 200 * NS_PER_MS, .spread = FAULT_SPREAD_LOGNORMAL}, "20 ms and a lognormal part, 200 ms in the middle", "waits"},
    {"slow_pareto", FAULT_ANY_CALL, {.effects = FAULT_DELAY, .delay_ns = 20 * NS_PER_MS, .jitter_ns = 200 * NS_PER_MS, .spread = FAULT_SPREAD_PARETO}, "20 ms and a part with a heavy tail, up to 20 s", "waits, within its limit"},
    /* clocks */
    {"date_ahead", FAULT_ANY_CALL, {.effects = FAULT_DATE, .date_offset_s = 86400}, "the server's clock is a day ahead", "counts dates from the answer's own Date"},
    {"date_behind", FAULT_ANY_CALL, {.effects = FAULT_DATE, .date_offset_s = -86400}, "the server's clock is a day behind", "counts dates from the answer's own Date"},
    {"fetch_429_date_skewed", CALL_FETCH, {.effects = FAULT_STATUS | FAULT_RETRY_AFTER | FAULT_DATE, .status = 429, .body = FAULT_JSON, .retry_after = "date+90", .date_offset_s = 7200}, "429, Retry-After as a date 90 s ahead by a clock that is two hours ahead", "waits 90 s"},
    /* heads */
    {"head_no_length", FAULT_ANY_CALL, {HEAD(NO_LENGTH)}, "no content-length: the body ends with the connection", readable},
    {"head_chunked", FAULT_ANY_CALL, {HEAD(CHUNKED)}, "the body in two chunks, with a trailer", readable},
    {"head_type", FAULT_ANY_CALL, {HEAD(TYPE)}, "content-type text/html on whatever it is", "reads it: the type does not matter"},
    {"head_encoded", FAULT_ANY_CALL, {HEAD(ENCODED)}, "content-encoding gzip on a body that is not packed", "did not ask for it: reads the body as it is, or counts a failed transfer"},
    {"head_continues", FAULT_ANY_CALL, {HEAD(CONTINUES)}, "twenty times 100 Continue before the answer", readable},
    {"head_length_short", FAULT_ANY_CALL, {HEAD(LENGTH_SHORT)}, "content-length is half of the body's", "takes the half for a decode error; the rest is no answer to anything"},
    {"head_length_long", FAULT_ANY_CALL, {HEAD(LENGTH_LONG)}, "content-length is 100 more than comes", transfer},
    {"head_length_negative", FAULT_ANY_CALL, {HEAD(LENGTH_NEGATIVE)}, "content-length -1", transfer},
    {"head_chunked_bad", FAULT_ANY_CALL, {HEAD(CHUNKED_BAD)}, "a chunk size that is no number", transfer},
    {"head_chunked_cut", FAULT_ANY_CALL, {HEAD(CHUNKED_CUT)}, "the last chunk never comes", transfer},
    {"head_flood", FAULT_ANY_CALL, {HEAD(FLOOD)}, "20 000 header lines", "has a limit for heads"},
    {"head_long_line", FAULT_ANY_CALL, {HEAD(LONG_LINE)}, "a header of 1 MiB", "has a limit for heads"},
    {"head_half", FAULT_ANY_CALL, {HEAD(HALF)}, "closed in the middle of the head", transfer},
    {"head_garbage", FAULT_ANY_CALL, {HEAD(GARBAGE)}, "no HTTP at all", transfer},
};

#define NAMED (sizeof catalogue / sizeof *catalogue)

size_t fault_catalogue(const struct fault_named **out)
{
    *out = catalogue;
    return NAMED;
}

const struct fault_named *fault_of_name(const char *name)
{
    for (size_t i = 0; i < NAMED; i++)
        if (strcmp(catalogue[i].name, name) == 0)
            return &catalogue[i];
    return NULL;
}

const char *fault_task_name(enum fault_task t)
{
    static const char *const names[] = {
        [FAULT_TASK_DUPLICATE] = "duplicate",
        [FAULT_TASK_UNKNOWN_PROGRAM] = "unknown_program",
        [FAULT_TASK_NO_INPUTS] = "no_inputs",
        [FAULT_TASK_SHORT_INPUT] = "short_input",
        [FAULT_TASK_LONG_INPUT] = "long_input",
        [FAULT_TASK_MANY_INPUTS] = "many_inputs",
        [FAULT_TASK_EXPIRED] = "expired",
        [FAULT_TASK_HARDER] = "harder",
        [FAULT_TASK_EASIER] = "easier",
        [FAULT_TASK_EMPTY_ID] = "empty_id",
        [FAULT_TASK_LONG_ID] = "long_id",
        [FAULT_TASK_STRANGE_ID] = "strange_id",
        [FAULT_TASK_ABSENT] = "absent",
        [FAULT_TASK_WITHOUT_OLD_FIELDS] = "without_old_fields",
        [FAULT_TASK_UNKNOWN_TYPE] = "unknown_type",
        [FAULT_TASK_UNKNOWN_DIFFICULTY] = "unknown_difficulty",
        [FAULT_TASK_UNKNOWN_FIELDS] = "unknown_fields",
        [FAULT_TASK_FROM_TOMORROW] = "from_tomorrow",
    };
    size_t i = (size_t)t;

    return i < sizeof names / sizeof *names ? names[i] : NULL;
}

const char *fault_head_name(enum fault_head h)
{
    static const char *const names[FAULT_HEADS] = {
        [FAULT_HEAD_RIGHT] = "right",
        [FAULT_HEAD_NO_LENGTH] = "no_length",
        [FAULT_HEAD_CHUNKED] = "chunked",
        [FAULT_HEAD_TYPE] = "type",
        [FAULT_HEAD_ENCODED] = "encoded",
        [FAULT_HEAD_CONTINUES] = "continues",
        [FAULT_HEAD_LENGTH_SHORT] = "length_short",
        [FAULT_HEAD_LENGTH_LONG] = "length_long",
        [FAULT_HEAD_LENGTH_NEGATIVE] = "length_negative",
        [FAULT_HEAD_CHUNKED_BAD] = "chunked_bad",
        [FAULT_HEAD_CHUNKED_CUT] = "chunked_cut",
        [FAULT_HEAD_FLOOD] = "flood",
        [FAULT_HEAD_LONG_LINE] = "long_line",
        [FAULT_HEAD_HALF] = "half",
        [FAULT_HEAD_GARBAGE] = "garbage",
    };

    return h < FAULT_HEADS ? names[h] : NULL;
}

const char *fault_mutation_name(enum fault_mutation m)
{
    static const char *const names[FAULT_MUTATIONS] = {
        [FAULT_MUTATE_WIRE_TYPE] = "wire_type",
        [FAULT_MUTATE_GIANT_LENGTH] = "giant_length",
        [FAULT_MUTATE_DEEP] = "deep",
        [FAULT_MUTATE_ENDLESS_VARINT] = "endless_varint",
        [FAULT_MUTATE_FIELD_ZERO] = "field_zero",
        [FAULT_MUTATE_GROUP] = "group",
        [FAULT_MUTATE_MERGED] = "merged",
    };

    return m < FAULT_MUTATIONS ? names[m] : NULL;
}
