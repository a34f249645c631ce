/* SPDX-License-Identifier: MIT */
/* The table of this precision and instruction set. */
#include "math/real/peak.h"
#include "net/real/network.h"

extern const nn__engine_table NN_(nn__engine_table);

const nn__engine_table NN_(nn__engine_table) = {
    .create = NN_(nn__network_create),
    .destroy = NN_(nn__network_destroy),
    .train = NN_(nn__train),
    .evaluate = NN_(nn__evaluate),
    .forward_begin = NN_(nn__forward_begin),
    .forward = NN_(nn__forward),
    .gradient = NN_(nn__gradient),
    .trace = NN_(nn__trace),
    .norms = NN_(nn__norms),
    .get = NN_(nn__get),
    .set = NN_(nn__set),
    .get_slot = NN_(nn__get_slot),
    .set_slot = NN_(nn__set_slot),
    .peak = NN_(nn__peak),
};
