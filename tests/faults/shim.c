/* SPDX-License-Identifier: MIT */
/* A library for LD_PRELOAD that stands between a program and one folder.
 *
 * Every operation that changes something below NNRUN_SHIM_ROOT is numbered from 1: open for writing,
 * write, sync, close, rename, remove, make a folder, cut.  At number NNRUN_SHIM_AT it does NNRUN_SHIM_DO:
 *
 *     kill    SIGKILL before the operation
 *     after   SIGKILL after it
 *     tear    SIGKILL after half of a write
 *     28      the operation fails with this errno; 28+ and all behind it do; 28/ half a write first
 *
 * With NNRUN_SHIM_LOG=FILE each operation is written there as "number name path".  Syncs are answered
 * without a disk, so that tests do not wait for one.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { MESSAGE_ROOM = PATH_MAX + 64 };

static atomic_long operations;
static long at;
static const char *root, *deed, *log_path;
static size_t root_length;

__attribute__((constructor)) static void read_environment(void)
{
    const char *number = getenv("NNRUN_SHIM_AT");
    root = getenv("NNRUN_SHIM_ROOT");
    deed = getenv("NNRUN_SHIM_DO");
    log_path = getenv("NNRUN_SHIM_LOG");
    root_length = root == NULL ? 0 : strlen(root);
    at = number == NULL || deed == NULL ? 0 : strtol(number, NULL, 10);
}

static bool below_root(const char *path)
{
    return root != NULL && strncmp(path, root, root_length) == 0;
}

/* Raw system calls: the ones below are ours. */
static void note(long number, const char *name, const char *path)
{
    char line[MESSAGE_ROOM];
    if (log_path == NULL) {
        return;
    }
    int length = snprintf(line, sizeof line, "%ld %s %s\n", number, name, path);
    long file = syscall(SYS_openat, AT_FDCWD, log_path, O_WRONLY | O_APPEND | O_CREAT, 0666);
    syscall(SYS_write, file, line, (size_t)length);
    syscall(SYS_close, file);
}

static void die(void)
{
    syscall(SYS_kill, getpid(), SIGKILL);
    pause();
}

/* What is to be done with this operation. */
struct verdict {
    int number; /* errno to fail with; 0: none */
    bool half, die_after;
};

static struct verdict judge(const char *name, const char *path)
{
    struct verdict verdict = {0};
    if (!below_root(path)) {
        return verdict;
    }
    long number = atomic_fetch_add(&operations, 1) + 1;
    note(number, name, path);
    if (at == 0 || number < at) {
        return verdict;
    }
    char *end;
    long code = strtol(deed, &end, 10);
    if (end != deed) {
        verdict.number = number == at || *end == '+' ? (int)code : 0;
        verdict.half = number == at && *end == '/';
        return verdict;
    }
    if (number > at) {
        return verdict;
    }
    if (strcmp(deed, "kill") == 0) {
        die();
    }
    verdict.die_after = true;
    verdict.half = strcmp(deed, "tear") == 0;
    return verdict;
}

static struct verdict judge_file(const char *name, int file)
{
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    path[length > 0 ? length : 0] = '\0';
    return judge(name, path);
}

static long end(struct verdict verdict, long result)
{
    if (verdict.die_after) {
        die();
    }
    return result;
}

/* A body: refuse, or do it by system call and perhaps die. */
#define JUDGED(verdict, call)                                                                      \
    if ((verdict).number != 0) {                                                                   \
        errno = (verdict).number;                                                                  \
        return -1;                                                                                 \
    }                                                                                              \
    return (int)end((verdict), (call))

static int open_any(int folder, const char *path, int flags, mode_t mode)
{
    struct verdict verdict = {0};
    if ((flags & (O_WRONLY | O_RDWR | O_CREAT)) != 0) {
        verdict = judge("open", path);
    }
    JUDGED(verdict, syscall(SYS_openat, folder, path, flags, mode));
}

static mode_t mode_of(int flags, va_list arguments)
{
    return (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : 0;
}

#define OPEN(name)                                                                                 \
    int name(const char *path, int flags, ...)                                                     \
    {                                                                                              \
        va_list arguments;                                                                         \
        va_start(arguments, flags);                                                                \
        mode_t mode = mode_of(flags, arguments);                                                   \
        va_end(arguments);                                                                         \
        return open_any(AT_FDCWD, path, flags, mode);                                              \
    }
OPEN(open)
OPEN(open64)

static ssize_t write_any(const char *name, int file, const void *bytes, size_t count, off_t offset)
{
    struct verdict verdict = judge_file(name, file);
    if (verdict.number != 0 && !verdict.half) {
        errno = verdict.number;
        return -1;
    }
    size_t some = verdict.half ? count / 2 : count;
    long done = offset < 0 ? syscall(SYS_write, file, bytes, some)
                           : syscall(SYS_pwrite64, file, bytes, some, offset);
    if (verdict.number != 0) {
        at = atomic_load(&operations) + 1; /* the rest of it finds the disk full */
        deed = "28";
    }
    return end(verdict, done);
}

ssize_t write(int file, const void *bytes, size_t count)
{
    return write_any("write", file, bytes, count, -1);
}

ssize_t pwrite(int file, const void *bytes, size_t count, off_t offset)
{
    return write_any("write", file, bytes, count, offset);
}

int fsync(int file)
{
    struct verdict verdict = judge_file("sync", file);
    JUDGED(verdict, 0);
}

int fdatasync(int file)
{
    return fsync(file);
}

/* Closing for reading changes nothing. */
int close(int file)
{
    struct verdict verdict = {0};
    int flags = fcntl(file, F_GETFL);
    if (flags >= 0 && (flags & O_ACCMODE) != O_RDONLY) {
        verdict = judge_file("close", file);
    }
    long done = syscall(SYS_close, file);
    JUDGED(verdict, done);
}

int rename(const char *from, const char *to)
{
    struct verdict verdict = judge("rename", to);
    JUDGED(verdict, syscall(SYS_renameat, AT_FDCWD, from, AT_FDCWD, to));
}

int unlink(const char *path)
{
    struct verdict verdict = judge("remove", path);
    JUDGED(verdict, syscall(SYS_unlinkat, AT_FDCWD, path, 0));
}

int mkdir(const char *path, mode_t mode)
{
    struct verdict verdict = judge("mkdir", path);
    JUDGED(verdict, syscall(SYS_mkdirat, AT_FDCWD, path, mode));
}

int ftruncate(int file, off_t length)
{
    struct verdict verdict = judge_file("cut", file);
    JUDGED(verdict, syscall(SYS_ftruncate, file, length));
}
