/* SPDX-License-Identifier: MIT */
/* The run folder: results/<name>/<UTC time>-s<seed>/, claimed by mkdir, never overwritten.
 *
 *     spec.yaml  spec.resolved.yaml  run.h5  checkpoints/epoch-000012.h5  events.jsonl  STATUS  .lock
 *
 * Whoever writes a run holds a lock on `.lock` that dies with its process, so a folder has one writer
 * and what lies about as *.tmp-<pid> belongs to nobody.  `.lock` also holds the run's id, which every
 * checkpoint repeats: one that was copied in from another run is noticed.
 */
#ifndef NN_STORE_FOLDER_H
#define NN_STORE_FOLDER_H

#include "base/arena.h"
#include "base/text.h"
#include "train/record.h"

#include <stdbool.h>

typedef struct nn_run_folder nn_run_folder;

/* Makes results/<name>/<time>-s<seed>[-k]/ (or `exact` itself where it is not NULL: must not exist or
 * be empty) and locks it.  On failure nothing is left behind.
 *
 * NN_ERR_IO    a folder or its .lock can't be made
 * NN_ERR_BUSY  `exact` holds something already */
nn_status nn_run_folder_claim(const char *results, const char *name, uint64_t seed,
                              const char *exact, nn_run_folder **out);
/* Opens an existing one for writing and locks it; sweeps temporary files of dead processes.
 *
 * NN_ERR_BUSY  another process writes it (the message says which) */
nn_status nn_run_folder_open(const char *path, nn_run_folder **out);
/* Releases the lock; NULL is fine. */
void nn_run_folder_close(nn_run_folder *folder);
/* Both valid until close.  The id is 32 hexadecimal digits, or "" in a folder that lost its .lock. */
const char *nn_run_folder_path(const nn_run_folder *folder);
const char *nn_run_folder_id(const nn_run_folder *folder);
/* The id of a run folder somebody else may hold open; returns buffer ("" where there is none). */
enum { NN_RUN_ID_TEXT = 33 };
const char *nn_run_folder_id_of(const char *path, char buffer[NN_RUN_ID_TEXT]);

/* Finds the folder RUN means: a run folder, its run.h5, or an experiment's name in `results` (its
 * newest run).  NN_ERR_NOT_FOUND lists what was looked for. */
nn_status nn_run_folder_find(const char *run, const char *results, nn_arena *arena, const char **out);
/* All run folders below `root` (itself, its children, or theirs), experiments by name, each one's runs
 * oldest first. */
nn_status nn_run_folder_list(const char *root, nn_arena *arena, const char *const **out,
                             size_t *count);

/* STATUS: one word and a line: "running", "done", "failed", "diverged", "interrupted". */
nn_status nn_run_folder_status(nn_run_folder *folder, const char *word, const char *line);
/* STATUS as a reader sees it: "running" with nobody holding the lock reads "killed", a folder without
 * STATUS "unknown". */
nn_status nn_run_folder_state(const char *path, nn_arena *arena, const char **word,
                              const char **line);
/* Files written whole and renamed; synced where the last sync of this name is more than 5 s ago, or
 * `sync`.  `name` may lie in a sub-folder that exists; all of one sub-folder count as one name.
 * NN_ERR_IO names path and cause; the old file is then still whole. */
nn_status nn_run_folder_write(nn_run_folder *folder, const char *name, const void *bytes,
                              size_t length, bool sync);
/* The file of sub-folder `name` that was synced last since the folder was opened; "" for none. */
const char *nn_run_folder_last_synced(const nn_run_folder *folder, const char *name);
/* Removes a file of the folder; one that is not there is fine. */
nn_status nn_run_folder_remove(nn_run_folder *folder, const char *name);

/* events.jsonl: appends the epoch's metrics as one line; cut removes lines after `epoch` (and a torn
 * last one). */
nn_status nn_events_append(nn_run_folder *folder, const nn_history *history, const nn_record *record);
nn_status nn_events_cut(nn_run_folder *folder, uint64_t epoch);
/* Writes the lines of a history anew, whole: after a resume they are those of the checkpoint. */
nn_status nn_events_restore(nn_run_folder *folder, const nn_history *history);
/* The same line, for --json; ends in a newline. */
void nn_event_line(const nn_history *history, const nn_record *record, nn_text *out);

#endif
