/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a configuration: refused, or four texts that survive writing and reading again. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "client/shell/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct config c, again;
    struct buffer text;

    if (config_parse(&c, bytes_of(data, size), NULL))
        return 0;
    buffer_init(&text, 0);
    assert(config_format(&text, &c, NULL) == ST_OK);
    assert(config_parse(&again, buffer_bytes(&text), NULL) == ST_OK);
    assert(strcmp(c.environment, again.environment) == 0);
    assert(strcmp(c.user_id, again.user_id) == 0);
    assert(strcmp(c.wallet_address, again.wallet_address) == 0);
    assert(strcmp(c.node_id, again.node_id) == 0);
    buffer_fini(&text);
    config_fini(&c);
    config_fini(&again);
    return 0;
}
