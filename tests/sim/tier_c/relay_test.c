/* SPDX-License-Identifier: Apache-2.0 */
/* Real sockets on loopback. Times are asserted from below only; everything else is an event that
 * comes, or a state that holds once another event has come. */
#include "tests/support/test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/listener.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "sim/tier_c/relay.h"

#define PATIENCE_NS (20 * NS_PER_S)
#define MOST        8

/* One end of a connection, of a client or of upstream. */
struct end {
    struct bufferevent *stream;
    struct evbuffer *got;
    bool open, fin, rst;
    unsigned port; /* of the other side */
    struct scene *scene;
};

struct scene {
    struct event_base *loop;
    struct evconnlistener *listener; /* upstream */
    char upstream[32];
    struct end accepted[MOST];
    unsigned accepted_count;
    const char *answer; /* to each line that arrives; NULL: none */
    bool deaf;          /* upstream does not read */
    bool polite;        /* … and closes when the client has */
    struct end clients[MOST];
    unsigned client_count;
    struct relay *relay;
};

/* ---- ends ---- */

static void end_reads(struct bufferevent *stream, void *context)
{
    struct end *e = context;
    struct evbuffer *input = bufferevent_get_input(stream);
    size_t size = evbuffer_get_length(input);
    bool line = size > 0 && evbuffer_pullup(input, -1)[size - 1] == '\n';

    evbuffer_add_buffer(e->got, input);
    if (line && e->scene->answer && e >= e->scene->accepted && e < e->scene->accepted + MOST)
        bufferevent_write(stream, e->scene->answer, strlen(e->scene->answer));
}

static void end_stop(struct end *e, bool reset)
{
    const struct linger now = {.l_onoff = 1};

    if (!e->stream)
        return;
    if (reset)
        setsockopt(bufferevent_getfd(e->stream), SOL_SOCKET, SO_LINGER, &now, sizeof now);
    bufferevent_free(e->stream);
    e->stream = NULL;
}

static void end_event(struct bufferevent *stream, short what, void *context)
{
    struct end *e = context;

    (void)stream;
    e->open |= (what & BEV_EVENT_CONNECTED) != 0;
    e->fin |= (what & BEV_EVENT_EOF) != 0;
    e->rst |= (what & BEV_EVENT_ERROR) != 0 && errno == ECONNRESET;
    if (e->fin && e->scene->polite)
        end_stop(e, false);
}

static void end_start(struct end *e, struct scene *s, evutil_socket_t fd)
{
    *e = (struct end){.scene = s, .got = evbuffer_new()};
    e->stream = bufferevent_socket_new(s->loop, fd, BEV_OPT_CLOSE_ON_FREE);
    bufferevent_setcb(e->stream, end_reads, NULL, end_event, e);
    bufferevent_enable(e->stream, EV_WRITE);
    if (!s->deaf || fd < 0)
        bufferevent_enable(e->stream, EV_READ);
}

static void upstream_accepts(struct evconnlistener *listener, evutil_socket_t fd,
                             struct sockaddr *peer, int size, void *context)
{
    struct scene *s = context;

    (void)listener;
    (void)size;
    assert_true(s->accepted_count < MOST);
    end_start(&s->accepted[s->accepted_count], s, fd);
    s->accepted[s->accepted_count++].port = ntohs(((struct sockaddr_in *)peer)->sin_port);
}

/* ---- scenes ---- */

static void scene_start(struct scene *s, struct relay_options o)
{
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof here;
    struct why why = {""};

    *s = (struct scene){.loop = event_base_new()};
    s->listener = evconnlistener_new_bind(s->loop, upstream_accepts, s, LEV_OPT_CLOSE_ON_FREE, -1,
                                          (struct sockaddr *)&here, sizeof here);
    assert_non_null(s->listener);
    getsockname(evconnlistener_get_fd(s->listener), (struct sockaddr *)&here, &size);
    snprintf(s->upstream, sizeof s->upstream, "127.0.0.1:%u", ntohs(here.sin_port));
    o.loop = s->loop;
    o.upstream = s->upstream;
    if (relay_new(&s->relay, &o, &why))
        fail_msg("%s", why.text);
}

