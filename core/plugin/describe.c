/* SPDX-License-Identifier: MIT */
#include "plugin/describe.h"

#include "plugin/param.h"

#include <math.h>
#include <string.h>

/* ---- Text ---- */

/* "real > 0, default 0.01" */
static void put_kind_of_value(const nn_param *param, nn_text *out)
{
    nn_text range = {0}, value = {0};
    bool choice = nn__param_element(param) == NN_TYPE_CHOICE;
    nn__param_put_range(param, &range);
    nn__param_put_default(param, &value);
    if (!choice || (param->type & NN_TYPE_LIST) != 0) {
        nn__param_put_type(param, out);
        nn_text_put(out, range.length > 0 ? " " : "");
    }
    nn_text_put(out, nn_text_view(&range));
    if ((param->flags & NN_REQUIRED) != 0) {
        nn_text_put(out, ", required");
    } else if ((param->flags & NN_OPTIONAL) != 0) {
        nn_text_put(out, ", optional");
    } else {
        nn_text_printf(out, ", default %s", nn_text_view(&value));
    }
    if (param->unit[0] != '\0') {
        nn_text_printf(out, " (%s)", param->unit);
    }
    if ((param->flags & NN_DEPRECATED) != 0) {
        nn_text_put(out, ", deprecated");
    }
    nn_text_finish_part(&range, out);
    nn_text_finish_part(&value, out);
}

static void put_parameters(const nn_about *about, nn_text *out)
{
    size_t count = nn__param_count(about->params), width = 0;
    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(about->params[i].name);
        width = length > width ? length : width;
    }
    nn_text_put(out, count > 0 ? "\nparameters\n" : "\nno parameters\n");
    for (size_t i = 0; i < count; i++) {
        const nn_param *param = &about->params[i];
        nn_text_printf(out, "  %-*s  ", (int)width, param->name);
        put_kind_of_value(param, out);
        nn_text_printf(out, "\n  %*s  %s\n", (int)width, "", param->doc);
    }
}

static void put_variants(const nn_plugin *plugin, nn_text *out)
{
    for (unsigned bits = 32; bits <= 64; bits += 32) {
        const char *between = bits == 32 || out->length == 0 ? "" : "; ";
        bool first = true;
        for (size_t i = 0; i < plugin->manifest->variant_count; i++) {
            const nn_variant *variant = &plugin->manifest->variants[i];
            if (variant->bits == bits) {
                if (first) {
                    nn_text_printf(out, "%sfloat%u for", between, bits);
                }
                nn_text_printf(out, " %s", nn_isa_name((nn_isa)variant->isa));
                first = false;
            }
        }
    }
}

void nn_describe_example(const nn_plugin *plugin, nn_text *out)
{
    const nn_about *about = plugin->about;
    size_t required = 0;
    for (size_t i = 0; i < nn__param_count(about->params); i++) {
        required += (about->params[i].flags & NN_REQUIRED) != 0;
    }
    /* Those that must be there, else the first one, to show the form. */
    bool plain = nn__param_count(about->params) == 0;
    bool list = plugin->kind == NN_KIND_TRANSFORM;
    const char *key = plugin->kind == NN_KIND_LOADER ? "train" : nn_kind_name(plugin->kind);
    nn_text_printf(out, list ? "transforms: [" : "%s: ", key);
    nn_text_printf(out, plain ? "%s" : "{use: %s", plugin->name);
    for (size_t i = 0; i < nn__param_count(about->params); i++) {
        const nn_param *param = &about->params[i];
        bool shown = required > 0 ? (param->flags & NN_REQUIRED) != 0 : i == 0;
        if (shown) {
            nn_text value = {0};
            nn__param_put_default(param, &value);
            nn_text_printf(out, ", %s: %s", param->name, value.length > 0 ? nn_text_view(&value) : "...");
            nn_text_finish_part(&value, out);
        }
    }
    nn_text_put(out, plain ? "" : "}");
    nn_text_put(out, list ? "]" : "");
}

void nn_describe_text(const nn_plugin *plugin, nn_text *out)
{
    const nn_about *about = plugin->about;
    nn_text_printf(out, "%s %s: %s\n", nn_kind_name(plugin->kind), plugin->name, about->summary);
    if (about->formula[0] != '\0') {
        nn_text_printf(out, "\n  %s\n", about->formula);
    }
    put_parameters(about, out);
    nn_text example = {0}, variants = {0};
    nn_describe_example(plugin, &example);
    put_variants(plugin, &variants);
    nn_text_printf(out, "\nexample    %s\n", nn_text_view(&example));
    if (about->reference[0] != '\0') {
        nn_text_printf(out, "reference  %s\n", about->reference);
    }
    nn_text_printf(out, "variants   %s\n", nn_text_view(&variants));
    nn_text_printf(out, "built      ABI %u.%u, %s\n", (unsigned)plugin->manifest->abi_major,
                   (unsigned)plugin->manifest->abi_minor, plugin->manifest->built_with);
    nn_text_printf(out, "file       %s\n", plugin->path);
    nn_text_finish_part(&example, out);
    nn_text_finish_part(&variants, out);
}

