/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/guest_option.h"

#include <stdlib.h>
#include <string.h>

#include "client/shell/guest_store.h"
#include "client/shell/home.h"

#define PRIVATE_MAX_BYTES ((size_t)16 << 20)

enum { KEY_ELF = 0x100, KEY_GUEST, KEY_PUBLIC, KEY_PRIVATE };

static const struct argp_option options[] = {
    {"elf", KEY_ELF, "FILE", 0, "Guest program to run", 1},
    {"guest", KEY_GUEST, "NAME", 0,
     "Guest program from the store (nxp guest list); 'fib' is built in", 1},
    {"public-input", KEY_PUBLIC, "N,A,B", 0,
     "Public input: a tuple of 32-bit numbers; none when left out", 1},
    {"private-input-hex", KEY_PRIVATE, "HEX", 0, "Private input, byte by byte", 1},
    {0},
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
    struct guest_option *o = state->input;

    switch (key) {
    case KEY_ELF:
        o->elf = arg;
        return 0;
    case KEY_GUEST:
        o->guest = arg;
        return 0;
    case KEY_PUBLIC:
        if (!parse_values(o->values, &o->value_count, arg))
            argp_error(state, "--public-input: '%s' is no list of 32-bit numbers like 9,1,1", arg);
        return 0;
    case KEY_PRIVATE:
        o->private_hex = arg;
        return 0;
    case ARGP_KEY_END:
        if (!o->elf == !o->guest)
            argp_error(state, "name one program: --elf FILE or --guest NAME");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

const struct argp guest_option_argp = {.options = options, .parser = parse_option};

static enum status read_program(struct buffer *elf, const struct guest_option *o, struct why *why)
{
    struct home home = {0};
    enum status st;

    if (o->elf)
        return file_read(elf, o->elf, GUEST_MAX_BYTES, why);
    st = home_init(&home, getenv("NXP_HOME"), getenv("HOME"), why);
    if (st && nxp_builtin_guest(o->guest).data) /* needs no folder */
        st = guest_store_find(elf, "", o->guest, why);
    else if (!st)
        st = guest_store_find(elf, home.guests, o->guest, why);
    home_fini(&home);
    return st;
}

static enum status read_private(struct buffer *out, const char *hex, struct why *why)
{
    size_t digits = hex ? strlen(hex) : 0;
    uint8_t *bytes = digits / 2 <= PRIVATE_MAX_BYTES ? malloc(digits / 2 + 1) : NULL;
    enum status st = ST_OK;

    if (!bytes)
        return fail(why, ST_INPUT, "--private-input-hex: more than %zu bytes", PRIVATE_MAX_BYTES);
    if (digits % 2 || (digits && !hex_decode(bytes, digits / 2, hex)))
        st = fail(why, ST_INPUT, "--private-input-hex: not an even number of hex digits");
    else
        buffer_put(out, bytes, digits / 2);
    free(bytes);
    return st;
}

enum status guest_option_load(struct guest_loaded *out, const struct guest_option *o,
                              struct why *why)
{
    struct guest_loaded g = {0};
    struct buffer elf;
    enum status st;

    buffer_init(&elf, 0);
    buffer_init(&g.public_input, 0);
    buffer_init(&g.private_input, 0);
    st = read_program(&elf, o, why);
    if (!st)
        st = nxp_program_new(&g.program, buffer_bytes(&elf), why);
    if (!st)
        st = read_private(&g.private_input, o->private_hex, why);
    if (!st && o->value_count > 0)
        nxp_encode_u32s(&g.public_input, o->values, o->value_count);
    buffer_fini(&elf);
    if (st)
        guest_loaded_fini(&g);
    else
        *out = g;
    return st;
}

void guest_loaded_fini(struct guest_loaded *g)
{
    nxp_program_free(g->program);
    buffer_fini(&g->public_input);
    buffer_fini(&g->private_input);
    *g = (struct guest_loaded){0};
}

struct nxp_input guest_loaded_input(const struct guest_loaded *g)
{
    return (struct nxp_input){.public_input = buffer_bytes(&g->public_input),
                              .private_input = buffer_bytes(&g->private_input)};
}
