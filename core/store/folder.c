/* SPDX-License-Identifier: MIT */
#include "store/folder.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/path.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_ROOM = 4096, SYNCED_NAMES = 8, SYNC_NAME_ROOM = 64, CLAIMS_MOST = 10000 };
static const double sync_every_s = 5;
static const char lock_format[] = "nnrun run %s\npid %-12ld\n";
static const char lock_prefix[] = "nnrun run ";

/* When each name was last synced.  One clock a name: else the first file of a long epoch would take
 * the sync from the ones behind it. */
struct synced {
    char name[SYNC_NAME_ROOM], file[SYNC_NAME_ROOM];
    double at_s;
};

struct nn_run_folder {
    char path[PATH_ROOM];
    char id[NN_RUN_ID_TEXT];
    int lock;
    bool exclusive; /* the file system knows locks, and this one is ours */
    struct synced synced[SYNCED_NAMES];
};

static nn_status inside(const char *path, const char *name, char out[PATH_ROOM])
{
    int n = snprintf(out, PATH_ROOM, "%s/%s", path, name);
    return n < 0 || n >= PATH_ROOM ? nn_fail(NN_ERR_IO, "%s/%s: the path is too long", path, name)
                                   : NN_OK;
}

static void read_id(int file, char id[NN_RUN_ID_TEXT])
{
    char text[64] = "";
    ssize_t got = pread(file, text, sizeof text - 1, 0);
    size_t skip = sizeof lock_prefix - 1, digits = NN_RUN_ID_TEXT - 1;
    id[0] = '\0';
    if (got >= (ssize_t)(skip + digits) && strncmp(text, lock_prefix, skip) == 0
        && strspn(text + skip, "0123456789abcdef") == digits) {
        memcpy(id, text + skip, digits);
        id[digits] = '\0';
    }
}

static void draw_id(char id[NN_RUN_ID_TEXT])
{
    unsigned char bytes[16] = {0};
    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes) {
        snprintf((char *)bytes, sizeof bytes, "%lx", (unsigned long)(nn_clock_s() * 1e9));
    }
    for (size_t i = 0; i < sizeof bytes; i++) {
        snprintf(id + 2 * i, 3, "%02x", bytes[i]);
    }
}

static long holder(int file)
{
    char text[96] = "";
    const char *at;
    if (pread(file, text, sizeof text - 1, 0) <= 0 || (at = strstr(text, "\npid ")) == NULL) {
        return 0;
    }
    return strtol(at + 5, NULL, 10);
}

/* flock() belongs to the open file, so it dies with its process however that dies.  Where the file
 * system has no locks (some cluster mounts) the run goes on without. */
static nn_status take_lock(nn_run_folder *folder)
{
    while (flock(folder->lock, LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK) {
            long pid = holder(folder->lock);
            char who[48] = "another process";
            if (pid > 0) {
                snprintf(who, sizeof who, "process %ld", pid);
            }
            return nn_fail(NN_ERR_BUSY,
                           "%s: %s is writing this run; wait for it, or stop it and resume", folder->path,
                           who);
        }
        if (errno == ENOTSUP || errno == ENOLCK || errno == ENOSYS) {
            return NN_OK;
        }
        if (errno != EINTR) {
            return nn_fail_errno(errno, "%s/.lock: can't be locked", folder->path);
        }
    }
    folder->exclusive = true;
    return NN_OK;
}

/* Says who holds the folder, for the message above; whether it can be written does not matter, except
 * when the id is new. */
static nn_status write_lock(nn_run_folder *folder, bool must)
{
    char text[96];
    int n = snprintf(text, sizeof text, lock_format, folder->id, (long)getpid());
    ssize_t put = pwrite(folder->lock, text, (size_t)n, 0);
    if (put >= 0 && put < n) {
        /* Cut short: the rest tells why, a full disk or a file-size limit. */
        put = pwrite(folder->lock, text + put, (size_t)(n - put), put) == n - put ? n : -1;
    }
    if (put != n && must) {
        return nn_fail_errno(errno, "%s/.lock: can't be written", folder->path);
    }
    return NN_OK;
}

static nn_status create_handle(const char *path, nn_run_folder **out)
{
    NN_TRY(NN_ALLOC(out, 1, "a run folder"));
    (*out)->lock = -1;
    if (snprintf((*out)->path, PATH_ROOM, "%s", path) >= PATH_ROOM - 64) {
        nn_free(*out);
        return nn_fail(NN_ERR_IO, "%s: the path is too long", path);
    }
    for (size_t n = strlen((*out)->path); n > 1 && (*out)->path[n - 1] == '/'; n--) {
        (*out)->path[n - 1] = '\0';
    }
    return NN_OK;
}

void nn_run_folder_close(nn_run_folder *folder)
{
    if (folder != NULL && folder->lock >= 0) {
        close(folder->lock);
    }
    nn_free(folder);
}

const char *nn_run_folder_path(const nn_run_folder *folder)
{
    return folder->path;
}

