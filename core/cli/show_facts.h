/* SPDX-License-Identifier: MIT */
/* What a run was, in three lines: its data, its network, its training. */
#ifndef NN_CLI_SHOW_FACTS_H
#define NN_CLI_SHOW_FACTS_H

#include "base/text.h"
#include "spec/node.h"
#include "store/results.h"

/* spec: the resolved one; NULL where it can't be parsed, then "?" stands for what it would say. */
void nn_show_facts(const nn_run_facts *facts, const nn_node *spec, nn_text *out);
/* The scalar at "training.batch_size" of a resolved spec, NULL where there is none; a component gives
 * its name.  section NULL: the key is at the top. */
const char *nn_show_text(const nn_node *spec, const char *section, const char *key);

#endif