static void scene_stop(struct scene *s)
{
    relay_free(s->relay);
    for (unsigned i = 0; i < MOST; i++) {
        end_stop(&s->clients[i], false);
        end_stop(&s->accepted[i], false);
        if (s->clients[i].got)
            evbuffer_free(s->clients[i].got);
        if (s->accepted[i].got)
            evbuffer_free(s->accepted[i].got);
    }
    if (s->listener)
        evconnlistener_free(s->listener);
    event_base_free(s->loop);
}

static struct end *dial(struct scene *s)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)relay_port(s->relay)),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct end *e = &s->clients[s->client_count++];

    end_start(e, s, -1);
    bufferevent_socket_connect(e->stream, (struct sockaddr *)&to, sizeof to);
    return e;
}

static void say(struct end *e, const char *text)
{
    bufferevent_write(e->stream, text, strlen(text));
}

static bool has(const struct end *e, const char *text)
{
    size_t size = evbuffer_get_length(e->got);

    return size == strlen(text) &&
           (size == 0 || memcmp(evbuffer_pullup(e->got, -1), text, size) == 0);
}

/* Turns the loop until it is so; fails when that takes too long. */
#define UNTIL(s, condition)                                                                        \
    do {                                                                                           \
        int64_t until_ = clock_now_ns(clock_system()) + PATIENCE_NS;                               \
        while (!(condition)) {                                                                     \
            if (clock_now_ns(clock_system()) > until_)                                             \
                fail_msg("never came: %s", #condition);                                            \
            turn(s);                                                                               \
        }                                                                                          \
    } while (0)

static void nothing(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    (void)context;
}

/* Whatever is next, or a while in which nothing was. */
static void turn(struct scene *s)
{
    const struct timeval a_while = {.tv_usec = 20000};

    event_base_once(s->loop, -1, EV_TIMEOUT, nothing, NULL, &a_while);
    event_base_loop(s->loop, EVLOOP_ONCE);
}

static int64_t now(void)
{
    return clock_now_ns(clock_system());
}

/* ---- bytes ---- */

static void bytes_pass_untouched_and_ends_travel_behind_them(void **state)
{
    const size_t size = (size_t)3 << 20;
    unsigned char *bytes = malloc(size);
    struct prng prng = prng_of(7);
    struct scene s;
    struct end *e;

    (void)state;
    prng_fill(&prng, bytes, size);
    scene_start(&s, (struct relay_options){0});
    e = dial(&s);
    bufferevent_write(e->stream, bytes, size);
    UNTIL(&s, s.accepted_count && evbuffer_get_length(s.accepted[0].got) == size);
    assert_memory_equal(evbuffer_pullup(s.accepted[0].got, -1), bytes, size);
    shutdown(bufferevent_getfd(e->stream), SHUT_WR);
    UNTIL(&s, s.accepted[0].fin);
    bufferevent_write(s.accepted[0].stream, bytes, size); /* one side's end is not the other's */
    UNTIL(&s, evbuffer_get_length(e->got) == size);
    assert_memory_equal(evbuffer_pullup(e->got, -1), bytes, size);
    assert_false(e->fin);
    end_stop(&s.accepted[0], false);
    UNTIL(&s, e->fin && relay_connections(s.relay) == 0);
    assert_int_equal(relay_counts(s.relay)->bytes_up, size);
    assert_int_equal(relay_counts(s.relay)->bytes_down, size);
    assert_int_equal(relay_counts(s.relay)->turns_up, 1);
    assert_int_equal(relay_counts(s.relay)->turns_down, 1);
    scene_stop(&s);
    free(bytes);
}

static void resets_travel_as_resets(void **state)
{
    struct scene s;
    struct end *e;

    (void)state;
    scene_start(&s, (struct relay_options){0});
    e = dial(&s);
    say(e, "a");
    UNTIL(&s, s.accepted_count == 1 && has(&s.accepted[0], "a"));
    end_stop(e, true);
    UNTIL(&s, s.accepted[0].rst);
    e = dial(&s);
    say(e, "b");
    UNTIL(&s, s.accepted_count == 2 && has(&s.accepted[1], "b"));
    end_stop(&s.accepted[1], true);
    UNTIL(&s, e->rst && relay_connections(s.relay) == 0);
    scene_stop(&s);
}

static void an_end_is_as_late_as_bytes_are(void **state)
{
    struct scene s;
    struct end *e;
    int64_t began_ns;

    (void)state;
    scene_start(&s, (struct relay_options){.plan = {.latency_ns = 60 * NS_PER_MS}});
    e = dial(&s);
    UNTIL(&s, e->open);
    began_ns = now();
    say(e, "a");
    UNTIL(&s, relay_counts(s.relay)->turns_up == 1);
    shutdown(bufferevent_getfd(e->stream), SHUT_WR);
    UNTIL(&s, s.accepted_count && s.accepted[0].fin);
    assert_true(now() - began_ns >= 60 * NS_PER_MS);
    assert_true(has(&s.accepted[0], "a"));
    scene_stop(&s);
}

static void a_client_that_leaves_an_answer_on_its_way_has_not_got_it(void **state)
{
    const struct relay_loss *losses;
    struct scene s;
    struct end *e;
    size_t count;

    (void)state;
    scene_start(&s, (struct relay_options){.plan = {.latency_ns = 100 * NS_PER_MS}});
    s.answer = "ok";
    s.polite = true;
    e = dial(&s);
    say(e, "q\n");
    UNTIL(&s, relay_counts(s.relay)->turns_down == 1); /* it is held */
    end_stop(e, false);
    UNTIL(&s, relay_connections(s.relay) == 0);
    losses = relay_losses(s.relay, &count);
    assert_int_equal(count, 1);
    assert_int_equal(losses[0].cause, RELAY_GONE);
    scene_stop(&s);
}

static void a_client_that_ended_its_side_and_then_resets_ends_both(void **state)
{
    struct scene s;
    struct end *e;

    (void)state;
    scene_start(&s, (struct relay_options){0});
    e = dial(&s);
    say(e, "a");
    UNTIL(&s, s.accepted_count && has(&s.accepted[0], "a"));
    shutdown(bufferevent_getfd(e->stream), SHUT_WR);
    UNTIL(&s, s.accepted[0].fin);
    end_stop(e, true);
    while (relay_connections(s.relay)) { /* or the time of the test is over */
        say(&s.accepted[0], "still here?");
        turn(&s);
    }
    UNTIL(&s, s.accepted[0].rst || s.accepted[0].fin);
    scene_stop(&s);
}

static void an_upstream_that_does_not_read_stops_the_client(void **state)
{
    const size_t size = (size_t)24 << 20; /* far more than all buffers of the system */
    unsigned char *bytes = calloc(1, size);
    struct scene s;
    struct end *e;

    (void)state;
    for (size_t i = 0; i < size; i += 4096)
        bytes[i] = (unsigned char)(i >> 12);
    scene_start(&s, (struct relay_options){.held_bytes = 65536});
    s.deaf = true;
    e = dial(&s);
    bufferevent_write(e->stream, bytes, size);
    UNTIL(&s, relay_counts(s.relay)->full > 0);
    for (int i = 0; i < 20; i++)
        turn(&s);
    assert_true(evbuffer_get_length(bufferevent_get_output(e->stream)) > 0);
    bufferevent_enable(s.accepted[0].stream, EV_READ);
    UNTIL(&s, evbuffer_get_length(s.accepted[0].got) == size);
    assert_memory_equal(evbuffer_pullup(s.accepted[0].got, -1), bytes, size);
    scene_stop(&s);
    free(bytes);
}

/* ---- time ---- */

struct round {
    struct relay_options options;
    size_t up, down;     /* bytes */
    int64_t at_least_ns; /* from the first byte up to the last one down */
};

static void every_span_of_the_plan_takes_its_time(void **state)
{
    static const struct round table[] = {
        {.options.plan = {.latency_ns = 30 * NS_PER_MS}, .at_least_ns = 60 * NS_PER_MS},
        {.options = {.plan = {.latency_ns = 30 * NS_PER_S}, .speed = 1000},
         .at_least_ns = 60 * NS_PER_MS},
        {.options.plan = {.up_bytes_per_s = 100000}, .up = 10000, .at_least_ns = 100 * NS_PER_MS},
        {.options.plan = {.down_bytes_per_s = 100000},
         .down = 10000,
         .at_least_ns = 100 * NS_PER_MS},
        {.options = {.plan = {.up_bytes_per_s = 1000}, .speed = 100},
         .up = 10000,
         .at_least_ns = 100 * NS_PER_MS},
        /* 1 + 2 + 4 + 8 + 16 + 32 s, twice */
        {.options = {.plan = {.retransmit = 1}, .speed = 1000}, .at_least_ns = 126 * NS_PER_MS},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        size_t up = table[i].up + 1, down = table[i].down + 1;
        char *request = malloc(up + 1), *answer = malloc(down + 1);
        struct scene s;
        struct end *e;
        int64_t began_ns;

        memset(request, 'q', up);
        memset(answer, 'a', down);
        request[up - 1] = '\n';
        request[up] = answer[down] = 0;
        scene_start(&s, table[i].options);
        s.answer = answer;
        e = dial(&s);
        UNTIL(&s, e->open);
        began_ns = now();
        say(e, request);
        UNTIL(&s, evbuffer_get_length(e->got) == down);
        assert_true(now() - began_ns >= table[i].at_least_ns);
        assert_int_equal(relay_counts(s.relay)->retransmits,
                         table[i].options.plan.retransmit > 0 ? 2 : 0);
        scene_stop(&s);
        free(request);
        free(answer);
    }
}

static void jitter_of_every_shape_comes_on_top_and_bytes_keep_their_order(void **state)
{
    static const enum fault_spread shapes[] = {FAULT_SPREAD_UNIFORM, FAULT_SPREAD_LOGNORMAL,
                                               FAULT_SPREAD_PARETO};

    (void)state;
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        struct scene s;
        struct end *e;
        int64_t began_ns;
        char all[128] = "";

        scene_start(&s, (struct relay_options){.plan = {.latency_ns = 2 * NS_PER_MS,
                                                        .jitter_ns = NS_PER_MS,
                                                        .spread = shapes[i]}});
        s.answer = "ok;";
        e = dial(&s);
        UNTIL(&s, e->open);
        began_ns = now();
        for (int k = 0; k < 20; k++) {
            say(e, "q\n");
            strcat(all, s.answer);
            UNTIL(&s, has(e, all));
        }
        assert_true(now() - began_ns >= 20 * 2 * 2 * NS_PER_MS);
        assert_int_equal(relay_counts(s.relay)->turns_up, 20);
        assert_int_equal(relay_counts(s.relay)->turns_down, 20);
        scene_stop(&s);
    }
}

