/* SPDX-License-Identifier: MIT */
/* Every shipped experiment with one key removed, duplicated, misspelled or given a value of another
 * type: thousands of specs, each of which must be refused once, at its line, with the key's name.
 *
 * An experiment is merged with what it extends and written out again, so that a case is a change of
 * the tree and the line to expect is found by parsing the changed text.
 */
#include "../unit/spec/spec_support.h"

#include "plugin/bind.h"
#include "plugin/registry.h"
#include "spec/emit.h"
#include "spec/extend.h"
#include "spec/schema.h"

#include <dirent.h>

enum { PATH_MOST = 256, TYPOS_MOST = 400 };

#ifdef __SANITIZE_ADDRESS__
enum { STRIDE = 11 }; /* of the typos, where each takes ten times as long */
#else
enum { STRIDE = 1 };
#endif

typedef struct tally {
    size_t cases, typos, suggested;
} tally;

typedef struct bench {
    nn_registry *registry;
    nn_isa isa;
    tally total;
    char folder[64];
    char path[96]; /* of the mutated spec */
} bench;

/* One case: what is read, what is bound, what is said. */
typedef struct verdict {
    nn_arena *arena;
    nn_diagnostics *diagnostics;
    nn_text printed;
    size_t errors;
} verdict;

/* ---- checking a text as `nnrun check` does without the data ---- */

typedef struct bound_use {
    nn_kind kind;
    const nn_use *use;
} bound_use;

static size_t list_uses(const nn_experiment *e, bound_use *uses, size_t room)
{
    const bound_use fixed[] = {
        {NN_KIND_LOADER, &e->data.train},
        {NN_KIND_LOADER, &e->data.test},
        {NN_KIND_LOADER, &e->data.validation_loader},
        {NN_KIND_INITIALIZER, &e->network.initializer},
        {NN_KIND_INITIALIZER, &e->network.bias_initializer},
        {NN_KIND_COST, &e->network.cost},
        {NN_KIND_OPTIMIZER, &e->training.optimizer},
        {NN_KIND_SCHEDULE, &e->training.schedule},
    };
    size_t count = sizeof fixed / sizeof fixed[0];
    assert_true(count + e->data.transform_count + 3 * e->network.layer_count <= room);
    memcpy(uses, fixed, sizeof fixed);
    for (size_t i = 0; i < e->data.transform_count; i++) {
        uses[count++] = (bound_use){NN_KIND_TRANSFORM, &e->data.transforms[i]};
    }
    for (size_t i = 0; i < e->network.layer_count; i++) {
        uses[count++] = (bound_use){NN_KIND_ACTIVATION, &e->network.layers[i].activation};
        uses[count++] = (bound_use){NN_KIND_INITIALIZER, &e->network.layers[i].initializer};
        uses[count++] = (bound_use){NN_KIND_INITIALIZER, &e->network.layers[i].bias_initializer};
    }
    return count;
}

static verdict judge(bench *b, const nn_text *text)
{
    verdict v = {0};
    nn_experiment *e;
    nn_host *host;
    bound_use uses[128];
    FILE *file = fopen(b->path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text->bytes, 1, text->length, file), text->length);
    fclose(file);
    assert_int_equal(nn_arena_create(&v.arena), NN_OK);
    assert_int_equal(nn_diagnostics_create(v.arena, &v.diagnostics), NN_OK);
    assert_int_equal(nn_experiment_read(v.arena, b->path, NULL, 0, v.diagnostics, &e), NN_OK);
    assert_int_equal(nn_host_create(v.arena, e->precision, NULL, ".", &host), NN_OK);
    size_t count = list_uses(e, uses, sizeof uses / sizeof uses[0]);
    for (size_t i = 0; i < count; i++) {
        nn_component *component;
        assert_int_equal(nn_bind(b->registry, uses[i].kind, uses[i].use, e->precision, b->isa, host, v.arena,
                                 v.diagnostics, &component),
                         NN_OK);
    }
    nn_diagnostics_print(v.diagnostics, &v.printed);
    v.errors = 0;
    for (const char *s = nn_text_view(&v.printed); (s = strstr(s, ": error: ")) != NULL; s++) {
        v.errors++;
    }
    return v;
}

