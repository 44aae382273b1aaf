/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a page of the network: constraints refused or judged, a country, a release. What
 * comes out of them goes to a terminal, so it holds no control character. */
#include <assert.h>
#include <string.h>

#include "client/core/constraint.h"
#include "client/core/country.h"
#include "client/core/version.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_words(const char *text, size_t room)
{
    assert(strlen(text) < room);
    for (const unsigned char *c = (const unsigned char *)text; *c; c++)
        assert(*c >= ' ' && *c != 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes page = bytes_of(data, size);
    char text[CONSTRAINT_TEXT], name[CONSTRAINT_COUNTRY], tag[CONSTRAINT_TAG];
    char code[COUNTRY_CODE];
    struct constraints *c;
    struct version v;

    if (constraint_parse(&c, page, NULL) == ST_OK) {
        if (constraint_judge(c, text, "0.10.18", 1760000000) != VERSION_FINE)
            check_words(text, sizeof text);
        if (constraint_restricts(c, name, "IR"))
            check_words(name, sizeof name);
        constraint_free(c);
    }
    if (constraint_update(tag, page, "0.10.18")) {
        check_words(tag, sizeof tag);
        assert(version_parse(&v, tag));
    }
    if (country_read(code, page))
        assert(strlen(code) == 2 && code[0] >= 'A' && code[0] <= 'Z');
    return 0;
}