/* ---- chance ---- */

static void a_lost_request_hangs_until_the_client_has_had_enough(void **state)
{
    struct scene s;
    struct end *e;
    size_t losses;

    (void)state;
    scene_start(&s, (struct relay_options){.plan = {.loss = 1}});
    e = dial(&s);
    say(e, "q\n");
    UNTIL(&s, relay_counts(s.relay)->lost_up == 1);
    say(e, "more\n");
    for (int i = 0; i < 5; i++)
        turn(&s);
    assert_int_equal(s.accepted_count, 0); /* upstream knows nothing of it */
    assert_false(e->fin || e->rst);
    assert_int_equal(relay_connections(s.relay), 1);
    end_stop(e, false);
    UNTIL(&s, relay_connections(s.relay) == 0);
    relay_losses(s.relay, &losses);
    assert_int_equal(losses, 0); /* no answer was lost: there was none */
    scene_stop(&s);
}

static void what_hangs_is_reset_when_somebody_knows_how_long_the_client_waits(void **state)
{
    struct relay_options o = {.plan = {.loss = 1}, .hang_ns = 100 * NS_PER_MS};

    (void)state;
    for (int cut = 0; cut < 2; cut++) {
        struct scene s;
        struct end *e;
        int64_t began_ns = now();

        o.plan.loss = cut ? 0 : 1;
        scene_start(&s, o);
        if (cut)
            relay_cut(s.relay, true, true, 0);
        e = dial(&s);
        say(e, "q\n");
        UNTIL(&s, e->rst && relay_connections(s.relay) == 0);
        assert_true(now() - began_ns >= 100 * NS_PER_MS);
        assert_int_equal(relay_counts(s.relay)->lost_up, !cut);
        assert_int_equal(relay_counts(s.relay)->cut_up, cut);
        assert_int_equal(s.accepted_count, 0);
        scene_stop(&s);
    }
}

