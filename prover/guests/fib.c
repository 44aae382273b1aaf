/* SPDX-License-Identifier: Apache-2.0 */
/* Public input (n, a, b): the n-th term of the Fibonacci sequence that starts with a, b, modulo 2^32.
   The term is written to word 1 of the public output. */
#include "guest.h"

int main(void)
{
    u32 in[3];
    if (read_input_u32(in, 3) != 3)
        return 2;
    u32 a = in[1], b = in[2];
    for (u32 i = 0; i < in[0]; i++) {
        u32 c = a + b;
        a = b;
        b = c;
    }
    output_word(4, a);
    return 0;
}
