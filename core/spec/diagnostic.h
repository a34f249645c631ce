/* SPDX-License-Identifier: MIT */
/* What is wrong with a spec: all of it, in order, each once.
 *
 *     experiments/baseline.yaml:19:25: error: training.optimizer: sgd has no parameter "rat"
 *        19 |   optimizer: {use: sgd, rat: 0.5}
 *           |                         ^~~ did you mean "rate"? sgd takes: rate, momentum, nesterov
 */
#ifndef NN_SPEC_DIAGNOSTIC_H
#define NN_SPEC_DIAGNOSTIC_H

#include "base/text.h"
#include "spec/node.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct nn_diagnostics nn_diagnostics;
typedef enum nn_severity { NN_SEVERITY_WARNING, NN_SEVERITY_ERROR } nn_severity;

/* Memory comes from the arena. */
nn_status nn_diagnostics_create(nn_arena *arena, nn_diagnostics **out);

/* Adds one.  `path` is the key path ("training.optimizer", "" for the document); `help` goes behind
 * the carets: what is allowed, the nearest name, what to do (NULL: none).  `code` decides the exit
 * code (NN_ERR_SPEC, NN_ERR_PLUGIN, NN_ERR_DATA).  Texts are copied and escaped when printed.  The
 * same said of the same place again is dropped (an anchor's mistake is told once for all aliases). */
void nn_diagnose(nn_diagnostics *diagnostics, nn_severity severity, nn_status code, nn_place place,
                 const char *path, const char *help, const char *format, ...)
    __attribute__((format(printf, 7, 8)));

/* Whether an error of that code is among them; `message`: one that says so (NULL: any). */
bool nn_diagnostics_hold(const nn_diagnostics *diagnostics, nn_status code, const char *message);
size_t nn_diagnostics_errors(const nn_diagnostics *diagnostics);
size_t nn_diagnostics_warnings(const nn_diagnostics *diagnostics);
/* NN_OK without errors; else the code of the first error, its story "N errors in FILE". */
nn_status nn_diagnostics_status(const nn_diagnostics *diagnostics);
/* All, sorted by source and place, in the form above. */
void nn_diagnostics_print(const nn_diagnostics *diagnostics, nn_text *out);
/* The same of those that came since the last call of this. */
void nn_diagnostics_print_new(nn_diagnostics *diagnostics, nn_text *out);

#endif