const char *nn_run_folder_id(const nn_run_folder *folder)
{
    return folder->id;
}

const char *nn_run_folder_id_of(const char *path, char buffer[NN_RUN_ID_TEXT])
{
    char name[PATH_ROOM];
    buffer[0] = '\0';
    int file = inside(path, ".lock", name) == NN_OK ? open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;
    if (file >= 0) {
        read_id(file, buffer);
        close(file);
    }
    return buffer;
}

/* --- claiming ------------------------------------------------------------------------------------- */

/* O_EXCL: of two processes that found the same empty folder, one goes on. */
static nn_status lock_new(nn_run_folder *folder)
{
    char name[PATH_ROOM];
    NN_TRY(inside(folder->path, ".lock", name));
    folder->lock = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (folder->lock < 0) {
        return errno == EEXIST
                   ? nn_fail(NN_ERR_BUSY, "%s: another process has just claimed it", folder->path)
                   : nn_fail_errno(errno, "%s: can't be created", name);
    }
    draw_id(folder->id);
    nn_status status = take_lock(folder);
    if (status == NN_OK) {
        status = write_lock(folder, true);
    }
    if (status != NN_OK) {
        unlink(name);
    }
    return status;
}

static bool is_empty(const char *path)
{
    DIR *listing = opendir(path);
    size_t entries = 0;
    while (listing != NULL && entries <= 2 && readdir(listing) != NULL) {
        entries++;
    }
    bool empty = listing != NULL && entries <= 2; /* . and .. */
    if (listing != NULL) {
        closedir(listing);
    }
    return empty;
}

static nn_status make_checkpoints(const nn_run_folder *folder)
{
    char name[PATH_ROOM];
    NN_TRY(inside(folder->path, "checkpoints", name));
    if (mkdir(name, 0777) != 0 && errno != EEXIST) {
        return nn_fail_errno(errno, "%s: the folder can't be made", name);
    }
    return NN_OK;
}

/* Takes over a folder that exists and is empty; `made`: by us, so that a failure removes it. */
static nn_status move_in(const char *path, bool made, nn_run_folder **out)
{
    nn_run_folder *folder = NULL;
    nn_status status = create_handle(path, &folder);
    if (status == NN_OK) {
        status = lock_new(folder);
        if (status == NN_OK) {
            status = make_checkpoints(folder);
            if (status != NN_OK) {
                char name[PATH_ROOM];
                if (inside(folder->path, ".lock", name) == NN_OK) {
                    unlink(name);
                }
            }
        }
    }
    if (status != NN_OK) {
        nn_run_folder_close(folder);
        if (made) {
            rmdir(path);
        }
        return status;
    }
    *out = folder;
    return NN_OK;
}

static nn_status claim_exact(const char *path, nn_run_folder **out)
{
    char parent[PATH_ROOM];
    if (snprintf(parent, sizeof parent, "%s", path) >= PATH_ROOM) {
        return nn_fail(NN_ERR_IO, "%s: the path is too long", path);
    }
    for (size_t n = strlen(parent); n > 1 && parent[n - 1] == '/'; n--) {
        parent[n - 1] = '\0';
    }
    char *slash = strrchr(parent, '/');
    if (slash != NULL && slash != parent) {
        *slash = '\0';
        NN_TRY(nn_path_make(parent));
    }
    bool made = mkdir(path, 0777) == 0;
    if (!made && errno != EEXIST) {
        return nn_fail_errno(errno, "%s: the folder can't be made", path);
    }
    if (!made && !nn_path_is_folder(path)) {
        return nn_fail(NN_ERR_BUSY, "%s: exists and is not a folder", path);
    }
    if (!made && !is_empty(path)) {
        return nn_fail(NN_ERR_BUSY,
                       "%s: is not empty; a run never overwrites: name another folder, or resume it",
                       path);
    }
    return move_in(path, made, out);
}

nn_status nn_run_folder_claim(const char *results, const char *name, uint64_t seed,
                              const char *exact, nn_run_folder **out)
{
    if (exact != NULL) {
        return claim_exact(exact, out);
    }
    char path[PATH_ROOM], time[NN_CLOCK_TEXT];
    NN_TRY(inside(results, name, path));
    NN_TRY(nn_path_make(path));
    nn_clock_compact(time);
    for (int k = 1; k <= CLAIMS_MOST; k++) {
        char again[16] = "";
        if (k > 1) {
            snprintf(again, sizeof again, "-%d", k);
        }
        int n = snprintf(path, sizeof path, "%s/%s/%s-s%llu%s", results, name, time,
                         (unsigned long long)seed, again);
        if (n < 0 || n >= PATH_ROOM) {
            return nn_fail(NN_ERR_IO, "%s/%s: the path is too long", results, name);
        }
        if (mkdir(path, 0777) == 0) {
            return move_in(path, true, out);
        }
        if (errno != EEXIST) {
            return nn_fail_errno(errno, "%s: the folder can't be made", path);
        }
    }
    return nn_fail(NN_ERR_BUSY, "%s: no free name for a run folder", path);
}

