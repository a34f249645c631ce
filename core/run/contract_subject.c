/* SPDX-License-Identifier: MIT */
#include "run/contract_subject.h"

#include "base/text.h"
#include "spec/parse.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool nn__subject_open(nn__subject *subject, const nn_contract *contract)
{
    *subject = (nn__subject){.contract = contract, .verdict = NN_VERDICT_PASSED};
    nn_status status = nn_arena_create(&subject->arena);
    if (status == NN_OK) {
        status = nn_isa_choose(&subject->isa);
    }
    if (status == NN_OK) {
        status = nn_registry_create(NULL, &subject->registry);
    }
    if (status == NN_OK) {
        status = nn_registry_add(subject->registry, contract->path, true);
    }
    for (uint32_t kind = NN_KIND_ACTIVATION; status == NN_OK && kind <= NN_KIND_TRANSFORM; kind++) {
        const char *const *names;
        size_t count;
        status = nn_registry_names(subject->registry, (nn_kind)kind, subject->arena, &names, &count);
        if (status == NN_OK && count == 1) {
            status = nn_registry_find(subject->registry, (nn_kind)kind, names[0], &subject->plugin);
        }
    }
    for (unsigned bits = 32; status == NN_OK && bits <= 64; bits += 32) {
        status = nn_host_create(subject->arena, bits, NULL, ".", &subject->host[nn__slot(bits)]);
    }
    if (status != NN_OK || subject->plugin == NULL) {
        nn__check_fail(subject, "%s", status != NN_OK ? nn_story() : "it is not one plugin");
        return false;
    }
    subject->shape = (nn_shape){.size = sizeof subject->shape};
    if (subject->plugin->kind == NN_KIND_TRANSFORM) {
        subject->shape.height = 14;
        subject->shape.width = 12;
        subject->shape.channels = 3;
    } else {
        subject->shape.units = NN__COLS;
        subject->shape.batch = NN__ROWS;
    }
    return true;
}

/* ---- Sets of parameters, written as a spec would ---- */

static bool given(const nn_contract *contract, const char *name)
{
    size_t length = strlen(name);
    for (size_t i = 0; i < contract->parameter_count; i++) {
        if (strncmp(contract->parameters[i], name, length) == 0
            && contract->parameters[i][length] == '=') {
            return true;
        }
    }
    return false;
}

/* "{use: sgd, path: data, momentum: 0.5}" */
static void write_component(const nn__subject *subject, const char *change, nn_text *out)
{
    nn_text_printf(out, "{use: %s", subject->plugin->name);
    for (size_t i = 0; i < subject->contract->parameter_count; i++) {
        const char *equals = strchr(subject->contract->parameters[i], '=');
        if (equals != NULL) {
            nn_text_put(out, ", ");
            nn_text_append(out, subject->contract->parameters[i],
                           (size_t)(equals - subject->contract->parameters[i]));
            nn_text_printf(out, ": %s", equals + 1);
        }
    }
    nn_text_printf(out, "%s%s}", change[0] == '\0' ? "" : ", ", change);
}

/* One component of one precision.  *out stays NULL where binding complains; why is in `said`. */
static nn_status bind_one(nn__subject *subject, const char *yaml, unsigned bits, nn_text *said,
                          nn_component **out)
{
    nn_text_source *source;
    nn_diagnostics *diagnostics;
    nn_node *node;
    NN_TRY(NN_ARENA_ALLOC(subject->arena, &source, 1));
    *source = (nn_text_source){.name = "parameters", .base_dir = "", .length = strlen(yaml), .argument = true};
    NN_TRY(nn_arena_text(subject->arena, yaml, strlen(yaml), &source->bytes));
    NN_TRY(nn_diagnostics_create(subject->arena, &diagnostics));
    NN_TRY(nn_parse(subject->arena, source, diagnostics, &node));
    *out = NULL;
    if (node != NULL) {
        const nn_node *name = nn_node_get(node, "use");
        nn_use use = {.name = name->text, .node = node, .place = name->place,
                      .path = nn_kind_name(subject->plugin->kind)};
        NN_TRY(nn_bind(subject->registry, subject->plugin->kind, &use, bits, subject->isa,
                       subject->host[nn__slot(bits)], subject->arena, diagnostics, out));
    }
    if (*out == NULL) {
        nn_diagnostics_print(diagnostics, said);
    }
    return NN_OK;
}

/* Which precisions the plugin has for this machine; a lacking one is legal. */
static bool has_precision(const nn__subject *subject, unsigned bits)
{
    return nn__check_ops(subject, bits, subject->isa) != NULL;
}

