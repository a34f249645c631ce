/* SPDX-License-Identifier: MIT */
/* The processes: each check forked, watched, and its end turned into a result. */
#include "run/contract.h"

#include "base/clock.h"
#include "base/text.h"
#include "run/contract_check.h"
#include "run/contract_subject.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* What the process of a check sends home, in one write. */
struct message {
    nn_verdict verdict;
    nn_kind kind;
    char figure[sizeof((nn__subject *)0)->figure];
    char reason[sizeof((nn__subject *)0)->reason];
};

static const double usual_limit_s = 20;

/* ---- Inside the process of a check ---- */

static void stay_quiet(int output)
{
    dup2(output, STDOUT_FILENO);
    dup2(output, STDERR_FILENO);
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    for (int signal_ = 1; signal_ < 32; signal_++) {
        signal(signal_, SIG_DFL);
    }
}

_Noreturn static void be_the_check(const nn_contract *contract, const nn__check *check, int home,
                                   int output)
{
    stay_quiet(output);
    nn__subject subject;
    struct message message = {.verdict = NN_VERDICT_FAILED};
    if (nn__subject_open(&subject, contract)) {
        message.kind = subject.plugin->kind;
        if (check->run != NULL && (!check->bound || nn__subject_bind(&subject))) {
            check->run(&subject);
        }
    }
    message.verdict = subject.verdict;
    memcpy(message.figure, subject.figure, sizeof message.figure);
    memcpy(message.reason, subject.reason, sizeof message.reason);
    ssize_t sent = write(home, &message, sizeof message);
    _exit(sent == (ssize_t)sizeof message ? 0 : 1);
}

/* ---- Beside it ---- */

/* One run of a check as the parent sees it. */
struct watch {
    pid_t pid;
    int home, output;
    double limit_s;
    struct message message;
};

/* Processor time the check has used; 0 where it can't be told. */
static double used_s(pid_t pid)
{
    clockid_t clock;
    struct timespec used;
    if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &used) != 0) {
        return 0;
    }
    return (double)used.tv_sec + (double)used.tv_nsec * 1e-9;
}

/* The limit is of processor time, so that a busy machine condemns nobody; one that only sleeps is given
 * `patience` times as long by the clock. */
static bool receive(struct watch *watch)
{
    static const double patience = 15;
    struct pollfd poll_ = {.fd = watch->home, .events = POLLIN};
    double begin_s = nn_clock_s();
    for (;;) {
        int ready = poll(&poll_, 1, 20);
        if (ready > 0) {
            return true;
        }
        bool waited = nn_clock_s() - begin_s > patience * watch->limit_s;
        if ((ready < 0 && errno != EINTR) || waited || used_s(watch->pid) > watch->limit_s) {
            return false;
        }
    }
}

/* The first line the process printed; "" where it was silent. */
static const char *first_line(int output, char *line, size_t room)
{
    ssize_t count = pread(output, line, room - 1, 0);
    line[count > 0 ? count : 0] = '\0';
    line[strcspn(line, "\n")] = '\0';
    return line;
}

static void explain_end(struct watch *watch, int status)
{
    struct message *message = &watch->message;
    char line[256];
    const char *printed = first_line(watch->output, line, sizeof line);
    const char *colon = printed[0] == '\0' ? "" : ": ";
    message->verdict = NN_VERDICT_FAILED;
    message->figure[0] = '\0';
    if (WIFSIGNALED(status)) {
        snprintf(message->reason, sizeof message->reason, "it crashed (%s)%s%s", strsignal(WTERMSIG(status)),
                 colon, printed);
    } else {
        snprintf(message->reason, sizeof message->reason, "it ended the process with exit code %d%s%s",
                 WEXITSTATUS(status), colon, printed);
    }
}

/* Waits for the check's end and fills watch->message. */
static void conclude(struct watch *watch)
{
    struct message *message = &watch->message;
    bool in_time = receive(watch);
    bool told = in_time && read(watch->home, message, sizeof *message) == (ssize_t)sizeof *message;
    if (!in_time) {
        kill(watch->pid, SIGKILL);
    }
    int status = 0;
    while (waitpid(watch->pid, &status, 0) < 0 && errno == EINTR) {
    }
    if (!in_time) {
        message->verdict = NN_VERDICT_FAILED;
        message->figure[0] = '\0';
        snprintf(message->reason, sizeof message->reason, "it did not end within %g s", watch->limit_s);
    } else if (!told) {
        explain_end(watch, status);
    } else if (message->verdict == NN_VERDICT_PASSED) {
        char line[256];
        if (first_line(watch->output, line, sizeof line)[0] != '\0') {
            message->verdict = NN_VERDICT_FAILED;
            snprintf(message->reason, sizeof message->reason, "it printed \"%s\"; plugins never print, "
                     "host->log() writes into the log", line);
        }
    }
}