/* ---- JSON ---- */

static void put_key(nn_text *out, const char *key, const char *value)
{
    nn_text_json(out, key);
    nn_text_put(out, ": ");
    nn_text_json(out, value);
}

/* A default as a JSON value: numbers, booleans and lists of numbers as they are, the rest as text.
 * Infinities have no JSON number. */
static void put_json_default(const nn_param *param, nn_text *out)
{
    nn_text value = {0};
    nn__param_put_default(param, &value);
    const char *text = nn_text_view(&value);
    uint32_t element = nn__param_element(param);
    bool number = element == NN_TYPE_REAL || element == NN_TYPE_INT || param->type == NN_TYPE_BOOL;
    if (number && strstr(text, "inf") == NULL) {
        nn_text_put(out, text);
    } else if (param->type == NN_TYPE_TEXT) {
        nn_text_json(out, param->def_text == NULL ? "" : param->def_text);
    } else {
        nn_text_json(out, text);
    }
    nn_text_finish_part(&value, out);
}

static void put_bounds(const nn_param *param, nn_text *out)
{
    uint32_t element = nn__param_element(param);
    if (element != NN_TYPE_REAL && element != NN_TYPE_INT) {
        return;
    }
    if (!isinf(param->min)) {
        nn_text_put(out, (param->flags & NN_OPEN_MIN) != 0 ? ", \"exclusiveMinimum\": " : ", \"minimum\": ");
        nn__put_real(out, param->min);
    }
    if (!isinf(param->max)) {
        nn_text_put(out, (param->flags & NN_OPEN_MAX) != 0 ? ", \"exclusiveMaximum\": " : ", \"maximum\": ");
        nn__put_real(out, param->max);
    }
}

static void put_json_choices(const nn_param *param, const char *key, nn_text *out)
{
    nn_text_printf(out, ", \"%s\": [", key);
    for (size_t i = 0; i < nn__param_choices(param); i++) {
        nn_text_put(out, i > 0 ? ", " : "");
        nn_text_json(out, param->choices[i]);
    }
    nn_text_put(out, "]");
}

static bool has_default(const nn_param *param)
{
    return (param->flags & (NN_REQUIRED | NN_OPTIONAL)) == 0;
}

static void put_json_param(const nn_param *param, nn_text *out)
{
    nn_text type = {0};
    nn__param_put_type(param, &type);
    nn_text_put(out, "{");
    put_key(out, "name", param->name);
    nn_text_put(out, ", ");
    put_key(out, "type", nn_text_view(&type));
    nn_text_put(out, ", ");
    put_key(out, "doc", param->doc);
    nn_text_put(out, ", ");
    put_key(out, "unit", param->unit);
    nn_text_printf(out, ", \"required\": %s", (param->flags & NN_REQUIRED) != 0 ? "true" : "false");
    if (has_default(param)) {
        nn_text_put(out, ", \"default\": ");
        put_json_default(param, out);
    }
    put_bounds(param, out);
    if (nn__param_element(param) == NN_TYPE_CHOICE) {
        put_json_choices(param, "choices", out);
    }
    if ((param->type & NN_TYPE_LIST) != 0) {
        nn_text_printf(out, ", \"least\": %zu", param->least);
        if (param->most > 0) {
            nn_text_printf(out, ", \"most\": %zu", param->most);
        }
    }
    if ((param->flags & NN_LOG) != 0) {
        nn_text_put(out, ", \"log\": true");
    }
    if ((param->flags & NN_DEPRECATED) != 0) {
        nn_text_put(out, ", \"deprecated\": true");
    }
    nn_text_put(out, "}");
    nn_text_finish_part(&type, out);
}

void nn_describe_json(const nn_plugin *plugin, nn_text *out)
{
    const nn_about *about = plugin->about;
    const struct {
        const char *key, *value;
    } texts[] = {
        {"kind", nn_kind_name(plugin->kind)}, {"name", plugin->name},
        {"summary", about->summary}, {"formula", about->formula},
        {"reference", about->reference}, {"file", plugin->path},
        {"sha256", plugin->sha256}, {"built_with", plugin->manifest->built_with},
    };
    nn_text_put(out, "{");
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        nn_text_put(out, i > 0 ? ", " : "");
        put_key(out, texts[i].key, texts[i].value);
    }
    nn_text_printf(out, ", \"abi\": \"%u.%u\", \"variants\": [", (unsigned)plugin->manifest->abi_major,
                   (unsigned)plugin->manifest->abi_minor);
    for (size_t i = 0; i < plugin->manifest->variant_count; i++) {
        const nn_variant *variant = &plugin->manifest->variants[i];
        nn_text_printf(out, "%s{\"bits\": %u, \"isa\": \"%s\"}", i > 0 ? ", " : "",
                       (unsigned)variant->bits, nn_isa_name((nn_isa)variant->isa));
    }
    nn_text_put(out, "], \"parameters\": [");
    for (size_t i = 0; i < nn__param_count(about->params); i++) {
        nn_text_put(out, i > 0 ? ", " : "");
        put_json_param(&about->params[i], out);
    }
    nn_text_put(out, "]}");
}

