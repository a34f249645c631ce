/* SPDX-License-Identifier: MIT */
/* JSON Schema of the spec with every component found. */
#ifndef NN_RUN_SCHEMA_H
#define NN_RUN_SCHEMA_H

#include "base/log.h"
#include "base/text.h"
#include "run/places.h"

nn_status nn_run_schema(const nn_plugin_places *places, const nn_log *log, nn_text *out);

#endif
