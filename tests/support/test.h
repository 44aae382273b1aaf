/* SPDX-License-Identifier: Apache-2.0 */
/* cmocka with its own includes in the order it wants. */
#pragma once
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

/* cmocka's fail() would hide base/status.h's. */
#undef fail
