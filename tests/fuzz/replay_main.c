/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a fuzz target over every file of its corpus folder, so that past findings stay tests. */
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int main(int argc, char **argv)
{
    struct dirent *entry;
    unsigned count = 0;
    DIR *folder = argc == 2 ? opendir(argv[1]) : NULL;

    if (!folder) {
        fprintf(stderr, "usage: %s CORPUS_FOLDER\n", argv[0]);
        return 2;
    }
    while ((entry = readdir(folder))) {
        char path[1024];
        struct buffer content;
        struct why why;

        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%s", argv[1], entry->d_name);
        buffer_init(&content, 0);
        if (file_read(&content, path, (size_t)64 << 20, &why)) {
            fprintf(stderr, "%s\n", why.text);
            return 1;
        }
        LLVMFuzzerTestOneInput(content.data, content.size);
        buffer_fini(&content);
        count++;
    }
    closedir(folder);
    printf("%u inputs\n", count);
    return count ? 0 : 1;
}
