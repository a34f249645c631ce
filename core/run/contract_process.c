/* SPDX-License-Identifier: MIT */
/* Each check forked, watched, and its end turned into a message. */
#include "run/contract_process.h"

#include "base/clock.h"
#include "run/contract_subject.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { FILE_BYTES_MOST = 64 << 20 };

static const double usual_limit_s = 20;

/* ---- Inside the process of a check ---- */

/* What a check may take of the machine: a plugin that allocates or prints without end fails alone. */
static void limit_resources(void)
{
    struct rlimit none = {0, 0}, file = {FILE_BYTES_MOST, FILE_BYTES_MOST};
    setrlimit(RLIMIT_CORE, &none);
    setrlimit(RLIMIT_FSIZE, &file);
#ifndef __SANITIZE_ADDRESS__ /* its shadow memory counts as data */
    long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    if (pages > 0 && page > 0) {
        rlim_t most = (rlim_t)pages * (rlim_t)page / 4 * 3;
        struct rlimit data = {most, most};
        setrlimit(RLIMIT_DATA, &data);
    }
#endif
}

/* A group of its own, so that what a plugin forks ends with it; and none outlives nnrun. */
static void stay_alone(int output)
{
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(output, STDOUT_FILENO);
    dup2(output, STDERR_FILENO);
    for (int signal_ = 1; signal_ < 32; signal_++) {
        signal(signal_, SIG_DFL);
    }
}

/* Ends the check with `why`: the plugin touched what is no memory. */
static void send_crash(void *context, const char *why)
{
    nn__message message = {.verdict = NN_VERDICT_FAILED, .end = NN__CRASHED};
    snprintf(message.reason, sizeof message.reason, "%s", why);
    ssize_t sent = write(*(const int *)context, &message, sizeof message);
    (void)sent; /* else the parent sees the exit code */
}

_Noreturn static void be_the_check(const nn_contract *contract, const nn__check *check, nn__scene *scene,
                                   int home, int output)
{
    static nn__subject subject; /* a handler looks into it */
    stay_alone(output);
    limit_resources();
    nn__scene_set(scene);
    nn__scene_watch(&subject.areas, send_crash, &home);
    nn__message message = {.verdict = NN_VERDICT_FAILED};
    if (nn__subject_open(&subject, contract)) {
        subject.scene = scene;
        message.kind = subject.plugin->kind;
        message.misused = check->run == NULL && !nn__subject_takes_parameters(&subject);
        if (check->run != NULL && (!check->bound || nn__subject_bind(&subject))) {
            check->run(&subject);
        }
    }
    if (check->bound && subject.verdict == NN_VERDICT_PASSED && subject.figure[0] == '\0') {
        nn__check_figure(&subject, "%zu set%s of parameters", subject.instance_count,
                         subject.instance_count == 1 ? "" : "s");
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
    nn__scene *scene;
    nn__message message;
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

/* Whether the process has ended, its message sent or not: what it forked may hold the pipe open. */
static bool ended(pid_t pid)
{
    siginfo_t info = {0};
    return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == pid;
}

/* The limit is of processor time, so that a busy machine condemns nobody; by the clock a check is given
 * `patience` times as long, which ends one that only sleeps. */
static bool receive(struct watch *watch)
{
    static const double patience = 3;
    struct pollfd poll_ = {.fd = watch->home, .events = POLLIN};
    double begin_s = nn_clock_s();
    for (;;) {
        bool over = ended(watch->pid);
        int ready = poll(&poll_, 1, over ? 0 : 20);
        if (ready > 0 || over) {
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
    nn__message *message = &watch->message;
    char line[256], who[256];
    const char *printed = first_line(watch->output, line, sizeof line);
    const char *colon = printed[0] == '\0' ? "" : ": ";
    nn__scene_who(watch->scene, who, sizeof who);
    if (WIFSIGNALED(status)) {
        bool address = WTERMSIG(status) == SIGSEGV || WTERMSIG(status) == SIGBUS;
        message->end = NN__CRASHED;
        snprintf(message->reason, sizeof message->reason, "%s crashed (%s%s)%s%s", who,
                 strsignal(WTERMSIG(status)), address ? ": a bad address, or no end of the stack" : "", colon,
                 printed);
    } else {
        message->end = NN__EXITED;
        snprintf(message->reason, sizeof message->reason, "%s ended the process with exit code %d%s%s", who,
                 WEXITSTATUS(status), colon, printed);
    }
}

/* Waits for the check's end and fills watch->message. */
static void conclude(struct watch *watch)
{
    nn__message *message = &watch->message;
    bool in_time = receive(watch);
    fcntl(watch->home, F_SETFL, O_NONBLOCK);
    bool told = in_time && read(watch->home, message, sizeof *message) == (ssize_t)sizeof *message;
    if (!in_time) {
        kill(watch->pid, SIGKILL);
    }
    int status = 0;
    while (waitpid(watch->pid, &status, 0) < 0 && errno == EINTR) {
    }
    kill(-watch->pid, SIGKILL); /* what it left behind */
    if (!in_time || !told) {
        *message = (nn__message){.verdict = NN_VERDICT_FAILED};
    }
    if (!in_time) {
        char who[256];
        nn__scene_who(watch->scene, who, sizeof who);
        message->end = NN__HUNG;
        snprintf(message->reason, sizeof message->reason, "%s did not end within %g s", who, watch->limit_s);
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
        be_the_check(contract, check, watch->scene, ends[1], watch->output);
    }
    int number = errno;
    close(ends[1]);
    watch->home = ends[0];
    if (watch->pid > 0) {
        setpgid(watch->pid, watch->pid); /* whoever comes first */
    }
    if (watch->pid < 0) {
        close(ends[0]);
        close(watch->output);
        return nn_fail_errno(number, "no process for a check");
    }
    return NN_OK;
}

nn_status nn__process_check(const nn_contract *contract, const nn__check *check, nn__message *message)
{
    struct watch watch = {.limit_s = contract->limit_s > 0 ? contract->limit_s : usual_limit_s};
    watch.scene = mmap(NULL, sizeof *watch.scene, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (watch.scene == MAP_FAILED) {
        return nn_fail_errno(errno, "no memory for a check");
    }
    nn_status status = start(contract, check, &watch);
    if (status != NN_OK) {
        munmap(watch.scene, sizeof *watch.scene);
        return status;
    }
    conclude(&watch);
    watch.message.calling = watch.scene->calling;
    munmap(watch.scene, sizeof *watch.scene);
    close(watch.home);
    close(watch.output);
    watch.message.figure[sizeof watch.message.figure - 1] = '\0';
    watch.message.reason[sizeof watch.message.reason - 1] = '\0';
    *message = watch.message;
    return NN_OK;
}
