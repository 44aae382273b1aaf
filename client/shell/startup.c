/* SPDX-License-Identifier: Apache-2.0 */
#include "client/shell/startup.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/clock.h"
#include "client/core/constraint.h"
#include "client/shell/page.h"

#define VERSIONS_MS         10000
#define COUNTRY_MS          5000
#define COUNTRY_MAX_BYTES   ((size_t)4 << 10)
#define DOWNLOAD            "https://github.com/nexus-xyz/nexus-cli/releases"
#define VERSIONS_USER_AGENT "nexus-cli/version-checker"

const struct startup_pages startup_versions = {
    .url = {"https://cli.nexus.xyz/version.json",
            "https://us-central1-nexus-cli.cloudfunctions.net/version",
            "https://raw.githubusercontent.com/nexus-xyz/nexus-cli/refs/heads/main/public/"
            "version.json"},
    .count = 3,
};

const struct startup_pages startup_countries = {
    .url = {"https://cloudflare.com/cdn-cgi/trace", "https://ipinfo.io/country"},
    .count = 2,
};

__attribute__((format(printf, 4, 5))) static void tell(const struct startup *s,
                                                       enum line_level level, const char *event,
                                                       const char *format, ...)
{
    char text[1024];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    s->say(s->context, level, event, text);
}

/* ---- the constraints ---- */

static enum status ask_versions(struct constraints **out, const struct startup *s, const char *url,
                                struct why *why)
{
    const struct page_options o = {.url = url,
                                   .user_agent = VERSIONS_USER_AGENT,
                                   .ca_file = s->ca_file,
                                   .limit_ms = VERSIONS_MS,
                                   .limit_bytes = CONSTRAINT_MAX_BYTES};
    struct constraints *c = NULL;
    struct bytes body;
    struct page *page;
    struct why write;
    unsigned status;
    enum status st = page_new(&page, &o, why);

    if (st)
        return st;
    st = page_get(page, &status, &body, s->stop_fd, why);
    if (!st && (status < 200 || status > 299))
        st = fail(why, ST_IO, "HTTP %u", status);
    if (!st)
        st = constraint_parse(&c, body, why);
    if (!st) {
        if (file_write(s->copy, body, 0600, &write))
            tell(s, LINE_WARN, "version_unsaved",
                 "The network's version constraints cannot be kept: %s", write.text);
        *out = c;
    }
    page_free(page);
    return st;
}

/* *out is NULL when no page gave any; that is told. */
static enum status ask_all_versions(struct constraints **out, const struct startup *s,
                                    struct why *why)
{
    char reasons[700] = "";
    struct why reason;

    *out = NULL;
    for (size_t i = 0; i < s->versions->count; i++) {
        size_t size = strlen(reasons);
        enum status st = ask_versions(out, s, s->versions->url[i], &reason);

        if (st == ST_CANCELLED || st == ST_NO_MEMORY)
            return fail(why, st, "%s", reason.text);
        if (!st)
            return ST_OK;
        snprintf(reasons + size, sizeof reasons - size, "%s%.60s: %.120s", size ? "; " : "",
                 s->versions->url[i], reason.text);
    }
    tell(s, LINE_WARN, "version_unknown",
         "The network's minimum version could not be asked for (%s)", reasons);
    return ST_OK;
}

/* "2026-11-24": when the copy was made. It has been read just now. */
static void date_of(char out[static 16], const char *path)
{
    struct stat info = {0};
    struct tm utc = {0};

    (void)stat(path, &info);
    gmtime_r(&info.st_mtime, &utc);
    strftime(out, 16, "%Y-%m-%d", &utc);
}

/* The copy on disk, else what is built in. */
static enum status take_copy(struct constraints **out, const struct startup *s, struct why *why)
{
    struct buffer content;
    char date[16];
    enum status st;

