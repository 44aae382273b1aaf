/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/page.h"

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "sim/report.h"

/* The drawing, in its own units. */
#define LEFT       90
#define WIDTH      1100
#define LANE       26
#define TOP        24
#define MOST_LANES 40 /* clients that are drawn */

extern const unsigned char page_css[], page_js[];
extern const size_t page_css_size, page_js_size;

static void put_text(struct buffer *out, const char *text)
{
    report_escape(out, text);
}

static double seconds(int64_t ns)
{
    return (double)ns / (double)NS_PER_S;
}

static void put_embedded(struct buffer *out, const char *tag, const unsigned char *data,
                         size_t size)
{
    buffer_put_format(out, "<%s>\n", tag);
    buffer_put(out, data, size);
    buffer_put_format(out, "</%s>\n", tag);
}

/* ---- the drawing ---- */

struct drawing {
    struct buffer *out;
    const struct story *story;
    int64_t end_ns;
    unsigned clients; /* lanes; the orchestrator's is below them */
};

static double x_of(const struct drawing *d, int64_t ns)
{
    return LEFT + WIDTH * (double)ns / (double)d->end_ns;
}

static int y_of(const struct drawing *d, int client)
{
    unsigned lane = client < 0 ? d->clients : (unsigned)client;

    return TOP + (int)lane * LANE;
}

static void title(const struct drawing *d, const struct story_entry *e)
{
    char time[32];

    story_time(time, e->at_ns);
    buffer_put_format(d->out, "<title>%s ", time);
    put_text(d->out, e->text);
    buffer_put_text(d->out, "</title>");
}

static void bar(const struct drawing *d, const struct story_entry *e, int y, int height,
                const char *class)
{
    double from = x_of(d, e->began_ns >= 0 ? e->began_ns : e->at_ns),
           width = x_of(d, e->at_ns) - from;

    buffer_put_format(d->out,
                      "<rect class=\"%s\" x=\"%.2f\" y=\"%d\" width=\"%.2f\" height=\"%d\">", class,
                      from, y, width < 1.5 ? 1.5 : width, height);
    title(d, e);
    buffer_put_text(d->out, "</rect>\n");
}

static void stroke(const struct drawing *d, const struct story_entry *e, int y, const char *class)
{
    double x = x_of(d, e->at_ns);

    buffer_put_format(d->out, "<line class=\"%s\" x1=\"%.2f\" y1=\"%d\" x2=\"%.2f\" y2=\"%d\">",
                      class, x, y, x, y + LANE - 4);
    title(d, e);
    buffer_put_text(d->out, "</line>\n");
}

static const char *class_of_status(unsigned status)
{
    return status >= 200 && status < 300 ? "good" : status == 429 ? "wait" : "bad";
}

static void draw(const struct drawing *d, const struct story_entry *e)
{
    int y = y_of(d, e->client);

    if (e->client >= (int)d->clients)
        return;
    switch (e->kind) {
    case STORY_ANSWER:
        bar(d, e, y, 10, class_of_status(e->status));
        break;
    case STORY_PROVER:
        if (e->began_ns >= 0)
            bar(d, e, y + 12, 8, "work");
        break;
    case STORY_SERVER:
    case STORY_FAULT:
        bar(d, e, y, e->kind == STORY_FAULT ? 18 : 8, class_of_status(e->status));
        break;
    case STORY_LINE:
        if (e->wait_ns) {
            struct story_entry wait = *e;
            int64_t until_ns = e->at_ns + e->wait_ns;

            wait.began_ns = e->at_ns;
            wait.at_ns = until_ns < d->end_ns ? until_ns : d->end_ns;
            bar(d, &wait, y + 21, 2, "wait");
        }
        break;
    case STORY_LIFE:
        stroke(d, e, y, strstr(e->text, "starts") ? "start" : "kill");
        break;
    case STORY_WORLD:
        stroke(d, e, y_of(d, STORY_NO_CLIENT), "kill");
        break;
    default:
        break;
    }
}

