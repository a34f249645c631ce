/* SPDX-License-Identifier: MIT */
#include "plugin/build.h"

#include "base/hash.h"
#include "base/memory.h"
#include "base/path.h"
#include "base/text.h"

#include <nnrun/version.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WORDS_MOST = 96, OUTPUT_MOST = 4096 };

/* The instruction sets of nnrunVariants.cmake. */
static const struct variant {
    const char *isa, *flag;
} variants[] = {
#if defined(__x86_64__)
    {"v2", "-march=x86-64-v2"},
    {"v3", "-march=x86-64-v3"},
    {"v4", "-march=x86-64-v4"},
#else
    {"any", NULL},
#endif
};
enum { VARIANTS = sizeof variants / sizeof variants[0] };

extern char **environ;

/* ---- Programs ---- */

/* One program with its words and what it said. */
struct job {
    const char *words[WORDS_MOST + 1];
    size_t count;
    pid_t pid;
    int said; /* a file its stdout and stderr go to */
    bool failed;
};

static void add(struct job *job, const char *word)
{
    if (word != NULL && job->count < WORDS_MOST) {
        job->words[job->count++] = word;
    }
}

/* $CC may be several words: "ccache gcc". */
static nn_status add_words(struct job *job, nn_arena *arena, const char *words)
{
    while (*(words += strspn(words, " \t")) != '\0') {
        size_t length = strcspn(words, " \t");
        const char *word;
        NN_TRY(nn_arena_text(arena, words, length, &word));
        add(job, word);
        words += length;
    }
    return NN_OK;
}

static nn_status start(struct job *job, const char *folder, size_t number)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%zu.txt", folder, number);
    job->said = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (job->said < 0) {
        return nn_fail_errno(errno, "%s", path);
    }
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, job->said, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, job->said, STDERR_FILENO);
    /* posix_spawnp() takes words it does not change as if it might. */
    char *words[WORDS_MOST + 1];
    memcpy(words, job->words, sizeof words);
    words[job->count] = NULL;
    int number_ = posix_spawnp(&job->pid, words[0], &actions, NULL, words, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (number_ != 0) {
        close(job->said);
        return nn_fail(NN_ERR_PLUGIN, "%s: %s; install a C compiler, or name yours in CC", job->words[0],
                       strerror(number_));
    }
    return NN_OK;
}

/* Waits; the text is what it said, at most OUTPUT_MOST bytes, or all where `all`. */
static void finish(struct job *job, bool all, nn_text *said)
{
    int status = 0;
    while (waitpid(job->pid, &status, 0) < 0 && errno == EINTR) {
    }
    job->failed = !WIFEXITED(status) || WEXITSTATUS(status) != 0;
    char buffer[OUTPUT_MOST];
    off_t at = 0;
    ssize_t got;
    while ((got = pread(job->said, buffer, sizeof buffer, at)) > 0) {
        nn_text_append(said, buffer, (size_t)got);
        at += got;
        if (!all) {
            break;
        }
    }
    close(job->said);
}

/* ---- Compiling ---- */

struct plan {
    const nn_build *build;
    nn_arena *arena;
    const char *include, *folder, *stem;
    bool cxx;
};

