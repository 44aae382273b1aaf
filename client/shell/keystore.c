/* SPDX-License-Identifier: Apache-2.0 */
#include "client/shell/keystore.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEX_DIGITS (2 * SIGNING_SEED_SIZE)

/* *out stays NULL when there is no usable key. */
static enum status load(struct signing_key **out, const char *path, struct why *why)
{
    uint8_t seed[SIGNING_SEED_SIZE];
    char text[HEX_DIGITS + 1] = "";
    struct buffer content;
    enum status st;

    buffer_init(&content, 0);
    st = file_read(&content, path, HEX_DIGITS + 1, why);
    if (!st && content.size >= HEX_DIGITS) {
        memcpy(text, content.data, HEX_DIGITS);
        if (hex_decode(seed, sizeof seed, text))
            st = signing_key_of_seed(out, seed, why);
    } else if (st == ST_NOT_FOUND || st == ST_INPUT) {
        st = ST_OK;
    }
    if (content.data)
        signing_wipe(content.data, content.size);
    signing_wipe(seed, sizeof seed);
    signing_wipe(text, sizeof text);
    buffer_fini(&content);
    return st;
}

static enum status save(const struct signing_key *key, const char *path, struct why *why)
{
    uint8_t seed[SIGNING_SEED_SIZE];
    char text[HEX_DIGITS + 2];
    enum status st;

    signing_key_seed(key, seed);
    hex_encode(text, seed, sizeof seed);
    text[HEX_DIGITS] = '\n';
    st = file_write(path, bytes_of(text, HEX_DIGITS + 1), 0600, why);
    signing_wipe(seed, sizeof seed);
    signing_wipe(text, sizeof text);
    return st;
}

enum status keystore_session(struct signing_key **out, bool *kept, const char *folder, bool keep,
                             struct why *why)
{
    struct signing_key *key = NULL;
    char *path = NULL;
    enum status st = ST_OK;
    bool found;

    if (asprintf(&path, "%s/session.key", folder) < 0) {
        path = NULL;
        st = fail(why, ST_NO_MEMORY, "key store: out of memory");
        goto out;
    }
    if (keep)
        st = load(&key, path, why);
    if (st)
        goto out;
    found = key != NULL;
    if (!found) {
        st = signing_key_random(&key, why);
        if (!st)
            st = save(key, path, why);
    }
    if (st)
        goto out;
    *out = key;
    *kept = found;
    key = NULL;
out:
    signing_key_free(key);
    free(path);
    return st;
}
