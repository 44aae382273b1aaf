/* SPDX-License-Identifier: Apache-2.0 */
/* nxp start over TLS against the mock orchestrator: --cacert trusts one certificate and no other.
 */
#include "tests/support/test.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/client/cli/run.h"
#include "tests/client/shell/scratch.h"

static struct run r; /* large */

struct mock {
    pid_t pid;
    char url[80];
};

/* Until it says where it listens. */
static void mock_begin(struct mock *m, const char *certificate, const char *file)
{
    char line[200] = "";
    int out[2];
    FILE *said;

    assert_int_equal(pipe(out), 0);
    m->pid = fork();
    if (m->pid == 0) {
        dup2(out[1], STDOUT_FILENO);
        close(out[0]);
        close(out[1]);
        execl(NXP_BUILD "/nxp-mockorch", "nxp-mockorch", "-q", "-l", "127.0.0.1:0", "--tls",
              certificate, "--tls-cert-out", file, "--node", "5880437", NULL);
        _exit(99);
    }
    close(out[1]);
    said = fdopen(out[0], "r");
    assert_non_null(fgets(line, sizeof line, said));
    assert_int_equal(sscanf(line, "listening on %79s", m->url), 1);
    fclose(said);
}

static void mock_end(struct mock *m)
{
    kill(m->pid, SIGTERM);
    waitpid(m->pid, NULL, 0);
}

static void only_the_certificate_that_is_named_is_trusted(void **state)
{
    static const struct {
        const char *certificate, *trusted; /* NULL: the system's; "…": of this server */
        const char *said;                  /* NULL: it works */
    } table[] = {
        {"self", "…", NULL},
        {"self", NULL, "certificate"},
        {"self", "other.pem", "certificate"},
        {"self", "nowhere.pem", "nowhere.pem"},
        {"self:expired", "…", "expired"},
        {"self:future", "…", "not yet valid"},
        {"self:wrong-host", "…", "127.0.0.1"},
    };
    struct mock other;
    struct scratch s;

    (void)state;
    scratch_init(&s);
    mock_begin(&other, "self", scratch_path(&s, "other.pem"));
    mock_end(&other);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        const char *trusted = table[i].trusted;
        char args[800], option[400] = "";
        struct mock m;

        mock_begin(&m, table[i].certificate, scratch_path(&s, "this.pem"));
        if (trusted)
            snprintf(option, sizeof option, "--cacert %s",
                     scratch_path(&s, strcmp(trusted, "…") == 0 ? "this.pem" : trusted));
        snprintf(args, sizeof args,
                 "start --node-id 5880437 --max-tasks 1 --orchestrator-url %s %s", m.url, option);
        run_begin(&r, s.path, args);
        if (table[i].said) {
            run_until(&r, "could not be asked about node 5880437");
            run_until(&r, "; again in");
            kill(r.pid, SIGTERM);
        }
        run_finish(&r);
        assert_int_equal(r.code, 0);
        if (table[i].said && !strstr(r.out, table[i].said))
            fail_msg("%s, %s: %s", table[i].certificate, trusted ? trusted : "none", r.out);
        if (!table[i].said)
            assert_non_null(strstr(r.out, "Step 4 of 4: Proof submitted successfully"));
        mock_end(&m);
    }
    scratch_fini(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_the_certificate_that_is_named_is_trusted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
