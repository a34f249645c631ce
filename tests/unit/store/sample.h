/* SPDX-License-Identifier: MIT */
/* A scratch folder and a sample run, shared by the store's tests. */
#ifndef STORE_SAMPLE_H
#define STORE_SAMPLE_H

#include "store/results.h"

/* A new folder under TMPDIR; sample_remove() takes it away with all it holds. */
const char *sample_folder(void);
void sample_remove(const char *path);
/* `epochs` records with every metric and one probe. */
nn_history *sample_history(size_t epochs, bool validation);
nn_run_facts sample_facts(void);
/* Whole file; the caller frees by nn_free(). */
char *sample_read(const char *folder, const char *name, size_t *length);
void sample_write(const char *folder, const char *name, const void *bytes, size_t length);

#endif
