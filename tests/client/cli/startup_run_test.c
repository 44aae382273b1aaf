/* SPDX-License-Identifier: Apache-2.0 */
/* nxp start as a process: whom it asks before it begins, what it makes of the answers, and that
 * nobody else hears of it. */
#include "tests/support/test.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/signing.h"
#include "proto/wire.h"
#include "tests/client/cli/run.h"
#include "tests/client/shell/scratch.h"
#include "tests/client/shell/tiny_server.h"

static struct run r; /* large */

/* A network in one server: /version, /country, /release, and the orchestrator. */
struct network {
    struct tiny_server *server;
    struct scratch home;
    const char *version, *country, *release; /* NULL: 500; "hang": no answer */
    unsigned node_status;
    const char *node_body;
    int hung_fd; /* told of each page that hangs */
    unsigned fetches;
    struct buffer submitted;
    char asked[1000]; /* pages, with blanks between */
};

static bool answer_page(struct network *n, const struct tiny_request *q, const char *body)
{
    snprintf(n->asked + strlen(n->asked), sizeof n->asked - strlen(n->asked), "%s ", q->path);
    if (body && strcmp(body, "hang") == 0)
        return write(n->hung_fd, "x", 1) == 1;
    tiny_reply(q->fd, body ? 200 : 500, "", body ? body : "", body ? strlen(body) : 0);
    return true;
}

static bool serve(void *context, const struct tiny_request *q)
{
    static const char task[] = "\x22\x17\x0a\x02T0\x12\x03"
                               "fib\x2a\x0c\x09\0\0\0\1\0\0\0\1\0\0\0";
    struct network *n = context;

    if (strcmp(q->path, "/version") == 0)
        return answer_page(n, q, n->version);
    if (strcmp(q->path, "/country") == 0)
        return answer_page(n, q, n->country);
    if (strcmp(q->path, "/release") == 0)
        return answer_page(n, q, n->release);
    if (strncmp(q->path, "/v3/nodes/", 10) == 0) {
        tiny_reply(q->fd, n->node_status, "", n->node_body, strlen(n->node_body));
    } else if (strcmp(q->path, "/v3/tasks") == 0) {
        if (n->fetches++ > 0)
            tiny_reply(q->fd, 429, "Retry-After: 3600\r\n", "", 0);
        else
            tiny_reply(q->fd, 200, "", task, sizeof task - 1);
    } else {
        buffer_put(&n->submitted, q->body, q->body_size);
        tiny_reply(q->fd, 200, "", "", 0);
    }
    return true;
}

static void set_up(struct network *n)
{
    *n = (struct network){.node_status = 200, .node_body = "", .hung_fd = -1};
    n->server = tiny_server_new(serve, n);
    scratch_init(&n->home);
    buffer_init(&n->submitted, 0);
    assert_int_equal(signing_start(NULL), ST_OK);
}

static void tear_down(struct network *n)
{
    tiny_server_free(n->server);
    scratch_fini(&n->home);
    buffer_fini(&n->submitted);
}

static const char *args_of(const struct network *n, const char *more)
{
    static char args[600];
    const char *url = tiny_server_url(n->server);

    snprintf(args, sizeof args,
             "start --node-id 5880437 --orchestrator-url %s --version-url %s/version "
             "--country-url %s/country --release-url %s/release %s",
             url, url, url, url, more);
    return args;
}

/* ---- pages of one's own ---- */

static const char warning[] =
    "{\"version_constraints\":[{\"version\":\"99.0.0\",\"type\":\"warning\","
    "\"message\":\"{current} will not do for long\"}],\"ofac_country_names\":{\"IR\":\"Iran\"}}";
static const char blocking[] =
    "{\"version_constraints\":[{\"version\":\"99.0.0\",\"type\":\"blocking\","
    "\"message\":\"take {version}\"}],\"ofac_country_names\":{\"IR\":\"Iran\"}}";

static void check_location(const struct network *n, const char *location)
{
    struct wire_submission m;
    struct wire_memory memory = {0};

    assert_int_equal(
        wire_decode_submission(&m, &memory, buffer_bytes(&n->submitted), WIRE_MAX_SUBMISSION, NULL),
        ST_OK);
    assert_int_equal(m.telemetry.has_flops, location != NULL);
    assert_string_equal(m.telemetry.location ? m.telemetry.location : "", location ? location : "");
    wire_memory_fini(&memory);
}

static void the_country_is_told_with_a_proof_unless_telemetry_is_off(void **state)
{
    static const struct {
        const char *option, *location;
    } table[] = {{"--max-tasks 1", "DE"}, {"--max-tasks 1 --no-telemetry", NULL}};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct network n;

        set_up(&n);
        n.version = warning;
        n.country = "loc=de\n";
        assert_int_equal(run(&r, n.home.path, args_of(&n, table[i].option)), 0);
        assert_non_null(strstr(r.err, "[WARN] The network says: 0.10.18 will not do for long\n"));
        assert_null(strstr(r.err, "release"));
        check_location(&n, table[i].location);
        assert_int_equal(scratch_mode(scratch_path(&n.home, "version.json")), 0600);
        assert_memory_equal(n.asked, "/version /country ", 18);
        tear_down(&n);
    }
}

