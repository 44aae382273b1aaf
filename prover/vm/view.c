/* SPDX-License-Identifier: Apache-2.0 */
#include "prover/vm/view.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Appends bytes from an address on. */
static struct public_byte *put(struct public_byte *at, uint32_t address, const uint8_t *data,
                               size_t size)
{
    for (size_t i = 0; i < size; i++)
        *at++ = (struct public_byte){.address = address + (uint32_t)i, .value = data[i]};
    return at;
}

static struct public_byte *put_word(struct public_byte *at, uint32_t address, uint32_t word)
{
    uint8_t bytes[4];

    store_le32(bytes, word);
    return put(at, address, bytes, 4);
}

static size_t padded(size_t size)
{
    return (size + 3) / 4 * 4;
}

/* The four groups in their order. */
static void put_initial(struct public_byte *at, const struct view_parts *p)
{
    static const uint8_t zeros[4];
    const struct memory_layout *l = p->layout;
    size_t size = p->public_input.size;

    at = put_word(at, VM_INPUT_LOCATION, l->public_input);
    at = put_word(at, VM_OUTPUT_LOCATION, l->exit_code);
    at = put(at, p->program->rom.base, p->program->rom.data, p->program->rom.size);
    at = put(at, p->program->ram.base, p->program->ram.data, p->program->ram.size);
    at = put_word(at, l->public_input, (uint32_t)padded(size));
    at = put(at, l->public_input + 4, p->public_input.data, size);
    put(at, l->public_input + 4 + (uint32_t)size, zeros, padded(size) - size);
}

static void put_output(struct public_byte *at, const struct view_parts *p)
{
    at = put(at, p->layout->exit_code, p->output.data, 4);
    put(at, p->layout->public_output, p->output.data + 4, p->output.size - 4);
}

static uint32_t tracked_size(const struct view_parts *p)
{
    const struct memory_layout *l = p->layout;

    return p->program->rom.size + p->program->ram.size + (l->stack_top - l->stack_bottom) +
           (l->exit_code - l->public_input) + (l->heap - l->public_output) + 4;
}

enum status view_make(struct view *out, void **storage, const struct view_parts *parts,
                      struct why *why)
{
    const struct program *program = parts->program;
    struct view v = {
        .layout = *parts->layout,
        .word_count = program->word_count,
        .initial_count = 8 + (size_t)program->rom.size + program->ram.size + 4 +
                         padded(parts->public_input.size),
        .output_count = parts->output.size,
        .tracked_ram_size = tracked_size(parts),
    };
    size_t pairs = v.initial_count + v.output_count;
    enum status st = budget_take(parts->budget, pairs * sizeof *v.initial, why);
    uint32_t *words;
    uint8_t *block, *associated;

    if (st)
        return st;
    block = malloc(pairs * sizeof *v.initial + v.word_count * sizeof *words +
                   parts->associated_data.size);
    if (!block)
        return fail(why, ST_NO_MEMORY, "view of %zu public bytes: out of memory", pairs);
    v.initial = (struct public_byte *)block;
    v.output = v.initial + v.initial_count;
    words = (uint32_t *)(v.output + v.output_count);
    associated = (uint8_t *)(words + v.word_count);
    put_initial(v.initial, parts);
    put_output(v.output, parts);
    for (size_t i = 0; i < v.word_count; i++)
        words[i] = instruction_rewrite(program->words[i]);
    if (parts->associated_data.size)
        memcpy(associated, parts->associated_data.data, parts->associated_data.size);
    v.words = words;
    v.associated_data = bytes_of(associated, parts->associated_data.size);
    *out = v;
    *storage = block;
    return ST_OK;
}
