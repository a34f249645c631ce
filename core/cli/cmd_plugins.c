/* SPDX-License-Identifier: MIT */
/* nnrun plugins [KIND], show, check, new, build */
#include "base/text.h"
#include "cli/commands.h"
#include "cli/plugins.h"
#include "cli/print.h"
#include "plugin/describe.h"
#include "run/places.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* ---- Places and names ---- */

static nn_status add_place(const nn_plugin_places *places, nn_registry *registry, nn_arena *arena)
{
    nn_status status = nn_places_add(places, registry, arena);
    if (status == NN_ERR_PLUGIN) {
        fprintf(stderr, "nnrun: warning: %s\n", nn_story());
        nn_story_clear();
        return NN_OK;
    }
    return status;
}

nn_status nn_plugins_open(nn_cli *cli, nn_arena *arena, nn_registry **out)
{
    nn_plugin_places all = nn_cli_places(cli);
    nn_registry *registry;
    NN_TRY(nn_registry_create(&cli->log, &registry));
    nn_status status = NN_OK;
    for (size_t i = 0; status == NN_OK && i < all.path_count; i++) {
        nn_plugin_places one = {.paths = &all.paths[i], .path_count = 1};
        status = add_place(&one, registry, arena);
    }
    nn_plugin_places environment = {.environment = all.environment}, installed = {.installed = all.installed};
    if (status == NN_OK) {
        status = add_place(&environment, registry, arena);
    }
    if (status == NN_OK) {
        status = add_place(&installed, registry, arena);
    }
    if (status != NN_OK) {
        nn_registry_destroy(registry);
        return status;
    }
    *out = registry;
    return NN_OK;
}

static nn_status not_found(nn_registry *registry, const char *word, nn_arena *arena)
{
    const char *nearest = NULL, *kind_name = NULL;
    for (uint32_t kind = 1; kind <= NN_PLUGINS_KINDS && nearest == NULL; kind++) {
        const char *const *names;
        size_t count;
        NN_TRY(nn_registry_names(registry, (nn_kind)kind, arena, &names, &count));
        nearest = nn_text_nearest(word, names, count);
        kind_name = nn_kind_name((nn_kind)kind);
    }
    if (nearest != NULL) {
        return nn_fail(NN_ERR_NOT_FOUND, "no plugin is called \"%s\"; did you mean %s/%s?", word, kind_name,
                       nearest);
    }
    return nn_fail(NN_ERR_NOT_FOUND, "no plugin is called \"%s\"; `nnrun plugins` lists those there are", word);
}

nn_status nn_plugins_named(nn_registry *registry, const char *word, nn_arena *arena,
                           const nn_plugin *found[NN_PLUGINS_KINDS], size_t *count)
{
    const char *slash = strchr(word, '/'), *name = slash == NULL ? word : slash + 1, *kind_text = "";
    nn_kind only = (nn_kind)0;
    *count = 0;
    if (slash != NULL) {
        NN_TRY(nn_arena_text(arena, word, (size_t)(slash - word), &kind_text));
        only = nn_kind_of(kind_text);
        if (only == 0) {
            return nn_fail(NN_ERR_NOT_FOUND, "there is no kind \"%s\"", kind_text);
        }
    }
    for (uint32_t kind = 1; kind <= NN_PLUGINS_KINDS; kind++) {
        if (only != 0 && only != (nn_kind)kind) {
            continue;
        }
        nn_status status = nn_registry_find(registry, (nn_kind)kind, name, &found[*count]);
        if (status == NN_OK) {
            (*count)++;
        } else if (status != NN_ERR_NOT_FOUND) {
            return status;
        }
    }
    nn_story_clear();
    return *count > 0 ? NN_OK : not_found(registry, name, arena);
}

/* ---- Listing ---- */

static size_t name_width(const nn_plugin_entry *entries, size_t count)
{
    size_t width = 0;
    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(entries[i].name);
        width = length > width && length < 40 ? length : width;
    }
    return width;
}

static bool in_use(const nn_plugin_entry *entry)
{
    return entry->refused == NULL && entry->shadowed_by == NULL;
}

static bool is_refused(const nn_plugin_entry *entries, size_t count, const char *path)
{
    size_t i = 0;
    while (i < count && (entries[i].refused == NULL || strcmp(entries[i].path, path) != 0)) {
        i++;
    }
    return i < count;
}

