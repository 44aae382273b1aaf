# SPDX-License-Identifier: Apache-2.0
# Entry point of a guest program: sets gp and sp, lets the machine move sp, runs main and exits with
# what main returns (also written to word 0 of the public output, which is where the exit code lives).
    .option norvc
    .section .init, "ax"
    .globl _start
_start:
    .option push
    .option norelax
    la      gp, __global_pointer$
    .option pop
    la      sp, __memory_top
    li      a7, 0x402              # may move sp
    ecall
    mv      fp, sp
    call    main
    mv      s1, a0
    lw      t0, 0x84(zero)
    .insn s 0x5b, 0, s1, 0(t0)     # exit code
    mv      a0, s1
    li      a7, 0x201              # exit
    ecall
1:  j       1b
