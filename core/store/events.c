/* SPDX-License-Identifier: MIT */
/* events.jsonl: one line of JSON an epoch, for people who watch and programs that follow.
 *
 * A line is written by one write(); a kill in its middle leaves a line without its newline, which
 * readers ignore and nn_events_cut() removes.
 */
#include "store/folder.h"

#include "base/memory.h"
#include "base/path.h"

#include "store/metrics.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_ROOM = 4096 };
static const size_t events_most = (size_t)1 << 31;
static const char epoch_prefix[] = "{\"epoch\":";

static void put_probe(nn_text *out, const char *name, const double *values, size_t count)
{
    nn_text_printf(out, ",\"%s\":[", name);
    for (size_t l = 0; l < count; l++) {
        nn_text_put(out, l == 0 ? "" : ",");
        nn_text_real(out, values[l]);
    }
    nn_text_put(out, "]");
}

void nn_event_line(const nn_history *history, const nn_record *record, nn_text *out)
{
    nn_text_printf(out, "%s%llu,\"step\":%llu", epoch_prefix, (unsigned long long)record->epoch,
                   (unsigned long long)record->step);
    for (size_t m = 0; m < NN_STORED_METRICS; m++) {
        double value;
        if (nn_stored_metric_get(&nn_stored_metrics[m], history, record, &value)) {
            nn_text_printf(out, ",\"%s\":", nn_stored_metrics[m].name);
            nn_text_real(out, value);
        }
    }
    for (size_t p = 0; p < NN_PROBE_COUNT; p++) {
        if (record->probe[p] != NULL) {
            put_probe(out, nn_stored_probes[p].name, record->probe[p], history->layer_count);
        }
    }
    nn_text_put(out, "}\n");
}

static nn_status put_whole(int file, const char *path, const char *bytes, size_t length)
{
    struct stat before;
    if (fstat(file, &before) != 0) {
        return nn_fail_errno(errno, "%s: can't be looked at", path);
    }
    ssize_t put = write(file, bytes, length);
    if (put == (ssize_t)length) {
        return NN_OK;
    }
    int number = put < 0 ? errno : ENOSPC;
    /* Half a line is worse than none. */
    if (ftruncate(file, before.st_size) != 0) {
        return nn_fail_errno(errno, "%s: can't be cut back", path);
    }
    return nn_fail_errno(number, "%s: can't be written", path);
}

nn_status nn_events_append(nn_run_folder *folder, const nn_history *history, const nn_record *record)
{
    char path[PATH_ROOM];
    nn_text line = {0};
    NN_TRY(nn_stored_metrics_check(history, record));
    snprintf(path, sizeof path, "%s/events.jsonl", nn_run_folder_path(folder));
    nn_event_line(history, record, &line);
    nn_status status = nn_text_status(&line);
    int file = -1;
    if (status == NN_OK) {
        file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
        status = file < 0 ? nn_fail_errno(errno, "%s: can't be opened", path)
                          : put_whole(file, path, line.bytes, line.length);
    }
    if (file >= 0 && close(file) != 0 && status == NN_OK) {
        status = nn_fail_errno(errno, "%s: can't be closed", path);
    }
    nn_text_finish(&line);
    return status;
}

/* Whether a whole line (without its newline) is one of ours, and of which epoch. */
static bool epoch_of(const char *line, size_t length, uint64_t *epoch)
{
    size_t skip = sizeof epoch_prefix - 1;
    if (length <= skip || strncmp(line, epoch_prefix, skip) != 0 || line[length - 1] != '}') {
        return false;
    }
    char *end;
    *epoch = strtoull(line + skip, &end, 10);
    return end > line + skip;
}

nn_status nn_events_cut(nn_run_folder *folder, uint64_t epoch)
{
    char path[PATH_ROOM], *bytes;
    size_t length, kept = 0;
    snprintf(path, sizeof path, "%s/events.jsonl", nn_run_folder_path(folder));
    if (!nn_path_is_file(path)) {
        return NN_OK;
    }
    NN_TRY(nn_file_read(path, events_most, &bytes, &length));
    for (size_t at = 0; at < length;) {
        const char *newline = memchr(bytes + at, '\n', length - at);
        size_t end = newline == NULL ? length : (size_t)(newline - bytes);
        uint64_t of;
        if (newline != NULL && epoch_of(bytes + at, end - at, &of) && of <= epoch) {
            memmove(bytes + kept, bytes + at, end + 1 - at);
            kept += end + 1 - at;
        }
        at = end + 1;
    }
    nn_status status = kept == length ? NN_OK
                                      : nn_run_folder_write(folder, "events.jsonl", bytes, kept, true);
    nn_free(bytes);
    return status;
}

nn_status nn_events_restore(nn_run_folder *folder, const nn_history *history)
{
    nn_text lines = {0};
    for (size_t i = 0; i < history->count; i++) {
        nn_event_line(history, &history->records[i], &lines);
    }
    nn_status status = nn_text_status(&lines);
    if (status == NN_OK) {
        status = nn_run_folder_write(folder, "events.jsonl", nn_text_view(&lines), lines.length, true);
    }
    nn_text_finish(&lines);
    return status;
}