static void list_unused(const nn_plugin_entry *entries, size_t count, nn_kind only, nn_text *out)
{
    for (size_t i = 0; i < count; i++) {
        const nn_plugin_entry *entry = &entries[i];
        bool other = only != 0 && entry->kind != 0 && entry->kind != only;
        bool told = i > 0 && entry->refused != NULL && entry->refused == entries[i - 1].refused;
        if (in_use(entry) || other || told) {
            continue;
        }
        if (entry->refused != NULL) {
            nn_text_printf(out, "\nrefused   %s\n", entry->refused);
        } else {
            nn_text_printf(out, "\nshadowed  %s\n      by  %s%s\n", entry->path, entry->shadowed_by,
                           is_refused(entries, count, entry->shadowed_by) ? ", which is refused" : "");
        }
    }
}

static nn_status list_text(const nn_plugin_entry *entries, size_t count, nn_kind only, nn_text *out)
{
    size_t width = name_width(entries, count);
    for (uint32_t kind = 1; kind <= NN_PLUGINS_KINDS; kind++) {
        bool headed = false;
        for (size_t i = 0; i < count; i++) {
            if (!in_use(&entries[i]) || entries[i].kind != (nn_kind)kind
                || (only != 0 && only != (nn_kind)kind)) {
                continue;
            }
            if (!headed) {
                nn_text_printf(out, "%s%s\n", out->length > 0 ? "\n" : "", nn_kind_name((nn_kind)kind));
                headed = true;
            }
            nn_text_printf(out, "  %-*s  %s\n", (int)width, entries[i].name,
                           entries[i].plugin->about->summary);
        }
    }
    list_unused(entries, count, only, out);
    return nn_text_status(out);
}

static nn_status list_json(const nn_plugin_entry *entries, size_t count, nn_kind only, nn_text *out)
{
    static const char *const groups[] = {"plugins", "shadowed", "refused"};
    for (int group = 0; group < 3; group++) {
        bool first = true;
        nn_text_printf(out, "%s\"%s\": [", group == 0 ? "{" : ", ", groups[group]);
        for (size_t i = 0; i < count; i++) {
            const nn_plugin_entry *entry = &entries[i];
            int of = in_use(entry) ? 0 : entry->refused == NULL ? 1 : 2;
            if (of != group || (only != 0 && entry->kind != 0 && entry->kind != only)) {
                continue;
            }
            nn_text_put(out, first ? "" : ", ");
            first = false;
            if (group == 0) {
                nn_describe_json(entry->plugin, out);
                continue;
            }
            nn_text_put(out, "{\"name\": ");
            nn_text_json(out, entry->name);
            nn_text_put(out, ", \"file\": ");
            nn_text_json(out, entry->path);
            nn_text_put(out, group == 1 ? ", \"shadowed_by\": " : ", \"reason\": ");
            nn_text_json(out, group == 1 ? entry->shadowed_by : entry->refused);
            nn_text_put(out, "}");
        }
        nn_text_put(out, "]");
    }
    nn_text_put(out, "}\n");
    return nn_text_status(out);
}

static nn_status list(nn_cli *cli, nn_registry *registry, nn_arena *arena, nn_kind only)
{
    const nn_plugin_entry *entries;
    size_t count;
    nn_text out = {0};
    NN_TRY(nn_registry_entries(registry, arena, &entries, &count));
    nn_status status = nn_cli_flag(cli, "--json") ? list_json(entries, count, only, &out)
                                                  : list_text(entries, count, only, &out);
    if (status == NN_OK) {
        status = nn_print(&out);
    }
    nn_text_finish(&out);
    return status;
}

/* ---- show ---- */

static nn_status show(nn_cli *cli, nn_registry *registry, nn_arena *arena)
{
    const nn_plugin *found[NN_PLUGINS_KINDS];
    size_t count;
    nn_text out = {0};
    if (cli->positional_count != 2) {
        return nn_fail(NN_ERR_USAGE, "usage: nnrun plugins show [KIND/]NAME");
    }
    NN_TRY(nn_plugins_named(registry, cli->positional[1], arena, found, &count));
    for (size_t i = 0; i < count; i++) {
        if (nn_cli_flag(cli, "--json")) {
            nn_describe_json(found[i], &out);
            nn_text_put(&out, "\n");
        } else {
            nn_text_put(&out, i > 0 ? "\n" : "");
            nn_describe_text(found[i], &out);
        }
    }
    return nn_print_finish(&out);
}

/* ---- The command ---- */

static nn_status with_registry(nn_cli *cli, nn_arena *arena, nn_kind kind)
{
    nn_registry *registry;
    NN_TRY(nn_plugins_open(cli, arena, &registry));
    bool shown = cli->positional_count > 0 && strcmp(cli->positional[0], "show") == 0;
    nn_status status = shown ? show(cli, registry, arena) : list(cli, registry, arena, kind);
    nn_registry_destroy(registry);
    return status;
}