/* What a written tape says happens, and nothing else: the choices are those of tier A. */
static void struck(struct scene *s, const struct scenario_choice *choices, size_t count)
{
    struct choice_tape tape = {.is_written = true, .written = choices, .written_count = count};

    scene_start(s, (struct relay_options){.plan = {.loss = 0.1, .reset = 0.1}, .tape = &tape});
    s->answer = "ok";
    say(dial(s), "q\n");
    UNTIL(s, relay_counts(s->relay)->lost_down || relay_counts(s->relay)->resets_early ||
                 relay_counts(s->relay)->resets_late);
    for (int i = 0; i < 3; i++)
        turn(s);
    choice_tape_fini(&tape);
}

static void a_lost_answer_is_told_with_its_port(void **state)
{
    static const struct scenario_choice choices[] = {
        {.lane = "network answer loss", .number = 1, .value = 1}};
    const struct relay_loss *losses;
    struct scene s;
    size_t count;

    (void)state;
    struck(&s, choices, 1);
    assert_true(has(&s.accepted[0], "q\n"));
    assert_true(has(&s.clients[0], ""));
    assert_false(s.clients[0].fin || s.clients[0].rst);
    end_stop(&s.accepted[0], false);
    for (int i = 0; i < 3; i++)
        turn(&s);
    assert_false(s.clients[0].fin); /* upstream's end does not get through either */
    end_stop(&s.clients[0], false);
    UNTIL(&s, relay_connections(s.relay) == 0);
    losses = relay_losses(s.relay, &count);
    assert_int_equal(count, 1);
    assert_int_equal(losses[0].port, s.accepted[0].port);
    assert_int_equal(losses[0].cause, RELAY_LOST);
    scene_stop(&s);
}

