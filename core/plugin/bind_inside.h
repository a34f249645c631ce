/* SPDX-License-Identifier: MIT */
/* What bind.c, bind_value.c, bind_complaint.c and bind_find.c share. */
#ifndef NN_PLUGIN_BIND_INSIDE_H
#define NN_PLUGIN_BIND_INSIDE_H

#include "plugin/bind.h"

enum { NN__MEANT_MOST = 8 };

/* One component being bound. */
struct nn__binding {
    const nn_use *use;
    const nn_about *about;
    nn_arena *arena;
    nn_diagnostics *diagnostics;
    char *self;
    nn_node *resolved; /* the map {use: name, ...} */
    bool failed;
    const char *meant[NN__MEANT_MOST]; /* by keys that look misspelled: not missing, too */
    size_t meant_count;
};

/* One value on its way from a node to its field. */
struct nn__value {
    const nn_param *param;
    const char *key;     /* "rate", or "sizes.2" for an element of a list */
    const nn_node *node;
    void *field;
    nn_node *resolved;   /* what the resolved spec says; set with the field */
};

static inline bool nn__is_list(const nn_param *param)
{
    return (param->type & NN_TYPE_LIST) != 0;
}

/* bind_value.c: types value->node, holds it against its row and puts it into the field; where it does not
 * fit, the binding fails and value->resolved stays NULL. */
nn_status nn__bind_value(struct nn__binding *binding, struct nn__value *value);

/* bind_find.c: the plugin and its table; *plugin is NULL where that went to the diagnostics. */
nn_status nn__find_ops(nn_registry *registry, nn_kind kind, const nn_use *use, unsigned bits,
                       nn_isa isa, nn_arena *arena, nn_diagnostics *diagnostics,
                       const nn_plugin **plugin, const void **ops);

/* bind_complaint.c: each is an error at its place, and the binding has failed.
 *
 * value    "must be a path, not ...": `wanted` is the object of "must be"
 * type     the same, with the range of the row behind `noun`
 * length   a list too short or too long
 * choice   a word that is none of the row's
 * unknown  a key without a row; fails only for lack of memory
 * missing  a required row nobody wrote */
void nn__complain_value(struct nn__binding *binding, const struct nn__value *value, const char *wanted);
void nn__complain_type(struct nn__binding *binding, const struct nn__value *value, const char *noun);
void nn__complain_length(struct nn__binding *binding, const struct nn__value *value);
void nn__complain_choice(struct nn__binding *binding, const struct nn__value *value);
nn_status nn__complain_unknown(struct nn__binding *binding, const nn_node *key);
void nn__complain_missing(struct nn__binding *binding, const nn_param *param);

#endif
