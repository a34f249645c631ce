/* SPDX-License-Identifier: MIT */
/* nnrun plugins new KIND NAME [DIR], nnrun plugins build FILE|DIR [-- flag ...] */
#include "base/path.h"
#include "cli/plugins.h"
#include "plugin/build.h"
#include "plugin/scaffold.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

nn_status nn_plugins_new(nn_cli *cli, nn_arena *arena)
{
    if (cli->positional_count < 3 || cli->positional_count > 4) {
        return nn_fail(NN_ERR_USAGE, "usage: nnrun plugins new KIND NAME [DIR]");
    }
    nn_kind kind = nn_kind_of(cli->positional[1]);
    const char *name = cli->positional[2];
    const char *folder = cli->positional_count == 4 ? cli->positional[3] : name;
    if (kind == 0) {
        return nn_fail(NN_ERR_USAGE, "\"%s\" is no kind of plugin; the kinds are activation, cost, optimizer, loader, "
                       "initializer, schedule, transform", cli->positional[1]);
    }
    NN_TRY(nn_plugin_scaffold(kind, name, folder, arena));
    printf("%s/%s.c          the component: change it\n"
           "%s/%s.yaml       a spec that uses it: nnrun %s/%s.yaml\n",
           folder, name, folder, name, folder, name);
    if (kind == NN_KIND_LOADER) {
        printf("%s/%s.csv        what it reads there\n", folder, name);
    }
    printf("%s/CMakeLists.txt, %s/README.md\n"
           "check it with: nnrun plugins check %s/%s.c", folder, folder, folder, name);
    if (kind == NN_KIND_LOADER) {
        printf(" path=%s/%s.csv", folder, name);
    }
    putchar('\n');
    return NN_OK;
}

/* A folder of plugins takes a file by its name; a spec and --plugin-path take any. */
static nn_status warn_of_name(nn_registry *registry, const char *output, nn_arena *arena)
{
    const nn_plugin_entry *entries;
    size_t count;
    const char *stem;
    NN_TRY(nn_registry_entries(registry, arena, &entries, &count));
    NN_TRY(nn_path_stem(arena, output, &stem));
    if (count > 0 && entries[0].plugin != NULL && strcmp(stem, entries[0].plugin->name) != 0) {
        fprintf(stderr, "nnrun: warning: %s holds %s %s: a folder of plugins takes it only as %s.so\n", output,
                nn_kind_name(entries[0].plugin->kind), entries[0].plugin->name, entries[0].plugin->name);
    }
    return NN_OK;
}

/* Two of one name are legal; that it was meant is not certain. */
static nn_status warn_of_shadow(nn_cli *cli, nn_registry *own, const char *output, nn_arena *arena)
{
    const nn_plugin_entry *entries;
    const nn_plugin *other = NULL;
    nn_registry *usual;
    size_t count;
    NN_TRY(nn_registry_entries(own, arena, &entries, &count));
    if (count == 0 || entries[0].plugin == NULL) {
        return NN_OK;
    }
    const nn_plugin *mine = entries[0].plugin;
    NN_TRY(nn_plugins_open(cli, arena, &usual));
    nn_status status = nn_registry_find(usual, mine->kind, mine->name, &other);
    if (status == NN_OK && other != NULL && strcmp(other->path, output) != 0) {
        fprintf(stderr, "nnrun: warning: %s %s is there already (%s); a spec that names this file takes this one\n",
                nn_kind_name(mine->kind), mine->name, other->path);
    }
    nn_registry_destroy(usual);
    if (status != NN_OK && status != NN_ERR_MEMORY) {
        nn_story_clear(); /* nobody has that name, as it should be */
        status = NN_OK;
    }
    return status;
}

static nn_status build_one(nn_cli *cli, const char *source, nn_arena *arena)
{
    const char *output;
    nn_build build = {
        .source = source,
        .output = nn_cli_value(cli, "--output"),
        .flags = cli->positional + 2,
        .flag_count = cli->positional_count - 2,
    };
    NN_TRY(nn_plugin_build(&build, arena, &output));
    /* What was built must load. */
    nn_registry *registry;
    NN_TRY(nn_registry_create(&cli->log, &registry));
    nn_status status = nn_registry_add(registry, output, true);
    if (status == NN_OK) {
        status = warn_of_name(registry, output, arena);
    }
    if (status == NN_OK) {
        status = warn_of_shadow(cli, registry, output, arena);
    }
    nn_registry_destroy(registry);
    NN_TRY(status);
    puts(output);
    return NN_OK;
}

static nn_status build_folder(nn_cli *cli, const char *folder, nn_arena *arena)
{
    if (nn_cli_value(cli, "--output") != NULL) {
        return nn_fail(NN_ERR_USAGE, "--output names one file, %s is a folder", folder);
    }
    DIR *entries = opendir(folder);
    if (entries == NULL) {
        return nn_fail_errno(errno, "%s", folder);
    }
    nn_status status = NN_OK;
    size_t count = 0;
    for (struct dirent *entry; status == NN_OK && (entry = readdir(entries)) != NULL;) {
        const char *path;
        if (entry->d_name[0] == '.' || !nn_plugin_is_source(entry->d_name)) {
            continue;
        }
        status = nn_path_join(arena, folder, entry->d_name, &path);
        if (status == NN_OK) {
            status = build_one(cli, path, arena);
            count++;
        }
    }
    closedir(entries);
    if (status == NN_OK && count == 0) {
        return nn_fail(NN_ERR_USAGE, "%s: there is no source (.c, .cc, .cpp, .cxx) in it", folder);
    }
    return status;
}

nn_status nn_plugins_build(nn_cli *cli, nn_arena *arena)
{
    if (cli->positional_count < 2) {
        return nn_fail(NN_ERR_USAGE, "usage: nnrun plugins build FILE|DIR [-- flag ...]");
    }
    const char *what = cli->positional[1];
    return nn_path_is_folder(what) ? build_folder(cli, what, arena) : build_one(cli, what, arena);
}