static void dismiss(verdict *v)
{
    nn_text_finish(&v->printed);
    nn_arena_destroy(v->arena);
}

/* ---- trees ---- */

/* A key of the tree: its map's path in steps, and the key's index in it. */
typedef struct spot {
    char path[PATH_MOST]; /* of the map, "" for the root; names and indices joined by dots */
    size_t index;
} spot;

static nn_node *descend(nn_node *node, const char *path)
{
    char step[64];
    while (*path != '\0') {
        size_t length = strcspn(path, ".");
        assert_true(length < sizeof step);
        memcpy(step, path, length);
        step[length] = '\0';
        node = node->kind == NN_NODE_LIST ? node->items[atoi(step)] : nn_node_get(node, step);
        assert_non_null(node);
        path += length + (path[length] == '.');
    }
    return node;
}

static nn_node *parse_silently(nn_arena *arena, const nn_text *text)
{
    nn_text_source *source;
    nn_diagnostics *diagnostics;
    nn_node *root;
    assert_int_equal(NN_ARENA_ALLOC(arena, &source, 1), NN_OK);
    *source = (nn_text_source){.name = "", .bytes = text->bytes, .length = text->length};
    assert_int_equal(nn_diagnostics_create(arena, &diagnostics), NN_OK);
    assert_int_equal(nn_parse(arena, source, diagnostics, &root), NN_OK);
    assert_non_null(root);
    return root;
}

/* The line of the key that names the map at a path; of its first line where it is an element or the
 * root. */
static size_t line_of_owner(nn_node *root, const char *path)
{
    const char *dot = strrchr(path, '.');
    char above[PATH_MOST] = "";
    if (*path == '\0') {
        return root->place.line;
    }
    if (dot != NULL) {
        memcpy(above, path, (size_t)(dot - path));
        above[dot - path] = '\0';
    }
    nn_node *parent = descend(root, above);
    return parent->kind == NN_NODE_MAP
             ? nn_node_pair(parent, dot == NULL ? path : dot + 1)->key->place.line
             : descend(root, path)->place.line;
}

/* ---- cases ---- */

/* Exactly one error, on that line, that names the word.  Returns whether it also holds `suggestion`. */
static bool expect_refusal(bench *b, const nn_text *text, size_t line, const char *word,
                           const char *what, const char *suggestion)
{
    verdict v = judge(b, text);
    char place[160];
    snprintf(place, sizeof place, "%s:%zu:", b->path, line);
    if (v.errors != 1 || strncmp(nn_text_view(&v.printed), place, strlen(place)) != 0
        || strstr(nn_text_view(&v.printed), word) == NULL) {
        fail_msg("%s \"%s\" gives not one error on line %zu but:\n%s\nof:\n%s", what, word, line,
                 nn_text_view(&v.printed), nn_text_view(text));
    }
    b->total.cases++;
    bool suggested = suggestion != NULL && strstr(nn_text_view(&v.printed), suggestion) != NULL;
    if (suggestion != NULL && !suggested && getenv("NNRUN_SHOW") != NULL) {
        print_message("no \"%s\" in: %s", suggestion, nn_text_view(&v.printed));
    }
    dismiss(&v);
    return suggested;
}

/* The row of that name among a component's own parameters, NULL where it has none. */
static const nn_param *find_parameter(bench *b, const nn_node *map, const char *path,
                                      const char *name)
{
    const nn_node *use = nn_node_get(map, "use");
    const nn_key *key = nn_key_at(path);
    const nn_plugin *plugin;
    const char *kind = key != NULL ? key->kind : strstr(path, "transforms.") != NULL ? "transform" : NULL;
    if (use == NULL || kind == NULL
        || nn_registry_find(b->registry, nn_kind_of(kind), use->text, &plugin) != NN_OK) {
        return NULL;
    }
    for (const nn_param *p = plugin->about->params; p != NULL && p->name != NULL; p++) {
        if (strcmp(p->name, name) == 0) {
            return p;
        }
    }
    return NULL;
}

