/* SPDX-License-Identifier: MIT */
#include "plugin/param.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

size_t nn__param_count(const nn_param *params)
{
    size_t count = 0;
    while (params != NULL && params[count].name != NULL) {
        count++;
    }
    return count;
}

const nn_param *nn__param_find(const nn_param *params, const char *name)
{
    for (; params != NULL && params->name != NULL; params++) {
        if (strcmp(params->name, name) == 0) {
            return params;
        }
    }
    return NULL;
}

uint32_t nn__param_element(const nn_param *param)
{
    return param->type & ~(uint32_t)NN_TYPE_LIST;
}

size_t nn__param_element_size(uint32_t element)
{
    switch (element) {
    case NN_TYPE_REAL:
        return sizeof(double);
    case NN_TYPE_INT:
    case NN_TYPE_CHOICE:
        return sizeof(int64_t);
    case NN_TYPE_BOOL:
        return sizeof(bool);
    case NN_TYPE_TEXT:
    case NN_TYPE_PATH:
        return sizeof(const char *);
    default:
        return 0;
    }
}

size_t nn__param_size(const nn_param *param)
{
    return (param->type & NN_TYPE_LIST) != 0 ? sizeof(nn_list)
                                             : nn__param_element_size(nn__param_element(param));
}

size_t nn__param_choices(const nn_param *param)
{
    size_t count = 0;
    while (param->choices != NULL && param->choices[count] != NULL) {
        count++;
    }
    return count;
}

bool nn__param_in_range(const nn_param *param, double value)
{
    bool above = (param->flags & NN_OPEN_MIN) != 0 ? value > param->min : value >= param->min;
    bool below = (param->flags & NN_OPEN_MAX) != 0 ? value < param->max : value <= param->max;
    return above && below;
}

void nn__param_put_type(const nn_param *param, nn_text *out)
{
    static const char *const names[] = {"?", "real", "int", "bool", "text", "choice", "path"};
    uint32_t element = nn__param_element(param);
    nn_text_printf(out, "%s%s", (param->type & NN_TYPE_LIST) != 0 ? "list of " : "",
                   names[element < sizeof names / sizeof names[0] ? element : 0]);
}

void nn__put_real(nn_text *out, double value)
{
    if (isinf(value)) {
        nn_text_put(out, value < 0 ? "-.inf" : ".inf");
        return;
    }
    if (fabs(value) < 1e9 && value == floor(value)) {
        nn_text_printf(out, "%.0f", value); /* 10, not 1e+01 */
        return;
    }
    for (int digits = 1; digits <= 17; digits++) {
        char text[32];
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (digits == 17 || strtod(text, NULL) == value) {
            nn_text_put(out, text);
            return;
        }
    }
}

static void put_choices(const nn_param *param, nn_text *out)
{
    nn_text_put(out, "one of: ");
    for (size_t i = 0; i < nn__param_choices(param); i++) {
        nn_text_printf(out, "%s%s", i > 0 ? ", " : "", param->choices[i]);
    }
}

void nn__param_put_range(const nn_param *param, nn_text *out)
{
    uint32_t element = nn__param_element(param);
    if (element == NN_TYPE_CHOICE) {
        put_choices(param, out);
    }
    if (element != NN_TYPE_REAL && element != NN_TYPE_INT) {
        return;
    }
    /* Doubles stand for int64_t's ends only roughly: bounds beyond 2^53 are no bounds. */
    bool least = element == NN_TYPE_REAL ? !isinf(param->min) : param->min > -0x1p53;
    bool most = element == NN_TYPE_REAL ? !isinf(param->max) : param->max < 0x1p53;
    bool open_least = (param->flags & NN_OPEN_MIN) != 0, open_most = (param->flags & NN_OPEN_MAX) != 0;
    if (least && most) {
        nn_text_put(out, open_least ? "in (" : "in [");
        nn__put_real(out, param->min);
        nn_text_put(out, ", ");
        nn__put_real(out, param->max);
        nn_text_put(out, open_most ? ")" : "]");
    } else if (least) {
        nn_text_put(out, open_least ? "> " : ">= ");
        nn__put_real(out, param->min);
    } else if (most) {
        nn_text_put(out, open_most ? "< " : "<= ");
        nn__put_real(out, param->max);
    }
}

void nn__param_put_default(const nn_param *param, nn_text *out)
{
    if ((param->flags & (NN_REQUIRED | NN_OPTIONAL)) != 0) {
        return;
    }
    if ((param->type & NN_TYPE_LIST) != 0) {
        nn_text_put(out, param->def_text == NULL ? "[]" : param->def_text);
        return;
    }
    switch (param->type) {
    case NN_TYPE_REAL:
        nn__put_real(out, param->def);
        break;
    case NN_TYPE_INT:
        nn_text_printf(out, "%lld", (long long)param->def);
        break;
    case NN_TYPE_BOOL:
        nn_text_put(out, param->def != 0 ? "true" : "false");
        break;
    case NN_TYPE_CHOICE:
        nn_text_put(out, param->choices[(size_t)param->def]);
        break;
    default:
        nn_text_put(out, param->def_text == NULL ? "\"\"" : param->def_text);
        break;
    }
}

void nn__put_param_names(const nn_param *params, nn_text *out)
{
    for (size_t i = 0; i < nn__param_count(params); i++) {
        nn_text_printf(out, "%s%s", i > 0 ? ", " : "", params[i].name);
    }
}
