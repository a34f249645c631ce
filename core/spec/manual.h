/* SPDX-License-Identifier: MIT */
/* The table of keys as a page for people: docs/SPEC.md. */
#ifndef NN_SPEC_MANUAL_H
#define NN_SPEC_MANUAL_H

#include "base/text.h"

/* The page, in Markdown. */
void nn_spec_manual(nn_text *out);

#endif