static void an_early_reset_keeps_the_request_from_upstream(void **state)
{
    static const struct scenario_choice choices[] = {
        {.lane = "network reset", .number = 1, .value = 1},
        {.lane = "network reset is early", .number = 1, .value = 1}};
    struct scene s;
    size_t count;

    (void)state;
    struck(&s, choices, 2);
    UNTIL(&s, s.clients[0].rst);
    assert_int_equal(s.accepted_count, 0);
    relay_losses(s.relay, &count);
    assert_int_equal(count, 0);
    scene_stop(&s);
}

static void a_late_reset_takes_the_answer_away(void **state)
{
    static const struct scenario_choice choices[] = {
        {.lane = "network reset", .number = 1, .value = 1}};
    const struct relay_loss *losses;
    struct scene s;
    size_t count;

    (void)state;
    struck(&s, choices, 1);
    UNTIL(&s, s.clients[0].rst && s.accepted[0].fin);
    assert_true(has(&s.accepted[0], "q\n"));
    assert_true(has(&s.clients[0], ""));
    losses = relay_losses(s.relay, &count);
    assert_int_equal(count, 1);
    assert_int_equal(losses[0].cause, RELAY_RESET);
    assert_int_equal(losses[0].port, s.accepted[0].port);
    scene_stop(&s);
}

