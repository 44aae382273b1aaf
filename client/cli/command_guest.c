/* SPDX-License-Identifier: Apache-2.0 */
/* nxp guest install | list: the programs that can be proved. */
#include <argp.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/cli/command.h"
#include "client/cli/interrupt.h"
#include "client/cli/words.h"
#include "client/shell/guest_store.h"
#include "client/shell/home.h"
#include "client/shell/transport_curl.h"

enum { KEY_JSON = 0x300, KEY_CACERT };

struct guest {
    const char *args[3];
    unsigned count;
    const char *ca_file;
    json_t *json;
    bool want_json;
};

static const struct argp_option options[] = {
    {"json", KEY_JSON, 0, 0, "list: print a JSON array", 0},
    {"cacert", KEY_CACERT, "FILE", 0, "install: trust these certificates (PEM)", 0},
    {0},
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
    struct guest *g = state->input;

    switch (key) {
    case KEY_JSON:
        g->want_json = true;
        return 0;
    case KEY_CACERT:
        g->ca_file = arg;
        return 0;
    case ARGP_KEY_ARG:
        if (g->count == 3)
            argp_error(state, "unexpected argument '%s'", arg);
        g->args[g->count++] = arg;
        return 0;
    case ARGP_KEY_END:
        if (!(g->count == 1 && strcmp(g->args[0], "list") == 0) &&
            !(g->count == 3 && strcmp(g->args[0], "install") == 0))
            argp_error(state, "say 'list', or 'install NAME FILE|URL'");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static bool is_url(const char *text)
{
    return strncmp(text, "http://", 7) == 0 || strncmp(text, "https://", 8) == 0;
}

static enum status download(struct buffer *out, const char *url, const char *ca_file,
                            struct why *why)
{
    const char *slash = strchr(strstr(url, "://") + 3, '/');
    char *base = slash ? strndup(url, (size_t)(slash - url)) : strdup(url);
    struct transport_curl *t = NULL;
    struct transport_reply reply;
    struct http_request request = {.method = HTTP_GET, .path = slash ? slash : "/"};
    enum status st;
    int stop_fd = -1;

    if (!base)
        return fail(why, ST_NO_MEMORY, "out of memory");
    request.headers[request.header_count++] = (struct http_header){"user-agent", "nxp"};
    st = interrupt_open(&stop_fd, why);
    if (!st)
        st = transport_curl_new(&t,
                                &(struct transport_options){.base_url = base,
                                                            .ca_file = ca_file,
                                                            .response_limit = GUEST_MAX_BYTES,
                                                            .total_ms = 600000},
                                why);
    if (!st)
        st = transport_curl_call(t, &reply, &request, stop_fd, why);
    if (!st && reply.response.status != 200)
        st = fail(why, ST_IO, "%s: HTTP %u", url, reply.response.status);
    if (!st)
        buffer_put(out, reply.response.body.data, reply.response.body.size);
    transport_curl_free(t);
    free(base);
    return st;
}

static enum status install(const struct guest *g, const struct home *home, struct why *why)
{
    const char *name = g->args[1], *from = g->args[2];
    struct buffer elf;
    enum status st;

    buffer_init(&elf, GUEST_MAX_BYTES);
    st = home_prepare(home, why);
    if (!st)
        st = is_url(from) ? download(&elf, from, g->ca_file, why)
                          : file_read(&elf, from, GUEST_MAX_BYTES, why);
    if (!st)
        st = guest_store_install(home->guests, name, buffer_bytes(&elf), why);
    if (!st)
        words_success("guest program '%s' is installed (%zu bytes%s)", name, elf.size,
                      guest_store_sha256(name) ? ", the network's own" : "");
    buffer_fini(&elf);
    return st;
}

static void list_one(void *context, const struct guest_info *info)
{
    struct guest *g = context;
    const char *origin = info->built_in   ? "built in"
                         : info->official ? "the network's own"
                                          : "installed";

    if (g->want_json)
        json_array_append_new(g->json, json_pack("{s:s, s:I, s:s, s:s}", "name", info->name,
                                                 "bytes", (json_int_t)info->size, "sha256",
                                                 info->sha256, "origin", origin));
    else
        printf("%-20s %9zu bytes  %s  %s\n", info->name, info->size, info->sha256, origin);
}

static enum status list(struct guest *g, const struct home *home, struct why *why)
{
    enum status st;

    g->json = json_array();
    st = guest_store_each(home->guests, list_one, g, why);
    if (!st && g->want_json) {
        json_dumpf(g->json, stdout, JSON_INDENT(2));
        putchar('\n');
    }
    json_decref(g->json);
    return st;
}

int command_guest(int argc, char **argv)
{
    static const struct argp argp = {
        .options = options,
        .parser = parse_option,
        .args_doc = "list\ninstall NAME FILE|URL",
        .doc = "Shows or adds guest programs. A program that goes by a name of the network is taken only "
               "with the network's SHA-256.\v" WORDS_EXIT_CODES,
    };
    struct guest g = {0};
    struct home home = {0};
    struct why why = {""};
    enum status st;

    argp_parse(&argp, argc, argv, 0, NULL, &g);
    st = home_init(&home, getenv("NXP_HOME"), getenv("HOME"), &why);
    if (!st)
        st = g.count == 1 ? list(&g, &home, &why) : install(&g, &home, &why);
    home_fini(&home);
    return st ? (int)words_failed(st, &why, "guest") : EXIT_OK;
}
