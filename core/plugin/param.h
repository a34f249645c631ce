/* SPDX-License-Identifier: MIT */
/* Questions about one row of a parameter table, asked by checks, binding and description alike. */
#ifndef NN_PLUGIN_PARAM_H
#define NN_PLUGIN_PARAM_H

#include "base/text.h"

#include <nnrun/plugin.h>

#include <stdbool.h>

/* Rows of a table; 0 for NULL. */
size_t nn__param_count(const nn_param *params);
/* NULL where there is none of that name. */
const nn_param *nn__param_find(const nn_param *params, const char *name);

/* The element's type without NN_TYPE_LIST, and its size in self; 0 where the type is unknown. */
uint32_t nn__param_element(const nn_param *param);
size_t nn__param_element_size(uint32_t element);
/* Bytes of the field in self. */
size_t nn__param_size(const nn_param *param);
size_t nn__param_choices(const nn_param *param);

bool nn__param_in_range(const nn_param *param, double value);

/* "real", "list of int", ... */
void nn__param_put_type(const nn_param *param, nn_text *out);
/* "> 0", "in [0, 1)", "one of: a, b"; nothing where all is allowed. */
void nn__param_put_range(const nn_param *param, nn_text *out);
/* The default as YAML; "" where there is none (required or optional). */
void nn__param_put_default(const nn_param *param, nn_text *out);
/* The shortest decimal that reads back as `value`; .inf and -.inf as YAML has them. */
void nn__put_real(nn_text *out, double value);
/* The names of a component's parameters, separated by ", ". */
void nn__put_param_names(const nn_param *params, nn_text *out);

#endif
