/* SPDX-License-Identifier: Apache-2.0 */
/* nxp-sim list */
#include <argp.h>
#include <stdio.h>

#include "sim/command.h"
#include "sim/shelf.h"

int command_list(int argc, char **argv)
{
    static const struct argp argp = {.doc = "Lists the scenarios that are built in, with what each "
                                            "proves. Files of the same form run too "
                                            "(docs/simulator.md)."};

    argp_parse(&argp, argc, argv, 0, NULL, NULL);
    for (size_t i = 0; i < shelf_count(); i++) {
        struct scenario *s;
        struct why why;

        if (shelf_take(&s, shelf_at(i).name, &why)) {
            fprintf(stderr, "nxp-sim: %s: %s\n", shelf_at(i).name, why.text);
            return EXIT_USAGE;
        }
        printf("%-34s %s\n", s->name, s->about);
        scenario_free(s);
    }
    return EXIT_PASSED;
}