static nn_status start(const nn_contract *contract, const nn__check *check, struct watch *watch)
{
    int ends[2];
    watch->output = memfd_create("nnrun-check", MFD_CLOEXEC);
    if (watch->output < 0) {
        return nn_fail_errno(errno, "no memory file for a check");
    }
    if (pipe(ends) != 0) {
        int number = errno;
        close(watch->output);
        return nn_fail_errno(number, "no pipe to a check");
    }
    fflush(NULL); /* else a plugin's exit() would print our buffers again */
    watch->pid = fork();
    if (watch->pid == 0) {
        close(ends[0]);
        be_the_check(contract, check, ends[1], watch->output);
    }
    int number = errno;
    close(ends[1]);
    watch->home = ends[0];
    if (watch->pid < 0) {
        close(ends[0]);
        close(watch->output);
        return nn_fail_errno(number, "no process for a check");
    }
    return NN_OK;
}

/* Runs one check and reports it.  *kind is set where the plugin could be opened. */
static nn_status run_check(const nn_contract *contract, const nn__check *check, nn_kind *kind,
                           nn_verdict *verdict)
{
    struct watch watch = {.limit_s = contract->limit_s > 0 ? contract->limit_s : usual_limit_s};
    double begin_s = nn_clock_s();
    NN_TRY(start(contract, check, &watch));
    conclude(&watch);
    close(watch.home);
    close(watch.output);
    watch.message.figure[sizeof watch.message.figure - 1] = '\0';
    watch.message.reason[sizeof watch.message.reason - 1] = '\0';
    *kind = watch.message.kind;
    *verdict = watch.message.verdict;
    contract->report(contract->context, &(nn_check_result){
        .name = check->name,
        .verdict = watch.message.verdict,
        .figure = watch.message.figure,
        .reason = watch.message.reason,
        .rule = check->rule,
        .elapsed_s = nn_clock_s() - begin_s,
    });
    return NN_OK;
}

static const nn__check *checks_of(nn_kind kind, size_t *count)
{
    switch (kind) {
    case NN_KIND_ACTIVATION:
        return nn__checks_activation(count);
    case NN_KIND_COST:
        return nn__checks_cost(count);
    case NN_KIND_OPTIMIZER:
        return nn__checks_optimizer(count);
    case NN_KIND_LOADER:
        return nn__checks_loader(count);
    case NN_KIND_INITIALIZER:
        return nn__checks_initializer(count);
    case NN_KIND_SCHEDULE:
        return nn__checks_schedule(count);
    case NN_KIND_TRANSFORM:
        return nn__checks_transform(count);
    }
    *count = 0;
    return NULL;
}

static nn_status run_checks(const nn_contract *contract, const nn__check *checks, size_t count,
                            size_t *failed)
{
    for (size_t i = 0; i < count; i++) {
        nn_kind kind;
        nn_verdict verdict;
        if (contract->only != NULL && strcmp(contract->only, checks[i].name) != 0) {
            continue;
        }
        NN_TRY(run_check(contract, &checks[i], &kind, &verdict));
        *failed += verdict == NN_VERDICT_FAILED;
    }
    return NN_OK;
}

static bool named(const nn__check *checks, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(checks[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

/* A misspelt check must not look like one that passed. */
static nn_status refuse_unknown(const char *name, const nn__check *common, size_t common_count,
                                const nn__check *own, size_t own_count)
{
    nn_text names = {0};
    for (size_t i = 0; i < common_count + own_count; i++) {
        nn_text_printf(&names, "%s%s", i > 0 ? ", " : "",
                       i < common_count ? common[i].name : own[i - common_count].name);
    }
    nn_status status = nn_fail(NN_ERR_USAGE, "there is no check \"%s\"; there are loads, %s", name,
                               nn_text_view(&names));
    nn_text_finish(&names);
    return status;
}

nn_status nn_contract_check(const nn_contract *contract, size_t *failed)
{
    static const nn__check loads = {
        "loads", NULL, false, "Checked in order: symbol, magic, major, size, minor, kind, table."};
    size_t common_count, own_count, broken = 0;
    nn_kind kind = (nn_kind)0;
    nn_verdict verdict;
    NN_TRY(run_check(contract, &loads, &kind, &verdict));
    if (verdict == NN_VERDICT_FAILED) {
        *failed = 1;
        return NN_OK;
    }
    const nn__check *common = nn__checks_common(&common_count), *own = checks_of(kind, &own_count);
    const char *only = contract->only;
    if (only != NULL && strcmp(only, loads.name) != 0 && !named(common, common_count, only)
        && !named(own, own_count, only)) {
        return refuse_unknown(only, common, common_count, own, own_count);
    }
    NN_TRY(run_checks(contract, common, common_count, &broken));
    NN_TRY(run_checks(contract, own, own_count, &broken));
    *failed = broken;
    return NN_OK;
}