static bool is_component_map(const nn_node *map)
{
    return nn_node_get(map, "use") != NULL;
}

static void remove_key(bench *b, const nn_node *tree, const spot *s)
{
    nn_arena *arena;
    nn_node *copy;
    nn_text text = {0};
    assert_int_equal(nn_arena_create(&arena), NN_OK);
    assert_int_equal(nn_node_copy(arena, tree, &copy), NN_OK);
    nn_node *map = descend(copy, s->path);
    const char *name = map->pairs[s->index].key->text;
    char path[PATH_MOST + 64], quoted[80];
    snprintf(path, sizeof path, "%s%s%s", s->path, *s->path == '\0' ? "" : ".", name);
    snprintf(quoted, sizeof quoted, "\"%s\"", name);
    const nn_key *key = nn_key_at(path);
    const nn_param *parameter = find_parameter(b, map, s->path, name);
    bool use = is_component_map(map) && strcmp(name, "use") == 0;
    bool needed = parameter != NULL && (parameter->flags & NN_REQUIRED) != 0;
    bool required = use || needed || (key != NULL && key->flags & NN_KEY_REQUIRED);
    nn_node_drop(map, name);
    /* An emptied map is emitted as {}; its line is still that of its owner. */
    nn_emit(copy, false, &text);
    if (required) {
        nn_node *parsed = parse_silently(arena, &text);
        size_t line = needed ? nn_node_get(descend(parsed, s->path), "use")->place.line
                             : line_of_owner(parsed, s->path);
        expect_refusal(b, &text, line, quoted, "removing", NULL);
    } else {
        verdict v = judge(b, &text); /* legal, or refused where another key needs it */
        b->total.cases++;
        dismiss(&v);
    }
    nn_text_finish(&text);
    nn_arena_destroy(arena);
}

static void duplicate_key(bench *b, const nn_node *tree, const spot *s)
{
    nn_arena *arena;
    nn_node *copy, *key;
    nn_text text = {0};
    char marker[128];
    assert_int_equal(nn_arena_create(&arena), NN_OK);
    assert_int_equal(nn_node_copy(arena, tree, &copy), NN_OK);
    nn_node *map = descend(copy, s->path);
    const nn_pair pair = map->pairs[s->index];
    /* First under a name of the same length, to see where it lands. */
    memset(marker, 'Q', sizeof marker);
    marker[strlen(pair.key->text)] = '\0';
    assert_int_equal(nn_node_scalar(arena, marker, (nn_place){0}, &key), NN_OK);
    assert_int_equal(nn_node_put(arena, map, key, pair.value), NN_OK);
    nn_emit(copy, false, &text);
    nn_node *parsed = parse_silently(arena, &text);
    size_t line = nn_node_pair(descend(parsed, s->path), marker)->key->place.line;
    nn_text_finish(&text);
    key->text = pair.key->text;
    nn_emit(copy, false, &text);
    expect_refusal(b, &text, line, pair.key->text, "duplicating", NULL);
    nn_text_finish(&text);
    nn_arena_destroy(arena);
}

static void mistype_key(bench *b, const nn_node *tree, const spot *s)
{
    nn_arena *arena;
    nn_node *copy, *inner, *wrong;
    nn_text text = {0};
    assert_int_equal(nn_arena_create(&arena), NN_OK);
    assert_int_equal(nn_node_copy(arena, tree, &copy), NN_OK);
    nn_node *map = descend(copy, s->path);
    const char *name = map->pairs[s->index].key->text;
    bool list = map->pairs[s->index].value->kind == NN_NODE_LIST;
    assert_int_equal(nn_node_scalar(arena, "7", (nn_place){0}, &inner), NN_OK);
    if (list) {
        assert_int_equal(nn_node_map(arena, (nn_place){0}, &wrong), NN_OK);
        assert_int_equal(nn_node_set(arena, wrong, "x", inner), NN_OK);
    } else {
        assert_int_equal(nn_node_list(arena, (nn_place){0}, &wrong), NN_OK);
        assert_int_equal(nn_node_append(arena, wrong, inner), NN_OK);
    }
    map->pairs[s->index].value = wrong;
    nn_emit(copy, false, &text);
    nn_node *parsed = descend(parse_silently(arena, &text), s->path);
    expect_refusal(b, &text, nn_node_get(parsed, name)->place.line, name, "mistyping", NULL);
    nn_text_finish(&text);
    nn_arena_destroy(arena);
}

