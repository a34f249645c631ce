/* SPDX-License-Identifier: MIT */
/* Where a check is: which set of parameters, which of the plugin's functions.  It lies in memory shared
 * with the parent, so that an end that nobody chose can still be told. */
#ifndef NN_RUN_CONTRACT_SCENE_H
#define NN_RUN_CONTRACT_SCENE_H

#include <stdbool.h>
#include <stddef.h>

typedef struct nn__scene {
    const char *volatile calling; /* "forward()", a literal of the program; NULL: none of the plugin's */
    const char *volatile null;    /* what is NULL in this call and why; NULL: nothing is.  Of the check alone */
    char set[192];                /* "with gamma=0"; "" before there are sets */
} nn__scene;

/* A buffer that a plugin is given, at the end or the start of a page beside pages that nobody may touch. */
typedef struct nn__area {
    struct nn__area *next;
    const char *name;      /* "da" */
    char *all;             /* with the pages around it */
    size_t all_bytes;
    char *at;              /* the first element */
    size_t element, count; /* bytes, number of them */
} nn__area;

/* This process's scene; NULL is allowed and tells nobody. */
void nn__scene_set(nn__scene *scene);
/* Before each call of a function of the plugin.  [any] */
void nn__scene_call(const char *calling, const char *null);
/* "with gamma=0: forward()", "forward()" or "it". */
void nn__scene_who(const nn__scene *scene, char *out, size_t room);

/* Touching what is no memory ends the process from now on with told(context, why), in which `why` is a
 * sentence with the buffer and the element, or with the pointer that was NULL.  *areas is looked at then. */
void nn__scene_watch(nn__area *const *areas, void (*told)(void *context, const char *why), void *context);

#endif
