/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include "tests/prover/air/tables/tables_fixture.h"

#include <stdlib.h>
#include <string.h>

#include "base/prng.h"

void fixture_init(struct fixture *f, enum kernel_id kernel, unsigned threads, unsigned ram_log)
{
    struct arena_plan plan = {0};
    size_t size;

    *f = (struct fixture){.exec.kernel = kernel};
    assert_int_equal(pool_new(&f->exec.pool, threads, NULL), ST_OK);
    for (int id = COMPONENT_FINAL_REG; id < COMPONENT_COUNT; id++) {
        unsigned fixed = component_shapes[id].fixed_log;

        f->table[id].log_rows = fixed ? fixed : ram_log;
        for (int tree = 0; tree < TREE_COUNT; tree++)
            matrix_plan(&plan,
                        component_column_count((enum component_id)id, (enum component_tree)tree),
                        f->table[id].log_rows);
    }
    for (int id = COMPONENT_FINAL_REG; id < COMPONENT_COUNT; id++)
        table_interact_plan(&plan, (enum component_id)id, f->table[id].log_rows);
    assert_int_equal(arena_plan_bytes(&plan, &size, NULL), ST_OK);
    f->arena = arena_of(aligned_alloc(ARENA_ALIGN, size), size);
    for (int id = COMPONENT_FINAL_REG; id < COMPONENT_COUNT; id++)
        for (int tree = 0; tree < TREE_COUNT; tree++)
            f->table[id].tree[tree] = matrix_take(
                &f->arena,
                component_column_count((enum component_id)id, (enum component_tree)tree),
                f->table[id].log_rows);
}

void fixture_fini(struct fixture *f)
{
    pool_free(f->exec.pool);
    free(f->arena.base);
    free(f->view.initial);
    free(f->view.output);
    free(f->note.ram);
}

static qm31 random_felt(struct prng *p)
{
    qm31 f;

    for (int i = 0; i < 4; i++)
        f.c[i].v = (uint32_t)prng_below(p, M31_P);
    return f;
}

void fixture_random(struct fixture *f, uint64_t seed, size_t entries, size_t initial,
                    size_t outputs)
{
    struct prng p = prng_of(seed);

    for (int i = 0; i < RELATION_COUNT; i++) {
        qm31 z = random_felt(&p);

        f->relations.of[i] = relation_of(z, random_felt(&p));
    }
    f->note.ram = calloc(entries + 1, sizeof *f->note.ram);
    f->note.ram_count = entries;
    for (size_t i = 0; i < entries; i++)
        f->note.ram[i] = (struct ram_entry){.address = 0x80 + (uint32_t)i * 0x1001,
                                            .counter = (uint32_t)prng_u64(&p),
                                            .value = (uint8_t)prng_u64(&p)};
    f->view.initial = calloc(initial + 1, sizeof *f->view.initial);
    f->view.initial_count = initial;
    for (size_t i = 0; i < initial; i++)
        f->view.initial[i] = (struct public_byte){.address = f->note.ram[i].address,
                                                  .value = (uint8_t)prng_u64(&p)};
    f->view.output = calloc(outputs + 1, sizeof *f->view.output);
    f->view.output_count = outputs;
    for (size_t i = 0; i < outputs; i++)
        f->view.output[i] = (struct public_byte){.address = f->note.ram[initial + i].address,
                                                 .value = f->note.ram[initial + i].value};
    for (size_t i = 0; i < 32; i++) {
        f->note.register_timestamp[i] = (uint32_t)prng_u64(&p);
        f->note.register_value[i] = (uint32_t)prng_u64(&p);
    }
    for (size_t i = 0; i < 256; i++) {
        for (size_t k = 0; k < 3; k++)
            f->note.bit_op[k][i] = (uint32_t)prng_u64(&p);
        f->note.range256[i] = (uint32_t)prng_below(&p, 1000);
        f->note.range128[i % 128] = (uint32_t)prng_u64(&p);
        f->note.range32[i % 32] = (uint32_t)prng_u64(&p);
        f->note.range16[i % 16] = (uint32_t)prng_u64(&p);
        f->note.range8[i % 8] = (uint32_t)prng_u64(&p);
    }
}

static uint32_t number(const json_t *list, size_t i)
{
    return (uint32_t)json_integer_value(json_array_get(list, i));
}

static struct public_byte *public_bytes(const json_t *list, size_t *count)
{
    struct public_byte *bytes = calloc(json_array_size(list) + 1, sizeof *bytes);

    *count = json_array_size(list);
    for (size_t i = 0; i < *count; i++)
        bytes[i] = (struct public_byte){.address = number(json_array_get(list, i), 0),
                                        .value = (uint8_t)number(json_array_get(list, i), 1)};
    return bytes;
}

static void counts(uint32_t *out, const json_t *list, size_t count)
{
    assert_int_equal(json_array_size(list), count);
    for (size_t i = 0; i < count; i++)
        out[i] = number(list, i);
}

void fixture_golden(struct fixture *f, const json_t *json)
{
    const json_t *registers = json_object_get(json, "registers");
    const json_t *ram = json_object_get(json, "ram"), *bits = json_object_get(json, "bit_op");

    f->view.initial = public_bytes(json_object_get(json, "initial"), &f->view.initial_count);
    f->view.output = public_bytes(json_object_get(json, "output"), &f->view.output_count);
    for (size_t i = 0; i < 32; i++) {
        f->note.register_timestamp[i] = number(json_array_get(registers, i), 0);
        f->note.register_value[i] = number(json_array_get(registers, i), 1);
    }
    f->note.ram_count = json_array_size(ram);
    f->note.ram = calloc(f->note.ram_count + 1, sizeof *f->note.ram);
    for (size_t i = 0; i < f->note.ram_count; i++) {
        const json_t *entry = json_array_get(ram, i);

        f->note.ram[i] = (struct ram_entry){.address = number(entry, 0),
                                            .counter = number(entry, 1),
                                            .value = (uint8_t)number(entry, 2)};
    }
    for (size_t k = 0; k < 3; k++)
        counts(f->note.bit_op[k], json_array_get(bits, k), 256);
    counts(f->note.range8, json_object_get(json, "range8"), 8);
    counts(f->note.range16, json_object_get(json, "range16"), 16);
    counts(f->note.range32, json_object_get(json, "range32"), 32);
    counts(f->note.range128, json_object_get(json, "range128"), 128);
    counts(f->note.range256, json_object_get(json, "range256"), 256);
}

void fixture_build(struct fixture *f)
{
    for (int i = COMPONENT_FINAL_REG; i < COMPONENT_COUNT; i++) {
        enum component_id id = (enum component_id)i;
        struct table_columns *t = &f->table[id];
        struct why why;

        assert_int_equal(table_preprocess(&f->exec, id, t->tree[TREE_PREPROCESSED], t->log_rows,
                                          &f->view, &why),
                         ST_OK);
        table_fill(&f->exec, id, t->tree[TREE_TRACE], t->log_rows, &f->note);
        table_interact(&f->exec, id, t->tree[TREE_INTERACTION], t->log_rows,
                       t->tree[TREE_PREPROCESSED], t->tree[TREE_TRACE], &f->relations,
                       &t->claimed_sum, &f->arena);
    }
}

qm31 felt_of_json(const json_t *list)
{
    qm31 f;

    assert_int_equal(json_array_size(list), 4);
    for (size_t i = 0; i < 4; i++)
        f.c[i].v = number(list, i);
    return f;
}
