/* SPDX-License-Identifier: Apache-2.0 */
/* The names of the main component's columns, in commitment order.
 *
 * Source:  air-main.md 1.2 and 1.3. X(NAME, name in the specification, limbs).
 *
 * NAME is the number of limb 0 of a column within its tree; limb i is NAME + i. The totals are
 * checked below, and every name and number against columns.csv in tests/prover/air/chips.
 */
#pragma once
#include "prover/air/chips/main_component.h"

/* clang-format off */
#define PREPROCESSED_COLUMNS(X) \
    X(IS_FIRST, IsFirst, 1) X(IS_LAST, IsLast, 1) X(CLK, Clk, 4) X(REG1_TS_CUR, Reg1TsCur, 4)      \
    X(REG2_TS_CUR, Reg2TsCur, 4) X(REG3_TS_CUR, Reg3TsCur, 4) X(PRG_MEMORY_PC, PrgMemoryPc, 2)     \
    X(PRG_MEMORY_WORD, PrgMemoryWord, 2) X(PRG_MEMORY_FLAG, PrgMemoryFlag, 1)                      \
    X(PRG_INITIAL_PC, PrgInitialPc, 4)

#define TRACE_COLUMNS(X) \
    X(PC, Pc, 4) X(PC_NEXT, PcNext, 4) X(PC_NEXT_AUX, PcNextAux, 4) X(OP_A, OpA, 1)                \
    X(OP_B, OpB, 1) X(OP_C, OpC, 1) X(CARRY_FLAG, CarryFlag, 2) X(BORROW_FLAG, BorrowFlag, 2)      \
    X(IMM_C, ImmC, 1) X(INSTR_VAL, InstrVal, 4) X(PREV_CTR, PrevCtr, 4) X(VALUE_A, ValueA, 4)      \
    X(VALUE_A_EFFECTIVE, ValueAEffective, 4) X(VALUE_B, ValueB, 4) X(VALUE_C, ValueC, 4)           \
    X(IS_ADD, IsAdd, 1) X(IS_OR, IsOr, 1) X(IS_AND, IsAnd, 1) X(IS_XOR, IsXor, 1)                  \
    X(IS_SUB, IsSub, 1) X(IS_SLTU, IsSltu, 1) X(IS_SLT, IsSlt, 1) X(IS_BNE, IsBne, 1)              \
    X(IS_BEQ, IsBeq, 1) X(IS_BLTU, IsBltu, 1) X(IS_BLT, IsBlt, 1) X(IS_BGEU, IsBgeu, 1)            \
    X(IS_BGE, IsBge, 1) X(IS_JAL, IsJal, 1) X(IS_SB, IsSb, 1) X(IS_SH, IsSh, 1) X(IS_SW, IsSw, 1)  \
    X(IS_LB, IsLb, 1) X(IS_LH, IsLh, 1) X(IS_LBU, IsLbu, 1) X(IS_LHU, IsLhu, 1) X(IS_LW, IsLw, 1)  \
    X(IS_LUI, IsLui, 1) X(IS_AUIPC, IsAuipc, 1) X(IS_JALR, IsJalr, 1) X(IS_SLL, IsSll, 1)          \
    X(IS_SRL, IsSrl, 1) X(IS_SRA, IsSra, 1) X(IS_ECALL, IsEcall, 1) X(IS_EBREAK, IsEbreak, 1)      \
    X(IS_SYS_DEBUG, IsSysDebug, 1) X(IS_SYS_MEMORY_ADVISE, IsSysMemoryAdvise, 1)                   \
    X(IS_SYS_HALT, IsSysHalt, 1) X(IS_SYS_PRIV_INPUT, IsSysPrivInput, 1)                           \
    X(IS_SYS_CYCLE_COUNT, IsSysCycleCount, 1) X(IS_SYS_STACK_RESET, IsSysStackReset, 1)            \
    X(IS_SYS_HEAP_RESET, IsSysHeapReset, 1) X(IS_CUSTOM_KECCAK, IsCustomKeccak, 1)                 \
    X(IS_PADDING, IsPadding, 1) X(HELPER1, Helper1, 4) X(HELPER2, Helper2, 4)                      \
    X(HELPER3, Helper3, 4) X(HELPER4, Helper4, 4) X(SGN_A, SgnA, 1) X(SGN_B, SgnB, 1)              \
    X(SGN_C, SgnC, 1) X(NEQ, Neq, 1) X(NEQ12, Neq12, 1) X(NEQ34, Neq34, 1) X(LT_FLAG, LtFlag, 1)   \
    X(REM_AUX, RemAux, 1) X(REM, Rem, 4) X(QT_AUX, QtAux, 1) X(QT, Qt, 4)                          \
    X(SHIFT_BIT1, ShiftBit1, 1) X(SHIFT_BIT2, ShiftBit2, 1) X(SHIFT_BIT3, ShiftBit3, 1)            \
    X(SHIFT_BIT4, ShiftBit4, 1) X(SHIFT_BIT5, ShiftBit5, 1) X(EXP1_3, Exp1_3, 1) X(EXP, Exp, 1)    \
    X(REM_DIFF, RemDiff, 4) X(NEQ12_AUX, Neq12Aux, 1) X(NEQ34_AUX, Neq34Aux, 1)                    \
    X(NEQ12_AUX_INV, Neq12AuxInv, 1) X(NEQ34_AUX_INV, Neq34AuxInv, 1)                              \
    X(SRA_DEGREE_AUX, SraDegreeAux, 1) X(VALUE_A_EFFECTIVE_FLAG, ValueAEffectiveFlag, 1)           \
    X(VALUE_A_EFFECTIVE_FLAG_AUX, ValueAEffectiveFlagAux, 1)                                       \
    X(VALUE_A_EFFECTIVE_FLAG_AUX_INV, ValueAEffectiveFlagAuxInv, 1)                                \
    X(REG1_ADDRESS, Reg1Address, 1) X(REG2_ADDRESS, Reg2Address, 1)                                \
    X(REG3_ADDRESS, Reg3Address, 1) X(REG1_VAL_PREV, Reg1ValPrev, 4)                               \
    X(REG2_VAL_PREV, Reg2ValPrev, 4) X(REG3_VAL_PREV, Reg3ValPrev, 4)                              \
    X(REG1_TS_PREV, Reg1TsPrev, 4) X(REG2_TS_PREV, Reg2TsPrev, 4) X(REG3_TS_PREV, Reg3TsPrev, 4)   \
    X(PROG_CTR_PREV, ProgCtrPrev, 4) X(PROG_CTR_CUR, ProgCtrCur, 4)                                \
    X(PROG_CTR_CARRY, ProgCtrCarry, 2) X(FINAL_PRG_MEMORY_CTR, FinalPrgMemoryCtr, 4)               \
    X(C_REG1_TS_PREV, CReg1TsPrev, 4) X(C_REG2_TS_PREV, CReg2TsPrev, 4)                            \
    X(C_REG3_TS_PREV, CReg3TsPrev, 4) X(CH1_MINUS, CH1Minus, 2) X(CH2_MINUS, CH2Minus, 2)          \
    X(CH3_MINUS, CH3Minus, 2) X(RAM_BASE_ADDR, RamBaseAddr, 4) X(RAM1_VAL_CUR, Ram1ValCur, 1)      \
    X(RAM2_VAL_CUR, Ram2ValCur, 1) X(RAM3_VAL_CUR, Ram3ValCur, 1) X(RAM4_VAL_CUR, Ram4ValCur, 1)   \
    X(RAM1_VAL_PREV, Ram1ValPrev, 1) X(RAM2_VAL_PREV, Ram2ValPrev, 1)                              \
    X(RAM3_VAL_PREV, Ram3ValPrev, 1) X(RAM4_VAL_PREV, Ram4ValPrev, 1)                              \
    X(RAM1_TS_PREV, Ram1TsPrev, 4) X(RAM2_TS_PREV, Ram2TsPrev, 4) X(RAM3_TS_PREV, Ram3TsPrev, 4)   \
    X(RAM4_TS_PREV, Ram4TsPrev, 4) X(RAM1_TS_PREV_AUX, Ram1TsPrevAux, 4)                           \
    X(RAM2_TS_PREV_AUX, Ram2TsPrevAux, 4) X(RAM3_TS_PREV_AUX, Ram3TsPrevAux, 4)                    \
    X(RAM4_TS_PREV_AUX, Ram4TsPrevAux, 4) X(OP_C0_3, OpC0_3, 1) X(OP_C1_3, OpC1_3, 1)              \
    X(OP_C1_4, OpC1_4, 1) X(OP_C4_7, OpC4_7, 1) X(OP_C5_7, OpC5_7, 1) X(OP_C8_10, OpC8_10, 1)      \
    X(OP_C11, OpC11, 1) X(OP_C12, OpC12, 1) X(OP_C20, OpC20, 1) X(OP_A1_4, OpA1_4, 1)              \
    X(OP_B0_3, OpB0_3, 1) X(OP_B1_4, OpB1_4, 1) X(OP_C0, OpC0, 1) X(OP_C4, OpC4, 1)                \
    X(OP_A0, OpA0, 1) X(OP_B0, OpB0, 1) X(OP_B4, OpB4, 1) X(OP_C12_15, OpC12_15, 1)                \
    X(OP_C16_23, OpC16_23, 1) X(OP_C16_19, OpC16_19, 1) X(OP_C24_31, OpC24_31, 1)                  \
    X(PC_CARRY, PcCarry, 2) X(VALUE_A4_7, ValueA4_7, 4) X(VALUE_B4_7, ValueB4_7, 4)                \
    X(VALUE_C4_7, ValueC4_7, 4)
/* clang-format on */

/* Each name takes as many numbers as it has limbs: the next one follows its last limb. */
#define COLUMN_ENUM(NAME, name, limbs) NAME, NAME##_LAST_LIMB = NAME + (limbs) - 1,

enum preprocessed_column { PREPROCESSED_COLUMNS(COLUMN_ENUM) PREPROCESSED_COLUMN_COUNT };
enum trace_column { TRACE_COLUMNS(COLUMN_ENUM) TRACE_COLUMN_COUNT };

#undef COLUMN_ENUM

_Static_assert(PREPROCESSED_COLUMN_COUNT == MAIN_PREPROCESSED, "air-main.md 1.2");
_Static_assert(TRACE_COLUMN_COUNT == MAIN_TRACE, "air-main.md 1.3");