static void a_newer_release_is_told_once_beside_the_run(void **state)
{
    struct network n;

    (void)state;
    set_up(&n);
    n.version = warning;
    n.country = "DE";
    n.release = "{\"tag_name\":\"v99.1.0\"}";
    run_begin(&r, n.home.path, args_of(&n, ""));
    run_until(&r, "[INFO] The network's client has a newer release, 99.1.0; this nxp appears as "
                  "0.10.18.");
    run_until(&r, "Step 4 of 4"); /* and the run goes on */
    kill(r.pid, SIGTERM);
    run_finish(&r);
    assert_int_equal(r.code, 0);
    assert_string_equal(n.asked, "/version /country /release ");
    tear_down(&n);
}

static void a_version_that_is_blocked_does_not_start_unless_asked_to(void **state)
{
    struct network n;

    (void)state;
    set_up(&n);
    n.version = blocking;
    n.country = "DE";
    assert_int_equal(run(&r, n.home.path, args_of(&n, "--max-tasks 1")), 1);
    assert_non_null(strstr(r.err, "does not take version 0.10.18 any more: take 99.0.0"));
    assert_int_equal(n.fetches, 0);
    n.version = NULL; /* the copy says the same */
    assert_int_equal(run(&r, n.home.path, args_of(&n, "--max-tasks 1")), 1);
    assert_int_equal(n.fetches, 0);
    assert_int_equal(run(&r, n.home.path, args_of(&n, "--max-tasks 1 --skip-version-check")), 0);
    assert_non_null(strstr(r.err, "The version check is left out, as you asked"));
    tear_down(&n);
}

static void with_no_page_it_warns_and_goes_on(void **state)
{
    struct network n;

    (void)state;
    set_up(&n);
    assert_int_equal(run(&r, n.home.path, args_of(&n, "--max-tasks 1 --json-log")), 0);
    assert_non_null(strstr(r.err, "could not be asked for (http://127.0.0.1:"));
    assert_non_null(strstr(r.out, "\"event\":\"version_built_in\""));
    assert_non_null(strstr(r.err, "the network is told US"));
    check_location(&n, "US");
    tear_down(&n);
}

static void a_restricted_country_is_not_served(void **state)
{
    struct network n;

    (void)state;
    set_up(&n);
    n.version = warning;
    n.country = "ir\n";
    assert_int_equal(run(&r, n.home.path, args_of(&n, "")), 1);
    assert_non_null(strstr(r.err, "the network is not available in Iran"));
    assert_int_equal(run(&r, n.home.path, args_of(&n, "--no-telemetry --skip-version-check")), 1);
    assert_int_equal(n.fetches, 0);
    tear_down(&n);
}

static void too_many_pages_are_a_usage_error(void **state)
{
    struct scratch s;

    (void)state;
    scratch_init(&s);
    assert_int_equal(
        run(&r, s.path, "start --version-url a --version-url b --version-url c --version-url d"),
        2);
    scratch_fini(&s);
}

static void ctrl_c_ends_it_while_a_page_hangs(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct network n;
        int hung[2];
        struct pollfd asked = {.events = POLLIN};

        set_up(&n);
        assert_int_equal(pipe(hung), 0);
        n.hung_fd = hung[1];
        n.version = i == 0 ? "hang" : warning;
        n.country = i == 1 ? "hang" : "DE";
        n.release = i == 2 ? "hang" : "{}";
        run_begin(&r, n.home.path, args_of(&n, ""));
        asked.fd = hung[0];
        assert_int_equal(poll(&asked, 1, 60000), 1);
        kill(r.pid, SIGINT);
        run_finish(&r);
        assert_int_equal(r.code, 0);
        assert_non_null(strstr(r.out, "[INFO] Shutting down...\n"));
        close(hung[0]);
        close(hung[1]);
        tear_down(&n);
    }
}

/* ---- the production network, behind a proxy that lets nothing through ---- */

struct proxy {
    struct tiny_server *server;
    char asked[4000]; /* "CONNECT host:port " */
};

static bool refuse(void *context, const struct tiny_request *q)
{
    struct proxy *p = context;

    snprintf(p->asked + strlen(p->asked), sizeof p->asked - strlen(p->asked), "%s %s ", q->method,
             q->path);
    tiny_reply(q->fd, 403, "", "", 0);
    return true;
}

static const char *const proxy_variables[] = {"http_proxy", "HTTPS_PROXY", "ALL_PROXY"};

static void set_up_proxy(struct proxy *p)
{
    *p = (struct proxy){0};
    p->server = tiny_server_new(refuse, p);
    for (size_t i = 0; i < 3; i++)
        setenv(proxy_variables[i], tiny_server_url(p->server), 1);
}

static void tear_down_proxy(struct proxy *p)
{
    for (size_t i = 0; i < 3; i++)
        unsetenv(proxy_variables[i]);
    tiny_server_free(p->server);
}