/* "with momentum=0.5, nesterov=true"; *out stays as it is without memory. */
static void put_label(nn__subject *subject, const char *change, const char **out)
{
    nn_text text = {0};
    nn_text_put(&text, change[0] == '\0' ? "with defaults" : "with ");
    for (const char *from = change; *from != '\0'; from++) {
        bool colon = from[0] == ':' && from[1] == ' ';
        nn_text_append(&text, colon ? "=" : from, 1);
        from += colon;
    }
    const char *view = nn_text_view(&text);
    if (nn_arena_text(subject->arena, view, strlen(view), out) != NN_OK) {
        nn_story_clear();
    }
    nn_text_finish(&text);
}

/* Adds an instance; false with the story in `said` where it can't be made. */
static bool add_instance(nn__subject *subject, const char *change, bool tuned, nn_text *said)
{
    nn_text yaml = {0};
    nn__instance instance = {.label = "with other parameters", .tuned = tuned};
    bool good = subject->instance_count < NN__INSTANCES_MAX;
    put_label(subject, change, &instance.label);
    if (subject->scene != NULL) {
        snprintf(subject->scene->set, sizeof subject->scene->set, "%s", instance.label);
    }
    write_component(subject, change, &yaml);
    for (unsigned bits = 32; good && bits <= 64; bits += 32) {
        nn_component **component = &instance.component[nn__slot(bits)];
        if (!has_precision(subject, bits)) {
            continue;
        }
        nn_status status = bind_one(subject, nn_text_view(&yaml), bits, said, component);
        if (status == NN_OK && *component != NULL) {
            nn__scene_call("create()", NULL);
            status = nn_component_create(*component, &subject->shape);
            nn__scene_call(NULL, NULL);
        }
        good = status == NN_OK && *component != NULL;
        if (status != NN_OK) {
            nn_text_put(said, nn_story());
        }
    }
    nn_text_finish(&yaml);
    good = good && (instance.component[0] != NULL || instance.component[1] != NULL);
    if (good) {
        subject->instances[subject->instance_count++] = instance;
    }
    return good;
}

/* A number allowed by the row that differs from its default. */
static bool another_number(const nn_param *param, double *out)
{
    /* The middle of a range says nothing where it is far from what is usual. */
    bool narrow = param->max - param->min <= 10 * fmax(fabs(param->def), 1);
    double value = narrow ? (param->min + param->max) / 2 : param->def == 0 ? 1 : 2 * param->def;
    if (value == param->def && narrow) {
        value = (param->min + param->def) / 2;
    }
    if (param->type == NN_TYPE_INT) {
        value = narrow ? floor(value) : param->def + 1;
    }
    bool above = (param->flags & NN_OPEN_MIN) != 0 ? value > param->min : value >= param->min;
    bool below = (param->flags & NN_OPEN_MAX) != 0 ? value < param->max : value <= param->max;
    *out = value;
    return above && below && value != param->def;
}

/* Appends the row changed, as YAML, where there is one change that needs no thought. */
static void append_change(const nn_param *param, nn_text *out)
{
    double value;
    const char *between = out->length > 0 ? ", " : "";
    if (param->type == NN_TYPE_BOOL) {
        nn_text_printf(out, "%s%s: %s", between, param->name, param->def != 0 ? "false" : "true");
    } else if (param->type == NN_TYPE_REAL && isfinite(param->min) && isfinite(param->max)
               && another_number(param, &value)) {
        nn_text_printf(out, "%s%s: %.17g", between, param->name, value);
    }
}

/* name: value in the fewest digits. */
static void add_number(nn__subject *subject, const nn_param *param, double value, bool at_end)
{
    char change[256];
    nn_text said = {0};
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(change, sizeof change, "%.*g", digits, value);
        if (strtod(change, NULL) == value) {
            break;
        }
    }
    if (param->type == NN_TYPE_INT) {
        snprintf(change, sizeof change, "%.0f", value);
    }
    char whole[sizeof change + 128];
    snprintf(whole, sizeof whole, "%.100s: %s", param->name, change);
    if (add_instance(subject, whole, true, &said)) {
        subject->instances[subject->instance_count - 1].at_end = at_end;
    }
    nn_text_finish(&said);
    nn_story_clear();
}

static void vary(nn__subject *subject, const nn_param *param)
{
    char change[256];
    nn_text said = {0};
    double value;
    switch (param->type) {
    case NN_TYPE_BOOL:
        snprintf(change, sizeof change, "%s: %s", param->name, param->def != 0 ? "false" : "true");
        add_instance(subject, change, false, &said);
        break;
    case NN_TYPE_REAL:
    case NN_TYPE_INT:
        if (another_number(param, &value)) {
            add_number(subject, param, value, false);
        }
        break;
    case NN_TYPE_CHOICE:
        for (size_t i = 0; param->choices[i] != NULL; i++) {
            if (i != (size_t)param->def) {
                snprintf(change, sizeof change, "%s: %s", param->name, param->choices[i]);
                add_instance(subject, change, false, &said);
            }
        }
        break;
    default:
        break; /* texts and paths mean what only their author knows */
    }
    nn_text_finish(&said);
    nn_story_clear();
}

