/* SPDX-License-Identifier: MIT */
/* What is wrong with a component's parameters, said with the place, what was found and what is allowed. */
#include "plugin/bind_inside.h"

#include "base/text.h"
#include "plugin/param.h"

#include <string.h>

/* Ends the two texts. */
static void complain(struct nn__binding *binding, nn_place place, const char *key, nn_text *help,
                     nn_text *message)
{
    nn_text path = {0};
    nn_text_put(&path, binding->use->path);
    if (key != NULL) {
        nn_text_printf(&path, ".%s", key);
    }
    nn_diagnose(binding->diagnostics, NN_SEVERITY_ERROR, NN_ERR_SPEC, place, nn_text_view(&path),
                nn_text_view(help), "%s", nn_text_view(message));
    nn_text_finish(&path);
    nn_text_finish(help);
    nn_text_finish(message);
    binding->failed = true;
}

/* Of a value, with what its parameter means behind the carets. */
static void complain_of(struct nn__binding *binding, const struct nn__value *value, nn_text *message)
{
    nn_text help = {0};
    nn_text_printf(&help, "%s: %s", value->param->name, value->param->doc);
    complain(binding, value->node->place, value->key, &help, message);
}

/* "must be a number > 0, not "fast"" */
void nn__complain_value(struct nn__binding *binding, const struct nn__value *value, const char *wanted)
{
    nn_text message = {0};
    nn_text_printf(&message, "must be %s", wanted);
    if (nn_node_is_null(value->node)) {
        nn_text_put(&message, ", but it has no value");
    } else if (value->node->kind == NN_NODE_SCALAR) {
        nn_text_printf(&message, ", not %s%s%s", value->node->quoted ? "\"" : "", value->node->text,
                       value->node->quoted ? "\"" : "");
    } else {
        nn_text_printf(&message, ", not a %s", value->node->kind == NN_NODE_LIST ? "list" : "mapping");
    }
    complain_of(binding, value, &message);
}

/* What a row wants, as the object of "must be". */
void nn__complain_type(struct nn__binding *binding, const struct nn__value *value, const char *noun)
{
    nn_text wanted = {0}, range = {0};
    nn__param_put_range(value->param, &range);
    nn_text_put(&wanted, noun);
    if (range.length > 0) {
        nn_text_printf(&wanted, " %s", nn_text_view(&range));
    }
    nn__complain_value(binding, value, nn_text_view(&wanted));
    nn_text_finish(&wanted);
    nn_text_finish(&range);
}

void nn__complain_length(struct nn__binding *binding, const struct nn__value *value)
{
    nn_text message = {0};
    const nn_param *param = value->param;
    if (param->most == 0) {
        nn_text_printf(&message, "must be a list of at least %zu", param->least);
    } else if (param->least == param->most) {
        nn_text_printf(&message, "must be a list of %zu", param->least);
    } else {
        nn_text_printf(&message, "must be a list of %zu to %zu", param->least, param->most);
    }
    nn_text_printf(&message, ", not of %zu", value->node->count);
    complain_of(binding, value, &message);
}

void nn__complain_choice(struct nn__binding *binding, const struct nn__value *value)
{
    nn_text help = {0}, range = {0}, message = {0};
    const char *nearest = nn_text_nearest(value->node->text, value->param->choices,
                                          nn__param_choices(value->param));
    if (nearest != NULL) {
        nn_text_printf(&help, "did you mean \"%s\"? ", nearest);
    }
    nn__param_put_range(value->param, &range);
    nn_text_printf(&help, "%s is %s", value->param->name, nn_text_view(&range));
    nn_text_printf(&message, "there is no choice \"%s\"", value->node->text);
    complain(binding, value->node->place, value->key, &help, &message);
    nn_text_finish(&range);
}

/* sgd has no parameter "rat"      did you mean "rate"? sgd takes: rate, momentum, nesterov */
nn_status nn__complain_unknown(struct nn__binding *binding, const nn_node *key)
{
    size_t count = nn__param_count(binding->about->params), also = 0;
    const char *const *others = binding->use->also;
    const char **names;
    while (others != NULL && others[also] != NULL) {
        also++;
    }
    NN_TRY(NN_ARENA_ALLOC(binding->arena, &names, count + also + 1));
    for (size_t i = 0; i < count; i++) {
        names[i] = binding->about->params[i].name;
    }
    for (size_t i = 0; i < also; i++) {
        names[count + i] = others[i];
    }
    nn_text help = {0}, message = {0};
    const char *colon = strchr(key->text, ':'), *word = key->text;
    if (colon != NULL && colon[1] != '\0') {
        NN_TRY(nn_arena_text(binding->arena, key->text, (size_t)(colon - key->text), &word));
        nn_text_printf(&help, "a blank belongs behind the colon: %s: %s; ", word, colon + 1);
    }
    const char *nearest = nn_text_nearest(word, names, count + also);
    if (nearest != NULL && word == key->text) {
        nn_text_printf(&help, "did you mean \"%s\"? ", nearest);
    }
    if (nearest != NULL && binding->meant_count < NN__MEANT_MOST) {
        binding->meant[binding->meant_count++] = nearest;
    }
    nn_text_printf(&help, count > 0 ? "%s takes: " : "%s takes no parameters", binding->about->name);
    nn__put_param_names(binding->about->params, &help);
    nn_text_printf(&message, "%s has no parameter \"%s\"", binding->about->name, key->text);
    complain(binding, key->place, NULL, &help, &message);
    return NN_OK;
}

void nn__complain_missing(struct nn__binding *binding, const nn_param *param)
{
    nn_text message = {0}, help = {0};
    nn_text_printf(&message, "%s needs \"%s\"", binding->about->name, param->name);
    nn_text_printf(&help, "{use: %s, %s: ...}: %s", binding->about->name, param->name, param->doc);
    complain(binding, binding->use->place, NULL, &help, &message);
}