/* ---- typos: letters left out, swapped, doubled, added, replaced ---- */

typedef char typo[64];

static size_t make_typos(const char *name, typo *out)
{
    static const char letters[] = "aeqsx";
    size_t length = strlen(name), count = 0;
    for (size_t i = 0; i < length; i++) {
        if (length > 1) {
            snprintf(out[count++], sizeof *out, "%.*s%s", (int)i, name, name + i + 1);
        }
        if (i + 1 < length && name[i] != name[i + 1]) {
            snprintf(out[count++], sizeof *out, "%.*s%c%c%s", (int)i, name, name[i + 1], name[i],
                     name + i + 2);
        }
        snprintf(out[count++], sizeof *out, "%.*s%c%s", (int)i, name, name[i], name + i);
        for (const char *letter = letters; *letter != '\0'; letter++) {
            if (*letter != name[i]) {
                snprintf(out[count++], sizeof *out, "%.*s%c%s", (int)i, name, *letter, name + i + 1);
                snprintf(out[count++], sizeof *out, "%.*s%c%s", (int)i, name, *letter, name + i);
            }
        }
    }
    assert_true(count <= TYPOS_MOST);
    return count;
}

static const nn_key *siblings(const char *path)
{
    const char *dot = strrchr(path, '.');
    if (*path == '\0') {
        return nn_spec_keys;
    }
    if (dot != NULL && strspn(dot + 1, "0123456789") == strlen(dot + 1)) {
        char above[PATH_MOST];
        snprintf(above, sizeof above, "%.*s", (int)(dot - path), path);
        const nn_key *key = nn_key_at(above);
        return key == NULL ? NULL : key->keys;
    }
    const nn_key *key = nn_key_at(path);
    return key == NULL ? NULL : key->keys;
}

static void misspell_key(bench *b, const nn_node *tree, const spot *s)
{
    static typo typos[TYPOS_MOST];
    nn_arena *arena;
    nn_node *copy, *key;
    assert_int_equal(nn_arena_create(&arena), NN_OK);
    assert_int_equal(nn_node_copy(arena, tree, &copy), NN_OK);
    nn_node *map = descend(copy, s->path);
    const char *name = map->pairs[s->index].key->text;
    char suggestion[96];
    snprintf(suggestion, sizeof suggestion, "did you mean \"%s\"?", name);
    size_t count = make_typos(name, typos);
    assert_int_equal(nn_node_scalar(arena, name, (nn_place){0}, &key), NN_OK);
    map->pairs[s->index].key = key;
    for (size_t i = s->index % STRIDE; i < count; i += STRIDE) {
        nn_text text = {0};
        bool legal = nn_key_find(siblings(s->path), typos[i]) != NULL || nn_key_is_free(typos[i])
                  || strcmp(typos[i], "use") == 0 || find_parameter(b, map, s->path, typos[i]) != NULL;
        if (legal) {
            continue;
        }
        key->text = typos[i];
        nn_emit(copy, false, &text);
        nn_node *parsed = descend(parse_silently(arena, &text), s->path);
        size_t line = nn_node_pair(parsed, typos[i])->key->place.line;
        b->total.typos++;
        b->total.suggested += expect_refusal(b, &text, line, typos[i], "misspelling as", suggestion);
        nn_text_finish(&text);
    }
    nn_arena_destroy(arena);
}