static void draw_axis(const struct drawing *d, int height)
{
    static const int64_t steps_s[] = {1,    5,    15,    60,    300,    900,
                                      3600, 7200, 21600, 86400, 604800, 2592000};
    size_t i = 0;
    int64_t step_ns;

    while (i + 1 < sizeof steps_s / sizeof *steps_s && d->end_ns / (steps_s[i] * NS_PER_S) > 12)
        i++;
    step_ns = steps_s[i] * NS_PER_S;
    for (int64_t at = 0; at <= d->end_ns; at += step_ns) {
        char time[32];

        story_time(time, at);
        buffer_put_format(d->out,
                          "<line class=\"axis\" x1=\"%.2f\" y1=\"14\" x2=\"%.2f\" y2=\"%d\"/>"
                          "<text x=\"%.2f\" y=\"11\">%.*s</text>\n",
                          x_of(d, at), x_of(d, at), height, x_of(d, at) + 2,
                          (int)strcspn(time, "."), time);
    }
}

static void draw_lanes(const struct drawing *d)
{
    for (unsigned i = 0; i < d->clients; i++)
        buffer_put_format(d->out, "<text x=\"4\" y=\"%d\">client %u</text>\n", y_of(d, (int)i) + 12,
                          i);
    buffer_put_format(d->out, "<text x=\"4\" y=\"%d\">server</text>\n",
                      y_of(d, STORY_NO_CLIENT) + 12);
}

static void put_drawing(struct buffer *out, const struct scenario *s, const struct story *story)
{
    struct drawing d = {.out = out, .story = story, .end_ns = NS_PER_S};
    int height, most = -1;

    for (size_t i = 0; i < story->count; i++) {
        d.end_ns = story->entries[i].at_ns > d.end_ns ? story->entries[i].at_ns : d.end_ns;
        most = story->entries[i].client > most ? story->entries[i].client : most;
    }
    d.clients = most + 1 > MOST_LANES ? MOST_LANES : (unsigned)(most + 1);
    height = TOP + (int)(d.clients + 1) * LANE + 4;
    buffer_put_format(out,
                      "<div class=\"frame\"><svg viewBox=\"0 0 %d %d\" data-whole=\"0 0 %d %d\" "
                      "data-left=\"%d\" data-width=\"%d\" data-end=\"%.3f\" role=\"img\" "
                      "aria-label=\"Timeline of clients and orchestrator\">\n",
                      LEFT + WIDTH + 20, height, LEFT + WIDTH + 20, height, LEFT, WIDTH,
                      seconds(d.end_ns));
    if (s->heal_ns) {
        int64_t until_ns = s->heal_ns < d.end_ns ? s->heal_ns : d.end_ns;

        buffer_put_format(out,
                          "<rect class=\"open\" x=\"%d\" y=\"14\" width=\"%.2f\" height=\"%d\">"
                          "<title>faults strike</title></rect>\n",
                          LEFT, x_of(&d, until_ns) - LEFT, height - 14);
    }
    draw_axis(&d, height);
    draw_lanes(&d);
    for (size_t i = 0; i < story->count; i++)
        draw(&d, &story->entries[i]);
    if (story->result.broken)
        buffer_put_format(
            out, "<line class=\"broken\" x1=\"%.2f\" y1=\"0\" x2=\"%.2f\" y2=\"%d\"/>\n",
            x_of(&d, story->result.broken_ns), x_of(&d, story->result.broken_ns), height);
    buffer_put_text(out, "</svg></div>\n");
    if (most + 1 > MOST_LANES)
        buffer_put_format(out, "<p>The first %d of %d clients are drawn.</p>\n", MOST_LANES,
                          most + 1);
}

/* ---- words ---- */

static void put_verdict(struct buffer *out, const struct run_result *r)
{
    char time[32];

    if (!r->broken) {
        buffer_put_text(out, "<p class=\"verdict passed\">Everything held.</p>\n");
        return;
    }
    story_time(time, r->broken_ns);
    buffer_put_text(out, "<p class=\"verdict failed\">");
    if (r->broken > 0)
        buffer_put_format(out, "I%d, ", r->broken);
    put_text(out, report_rule(r->broken));
    buffer_put_format(out, ": broken at %s: ", time);
    put_text(out, r->text);
    buffer_put_text(out, "</p>\n");
}

static void put_figures(struct buffer *out, const struct run_result *r)
{
    buffer_put_text(out, "<h2>Figures</h2>\n<div class=\"figures\">\n");
    for (int m = 0; m < RUN_METRICS; m++)
        buffer_put_format(out, "<div><span>%s</span><b>%" PRIu64 "</b></div>\n",
                          run_metric_name((enum run_metric)m), r->metrics[m]);
    buffer_put_text(out, "</div>\n");
}

