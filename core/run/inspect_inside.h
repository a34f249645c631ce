/* SPDX-License-Identifier: MIT */
/* What inspect.c, export.c and sheet.c share. */
#ifndef NN_RUN_INSPECT_INSIDE_H
#define NN_RUN_INSPECT_INSIDE_H

#include "run/inside.h"

/* inspect.c: the loaders of train, validation and test (NULL: none) with their names, after a check. */
nn_status nn__inspect_parts(nn_session *session, nn_component *loaders[3], const char *names[3]);
/* inspect.c: opens one without the cache; `tolerate` leaves bad samples out silently. */
nn_status nn__inspect_open(nn_session *session, nn_component *loader, bool tolerate,
                           nn_dataset **out);
/* export.c: writes by the loader called `format`. */
nn_status nn__inspect_write(nn_session *session, const char *format, const char *path,
                            const nn_source *source, const void *x, const int32_t *labels,
                            const void *y);

#endif
