/* SPDX-License-Identifier: Apache-2.0 */
#include "client/shell/keystore.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HEX_DIGITS (2 * SIGNING_SEED_SIZE)

#define KEY_FILE   (HEX_DIGITS + 1) /* bytes, with the newline */

/* Not file_read: a copy of the secret would stay in its memory. *size is left alone
 * when there is no file; it is KEY_FILE + 1 when there is more in it. */
static enum status read_secret(char out[static KEY_FILE + 1], size_t *size, const char *path,
                               struct why *why)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    enum status st = ST_OK;
    size_t got = 0;
    ssize_t n = 1;

    if (fd < 0)
        return errno == ENOENT ? ST_OK : fail(why, ST_IO, "%s: %s", path, strerror(errno));
    while (n > 0 && got < KEY_FILE + 1) {
        n = read(fd, out + got, KEY_FILE + 1 - got);
        if (n < 0)
            st = fail(why, ST_IO, "%s: %s", path, strerror(errno));
        else
            got += (size_t)n;
    }
    close(fd);
    *size = st ? 0 : got;
    return st;
}

/* *out stays NULL when there is no usable key. */
static enum status load(struct signing_key **out, const char *path, struct why *why)
{
    uint8_t seed[SIGNING_SEED_SIZE];
    char text[KEY_FILE + 1];
    size_t size = 0;
    enum status st = read_secret(text, &size, path, why);

    if (!st && (size == HEX_DIGITS || size == KEY_FILE)) {
        text[HEX_DIGITS] = '\0';
        if (hex_decode(seed, sizeof seed, text))
            st = signing_key_of_seed(out, seed, why);
    }
    signing_wipe(seed, sizeof seed);
    signing_wipe(text, sizeof text);
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