static void put_filters(struct buffer *out, const struct story *story)
{
    int most = -1;

    for (size_t i = 0; i < story->count; i++)
        most = story->entries[i].client > most ? story->entries[i].client : most;
    buffer_put_text(out, "<form id=\"filters\" class=\"filters\" hidden><p>");
    for (int k = 0; k < STORY_KINDS; k++)
        buffer_put_format(out, "<label><input type=\"checkbox\" value=\"%s\" checked> %s</label>\n",
                          story_kind_name((enum story_kind)k), story_kind_name((enum story_kind)k));
    buffer_put_text(out, "</p><p><label>who <select name=\"who\"><option value=\"\">all</option>"
                         "<option>server</option>");
    for (int i = 0; i <= most; i++)
        buffer_put_format(out, "<option>client %d</option>", i);
    buffer_put_text(out,
                    "</select></label>\n"
                    "<label>from <input name=\"from\" type=\"number\" step=\"any\"> s</label>\n"
                    "<label>to <input name=\"to\" type=\"number\" step=\"any\"> s</label>\n"
                    "<label>text <input name=\"text\" type=\"search\"></label>\n"
                    "<button type=\"reset\">all</button> <span id=\"shown\"></span></p></form>\n");
}

static void put_row(struct buffer *out, const struct story_entry *e)
{
    char time[32], who[24] = "";

    story_time(time, e->at_ns);
    if (e->client != STORY_NO_CLIENT)
        snprintf(who, sizeof who, "client %d", e->client);
    else if (e->kind == STORY_SERVER || e->kind == STORY_FAULT)
        snprintf(who, sizeof who, "server");
    buffer_put_format(
        out, "<tr class=\"%s\" data-at=\"%.3f\" data-who=\"%s\"><td>%s</td><td>%s</td><td>",
        story_kind_name(e->kind), seconds(e->at_ns), who, time, who);
    put_text(out, e->text);
    buffer_put_text(out, "</td></tr>\n");
}

static void put_story(struct buffer *out, const struct story *story)
{
    buffer_put_text(out, "<h2>Story</h2>\n");
    put_filters(out, story);
    buffer_put_text(out, "<table id=\"story\"><thead><tr><th>time</th><th>who</th><th>what</th>"
                         "</tr></thead><tbody>\n");
    for (size_t i = 0; i < story->count && i < PAGE_ROWS; i++)
        put_row(out, &story->entries[i]);
    buffer_put_text(out, "</tbody></table>\n");
    if (story->count > PAGE_ROWS)
        buffer_put_format(out, "<p>The first %d of %zu rows; `nxp-sim explain` tells all.</p>\n",
                          PAGE_ROWS, story->count);
}

void page_write(struct buffer *out, const struct scenario *s, const struct story *story,
                const char *replay)
{
    buffer_put_text(out,
                    "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
                    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                    "style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:\">\n"
                    "<meta name=\"viewport\" content=\"width=device-width\">\n"
                    "<link rel=\"icon\" href=\"data:,\">\n<title>");
    put_text(out, s->name);
    buffer_put_format(out, ", seed 0x%" PRIx64 "</title>\n", story->result.seed);
    put_embedded(out, "style", page_css, page_css_size);
    buffer_put_text(out, "</head><body>\n<h1>");
    put_text(out, s->name);
    buffer_put_format(out, ", seed 0x%" PRIx64 "</h1>\n<p>", story->result.seed);
    put_text(out, s->about);
    buffer_put_text(out, "</p>\n");
    put_verdict(out, &story->result);
    buffer_put_text(out, "<p>Again: <code>");
    put_text(out, replay);
    buffer_put_text(out, "</code></p>\n<h2>Timeline</h2>\n");
    put_drawing(out, s, story);
    buffer_put_text(out,
                    "<p>Bars of a client: requests until their answer (green 2xx, amber 429, red "
                    "others and none), blue: proofs, thin: waits that it tells of. Strokes: a "
                    "process starts, is killed or ends. "
                    "Bars of the server: answers; tall ones are faults. Shaded: faults may strike."
                    "</p>\n");
    put_figures(out, &story->result);
    put_story(out, story);
    put_embedded(out, "script", page_js, page_js_size);
    buffer_put_text(out, "</body></html>\n");
}
