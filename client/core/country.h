/* SPDX-License-Identifier: Apache-2.0 */
/* The country in the answer of a page that tells where a request came from.
 *
 *   of a trace   the first line "loc=DE", as https://cloudflare.com/cdn-cgi/trace has it
 *   else         the whole body, as https://ipinfo.io/country has it
 *
 * Blanks around it do not count, nor does the case; two ASCII letters or nothing.
 *
 * Source:  client.md 7.2.
 */
#pragma once
#include <stdbool.h>

#include "base/bytes.h"

#define COUNTRY_CODE 3 /* two capital letters with their end */

bool country_read(char out[static COUNTRY_CODE], struct bytes body);
