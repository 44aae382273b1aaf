/* SPDX-License-Identifier: Apache-2.0 */
/* Header values from a stranger: Retry-After and dates. A date that is read is written and read
 * back unchanged, unless it lies before 1970, which has no use here. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "proto/http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    int64_t seconds, back;

    if (!text)
        return 0;
    if (size)
        memcpy(text, data, size);
    text[size] = 0;
    if (http_retry_after_s(text, text, 0, &seconds))
        assert(seconds >= 0);
    if (http_date_parse(text, &seconds) && seconds >= 0 && seconds < INT64_C(253402300800)) {
        char written[30];

        http_date_format(written, seconds);
        assert(http_date_parse(written, &back) && back == seconds);
    }
    free(text);
    return 0;
}