static void mutate(bench *b, const nn_node *tree, nn_node *node, const char *path)
{
    for (size_t i = 0; i < node->count; i++) {
        char deeper[PATH_MOST];
        bool list = node->kind == NN_NODE_LIST;
        if (!list && nn_key_is_free(node->pairs[i].key->text)) {
            continue;
        }
        if (list) {
            snprintf(deeper, sizeof deeper, "%.180s%s%zu", path, *path == '\0' ? "" : ".", i);
        } else {
            spot s = {.index = i};
            snprintf(s.path, sizeof s.path, "%.180s", path);
            remove_key(b, tree, &s);
            duplicate_key(b, tree, &s);
            mistype_key(b, tree, &s);
            misspell_key(b, tree, &s);
            snprintf(deeper, sizeof deeper, "%.180s%s%.60s", path, *path == '\0' ? "" : ".",
                     node->pairs[i].key->text);
        }
        nn_node *child = list ? node->items[i] : node->pairs[i].value;
        if (child->kind != NN_NODE_SCALAR) {
            mutate(b, tree, child, deeper);
        }
    }
}

/* ---- the experiments ---- */

static void mutate_experiment(bench *b, const char *path)
{
    nn_arena *arena;
    nn_diagnostics *diagnostics;
    nn_node *tree;
    bool whole;
    const nn_text_source *source;
    nn_text text = {0};
    tally before = b->total;
    assert_int_equal(nn_arena_create(&arena), NN_OK);
    assert_int_equal(nn_diagnostics_create(arena, &diagnostics), NN_OK);
    assert_int_equal(nn_extend(arena, path, diagnostics, &tree, &whole, &source), NN_OK);
    assert_true(whole);
    nn_node_drop(tree, "plugins"); /* relative to where it lay */
    nn_emit(tree, false, &text);
    verdict v = judge(b, &text);
    if (v.errors != 0) {
        fail_msg("%s is not a valid spec:\n%s", path, nn_text_view(&v.printed));
    }
    dismiss(&v);
    nn_text_finish(&text);
    mutate(b, tree, tree, "");
    print_message("%s: %zu cases, %zu of %zu typos answered right\n", path,
                  b->total.cases - before.cases, b->total.suggested - before.suggested,
                  b->total.typos - before.typos);
    nn_arena_destroy(arena);
}

static void mutate_folder(bench *b, const char *folder)
{
    DIR *entries = opendir(folder);
    assert_non_null(entries);
    for (const struct dirent *entry; (entry = readdir(entries)) != NULL;) {
        char path[4096];
        size_t length = strlen(entry->d_name);
        if (length > 5 && strcmp(entry->d_name + length - 5, ".yaml") == 0) {
            snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
            mutate_experiment(b, path);
        }
    }
    closedir(entries);
}

static void every_mutation_of_an_experiment_is_refused_at_its_place(void **state)
{
    bench *b = *state;
    char folder[4096];
    snprintf(folder, sizeof folder, "%s/tests/spec/specs", getenv("NNRUN_TEST_SOURCE"));
    mutate_folder(b, folder);
    snprintf(folder, sizeof folder, "%s/experiments", getenv("NNRUN_TEST_SOURCE"));
    mutate_folder(b, folder);
    print_message("in all: %zu cases, %zu of %zu typos answered right\n", b->total.cases,
                  b->total.suggested, b->total.typos);
    assert_true(b->total.cases > 1000);
    assert_true(b->total.suggested * 100 >= b->total.typos * 95);
}

static int open_bench(void **state)
{
    static bench b;
    assert_non_null(getenv("NNRUN_TEST_SOURCE"));
    assert_non_null(getenv("NNRUN_TEST_PLUGINS"));
    assert_int_equal(nn_registry_create(NULL, &b.registry), NN_OK);
    assert_int_equal(nn_registry_add(b.registry, getenv("NNRUN_TEST_PLUGINS"), true), NN_OK);
    assert_int_equal(nn_isa_choose(&b.isa), NN_OK);
    snprintf(b.folder, sizeof b.folder, "/tmp/nnrun-mutations-XXXXXX");
    assert_non_null(mkdtemp(b.folder));
    snprintf(b.path, sizeof b.path, "%s/spec.yaml", b.folder);
    *state = &b;
    return 0;
}

static int close_bench(void **state)
{
    bench *b = *state;
    unlink(b->path);
    rmdir(b->folder);
    nn_registry_destroy(b->registry);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_mutation_of_an_experiment_is_refused_at_its_place),
    };
    return cmocka_run_group_tests(tests, open_bench, close_bench);
}