bool nn_plugin_is_source(const char *path)
{
    static const char *const ends[] = {".c", ".cc", ".cpp", ".cxx"};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        size_t length = strlen(path), end = strlen(ends[i]);
        if (length > end && strcmp(path + length - end, ends[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* The compiler, the language and the flags all steps share. */
static nn_status begin(const struct plan *plan, struct job *job)
{
    const char *named = getenv(plan->cxx ? "CXX" : "CC");
    *job = (struct job){.said = -1};
    NN_TRY(add_words(job, plan->arena, named != NULL && named[0] != '\0' ? named : plan->cxx ? "c++" : "cc"));
    add(job, plan->cxx ? "-std=c++20" : "-std=c11");
    add(job, "-I");
    add(job, plan->include);
    const char *here;
    NN_TRY(nn_path_folder(plan->arena, plan->build->source, &here));
    add(job, "-I");
    add(job, here);
    return NN_OK;
}

static nn_status start_compile(const struct plan *plan, unsigned bits, const struct variant *variant,
                               bool manifest, struct job *job, size_t number, const char **object)
{
    const char *define_bits, *define_isa;
    NN_TRY(nn_arena_printf(plan->arena, object, "%s/f%u_%s.o", plan->folder, bits, variant->isa));
    NN_TRY(nn_arena_printf(plan->arena, &define_bits, "-DNN_REAL_BITS=%u", bits));
    NN_TRY(nn_arena_printf(plan->arena, &define_isa, "-DNN_ISA=%s", variant->isa));
    NN_TRY(begin(plan, job));
    static const char *const flags[] = {
        "-O3", "-g", "-fPIC", "-fvisibility=hidden", "-Wall", "-ffp-contract=off",
        "-fno-math-errno", "-fno-trapping-math",
    };
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        add(job, flags[i]);
    }
    add(job, variant->flag);
    add(job, define_bits);
    add(job, define_isa);
    add(job, manifest ? "-DNN_MANIFEST=1" : "-DNN_MANIFEST=0");
    for (size_t i = 0; i < plan->build->flag_count; i++) {
        if (strncmp(plan->build->flags[i], "-l", 2) != 0 && strncmp(plan->build->flags[i], "-L", 2) != 0) {
            add(job, plan->build->flags[i]);
        }
    }
    add(job, "-c");
    add(job, plan->build->source);
    add(job, "-o");
    add(job, *object);
    return start(job, plan->folder, number);
}

static nn_status link_objects(const struct plan *plan, const char *const *objects, size_t count,
                              const char *output)
{
    struct job job;
    nn_text said = {0};
    NN_TRY(begin(plan, &job));
    add(&job, "-shared");
    for (size_t i = 0; i < count; i++) {
        add(&job, objects[i]);
    }
    for (size_t i = 0; i < plan->build->flag_count; i++) {
        add(&job, plan->build->flags[i]);
    }
    add(&job, "-lm");
    add(&job, "-o");
    add(&job, output);
    NN_TRY(start(&job, plan->folder, count));
    finish(&job, false, &said);
    nn_status status = !job.failed ? NN_OK
                                   : nn_fail(NN_ERR_PLUGIN, "%s does not link:\n%s", plan->build->source,
                                             nn_text_view(&said));
    nn_text_finish(&said);
    return status;
}

/* All variants at once: there are no more than a few. */
static nn_status compile_all(const struct plan *plan, const char **objects, size_t *count)
{
    struct job jobs[2 * VARIANTS];
    nn_status status = NN_OK;
    nn_text said = {0};
    size_t started = 0;
    for (unsigned bits = 32; bits <= 64 && status == NN_OK; bits += 32) {
        for (size_t i = 0; i < VARIANTS && status == NN_OK; i++) {
            status = start_compile(plan, bits, &variants[i], started == 0, &jobs[started], started,
                                   &objects[started]);
            started += status == NN_OK;
        }
    }
    bool told = false;
    for (size_t i = 0; i < started; i++) {
        nn_text mine = {0};
        finish(&jobs[i], false, &mine);
        if ((jobs[i].failed || mine.length > 0) && !told) {
            nn_text_put(&said, nn_text_view(&mine)); /* the variants would say the same again */
            told = true;
        }
        if (jobs[i].failed && status == NN_OK) {
            status = NN_ERR_PLUGIN;
        }
        nn_text_finish(&mine);
    }
    if (status == NN_ERR_PLUGIN && told) {
        status = nn_fail(NN_ERR_PLUGIN, "%s does not compile:\n%s", plan->build->source, nn_text_view(&said));
    } else if (told) {
        fputs(nn_text_view(&said), stderr); /* warnings */
    }
    nn_text_finish(&said);
    *count = started;
    return status;
}

static void remove_folder(const char *folder)
{
    DIR *entries = opendir(folder);
    if (entries != NULL) {
        for (struct dirent *entry; (entry = readdir(entries)) != NULL;) {
            unlinkat(dirfd(entries), entry->d_name, 0);
        }
        closedir(entries);
    }
    rmdir(folder);
}

static nn_status make_folder(nn_arena *arena, const char **out)
{
    const char *base = getenv("TMPDIR"), *name;
    NN_TRY(nn_arena_printf(arena, &name, "%s/nnrun-build-XXXXXX", base != NULL && base[0] != '\0' ? base : "/tmp"));
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s", name);
    if (mkdtemp(path) == NULL) {
        return nn_fail_errno(errno, "no folder to build in: %s", path);
    }
    return nn_arena_text(arena, path, strlen(path), out);
}

static nn_status make_plan(const nn_build *build, nn_arena *arena, struct plan *plan)
{
    const char *templates;
    *plan = (struct plan){.build = build, .arena = arena};
    if (!nn_plugin_is_source(build->source)) {
        return nn_fail(NN_ERR_USAGE, "%s: a plugin's source ends in .c, .cc, .cpp or .cxx", build->source);
    }
    if (!nn_path_is_file(build->source)) {
        return nn_fail(NN_ERR_PLUGIN, "%s: no such file", build->source);
    }
    NN_TRY(nn_plugin_sdk(arena, &plan->include, &templates));
    NN_TRY(nn_path_stem(arena, build->source, &plan->stem));
    plan->cxx = strcmp(build->source + strlen(build->source) - 2, ".c") != 0;
    return NN_OK;
}

nn_status nn_plugin_build(const nn_build *build, nn_arena *arena, const char **output)
{
    struct plan plan;
    const char *objects[2 * VARIANTS], *path = build->output, *written;
    size_t count = 0;
    NN_TRY(make_plan(build, arena, &plan));
    if (path == NULL) {
        const char *here, *name;
        NN_TRY(nn_path_folder(arena, build->source, &here));
        NN_TRY(nn_arena_printf(arena, &name, "%s.so", plan.stem));
        NN_TRY(nn_path_join(arena, here, name, &path));
    }
    NN_TRY(nn_path_absolute(arena, path, &path));
    NN_TRY(make_folder(arena, &plan.folder));
    nn_status status = compile_all(&plan, objects, &count);
    if (status == NN_OK) {
        /* Written aside and renamed: a run that has the old file open keeps it. */
        status = nn_arena_printf(arena, &written, "%s.tmp-%ld", path, (long)getpid());
    }
    if (status == NN_OK) {
        status = link_objects(&plan, objects, count, written);
    }
    if (status == NN_OK && rename(written, path) != 0) {
        int number = errno;
        unlink(written);
        status = nn_fail_errno(number, "%s", path);
    }
    remove_folder(plan.folder);
    if (status == NN_OK) {
        *output = path;
    }
    return status;
}

/* ---- The cache ---- */

static nn_status cache_folder(nn_arena *arena, const char **out)
{
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    if (cache != NULL && cache[0] == '/') {
        NN_TRY(nn_arena_printf(arena, out, "%s/nnrun/plugins", cache));
    } else if (home != NULL && home[0] == '/') {
        NN_TRY(nn_arena_printf(arena, out, "%s/.cache/nnrun/plugins", home));
    } else {
        return nn_fail(NN_ERR_PLUGIN, "no folder to keep compiled plugins in: set HOME or XDG_CACHE_HOME, or build "
                       "with `nnrun plugins build`");
    }
    return nn_path_make(*out);
}

/* 128 bits over everything the compiler reads (-E) and what decides how it compiles it. */
static nn_status fingerprint(const struct plan *plan, char out[NN_HASH_TEXT])
{
    struct job job;
    nn_text seen = {0};
    NN_TRY(begin(plan, &job));
    add(&job, "-E");
    add(&job, "-P");
    add(&job, "-dD"); /* the compiler's own macros hold its version */
    add(&job, plan->build->source);
    NN_TRY(start(&job, plan->folder, 0));
    finish(&job, true, &seen);
    nn_status status = NN_OK;
    if (job.failed) {
        if (seen.length > OUTPUT_MOST) {
            seen.bytes[OUTPUT_MOST] = '\0';
        }
        status = nn_fail(NN_ERR_PLUGIN, "%s does not compile:\n%s", plan->build->source, nn_text_view(&seen));
    } else {
        for (size_t i = 0; i < job.count; i++) {
            nn_text_put(&seen, job.words[i]);
        }
        nn_text_put(&seen, NNRUN_VERSION);
        status = nn_text_status(&seen);
    }
    if (status == NN_OK) {
        nn_hash_hex(nn_hash_bytes(seen.bytes, seen.length), out);
    }
    nn_text_finish(&seen);
    return status;
}

nn_status nn_plugin_build_cached(const char *source, nn_arena *arena, const char **output)
{
    struct plan plan;
    nn_build build = {.source = source};
    const char *cache, *folder;
    char hash[NN_HASH_TEXT];
    NN_TRY(make_plan(&build, arena, &plan));
    NN_TRY(cache_folder(arena, &cache));
    NN_TRY(make_folder(arena, &plan.folder));
    nn_status status = fingerprint(&plan, hash);
    remove_folder(plan.folder);
    NN_TRY(status);
    NN_TRY(nn_arena_printf(arena, &folder, "%s/%s", cache, hash));
    NN_TRY(nn_arena_printf(arena, &build.output, "%s/%s.so", folder, plan.stem));
    if (nn_path_is_file(build.output)) {
        *output = build.output;
        return NN_OK;
    }
    NN_TRY(nn_path_make(folder));
    return nn_plugin_build(&build, arena, output);
}

/* ---- Where the headers are ---- */

static nn_status try_prefix(nn_arena *arena, const char *include, const char *templates,
                            const char **out_include, const char **out_templates)
{
    const char *header;
    NN_TRY(nn_path_join(arena, include, "nnrun/plugin.h", &header));
    if (*out_include == NULL && nn_path_is_file(header)) {
        NN_TRY(nn_path_absolute(arena, include, out_include));
        *out_templates = NULL;
        if (nn_path_is_folder(templates)) {
            NN_TRY(nn_path_absolute(arena, templates, out_templates));
        }
    }
    return NN_OK;
}

nn_status nn_plugin_sdk(nn_arena *arena, const char **include, const char **templates)
{
    /* Relative to a prefix: that of an installation, then that of a source tree. */
    static const char *const places[][2] = {{"include", "share/nnrun/template"}, {"include", "plugins/template"}};
    /* From the binary: prefix/bin/nnrun, tree/build/<preset>/nnrun, tree/build/nnrun. */
    static const char *const prefixes[] = {"..", "../..", "."};
    char exe[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", exe, sizeof exe - 1);
    exe[length > 0 ? length : 0] = '\0';
    const char *here, *named = getenv("NNRUN_SDK");
    NN_TRY(nn_path_folder(arena, exe, &here));
    *include = *templates = NULL;
    for (size_t i = 0; i < 4 && *include == NULL; i++) {
        const char *prefix = named;
        if (i > 0) {
            NN_TRY(nn_path_join(arena, here, prefixes[i - 1], &prefix));
        } else if (named == NULL || named[0] == '\0') {
            continue;
        }
        for (size_t k = 0; k < 2 && *include == NULL; k++) {
            const char *a, *b;
            NN_TRY(nn_path_join(arena, prefix, places[k][0], &a));
            NN_TRY(nn_path_join(arena, prefix, places[k][1], &b));
            if (k == 1 || nn_path_is_folder(b)) {
                NN_TRY(try_prefix(arena, a, b, include, templates));
            }
        }
    }
    if (*include == NULL) {
        return nn_fail(NN_ERR_PLUGIN, "nnrun/plugin.h is neither beside this nnrun nor in NNRUN_SDK: install nnrun "
                       "with its headers, or set NNRUN_SDK to a prefix that has include/nnrun");
    }
    return NN_OK;
}
