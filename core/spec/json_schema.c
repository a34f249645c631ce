/* SPDX-License-Identifier: MIT */
/* Two passes over the table: what a value may be, and what a spec that extends no other must have.  A
 * spec that extends may give a part of any mapping; elements of lists are always whole. */
#include "spec/json_schema.h"

#include "spec/node.h"
#include "spec/schema.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static void put_keys(const nn_key *keys, bool whole, size_t indent, nn_text *out);

static void put_line(nn_text *out, size_t indent)
{
    nn_text_printf(out, "\n%*s", (int)(2 * indent), "");
}

/* Numbers as JSON has them; the table holds no other non-finite value than "no limit". */
static void put_limit(nn_text *out, const char *name, double value)
{
    if (isfinite(value)) {
        nn_text_printf(out, ", \"%s\": %.17g", name, value);
    }
}

static void put_limits(const nn_key *key, nn_text *out)
{
    put_limit(out, key->flags & NN_KEY_OPEN_MIN ? "exclusiveMinimum" : "minimum", key->min);
    put_limit(out, key->flags & NN_KEY_OPEN_MAX ? "exclusiveMaximum" : "maximum", key->max);
}

static void put_choices(const nn_key *key, nn_text *out)
{
    nn_text_put(out, "\"enum\": [");
    for (const nn_word *word = key->choices; word->name != NULL; word++) {
        nn_text_put(out, word == key->choices ? "" : ", ");
        nn_text_json(out, word->name);
    }
    nn_text_put(out, "]");
}

/* "loader", or "train" for the loader that takes the host's own keys, too. */
static const char *definition(const nn_key *key)
{
    return key->type == NN_KEY_COMPONENT && key->keys != NULL ? key->name : key->kind;
}

/* {"$ref": KIND}, and where mappings merge also parameters alone. */
static void put_component(const nn_key *key, bool whole, nn_text *out)
{
    nn_text_printf(out, "{\"$ref\": \"#/$defs/%s\"}", definition(key));
    if (whole) {
        return;
    }
    nn_text_put(out, ", {\"type\": \"object\", \"not\": {\"anyOf\": [{\"required\": [\"use\"]}");
    for (const nn_key *one = key->keys; key->type == NN_KEY_EITHER && one->name != NULL; one++) {
        nn_text_printf(out, ", {\"required\": [\"%s\"]}", one->name);
    }
    nn_text_put(out, "]}}");
}

static void put_word(const nn_key *key, nn_text *out)
{
    if (key->word != NULL) {
        nn_text_put(out, "{\"const\": ");
        nn_text_json(out, key->word);
        nn_text_put(out, "}, ");
    }
}

/* One object for each of the keys that exclude each other. */
static void put_either(const nn_key *key, size_t indent, nn_text *out)
{
    nn_text_put(out, "\"anyOf\": [");
    put_word(key, out);
    put_component(key, false, out);
    for (const nn_key *one = key->keys; one->name != NULL; one++) {
        const nn_key alone[] = {*one, {.name = NULL}};
        nn_text_put(out, ", {\"required\": [");
        nn_text_json(out, one->name);
        nn_text_put(out, "], ");
        put_keys(alone, false, indent, out);
        nn_text_put(out, "}");
    }
    nn_text_put(out, "]");
}

/* What a value may be, without the braces. */
static void put_value(const nn_key *key, bool whole, size_t indent, nn_text *out)
{
    switch (key->type) {
    case NN_KEY_INTEGER:
    case NN_KEY_REAL:
        nn_text_put(out, key->type == NN_KEY_INTEGER ? "\"type\": \"integer\"" : "\"type\": \"number\"");
        put_limits(key, out);
        break;
    case NN_KEY_TEXT:
        nn_text_put(out, "\"type\": [\"string\", \"number\", \"boolean\"]");
        break;
    case NN_KEY_NAME:
        nn_text_put(out, "\"type\": [\"string\", \"number\"], \"maxLength\": 100, "
                         "\"pattern\": \"^[^./\\\\\\\\-][^/\\\\\\\\]*$\"");
        break;
    case NN_KEY_PATH:
        nn_text_put(out, "\"type\": \"string\", \"minLength\": 1");
        break;
    case NN_KEY_CHOICE:
    case NN_KEY_METRIC:
        put_choices(key, out);
        break;
    case NN_KEY_COMPONENT:
        nn_text_put(out, "\"anyOf\": [");
        put_component(key, whole, out);
        nn_text_put(out, "]");
        break;
    case NN_KEY_EITHER:
        put_either(key, indent, out);
        break;
    case NN_KEY_MAP:
        put_keys(key->keys, whole, indent, out);
        break;
    case NN_KEY_PATHS:
        nn_text_put(out, "\"type\": \"array\", \"items\": {\"type\": \"string\", \"minLength\": 1}");
        break;
    case NN_KEY_COMPONENTS:
        nn_text_put(out, "\"type\": \"array\", \"items\": ");
        put_component(key, true, out);
        break;
    case NN_KEY_MAPS:
        nn_text_printf(out, "\"type\": \"array\", \"minItems\": %d, \"items\": {",
                       (key->flags & NN_KEY_NOT_EMPTY) != 0);
        put_keys(key->keys, true, indent, out);
        nn_text_put(out, "}");
        break;
    }
}

static void put_default(const nn_key *key, nn_text *out)
{
    const nn_node node = {.kind = NN_NODE_SCALAR, .text = key->def == NULL ? "" : key->def};
    double number;
    if (key->def == NULL || key->flags & NN_KEY_SPARSE) {
        return;
    }
    nn_text_put(out, ", \"default\": ");
    if (strcmp(key->def, "[]") == 0) {
        nn_text_put(out, "[]");
    } else if (nn_node_real(&node, &number)) {
        nn_text_printf(out, "%.17g", number);
    } else {
        nn_text_json(out, key->def);
    }
}

