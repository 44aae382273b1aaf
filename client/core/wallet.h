/* SPDX-License-Identifier: Apache-2.0 */
/* Is this text a wallet address?
 *
 * Source:  client.md 8.4; EIP-55.
 */
#pragma once
#include "base/status.h"

/* 0x or 0X, 40 hex digits; letters of one case only, or of the case that EIP-55 demands. The words
 * say what is wrong. */
enum status MUST_USE wallet_check(const char *address, struct why *why);
