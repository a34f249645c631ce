/* SPDX-License-Identifier: MIT */
/* Whose fault a crash is.  A plugin runs in nnrun's process: a bad address in it is nnrun's end,
 * and all that is left to do is to name it. */
#ifndef NN_PLUGIN_CRASH_H
#define NN_PLUGIN_CRASH_H

#include "plugin/library.h"

/* From here on SIGSEGV, SIGBUS, SIGFPE and SIGILL say on stderr what happened and, where the code
 * that did it is a plugin's or was called by one, which; then they end the process as they always
 * do.  A signal that somebody else waits for (a sanitizer, a debugger) stays theirs. */
void nn_crash_watch(void);

/* The memory of a library belongs to the plugin at `path`, until it is forgotten. */
void nn__crash_note(const char *path, const nn__library *library);
void nn__crash_forget(const nn__library *library);

#endif
