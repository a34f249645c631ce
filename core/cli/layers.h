/* SPDX-License-Identifier: MIT */
/* What the probe saw of each layer, as text: maps of all four metrics for an overview, curves of one
 * for a closer look.  Norms and steps are drawn by their logarithm, saturation as it is. */
#ifndef NN_CLI_LAYERS_H
#define NN_CLI_LAYERS_H

#include "base/text.h"
#include "train/record.h"

#include <stdbool.h>

/* The probe metric of a name ("gradient_norm"), if this history has it in every epoch. */
bool nn_layers_find(const nn_history *history, const char *name, nn_probe_metric *out);
/* Every metric this history has, a row a layer: first value, one character for some epochs (from
 * blank, the metric's least, to @, its most), last value. */
void nn_layers_map(const nn_history *history, nn_text *out);
/* One metric over the epochs, each layer by its own character: 1 to 9, then a to z. */
void nn_layers_curves(const nn_history *history, nn_probe_metric metric, nn_text *out);

#endif