/* --- opening -------------------------------------------------------------------------------------- */

/* With the lock ours, nobody else writes here: every temporary file is a dead process's.  Without
 * locks only those whose process is gone. */
static void sweep(const nn_run_folder *folder, const char *path)
{
    DIR *listing = opendir(path);
    const struct dirent *entry;
    while (listing != NULL && (entry = readdir(listing)) != NULL) {
        const char *tail = strstr(entry->d_name, ".tmp-");
        char name[PATH_ROOM], *end;
        if (tail == NULL || inside(path, entry->d_name, name) != NN_OK) {
            continue;
        }
        long pid = strtol(tail + 5, &end, 10);
        if (end == tail + 5 || *end != '\0' || pid <= 0) {
            continue;
        }
        if (folder->exclusive || (kill((pid_t)pid, 0) != 0 && errno == ESRCH)) {
            unlink(name);
        }
    }
    if (listing != NULL) {
        closedir(listing);
    }
}

nn_status nn_run_folder_open(const char *path, nn_run_folder **out)
{
    if (!nn_path_is_folder(path)) {
        return nn_fail(NN_ERR_NOT_FOUND, "%s: not a folder", path);
    }
    nn_run_folder *folder;
    nn_status status;
    char name[PATH_ROOM];
    NN_TRY(create_handle(path, &folder));
    NN_TRY_DONE(inside(folder->path, ".lock", name));
    folder->lock = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (folder->lock < 0) {
        status = nn_fail_errno(errno, "%s: can't be opened for writing", name);
        goto done;
    }
    NN_TRY_DONE(take_lock(folder));
    read_id(folder->lock, folder->id);
    NN_TRY_DONE(write_lock(folder, false));
    sweep(folder, folder->path);
    NN_TRY_DONE(make_checkpoints(folder));
    NN_TRY_DONE(inside(folder->path, "checkpoints", name));
    sweep(folder, name);
    *out = folder;
    return NN_OK;
done:
    nn_run_folder_close(folder);
    return status;
}

/* --- writing -------------------------------------------------------------------------------------- */

/* The clock of a name: its first part, so that all checkpoints share one.  A ninth name shares the
 * last clock, which only syncs it more often. */
static struct synced *clock_of(nn_run_folder *folder, const char *name)
{
    char key[SYNC_NAME_ROOM];
    snprintf(key, sizeof key, "%.*s", (int)strcspn(name, "/"), name);
    for (size_t i = 0; i < SYNCED_NAMES; i++) {
        struct synced *s = &folder->synced[i];
        if (s->name[0] == '\0') {
            snprintf(s->name, sizeof s->name, "%s", key);
            s->at_s = -sync_every_s;
        }
        if (strcmp(s->name, key) == 0) {
            return s;
        }
    }
    folder->synced[SYNCED_NAMES - 1].at_s = -sync_every_s;
    return &folder->synced[SYNCED_NAMES - 1];
}

static nn_status sync_folder_of(const char *path)
{
    char parent[PATH_ROOM];
    snprintf(parent, sizeof parent, "%s", path);
    *strrchr(parent, '/') = '\0';
    return nn_path_sync(parent);
}

nn_status nn_run_folder_write(nn_run_folder *folder, const char *name, const void *bytes,
                              size_t length, bool sync)
{
    char path[PATH_ROOM];
    NN_TRY(inside(folder->path, name, path));
    struct synced *last = clock_of(folder, name);
    double now = nn_clock_s();
    bool due = sync || now - last->at_s >= sync_every_s;
    NN_TRY(nn_file_write(path, bytes, length, due));
    if (due) {
        NN_TRY(sync_folder_of(path));
        last->at_s = now;
        snprintf(last->file, sizeof last->file, "%s", nn_path_name(name));
    }
    return NN_OK;
}

const char *nn_run_folder_last_synced(const nn_run_folder *folder, const char *name)
{
    for (size_t i = 0; i < SYNCED_NAMES; i++) {
        if (strcmp(folder->synced[i].name, name) == 0) {
            return folder->synced[i].file;
        }
    }
    return "";
}

nn_status nn_run_folder_remove(nn_run_folder *folder, const char *name)
{
    char path[PATH_ROOM];
    NN_TRY(inside(folder->path, name, path));
    if (unlink(path) != 0 && errno != ENOENT) {
        return nn_fail_errno(errno, "%s: can't be removed", path);
    }
    return NN_OK;
}

nn_status nn_run_folder_status(nn_run_folder *folder, const char *word, const char *line)
{
    nn_text text = {0};
    nn_text_printf(&text, "%s\n%s\n", word, line == NULL ? "" : line);
    nn_status status = nn_text_status(&text);
    if (status == NN_OK) {
        bool last = strcmp(word, "running") != 0;
        status = nn_run_folder_write(folder, "STATUS", text.bytes, text.length, last);
    }
    nn_text_finish(&text);
    return status;
}