/* Until the orchestrator could not be asked; then it is told to stop. */
static void start_on_production(const struct scratch *home, const char *args)
{
    run_begin(&r, home->path, args);
    run_until(&r, "could not be asked about node 5880437");
    kill(r.pid, SIGTERM);
    run_finish(&r);
    assert_int_equal(r.code, 0);
}

static void forget_release(char *asked)
{
    static const char release[] = "CONNECT api.github.com:443 ";
    char *at = strstr(asked, release);

    if (at) /* beside the run, so before or after what the run asks */
        memmove(at, at + strlen(release), strlen(at + strlen(release)) + 1);
}

static void the_production_network_s_hosts_are_asked_in_their_order_and_no_others(void **state)
{
    static const char ask_versions[] = "CONNECT cli.nexus.xyz:443 "
                                       "CONNECT us-central1-nexus-cli.cloudfunctions.net:443 "
                                       "CONNECT raw.githubusercontent.com:443 ";
    static const char ask_country[] = "CONNECT cloudflare.com:443 CONNECT ipinfo.io:443 ";
    static const char orchestrator[] = "CONNECT production.orchestrator.nexus.xyz:443 ";
    char wanted[1000];
    struct scratch s;
    struct proxy p;

    (void)state;
    set_up_proxy(&p);
    scratch_init(&s);
    start_on_production(&s, "start --node-id 5880437");
    assert_non_null(strstr(r.err, "[WARN] The network's minimum version could not be asked for"));
    forget_release(p.asked);
    snprintf(wanted, sizeof wanted, "%s%s%s", ask_versions, ask_country, orchestrator);
    assert_memory_equal(p.asked, wanted, strlen(wanted));

    tiny_server_sync();
    p.asked[0] = '\0';
    start_on_production(&s, "start --node-id 5880437 --skip-version-check --no-telemetry");
    forget_release(p.asked);
    snprintf(wanted, sizeof wanted, "%s%s", ask_country, orchestrator);
    assert_memory_equal(p.asked, wanted, strlen(wanted));

    tiny_server_sync();
    p.asked[0] = '\0'; /* nobody is asked for a run that cannot begin */
    assert_int_equal(run(&r, s.path, "start"), 1);
    assert_string_equal(p.asked, "");
    scratch_fini(&s);
    tear_down_proxy(&p);
}

static void with_a_custom_orchestrator_no_other_host_is_asked(void **state)
{
    struct network n;
    struct proxy p;
    char args[300];

    (void)state;
    set_up(&n);
    set_up_proxy(&p);
    snprintf(args, sizeof args, "start --node-id 1 --max-tasks 1 --orchestrator-url %s",
             tiny_server_url(n.server));
    assert_int_equal(run(&r, n.home.path, args), 0);
    assert_string_equal(r.err, "");
    assert_string_equal(p.asked, "");
    assert_string_equal(n.asked, "");
    assert_int_equal(scratch_mode(scratch_path(&n.home, "version.json")), 0);
    check_location(&n, "");
    tear_down_proxy(&p);
    tear_down(&n);
}

/* ---- the node ---- */

static void unknown_and_refused_and_not_reachable_are_told_apart(void **state)
{
    static const struct {
        unsigned status;
        const char *body, *said;
        int code; /* -1: it goes on asking */
    } table[] = {
        {404, "{\"name\":\"NotFoundError\",\"message\":\"Node not found\",\"httpCode\":404}",
         "refuses node 5880437: HTTP 404: Node not found. It is not registered there", 1},
        {403, "RBAC: access denied",
         "refuses node 5880437: HTTP 403: RBAC: access denied. The network does not serve this "
         "place or this address",
         6},
        {401, "who?", "refuses node 5880437: HTTP 401: who?", 1},
        {503, "<html>", "could not be asked about node 5880437: HTTP 503 (a web page", -1},
        {302, "", "could not be asked about node 5880437: HTTP 302; again in ", -1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct network n;
        char args[300];

        set_up(&n);
        n.node_status = table[i].status;
        n.node_body = table[i].body;
        snprintf(args, sizeof args, "start --node-id 5880437 --orchestrator-url %s",
                 tiny_server_url(n.server));
        run_begin(&r, n.home.path, args);
        run_until(&r, table[i].said);
        if (table[i].code < 0)
            kill(r.pid, SIGTERM);
        run_finish(&r);
        assert_int_equal(r.code, table[i].code < 0 ? 0 : table[i].code);
        tear_down(&n);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_country_is_told_with_a_proof_unless_telemetry_is_off),
        cmocka_unit_test(a_newer_release_is_told_once_beside_the_run),
        cmocka_unit_test(a_version_that_is_blocked_does_not_start_unless_asked_to),
        cmocka_unit_test(with_no_page_it_warns_and_goes_on),
        cmocka_unit_test(a_restricted_country_is_not_served),
        cmocka_unit_test(too_many_pages_are_a_usage_error),
        cmocka_unit_test(ctrl_c_ends_it_while_a_page_hangs),
        cmocka_unit_test(the_production_network_s_hosts_are_asked_in_their_order_and_no_others),
        cmocka_unit_test(with_a_custom_orchestrator_no_other_host_is_asked),
        cmocka_unit_test(unknown_and_refused_and_not_reachable_are_told_apart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