/* What became of 40 connections, one after the other. */
static void fates(char out[static 41], uint64_t seed, int64_t heal_ns)
{
    struct scenario_network plan = {.loss = 0.2, .reset = 0.3};

    for (unsigned i = 0; i < 40;) {
        struct scene s;

        scene_start(&s, (struct relay_options){.plan = plan, .seed = seed + i, .heal_ns = heal_ns});
        s.answer = "ok";
        for (unsigned k = 0; k < MOST; k++, i++) {
            const struct relay_counts *n = relay_counts(s.relay);
            struct end *e = dial(&s);

            say(e, "q\n");
            UNTIL(&s, has(e, "ok") || e->rst || n->lost_up || n->lost_down);
            out[i] = n->lost_up ? 'u' : n->lost_down ? 'd' : e->rst ? 'r' : '.';
            if (n->lost_up || n->lost_down) { /* the count says it once only */
                out[i + 1] = 0;
                i = (i / MOST + 1) * MOST;
                memset(out + strlen(out), '-', i - strlen(out));
                break;
            }
        }
        scene_stop(&s);
    }
    out[40] = 0;
}

static void one_seed_is_one_fate(void **state)
{
    char first[41], second[41], other[41];

    (void)state;
    fates(first, 1, 0);
    fates(second, 1, 0);
    fates(other, 1000, 0);
    assert_string_equal(first, second);
    assert_string_not_equal(first, other);
    assert_non_null(strchr(first, 'r'));
    assert_non_null(strpbrk(first, "ud"));
    assert_non_null(strchr(first, '.'));
}

static void nothing_strikes_after_the_healing(void **state)
{
    char all[41];

    (void)state;
    fates(all, 1, 1);
    assert_string_equal(all, "........................................");
}

/* ---- partitions and clogs ---- */

