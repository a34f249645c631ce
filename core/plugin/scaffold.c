/* SPDX-License-Identifier: MIT */
#include "plugin/scaffold.h"

#include "base/memory.h"
#include "base/path.h"
#include "base/text.h"
#include "plugin/build.h"
#include "plugin/registry.h"

#include <string.h>

enum { TEMPLATE_MOST = 1 << 20, NAME_MOST = 64, FILES = 5 };

/* What a template's file and component are called. */
static nn_status template_name(nn_arena *arena, nn_kind kind, const char **out)
{
    return nn_arena_printf(arena, out, "my_%s", nn_kind_name(kind));
}

static bool good_name(const char *name)
{
    size_t length = strlen(name);
    return length > 0 && length <= NAME_MOST && name[0] >= 'a' && name[0] <= 'z'
        && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == length;
}

/* Appends `text` with each `from` as `to`. */
static void put_replaced(nn_text *out, const char *text, const char *from, const char *to)
{
    for (const char *found; (found = strstr(text, from)) != NULL; text = found + strlen(from)) {
        nn_text_append(out, text, (size_t)(found - text));
        nn_text_put(out, to);
    }
    nn_text_put(out, text);
}

/* The kind's template with that ending, under the new name. */
static nn_status put_template(nn_kind kind, const char *name, const char *ending, nn_arena *arena,
                              nn_text *out)
{
    const char *include, *templates, *from, *file, *path;
    char *bytes;
    size_t length;
    NN_TRY(nn_plugin_sdk(arena, &include, &templates));
    if (templates == NULL) {
        return nn_fail(NN_ERR_PLUGIN, "no templates beside %s: install nnrun whole, or set NNRUN_SDK", include);
    }
    NN_TRY(template_name(arena, kind, &from));
    NN_TRY(nn_arena_printf(arena, &file, "%s%s", from, ending));
    NN_TRY(nn_path_join(arena, templates, file, &path));
    NN_TRY(nn_file_read(path, TEMPLATE_MOST, &bytes, &length));
    put_replaced(out, bytes, from, name);
    nn_free(bytes);
    return nn_text_status(out);
}

/* Only loaders come with something to read. */
static bool has_data(nn_kind kind)
{
    return kind == NN_KIND_LOADER;
}

/* The lines of a spec that differ between kinds, by where the component goes. */
static void put_spec(nn_kind kind, const char *name, nn_text *out)
{
    bool reals = kind == NN_KIND_COST;
    nn_text_printf(out, "# nnrun %s.yaml\n"
                        "nnrun: 1\n"
                        "name: try-%s\n"
                        "plugins: [%s.c]  # compiled when it has changed\n"
                        "\ndata:\n", name, name, name);
    if (kind == NN_KIND_LOADER) {
        nn_text_printf(out, "  train: {use: %s, path: %s.csv}\n", name, name);
    } else if (kind == NN_KIND_TRANSFORM) {
        nn_text_put(out, "  train: {use: synthetic, task: bars, samples: 600}  # or {use: jpeg_folder, path: ...}\n");
    } else {
        nn_text_printf(out, "  train: {use: synthetic, task: %s, samples: 600}\n",
                       reals ? "regression" : "spirals");
    }
    nn_text_put(out, "  validation: {fraction: 0.2}\n");
    if (kind == NN_KIND_TRANSFORM) {
        nn_text_printf(out, "  transforms: [%s]\n", name);
    }
    nn_text_put(out, "\nnetwork:\n");
    nn_text_printf(out, "  initializer: %s\n", kind == NN_KIND_INITIALIZER ? name : "glorot_uniform");
    nn_text_printf(out, "  layers:\n    - {units: 32, activation: %s}\n",
                   kind == NN_KIND_ACTIVATION ? name : "tanh");
    if (reals) {
        nn_text_printf(out, "    - {units: 1, activation: identity}\n  cost: %s\n", name);
    } else {
        nn_text_put(out, "    - {units: classes, activation: softmax}\n  cost: categorical_cross_entropy\n");
    }
    nn_text_put(out, "\ntraining:\n  epochs: 20\n  batch_size: 20\n");
    nn_text_printf(out, kind == NN_KIND_OPTIMIZER ? "  optimizer: %s\n" : "  optimizer: {use: sgd, rate: 0.1}\n",
                   name);
    if (kind == NN_KIND_SCHEDULE) {
        nn_text_printf(out, "  schedule: %s\n", name);
    }
}