    buffer_init(&content, 0);
    st = file_read(&content, s->copy, CONSTRAINT_MAX_BYTES, why);
    if (!st)
        st = constraint_parse(out, buffer_bytes(&content), why);
    buffer_fini(&content);
    if (st == ST_OK) {
        date_of(date, s->copy);
        tell(s, LINE_INFO, "version_copy", "What the network said on %s counts", date);
    } else if (st != ST_NO_MEMORY) {
        st = constraint_parse(out, constraint_built_in(), why);
        tell(s, LINE_INFO, "version_built_in", "What the network said in March 2026 counts");
    }
    return st;
}

static enum status find_constraints(struct constraints **out, const struct startup *s,
                                    struct why *why)
{
    enum status st = ST_OK;

    *out = NULL;
    if (s->skip_versions)
        tell(s, LINE_WARN, "version_skipped",
             "The version check is left out, as you asked: the network may refuse version %s, or "
             "take its proofs without credit; restricted countries stay as they are known here",
             s->version);
    else
        st = ask_all_versions(out, s, why);
    return st || *out ? st : take_copy(out, s, why);
}

/* ---- the country ---- */

static enum status ask_country(char out[static COUNTRY_CODE], const struct startup *s,
                               const char *url, struct why *why)
{
    const struct page_options o = {.url = url,
                                   .ca_file = s->ca_file,
                                   .limit_ms = COUNTRY_MS,
                                   .limit_bytes = COUNTRY_MAX_BYTES};
    struct bytes body;
    struct page *page;
    unsigned status;
    enum status st = page_new(&page, &o, why);

    if (st)
        return st;
    st = page_get(page, &status, &body, s->stop_fd, why); /* whatever its status (client.md 7.2) */
    if (!st && !country_read(out, body))
        st = fail(why, ST_IO, "HTTP %u names no country", status);
    page_free(page);
    return st;
}

static enum status find_country(char out[static COUNTRY_CODE], const struct startup *s,
                                struct why *why)
{
    for (size_t i = 0; i < s->countries->count; i++) {
        enum status st = ask_country(out, s, s->countries->url[i], why);

        if (st == ST_OK || st == ST_CANCELLED || st == ST_NO_MEMORY)
            return st;
    }
    strcpy(out, "US");
    tell(s, LINE_WARN, "country_unknown", "Where this machine is could not be found out; %s",
         s->telemetry ? "the network is told US, as its own client does then (--no-telemetry "
                        "tells it nothing)"
                      : "it counts as US, as for the network's own client");
    return ST_OK;
}

/* ---- both ---- */

static enum status check_country(const struct constraints *c, const char *country, struct why *why)
{
    char name[CONSTRAINT_COUNTRY];

    if (!c || !*country || !constraint_restricts(c, name, country))
        return ST_OK;
    return fail(why, ST_INVALID,
                "the network is not available in %s, for regulatory reasons (its own rule, which "
                "this client keeps)",
                name);
}

static enum status check_version(const struct startup *s, const struct constraints *c,
                                 struct why *why)
{
    char text[CONSTRAINT_TEXT];
    enum constraint_verdict verdict = VERSION_FINE;

    if (c && !s->skip_versions)
        verdict = constraint_judge(c, text, s->version, s->wall_ns / NS_PER_S);
    if (verdict == VERSION_BLOCKED)
        return fail(why, ST_INVALID,
                    "the network does not take version %s any more: %.300s (its releases: " DOWNLOAD
                    "; look for a newer nxp)",
                    s->version, text);
    if (verdict != VERSION_FINE)
        tell(s, verdict == VERSION_WARNING ? LINE_WARN : LINE_INFO, "version_verdict",
             "The network says: %s", text);
    return ST_OK;
}

enum status startup_run(const struct startup *s, char country[static COUNTRY_CODE], struct why *why)
{
    struct constraints *c = NULL;
    char found[COUNTRY_CODE] = "";
    enum status st = ST_OK;

    if (s->versions->count > 0)
        st = find_constraints(&c, s, why);
    if (!st && s->countries->count > 0 && (s->telemetry || (c && constraint_restricts_any(c))))
        st = find_country(found, s, why);
    if (!st)
        st = check_country(c, found, why);
    if (!st)
        st = check_version(s, c, why);
    if (!st)
        memcpy(country, found, sizeof found);
    constraint_free(c);
    return st;
}