static nn_status dispatch(nn_cli *cli, nn_arena *arena)
{
    static const char *const words[] = {"show", "check", "new", "build", "activation", "cost", "optimizer",
                                        "loader", "initializer", "schedule", "transform"};
    const char *word = cli->positional_count == 0 ? NULL : cli->positional[0];
    if (word == NULL || strcmp(word, "show") == 0) {
        return with_registry(cli, arena, (nn_kind)0);
    }
    if (strcmp(word, "check") == 0) {
        return nn_plugins_check(cli, arena);
    }
    if (strcmp(word, "new") == 0) {
        return nn_plugins_new(cli, arena);
    }
    if (strcmp(word, "build") == 0) {
        return nn_plugins_build(cli, arena);
    }
    if (nn_kind_of(word) == 0) {
        const char *nearest = nn_text_nearest(word, words, sizeof words / sizeof words[0]);
        return nn_fail(NN_ERR_USAGE, "\"%s\" is no kind of plugin%s%s%s; the kinds are activation, cost, optimizer, "
                       "loader, initializer, schedule, transform", word, nearest == NULL ? "" : " (did you mean \"",
                       nearest == NULL ? "" : nearest, nearest == NULL ? "" : "\"?)");
    }
    if (cli->positional_count > 1) {
        return nn_fail(NN_ERR_USAGE, "usage: nnrun plugins [KIND]");
    }
    return with_registry(cli, arena, nn_kind_of(word));
}

static nn_status run(nn_cli *cli)
{
    nn_arena *arena;
    NN_TRY(nn_arena_create(&arena));
    nn_status status = dispatch(cli, arena);
    nn_arena_destroy(arena);
    return status;
}

static const nn_option options[] = {
    NN_OPTION_PLUGIN_PATH,
    NN_OPTION_JSON,
    {"--only", "CHECK", "check: this one check alone"},
    {"--limit", "SECONDS", "check: end a check that computes longer, or lasts three times as long (20)"},
    {"--output", "FILE", "build: the .so to write (beside the source)"},
    {0},
};

static const char *const show_options[] = {"--plugin-path", "--json", NULL};
static const char *const check_options[] = {"--only", "--limit", "--json", "--plugin-path", NULL};
static const char *const new_options[] = {NULL};
static const char *const build_options[] = {"--output", NULL};

static const nn_subcommand subcommands[] = {
    {"show", "[KIND/]NAME",
     "Prints formula, parameters (type, range, default, meaning), reference and file of a component.",
     show_options},
    {"check", "[KIND/]NAME|FILE [parameter=value ...]",
     "Holds a component against the contract of its kind, each check in a process of its own. FILE is a\n"
     "source (.c, .cc, .cpp, .cxx), which is compiled first, or a .so. Parameters are given as a spec\n"
     "gives them; a loader is checked on what it reads: nnrun plugins check rows.c path=rows.csv\n\n"
     "Most checks are asked with the defaults and with each other parameter changed in turn, to the ends of its\n"
     "range, too. A failure says with which: \"with momentum=0.5\".",
     check_options},
    {"new", "KIND NAME [DIR]",
     "Writes a component to begin with into the folder DIR (NAME where none is given): NAME.c, a spec\n"
     "NAME.yaml that trains with it, CMakeLists.txt and README.md; for a loader also NAME.csv, which it\n"
     "reads. Nothing that is there is overwritten.\n\n"
     "KIND: activation, cost, optimizer, loader, initializer, schedule, transform; the plural will do.\n"
     "NAME: lower-case letters, digits and _, a letter first.",
     new_options},
    {"build", "FILE|DIR [-- flag ...]",
     "Compiles a source for every precision and instruction set, with the machine's compiler (CC, CXX), and\n"
     "links one NAME.so beside it: a file to give to others. DIR: each source of the folder, in one .so each.\n"
     "What stands behind -- goes to the compiler, -lLIBRARY and -LDIR to the linker. The file must be called\n"
     "as its component, or no folder of plugins takes it.",
     build_options},
    {0},
};

const nn_command nn_command_plugins = {
    .name = "plugins",
    .arguments = "[KIND | show [KIND/]NAME | check NAME|FILE [parameter=value ...] |\n"
                 "        new KIND NAME [DIR] | build FILE|DIR [-- flag ...]]",
    .summary = "the components found; show, check, new, build",
    .subcommands = subcommands,
    .help = "Without more it lists what a spec may name, one line each, and what is shadowed or refused.\n"
            "show   formula, parameters, reference and file of a component\n"
            "check  holds a plugin against the contract, each check in a process of its own\n"
            "new    a source, a CMakeLists.txt, a spec and a README to begin with\n"
            "build  one .so for every precision and instruction set, with the machine's compiler\n\n"
            "`nnrun plugins new --help`, and so on, say more.",
    .options = options,
    .most = SIZE_MAX,
    .run = run,
};
