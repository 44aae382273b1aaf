/* SPDX-License-Identifier: Apache-2.0 */
#include "client/shell/guest_store.h"

#include <dirent.h>
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "prover/nxp.h"

static const struct {
    const char *name, *sha256;
} official[] = {
    {"fib_input_initial", "69f1c40224ec9627ca950b4208f46da44d169900a2cb9916eddd0c1de9a4a423"},
    {"fast-fib", "d1ea82eb53c1aa4e29092ff6f376776185074ee570d80dc4db0f1146892f50e2"},
};

static const char *const built_in[] = {"fib"};

const char *guest_store_sha256(const char *name)
{
    for (size_t i = 0; i < sizeof official / sizeof *official; i++)
        if (strcmp(official[i].name, name) == 0)
            return official[i].sha256;
    return NULL;
}

unsigned guest_store_input_words(const char *name)
{
    return strcmp(name, "fast-fib") == 0 ? 1 : 3;
}

bool guest_store_name_valid(const char *name)
{
    size_t length = strlen(name);

    return length >= 1 && length <= 64 && name[0] != '.' && name[0] != '-' &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-.") == length;
}

static void sha256_hex(char out[static 65], struct bytes bytes)
{
    uint8_t digest[crypto_hash_sha256_BYTES];

    crypto_hash_sha256(digest, bytes.data, bytes.size);
    hex_encode(out, digest, sizeof digest);
}

static enum status check_sha256(const char *name, struct bytes elf, struct why *why)
{
    const char *wanted = guest_store_sha256(name);
    char found[65];

    sha256_hex(found, elf);
    if (wanted && strcmp(wanted, found) != 0)
        return fail(why, ST_INVALID,
                    "this is not the network's %s: its SHA-256 is %s and should be %s", name, found,
                    wanted);
    return ST_OK;
}

static char *path_of(const char *folder, const char *name)
{
    char *path;

    return asprintf(&path, "%s/%s.elf", folder, name) < 0 ? NULL : path;
}

enum status guest_store_find(struct buffer *elf, const char *folder, const char *name,
                             struct why *why)
{
    struct bytes own = nxp_builtin_guest(name);
    size_t start = elf->size;
    enum status st;
    char *path;

    if (own.data) {
        buffer_put(elf, own.data, own.size);
        return buffer_ok(elf) ? ST_OK : fail(why, ST_NO_MEMORY, "guest %s: out of memory", name);
    }
    if (!guest_store_name_valid(name))
        return fail(why, ST_INPUT, "'%.64s' cannot be the name of a guest program", name);
    path = path_of(folder, name);
    if (!path)
        return fail(why, ST_NO_MEMORY, "guest %s: out of memory", name);
    st = file_read(elf, path, GUEST_MAX_BYTES, why);
    if (st == ST_NOT_FOUND)
        fail(why, st, "guest program '%s' is not installed: nxp guest install %s FILE", name, name);
    if (!st)
        st = check_sha256(name, bytes_of(elf->data + start, elf->size - start), why);
    free(path);
    return st;
}

enum status guest_store_install(const char *folder, const char *name, struct bytes elf,
                                struct why *why)
{
    struct nxp_program *program = NULL;
    char *path = NULL;
    enum status st;

    if (!guest_store_name_valid(name))
        return fail(why, ST_INPUT, "'%.64s' cannot be the name of a guest program", name);
    if (nxp_builtin_guest(name).data)
        return fail(why, ST_EXISTS, "'%s' is built in", name);
    if (elf.size > GUEST_MAX_BYTES)
        return fail(why, ST_INPUT, "the program is larger than %zu bytes", GUEST_MAX_BYTES);
    st = check_sha256(name, elf, why);
    if (!st)
        st = nxp_program_new(&program, elf, why);
    if (!st) {
        path = path_of(folder, name);
        st = path ? file_write(path, elf, 0600, why)
                  : fail(why, ST_NO_MEMORY, "guest %s: out of memory", name);
    }
    nxp_program_free(program);
    free(path);
    return st;
}

/* ---- listing ---- */

static void tell(const char *name, struct bytes elf, bool is_built_in,
                 void (*visit)(void *context, const struct guest_info *info), void *context)
{
    const char *wanted = guest_store_sha256(name);
    struct guest_info info = {.size = elf.size, .built_in = is_built_in};

    snprintf(info.name, sizeof info.name, "%s", name);
    sha256_hex(info.sha256, elf);
    info.official = wanted && strcmp(wanted, info.sha256) == 0;
    visit(context, &info);
}

static int is_guest(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);

    return length > 4 && length <= 68 && strcmp(entry->d_name + length - 4, ".elf") == 0;
}

enum status guest_store_each(const char *folder,
                             void (*visit)(void *context, const struct guest_info *info),
                             void *context, struct why *why)
{
    struct dirent **entries = NULL;
    enum status st = ST_OK;
    int count;

    for (size_t i = 0; i < sizeof built_in / sizeof *built_in; i++)
        tell(built_in[i], nxp_builtin_guest(built_in[i]), true, visit, context);
    count = scandir(folder, &entries, is_guest, alphasort);
    if (count < 0)
        return errno == ENOENT ? ST_OK : fail(why, ST_IO, "%s: %s", folder, strerror(errno));
    for (int i = 0; i < count; i++) {
        char *path = NULL;
        struct buffer elf;

        buffer_init(&elf, 0);
        if (!st && asprintf(&path, "%s/%s", folder, entries[i]->d_name) >= 0) {
            st = file_read(&elf, path, GUEST_MAX_BYTES, why);
            entries[i]->d_name[strlen(entries[i]->d_name) - 4] = '\0';
            if (!st)
                tell(entries[i]->d_name, buffer_bytes(&elf), false, visit, context);
            free(path);
        }
        buffer_fini(&elf);
        free(entries[i]);
    }
    free(entries);
    return st;
}