/* ---- JSON Schema ---- */

static void put_schema_value(const nn_param *param, nn_text *out)
{
    static const char *const types[] = {
        [NN_TYPE_REAL] = "number", [NN_TYPE_INT] = "integer", [NN_TYPE_BOOL] = "boolean",
        [NN_TYPE_TEXT] = "string", [NN_TYPE_CHOICE] = "string", [NN_TYPE_PATH] = "string",
    };
    nn_text_printf(out, "\"type\": \"%s\"", types[nn__param_element(param)]);
    put_bounds(param, out);
    if (nn__param_element(param) == NN_TYPE_CHOICE) {
        put_json_choices(param, "enum", out);
    }
}

static void put_schema_param(const nn_param *param, nn_text *out)
{
    nn_text_json(out, param->name);
    nn_text_put(out, ": {");
    if ((param->type & NN_TYPE_LIST) != 0) {
        nn_text_put(out, "\"type\": \"array\", \"items\": {");
        put_schema_value(param, out);
        nn_text_printf(out, "}, \"minItems\": %zu", param->least);
        if (param->most > 0) {
            nn_text_printf(out, ", \"maxItems\": %zu", param->most);
        }
    } else {
        put_schema_value(param, out);
    }
    nn_text_put(out, ", ");
    put_key(out, "description", param->doc);
    if (has_default(param)) {
        nn_text_put(out, ", \"default\": ");
        put_json_default(param, out);
    }
    if ((param->flags & NN_DEPRECATED) != 0) {
        nn_text_put(out, ", \"deprecated\": true");
    }
    nn_text_put(out, "}");
}

static bool needs_parameters(const nn_about *about)
{
    for (size_t i = 0; i < nn__param_count(about->params); i++) {
        if ((about->params[i].flags & NN_REQUIRED) != 0) {
            return true;
        }
    }
    return false;
}

static void put_schema(const nn_plugin *plugin, const char *extra, nn_text *out)
{
    const nn_about *about = plugin->about;
    nn_text_put(out, "{\"type\": \"object\", ");
    put_key(out, "title", plugin->name);
    nn_text_put(out, ", ");
    put_key(out, "description", about->summary);
    nn_text_put(out, ", \"properties\": {\"use\": {\"const\": ");
    nn_text_json(out, plugin->name);
    nn_text_put(out, "}");
    for (size_t i = 0; i < nn__param_count(about->params); i++) {
        nn_text_put(out, ", ");
        put_schema_param(&about->params[i], out);
    }
    if (extra != NULL) {
        nn_text_printf(out, ", %s", extra);
    }
    nn_text_put(out, "}, \"patternProperties\": {\"^x-\": {}}, \"required\": [\"use\"");
    for (size_t i = 0; i < nn__param_count(about->params); i++) {
        if ((about->params[i].flags & NN_REQUIRED) != 0) {
            nn_text_put(out, ", ");
            nn_text_json(out, about->params[i].name);
        }
    }
    nn_text_put(out, "], \"additionalProperties\": false}");
}

void nn_describe_schema(const nn_plugin *plugin, nn_text *out)
{
    put_schema(plugin, NULL, out);
}

nn_status nn_describe_kind_schema(nn_registry *registry, nn_kind kind, const char *extra,
                                  nn_arena *arena, nn_text *out)
{
    const char *const *names;
    size_t count;
    bool any = false;
    NN_TRY(nn_registry_names(registry, kind, arena, &names, &count));
    nn_text_put(out, "{\"anyOf\": [");
    for (size_t i = 0; i < count; i++) {
        const nn_plugin *plugin;
        nn_status status = nn_registry_find(registry, kind, names[i], &plugin);
        if (status == NN_ERR_MEMORY) {
            return status;
        }
        if (status != NN_OK) {
            nn_story_clear();
            continue;
        }
        nn_text_put(out, any ? ", " : "");
        if (!needs_parameters(plugin->about)) {
            nn_text_put(out, "{");
            put_key(out, "const", plugin->name);
            nn_text_put(out, ", ");
            put_key(out, "description", plugin->about->summary);
            nn_text_put(out, "}, ");
        }
        put_schema(plugin, extra, out);
        any = true;
    }
    /* Without any plugin at hand, any component is as good as another. */
    nn_text_put(out, any ? "]}" : "{\"type\": [\"string\", \"object\"]}]}");
    return nn_text_status(out);
}