/* An end of a row's range: `end` itself where it belongs to it, else a number close to it; false where
 * there is none, or it is the default. */
static bool number_at(const nn_param *param, double end, double other, bool open, double *out)
{
    double from = isfinite(other) ? other : isfinite(param->def) ? param->def : end + 1;
    bool whole = param->type == NN_TYPE_INT;
    *out = !open ? end : whole ? end + (end < from ? 1 : -1) : end + 1e-3 * (from - end);
    return isfinite(end) && isfinite(*out) && *out != param->def && !(open && *out == end)
        && !(whole && fabs(*out) > 0x1p53);
}

/* Formulas break at the ends of what they allow: a slope of 0, a share of 1. */
static void try_ends(nn__subject *subject, const nn_param *param)
{
    double value;
    if (param->type != NN_TYPE_REAL && param->type != NN_TYPE_INT) {
        return;
    }
    if (number_at(param, param->min, param->max, (param->flags & NN_OPEN_MIN) != 0, &value)) {
        add_number(subject, param, value, true);
    }
    if (number_at(param, param->max, param->min, (param->flags & NN_OPEN_MAX) != 0, &value)) {
        add_number(subject, param, value, true);
    }
}

/* One set more with all switches turned and all bounded numbers changed: what one parameter alone does not
 * reach (nesterov needs momentum). */
static void vary_together(nn__subject *subject)
{
    nn_text change = {0}, said = {0};
    const nn_param *params = subject->plugin->about->params;
    for (const nn_param *param = params; param != NULL && param->name != NULL; param++) {
        if (!given(subject->contract, param->name) && (param->flags & NN_DEPRECATED) == 0) {
            append_change(param, &change);
        }
    }
    if (strchr(nn_text_view(&change), ',') != NULL) {
        add_instance(subject, nn_text_view(&change), true, &said);
    }
    nn_text_finish(&change);
    nn_text_finish(&said);
    nn_story_clear();
}

bool nn__subject_takes_parameters(nn__subject *subject)
{
    nn_text yaml = {0}, said = {0};
    nn_component *component = NULL;
    bool lacks = false; /* what must be given is told by the checks that ask for it */
    const nn_param *params = subject->plugin->about->params;
    for (const nn_param *param = params; param != NULL && param->name != NULL; param++) {
        lacks = lacks || ((param->flags & NN_REQUIRED) != 0 && !given(subject->contract, param->name));
    }
    unsigned bits = has_precision(subject, 64) ? 64 : 32;
    bool good = true;
    if (subject->contract->parameter_count > 0 && !lacks && has_precision(subject, bits)) {
        write_component(subject, "", &yaml);
        good = bind_one(subject, nn_text_view(&yaml), bits, &said, &component) == NN_OK && component != NULL;
        if (!good) {
            nn__check_fail(subject, "%s", said.length > 0 ? nn_text_view(&said) : nn_story());
        }
    }
    nn_text_finish(&yaml);
    nn_text_finish(&said);
    return good;
}

bool nn__subject_bind(nn__subject *subject)
{
    const nn_param *params = subject->plugin->about->params;
    for (const nn_param *param = params; param != NULL && param->name != NULL; param++) {
        if ((param->flags & NN_REQUIRED) != 0 && !given(subject->contract, param->name)) {
            nn__check_skip(subject, "needs %s=VALUE (%s)", param->name, param->doc);
            return false;
        }
    }
    nn_text said = {0};
    if (!add_instance(subject, "", false, &said)) {
        nn__check_fail(subject, "it can't be used with its defaults: %s", nn_text_view(&said));
        nn_text_finish(&said);
        return false;
    }
    nn_text_finish(&said);
    for (const nn_param *param = params; param != NULL && param->name != NULL; param++) {
        if (!given(subject->contract, param->name) && (param->flags & NN_DEPRECATED) == 0) {
            vary(subject, param);
        }
    }
    vary_together(subject);
    for (const nn_param *param = params; param != NULL && param->name != NULL; param++) {
        if (!given(subject->contract, param->name) && (param->flags & NN_DEPRECATED) == 0) {
            try_ends(subject, param);
        }
    }
    if (subject->scene != NULL) {
        subject->scene->set[0] = '\0';
    }
    return true;
}
