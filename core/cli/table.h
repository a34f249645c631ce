/* SPDX-License-Identifier: MIT */
/* A table of texts: its columns in line for people, or as CSV for programs. */
#ifndef NN_CLI_TABLE_H
#define NN_CLI_TABLE_H

#include "base/text.h"

#include <stddef.h>

/* Cells row after row, the first row the head.  Zero-initialise with `columns` set; finish frees. */
typedef struct nn_table {
    size_t columns;
    char **cells;
    size_t count, room;
    bool failed; /* an allocation did */
} nn_table;

/* Appends a copy; NULL is an empty cell. */
void nn_table_put(nn_table *table, const char *cell);
void nn_table_printf(nn_table *table, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Aligned, numbers to the right; columns that hold nothing but their head are left out. */
void nn_table_print(const nn_table *table, nn_text *out);
/* RFC 4180, its lines ending in a newline alone. */
void nn_table_csv(const nn_table *table, nn_text *out);
/* NN_ERR_MEMORY where a cell could not be kept. */
nn_status nn_table_status(const nn_table *table);
void nn_table_finish(nn_table *table);

#endif
