/* SPDX-License-Identifier: MIT */
/* The run folder: results/<name>/<UTC time>-s<seed>/, claimed by mkdir, never overwritten.
 *
 *     spec.yaml  spec.resolved.yaml  run.h5  checkpoints/epoch-000012.h5  events.jsonl  STATUS
 */
#ifndef NN_STORE_FOLDER_H
#define NN_STORE_FOLDER_H

#include "base/arena.h"
#include "base/text.h"
#include "train/record.h"

#include <stdbool.h>

typedef struct nn_run_folder nn_run_folder;

/* Makes results/<name>/<time>-s<seed>[-k]/ (or `exact` itself where it is not NULL: must not exist or
 * be empty) and locks it. */
nn_status nn_run_folder_claim(const char *results, const char *name, uint64_t seed,
                              const char *exact, nn_run_folder **out);
/* Opens an existing one for writing and locks it; sweeps temporary files of dead processes.
 * NN_ERR_BUSY: another process writes it. */
nn_status nn_run_folder_open(const char *path, nn_run_folder **out);
/* Releases the lock. */
void nn_run_folder_close(nn_run_folder *folder);
const char *nn_run_folder_path(const nn_run_folder *folder);

/* Finds the folder RUN means: a run folder, its run.h5, or an experiment's name in `results` (its
 * newest run).  NN_ERR_NOT_FOUND lists what was looked for. */
nn_status nn_run_folder_find(const char *run, const char *results, nn_arena *arena, const char **out);

/* STATUS: one word and a line: "running", "done", "failed", "diverged", "interrupted". */
nn_status nn_run_folder_status(nn_run_folder *folder, const char *word, const char *line);
/* Files written whole and renamed; synced where the last sync is more than 5 s ago, or `sync`. */
nn_status nn_run_folder_write(nn_run_folder *folder, const char *name, const void *bytes,
                              size_t length, bool sync);

/* events.jsonl: appends the epoch's metrics as one line; cut removes lines after `epoch` (and a torn
 * last one). */
nn_status nn_events_append(nn_run_folder *folder, const nn_history *history, const nn_record *record);
nn_status nn_events_cut(nn_run_folder *folder, uint64_t epoch);
/* The same line, for --json. */
void nn_event_line(const nn_history *history, const nn_record *record, nn_text *out);

#endif