static void put_property(const nn_key *key, bool whole, size_t indent, nn_text *out)
{
    bool either_word = key->word != NULL && key->type != NN_KEY_EITHER;
    nn_text_json(out, key->name);
    nn_text_put(out, ": {\"description\": ");
    nn_text_json(out, key->doc);
    put_default(key, out);
    nn_text_put(out, ", ");
    if (either_word) {
        nn_text_put(out, "\"anyOf\": [");
        put_word(key, out);
        nn_text_put(out, "{");
    }
    put_value(key, whole, indent, out);
    nn_text_put(out, either_word ? "}]}" : "}");
}

static void put_required(const nn_key *keys, nn_text *out)
{
    bool any = false;
    for (const nn_key *key = keys; key->name != NULL; key++) {
        if (key->flags & NN_KEY_REQUIRED) {
            nn_text_put(out, any ? ", " : "\"required\": [");
            nn_text_json(out, key->name);
            any = true;
        }
    }
    nn_text_put(out, any ? "], " : "");
}

/* An object with these keys and the user's own, without the braces. */
static void put_keys(const nn_key *keys, bool whole, size_t indent, nn_text *out)
{
    nn_text_put(out, "\"type\": \"object\", \"additionalProperties\": false, "
                     "\"patternProperties\": {\"^x-\": true}, ");
    if (whole) {
        put_required(keys, out);
    }
    nn_text_put(out, "\"properties\": {");
    for (const nn_key *key = keys; key->name != NULL; key++) {
        put_line(out, indent + 1);
        put_property(key, whole, indent + 1, out);
        nn_text_put(out, key[1].name == NULL ? "" : ",");
    }
    put_line(out, indent);
    nn_text_put(out, "}");
}

/* What must be there where nothing is extended, without the braces. */
static void put_demands(const nn_key *keys, nn_text *out)
{
    bool any = false;
    put_required(keys, out);
    nn_text_put(out, "\"properties\": {");
    for (const nn_key *key = keys; key->name != NULL; key++) {
        bool component = key->type == NN_KEY_COMPONENT, either = key->type == NN_KEY_EITHER;
        if (key->type != NN_KEY_MAP && !component && !either) {
            continue;
        }
        nn_text_put(out, any ? ", " : "");
        any = true;
        nn_text_json(out, key->name);
        nn_text_put(out, ": {");
        if (key->type == NN_KEY_MAP) {
            put_demands(key->keys, out);
        } else if (component) {
            nn_text_put(out, "\"required\": [\"use\"]");
        } else {
            nn_text_put(out, "\"if\": {\"type\": \"object\"}, \"then\": {\"anyOf\": "
                             "[{\"required\": [\"use\"]}");
            for (const nn_key *one = key->keys; one->name != NULL; one++) {
                nn_text_printf(out, ", {\"required\": [\"%s\"]}", one->name);
            }
            nn_text_put(out, "]}");
        }
        nn_text_put(out, "}");
    }
    nn_text_put(out, "}");
}

/* ---- definitions: each kind once, and once more where the host adds keys ---- */

typedef struct definitions {
    nn_kind_schema *component;
    void *context;
    const char *names[32];
    size_t count;
} definitions;

static nn_status put_definition(definitions *d, const nn_key *key, nn_text *out)
{
    const char *name = definition(key);
    for (size_t i = 0; i < d->count; i++) {
        if (strcmp(d->names[i], name) == 0) {
            return NN_OK;
        }
    }
    nn_text_put(out, d->count == 0 ? "" : ",");
    put_line(out, 2);
    nn_text_json(out, name);
    nn_text_put(out, ": ");
    nn_text extra = {0};
    const nn_key *own = key->type == NN_KEY_COMPONENT ? key->keys : NULL;
    for (const nn_key *one = own; one != NULL && one->name != NULL; one++) {
        nn_text_put(&extra, one == own ? "" : ", ");
        put_property(one, false, 3, &extra);
    }
    nn_status status = nn_text_status(&extra);
    if (status == NN_OK) {
        status = d->component(d->context, key->kind, own == NULL ? NULL : nn_text_view(&extra), out);
    }
    nn_text_finish(&extra);
    d->names[d->count++] = name;
    return status;
}

static nn_status put_definitions(definitions *d, const nn_key *keys, nn_text *out)
{
    for (const nn_key *key = keys; key->name != NULL; key++) {
        if (key->kind != NULL) {
            NN_TRY(put_definition(d, key, out));
        }
        if (key->keys != NULL) {
            NN_TRY(put_definitions(d, key->keys, out));
        }
    }
    return NN_OK;
}

nn_status nn_json_schema(nn_kind_schema *component, void *context, nn_text *out)
{
    definitions d = {.component = component, .context = context};
    nn_text_put(out, "{\n  \"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n"
                     "  \"title\": \"nnrun experiment\",\n"
                     "  \"description\": \"An experiment of nnrun: data, network and training.\",\n  ");
    put_keys(nn_spec_keys, false, 1, out);
    nn_text_put(out, ",\n  \"if\": {\"type\": \"object\", \"required\": [\"extends\"]},\n"
                     "  \"else\": {");
    put_demands(nn_spec_keys, out);
    nn_text_put(out, "},\n  \"$defs\": {");
    NN_TRY(put_definitions(&d, nn_spec_keys, out));
    nn_text_put(out, "\n  }\n}\n");
    return nn_text_status(out);
}
