/* SPDX-License-Identifier: MIT */
#include "spec/manual.h"

#include "spec/schema.h"
#include "spec/wants.h"

#include <stdio.h>
#include <string.h>

static const char OPENING[] =
    "<!-- Written by `nnrun schema --markdown` from the table in core/spec/schema.c; don't edit. -->\n"
    "# The spec\n"
    "\n"
    "An experiment is one YAML file. `nnrun SPEC` runs it, `nnrun check SPEC` names everything that is\n"
    "wrong with it, `nnrun render SPEC` shows it with every default, and `nnrun schema` gives editors a\n"
    "JSON Schema of all of it. The files in [experiments](../experiments) are examples; with the line\n"
    "`# yaml-language-server: $schema=FILE` editors complete and check them as they are typed\n"
    "(scripts/setup writes build/release/spec.schema.json). [ERRORS](ERRORS.md) shows ten mistakes and\n"
    "what nnrun says of each.\n"
    "\n"
    "- **Types come from the key**, not from YAML's guesses: `1e-3` is a number, `1e3` a whole number.\n"
    "  A number in quotes is a text.\n"
    "- **A component** (activation, cost, optimizer, ...) is written `key: name` or\n"
    "  `key: {use: name, parameter: value}`. `nnrun plugins` lists them, `nnrun plugins show NAME` tells\n"
    "  what one takes.\n"
    "- **Paths** are taken from the folder of the file that writes them, on the command line from the\n"
    "  working folder.\n"
    "- **Unknown keys are errors**, but keys that begin with `x-` are your own.\n"
    "- **Anchors and aliases** work; tags, directives and merge keys (`<<`) are refused. A file holds at\n"
    "  most 1 MB, 64 levels and 10,000 values.\n"
    "\n"
    "## Changing a spec\n"
    "\n"
    "`extends: FILE` begins with another spec: mappings merge key by key, lists and scalars replace. A\n"
    "component with another `use` drops the parameters of the old one; parameters without `use` go to the\n"
    "component that is there; another kind of `data.validation` replaces the old kind.\n"
    "\n"
    "`key.path=value` behind the spec on the command line replaces one value, after `extends`:\n"
    "\n"
    "```sh\n"
    "nnrun experiments/baseline.yaml training.epochs=3 network.layers.0.units=30 \\\n"
    "    'training.optimizer={use: sgd, rate: 1e-1}'\n"
    "```\n"
    "\n"
    "Another component (`training.optimizer=adam`, `training.optimizer.use=adam`) drops the parameters that the\n"
    "spec gives the old one; those given on the command line stay, in whatever order. In the same way\n"
    "`data.validation.count=N` replaces a `fraction` of the spec, and the other way round; to give both on the\n"
    "command line is an error, as it is in a spec.\n";

static void put_escaped(const char *text, nn_text *out)
{
    for (const char *s = text; *s != '\0'; s++) {
        nn_text_printf(out, *s == '|' ? "\\|" : "%c", *s);
    }
}

static void put_words(const nn_key *key, nn_text *out)
{
    for (const nn_word *word = key->choices; word->name != NULL; word++) {
        nn_text_printf(out, "%s`%s`", word == key->choices ? "" : ", ", word->name);
        if (word->doc != NULL) {
            nn_text_printf(out, " (%s)", word->doc);
        }
    }
}

static void put_type(const nn_key *key, nn_text *out)
{
    switch (key->type) {
    case NN_KEY_CHOICE:
    case NN_KEY_METRIC:
        put_words(key, out);
        break;
    case NN_KEY_COMPONENT:
        nn_text_printf(out, "%s", key->kind);
        break;
    case NN_KEY_COMPONENTS:
        nn_text_printf(out, "list of %ss", key->kind);
        break;
    case NN_KEY_EITHER:
        for (const nn_key *one = key->keys; one->name != NULL; one++) {
            nn_text_printf(out, "`{%s: ...}`, ", one->name);
        }
        nn_text_printf(out, "%s", key->kind);
        break;
    case NN_KEY_MAP:
        nn_text_put(out, "mapping");
        break;
    case NN_KEY_MAPS:
        nn_text_put(out, "list of mappings");
        break;
    case NN_KEY_PATHS:
        nn_text_put(out, "list of paths");
        break;
    default: {
        nn_key plain = *key;
        plain.word = NULL;
        nn_key_wants(&plain, out);
        break;
    }
    }
    if (key->unit != NULL) {
        nn_text_printf(out, ", in %s", key->unit);
    }
    if (key->word != NULL) {
        nn_text_printf(out, ", or `%s`", key->word);
    }
}

static void put_row(const nn_key *key, nn_text *out)
{
    nn_text cell = {0};
    nn_text_printf(out, "| `%s` | ", key->name);
    put_type(key, &cell);
    put_escaped(nn_text_view(&cell), out);
    nn_text_finish_part(&cell, out);
    if (key->flags & NN_KEY_REQUIRED) {
        nn_text_put(out, " | required | ");
    } else if (key->def == NULL || key->flags & NN_KEY_SPARSE) {
        nn_text_put(out, " | | ");
    } else {
        nn_text_printf(out, " | `%s` | ", key->def);
    }
    put_escaped(key->doc, out);
    nn_text_put(out, " |\n");
}

/* A section a table: its rows, then the tables below it. */
static void put_section(const nn_key *keys, const char *path, const char *doc, nn_text *out)
{
    nn_text_printf(out, "\n## %s%s%s\n\n", *path == '\0' ? "" : "`", *path == '\0' ? "Keys" : path,
                   *path == '\0' ? "" : "`");
    if (doc != NULL) {
        nn_text_printf(out, "%s\n\n", doc);
    }
    nn_text_put(out, "| key | value | default | meaning |\n|---|---|---|---|\n");
    for (const nn_key *key = keys; key->name != NULL; key++) {
        put_row(key, out);
    }
    for (const nn_key *key = keys; key->name != NULL; key++) {
        if (key->keys == NULL) {
            continue;
        }
        nn_text deeper = {0};
        nn_text_printf(&deeper, "%s%s%s%s", path, *path == '\0' ? "" : ".", key->name,
                       key->type == NN_KEY_MAPS ? ".N" : "");
        put_section(key->keys, nn_text_view(&deeper),
                    key->type == NN_KEY_COMPONENT ? "Keys beside the loader's own parameters." : key->doc,
                    out);
        nn_text_finish_part(&deeper, out);
    }
}

void nn_spec_manual(nn_text *out)
{
    nn_text_put(out, OPENING);
    put_section(nn_spec_keys, "", NULL, out);
}