static void who_speaks_during_a_partition_hangs_and_who_is_silent_lives_on(void **state)
{
    static const struct {
        const char *event;
        bool reaches_upstream;
    } table[] = {
        {"partition", false},
        {"partition_up", false},
        {"partition_down", true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct scenario_event event = {.for_ns = 3600 * NS_PER_S};
        struct scene s;
        struct end *silent, *speaks;
        const struct relay_counts *n;
        const struct relay_loss *losses;
        size_t count;

        scene_start(&s, (struct relay_options){.speed = 3600 * 5}); /* 200 ms */
        strcpy(event.event, table[i].event);
        s.answer = "ok";
        s.polite = true;
        n = relay_counts(s.relay);
        silent = dial(&s);
        say(silent, "q\n");
        UNTIL(&s, has(silent, "ok"));
        assert_true(relay_strike(s.relay, &event));
        speaks = dial(&s);
        say(speaks, "q\n");
        UNTIL(&s, n->cut_up + n->cut_down == 1);
        assert_int_equal(n->cut_down, table[i].reaches_upstream);
        assert_int_equal(s.accepted_count, 1 + table[i].reaches_upstream);
        losses = relay_losses(s.relay, &count);
        assert_int_equal(count, table[i].reaches_upstream);
        if (count)
            assert_int_equal(losses[0].cause, RELAY_CUT);
        /* It ends: new ones and the silent one get through, the other one never does. */
        for (int64_t until = now() + 300 * NS_PER_MS; now() < until;)
            turn(&s);
        say(silent, "q\n");
        UNTIL(&s, has(silent, "okok"));
        assert_true(has(speaks, ""));
        end_stop(speaks, false);
        end_stop(silent, false);
        UNTIL(&s, relay_connections(s.relay) == 0);
        scene_stop(&s);
    }
}

static void a_partition_takes_what_is_under_way(void **state)
{
    struct scene s;

    (void)state;
    scene_start(&s, (struct relay_options){.plan = {.latency_ns = 100 * NS_PER_MS}});
    say(dial(&s), "q\n");
    UNTIL(&s, relay_counts(s.relay)->turns_up == 1);
    relay_cut(s.relay, true, false, 0);
    UNTIL(&s, relay_counts(s.relay)->cut_up == 1);
    assert_int_equal(s.accepted_count, 0);
    scene_stop(&s);
}

static void healing_ends_partitions_and_clogs_that_would_last(void **state)
{
    struct scene s;
    struct end *e;
    int64_t began_ns = now();

    (void)state;
    scene_start(&s, (struct relay_options){.heal_ns = 100 * NS_PER_MS});
    s.answer = "ok";
    relay_clog(s.relay, 0);
    relay_clog(s.relay, 3600 * NS_PER_S);
    e = dial(&s);
    say(e, "q\n");
    UNTIL(&s, has(e, "ok"));
    assert_true(now() - began_ns >= 100 * NS_PER_MS);
    assert_true(relay_counts(s.relay)->clogged >= 1);
    relay_cut(s.relay, true, true, 0);
    say(e, "q\n");
    UNTIL(&s, has(e, "okok"));
    scene_stop(&s);
}

static void a_clog_delivers_late_even_when_nobody_waits_any_more(void **state)
{
    const struct relay_loss *losses;
    struct scenario_event event = {.event = "clog", .for_ns = 200 * NS_PER_MS};
    struct scene s;
    struct end *e;
    size_t count;

    (void)state;
    scene_start(&s, (struct relay_options){0});
    s.answer = "ok";
    assert_true(relay_strike(s.relay, &event));
    e = dial(&s);
    say(e, "q\n");
    UNTIL(&s, relay_counts(s.relay)->clogged == 1);
    assert_int_equal(s.accepted_count, 0);
    end_stop(e, false);
    UNTIL(&s, s.accepted_count == 1 && has(&s.accepted[0], "q\n"));
    UNTIL(&s, relay_counts(s.relay)->answers_lost == 1);
    losses = relay_losses(s.relay, &count);
    assert_int_equal(losses[0].cause, RELAY_GONE);
    assert_int_equal(losses[0].port, s.accepted[0].port);
    scene_stop(&s);
}

static void other_events_are_not_of_the_line(void **state)
{
    struct scenario_event event = {.event = "kill"};
    struct scene s;

    (void)state;
    scene_start(&s, (struct relay_options){0});
    assert_false(relay_strike(s.relay, &event));
    scene_stop(&s);
}

/* ---- many ---- */

static void an_upstream_that_is_down_is_a_reset(void **state)
{
    struct scene s;
    struct end *e;

    (void)state;
    scene_start(&s, (struct relay_options){0});
    evconnlistener_free(s.listener);
    s.listener = NULL;
    e = dial(&s);
    say(e, "q\n");
    UNTIL(&s, e->rst && relay_connections(s.relay) == 0);
    assert_int_equal(relay_counts(s.relay)->refused, 1);
    scene_stop(&s);
}

static void one_connection_too_many_waits_for_another_to_end(void **state)
{
    struct scene s;
    struct end *e[3];

    (void)state;
    scene_start(&s, (struct relay_options){.max_connections = 2});
    s.answer = "ok";
    s.polite = true;
    for (int i = 0; i < 3; i++)
        e[i] = dial(&s);
    for (int i = 0; i < 3; i++)
        say(e[i], "q\n");
    UNTIL(&s, has(e[0], "ok") + has(e[1], "ok") + has(e[2], "ok") == 2);
    for (int i = 0; i < 5; i++)
        turn(&s);
    assert_int_equal(relay_connections(s.relay), 2);
    assert_int_equal(s.accepted_count, 2);
    for (int i = 0; i < 3; i++)
        if (has(e[i], "ok"))
            end_stop(e[i], false);
    UNTIL(&s, s.accepted_count == 3);
    assert_int_equal(relay_counts(s.relay)->most_at_once, 2);
    scene_stop(&s);
}

static void a_closed_relay_lets_nobody_in_and_nobody_down(void **state)
{
    struct scene s;
    struct end *e, *late;

    (void)state;
    scene_start(&s, (struct relay_options){0});
    s.answer = "ok";
    e = dial(&s);
    say(e, "q\n");
    UNTIL(&s, has(e, "ok"));
    relay_close(s.relay);
    late = dial(&s);
    say(e, "q\n");
    UNTIL(&s, has(e, "okok"));
    assert_false(late->open);
    assert_int_equal(relay_connections(s.relay), 1);
    scene_stop(&s); /* with a connection in it */
}

static void a_plan_that_cannot_be_carried_out_is_refused(void **state)
{
    static const struct {
        struct relay_options options;
        const char *why;
    } table[] = {
        {{.upstream = "nowhere"}, "no address"},
        {{.upstream = "127.0.0.1:1", .plan.duplicate = 0.1}, "duplicate"},
        {{.upstream = "127.0.0.1:1", .speed = -1}, "backwards"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct relay_options o = table[i].options;
        struct relay *r = NULL;
        struct why why;

        o.loop = event_base_new();
        assert_int_equal(relay_new(&r, &o, &why), ST_INPUT);
        assert_non_null(strstr(why.text, table[i].why));
        assert_null(r);
        event_base_free(o.loop);
    }
    relay_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_pass_untouched_and_ends_travel_behind_them),
        cmocka_unit_test(resets_travel_as_resets),
        cmocka_unit_test(an_end_is_as_late_as_bytes_are),
        cmocka_unit_test(a_client_that_leaves_an_answer_on_its_way_has_not_got_it),
        cmocka_unit_test(a_client_that_ended_its_side_and_then_resets_ends_both),
        cmocka_unit_test(an_upstream_that_does_not_read_stops_the_client),
        cmocka_unit_test(every_span_of_the_plan_takes_its_time),
        cmocka_unit_test(jitter_of_every_shape_comes_on_top_and_bytes_keep_their_order),
        cmocka_unit_test(a_lost_request_hangs_until_the_client_has_had_enough),
        cmocka_unit_test(what_hangs_is_reset_when_somebody_knows_how_long_the_client_waits),
        cmocka_unit_test(a_lost_answer_is_told_with_its_port),
        cmocka_unit_test(an_early_reset_keeps_the_request_from_upstream),
        cmocka_unit_test(a_late_reset_takes_the_answer_away),
        cmocka_unit_test(one_seed_is_one_fate),
        cmocka_unit_test(nothing_strikes_after_the_healing),
        cmocka_unit_test(who_speaks_during_a_partition_hangs_and_who_is_silent_lives_on),
        cmocka_unit_test(a_partition_takes_what_is_under_way),
        cmocka_unit_test(healing_ends_partitions_and_clogs_that_would_last),
        cmocka_unit_test(a_clog_delivers_late_even_when_nobody_waits_any_more),
        cmocka_unit_test(other_events_are_not_of_the_line),
        cmocka_unit_test(an_upstream_that_is_down_is_a_reset),
        cmocka_unit_test(one_connection_too_many_waits_for_another_to_end),
        cmocka_unit_test(a_closed_relay_lets_nobody_in_and_nobody_down),
        cmocka_unit_test(a_plan_that_cannot_be_carried_out_is_refused),
    };

    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
