/* SPDX-License-Identifier: Apache-2.0 */
/* What a guest program may use of the machine. */
#pragma once
typedef unsigned int u32;
typedef unsigned char u8;

static inline u32 input_word(u32 offset)
{
    u32 base = *(volatile u32 *)0x80, value;
    __asm__ volatile(".insn i 0x2b, 0, %0, 0(%1)" : "=r"(value) : "r"(base + offset));
    return value;
}

static inline void output_word(u32 offset, u32 value)
{
    u32 base = *(volatile u32 *)0x84;
    __asm__ volatile(".insn s 0x5b, 0, %0, 0(%1)" : : "r"(value), "r"(base + offset) : "memory");
}

static inline u32 sys(u32 code, u32 x, u32 y, u32 z)
{
    register u32 a0 __asm__("a0") = x, a1 __asm__("a1") = y, a2 __asm__("a2") = z, a7 __asm__("a7") = code;
    __asm__ volatile("ecall" : "+r"(a0) : "r"(a1), "r"(a2), "r"(a7) : "memory");
    return a0;
}

/* Decodes the public input (COBS over postcard varints) into n words; returns how many were there. */
static u32 read_input_u32(u32 *out, u32 n)
{
    u32 len = input_word(0), got = 0, value = 0, shift = 0;
    u32 code = 0, left = 0;
    for (u32 i = 0; i < len && got < n; i++) {
        u8 byte = (u8)(input_word(4 + (i & ~3u)) >> (8 * (i & 3)));
        u8 data;
        if (left == 0) {
            u32 first = code == 0;
            u32 emit_zero = !first && code != 0xff;
            if (byte == 0)
                break;
            code = byte;
            left = byte - 1;
            if (first || !emit_zero)
                continue;
            data = 0;
        } else {
            left--;
            data = byte;
        }
        value |= (u32)(data & 0x7f) << shift;
        shift += 7;
        if (!(data & 0x80)) {
            out[got++] = value;
            value = shift = 0;
        }
    }
    return got;
}