static void put_cmake(nn_kind kind, const char *name, nn_text *out)
{
    nn_text_printf(out, "cmake_minimum_required(VERSION 3.22)\n"
                        "project(%s LANGUAGES C)\n"
                        "find_package(nnrun REQUIRED)\n"
                        "nnrun_add_plugin(%s %s)  # build/plugins/%s/%s.so\n",
                   name, nn_kind_name(kind), name, nn_kind_name(kind), name);
}

static void put_readme(nn_kind kind, const char *name, nn_text *out)
{
    nn_text_printf(out, "# %s\n\nA plugin for nnrun: %s `%s`.\n\n"
                        "    nnrun %s.yaml              # compiles %s.c and trains with it\n"
                        "    nnrun plugins check %s.c",
                   name, nn_kind_name(kind), name, name, name, name);
    if (has_data(kind)) {
        nn_text_printf(out, " path=%s.csv", name);
    }
    nn_text_printf(out, "   # precisions, threads, bounds: does it keep the contract?\n"
                        "    nnrun plugins build %s.c   # %s.so, one file to give to others\n\n"
                        "A colleague puts `%s.so` into a folder named in NNRUN_PLUGIN_PATH, or into a spec's `plugins:`. With CMake:\n"
                        "`cmake -B build -DCMAKE_PREFIX_PATH=PREFIX && cmake --build build`, where nnrun is PREFIX/bin/nnrun.\n",
                   name, name, name);
}

struct file {
    const char *path;
    nn_text text;
};

static nn_status name_files(nn_arena *arena, const char *name, const char *folder, size_t count,
                            struct file files[FILES])
{
    static const char *const fixed[FILES] = {"CMakeLists.txt", "README.md"};
    static const char *const endings[FILES] = {NULL, NULL, ".c", ".yaml", ".csv"};
    for (size_t i = 0; i < count; i++) {
        const char *file = fixed[i];
        if (file == NULL) {
            NN_TRY(nn_arena_printf(arena, &file, "%s%s", name, endings[i]));
        }
        NN_TRY(nn_path_join(arena, folder, file, &files[i].path));
        if (nn_path_is_file(files[i].path)) {
            return nn_fail(NN_ERR_USAGE, "%s is there already; choose another folder", files[i].path);
        }
    }
    return NN_OK;
}

nn_status nn_plugin_scaffold(nn_kind kind, const char *name, const char *folder, nn_arena *arena)
{
    struct file files[FILES] = {{0}};
    size_t count = has_data(kind) ? FILES : FILES - 1;
    if (!good_name(name)) {
        return nn_fail(NN_ERR_USAGE, "\"%s\" is no name for a component: lower-case letters, digits and _, a letter "
                       "first", name);
    }
    NN_TRY(name_files(arena, name, folder, count, files));
    put_cmake(kind, name, &files[0].text);
    put_readme(kind, name, &files[1].text);
    nn_status status = put_template(kind, name, ".c", arena, &files[2].text);
    put_spec(kind, name, &files[3].text);
    if (status == NN_OK && has_data(kind)) {
        status = put_template(kind, name, ".csv", arena, &files[4].text);
    }
    if (status == NN_OK) {
        status = nn_path_make(folder);
    }
    for (size_t i = 0; i < count; i++) {
        if (status == NN_OK) {
            status = nn_text_status(&files[i].text);
        }
        if (status == NN_OK) {
            status = nn_file_write(files[i].path, files[i].text.bytes, files[i].text.length, false);
        }
        nn_text_finish(&files[i].text);
    }
    return status;
}
