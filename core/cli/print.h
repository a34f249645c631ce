/* SPDX-License-Identifier: MIT */
/* Results on stdout: a text whole or not at all, so that no program reads half an answer. */
#ifndef NN_CLI_PRINT_H
#define NN_CLI_PRINT_H

#include "base/text.h"

/* Writes a text to stdout.  NN_ERR_MEMORY: it is not whole, an append failed; nothing is written. */
nn_status nn_print(const nn_text *text);
/* The same, and the text is freed. */
nn_status nn_print_finish(nn_text *text);
/* Hands what was written on to who reads it.  NN_ERR_IO: something could not be written. */
nn_status nn_print_flush(void);

#endif
