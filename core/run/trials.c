/* SPDX-License-Identifier: MIT */
#include "run/trials.h"

#include "base/memory.h"
#include "base/path.h"
#include "run/inside.h"
#include "spec/emit.h"
#include "spec/parse.h"
#include "spec/render.h"
#include "spec/schema.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { FILE_MOST = 256 << 20, SET_MOST = 1000 };

/* ---- identity ---- */

/* What changes no figure of a run. */
static void drop_indifferent(nn_node *root)
{
    static const char *const keys[] = {"name", "threads", "plugins", "expect"};
    nn_node *data = nn_node_get(root, "data"), *checkpoint = nn_node_get(root, "checkpoint");
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        nn_node_drop(root, keys[i]);
    }
    if (data != NULL) {
        nn_node_drop(data, "cache");
    }
    if (checkpoint != NULL) {
        nn_node_drop(checkpoint, "every");
        nn_node_drop(checkpoint, "keep");
    }
    for (size_t i = root->count; i-- > 0;) {
        if (nn_key_is_free(root->pairs[i].key->text)) {
            nn_node_drop(root, root->pairs[i].key->text);
        }
    }
}

nn_status nn_session_trial(nn_session *s, char hash[NN_HASH_TEXT])
{
    nn_node *root;
    nn_text text = {0};
    NN_TRY(nn__render(s, &root));
    drop_indifferent(root);
    nn_emit(root, false, &text);
    for (size_t i = 0; i < s->components.all_count; i++) {
        const nn_plugin *plugin = s->components.all[i]->plugin;
        nn_text_printf(&text, "%s/%s %s\n", nn_kind_name(plugin->kind), plugin->name, plugin->sha256);
    }
    for (size_t i = 0; i < sizeof s->seen / sizeof s->seen[0]; i++) {
        char digits[NN_HASH_TEXT];
        nn_text_printf(&text, "data %s\n", nn_hash_hex(s->seen[i].fingerprint, digits));
    }
    nn_status status = nn_text_status(&text);
    if (status == NN_OK) {
        nn_hash_hex(nn_hash_bytes(text.bytes, text.length), hash);
    }
    nn_text_finish(&text);
    return status;
}

/* ---- sets ---- */

typedef struct trials {
    const nn_session_options *options;
    nn_session *first; /* whose registry the others share; NULL before the first */
    nn__peeks peeks;
    nn_trial_told *told;
    void *context;
    nn_status worst; /* of the first refused set */
} trials;

/* The key=value of a line behind those of the command line; *count 0 where it is no list of texts. */
static nn_status read_set(nn_arena *arena, const trials *t, const nn_text_source *source,
                          nn_diagnostics *diagnostics, const char *const **out, size_t *count)
{
    nn_node *list;
    const nn_session_options *options = t->options;
    const char **overrides;
    *count = 0;
    NN_TRY(nn_parse(arena, source, diagnostics, &list));
    if (list == NULL) {
        return NN_OK;
    }
    bool good = list->kind == NN_NODE_LIST && list->count <= SET_MOST;
    for (size_t i = 0; good && i < list->count; i++) {
        good = list->items[i]->kind == NN_NODE_SCALAR;
    }
    if (!good) {
        nn_diagnose(diagnostics, NN_SEVERITY_ERROR, NN_ERR_SPEC, list->place, "",
                    "[training.epochs=3, \"training.optimizer={use: sgd}\"]",
                    "a set of overrides is a list of key=value");
        return NN_OK;
    }
    NN_TRY(NN_ARENA_ALLOC(arena, &overrides, options->override_count + list->count + 1));
    for (size_t i = 0; i < options->override_count; i++) {
        overrides[(*count)++] = options->overrides[i];
    }
    for (size_t i = 0; i < list->count; i++) {
        overrides[(*count)++] = list->items[i]->text;
    }
    *out = overrides;
    return NN_OK;
}

static nn_status tell(trials *t, nn_trial *trial, nn_status status, const nn_text *printed)
{
    NN_TRY(nn_text_status(printed));
    trial->diagnostics = nn_text_view(printed);
    t->told(t->context, trial);
    if (status != NN_OK && t->worst == NN_OK) {
        t->worst = status;
    }
    return NN_OK;
}

static nn_status check_set(trials *t, nn_trial *trial, const char *const *overrides, size_t count)
{
    nn_session_options options = *t->options;
    nn_session *session;
    nn_text printed = {0};
    options.overrides = overrides;
    options.override_count = count;
    NN_TRY(nn__session_open_like(&options, options.spec, t->first, &session));
    session->peeks = &t->peeks;
    nn_status status = nn_session_check(session, true);
    if (status == NN_OK) {
        status = nn_session_trial(session, trial->hash);
    }
    trial->errors = nn_session_error_count(session);
    trial->warnings = nn_session_warning_count(session);
    nn_session_diagnostics(session, &printed);
    if (status == NN_OK || trial->errors > 0) {
        status = tell(t, trial, status, &printed);
    }
    nn_text_finish(&printed);
    if (t->first == NULL && status == NN_OK) {
        t->first = session;
    } else {
        nn_session_destroy(session);
    }
    return status;
}

static nn_status check_line(trials *t, const char *name, const char *line, size_t length,
                            size_t number)
{
    nn_arena *arena;
    nn_diagnostics *diagnostics = NULL;
    nn_text_source *source;
    nn_text printed = {0};
    nn_trial trial = {.line = number, .diagnostics = ""};
    const char *const *overrides = NULL;
    size_t count;
    NN_TRY(nn_arena_create(&arena));
    nn_status status;
    NN_TRY_DONE(nn_diagnostics_create(arena, &diagnostics));
    NN_TRY_DONE(NN_ARENA_ALLOC(arena, &source, 1));
    *source = (nn_text_source){.length = length, .base_dir = "."};
    NN_TRY_DONE(nn_arena_printf(arena, &source->name, "%s line %zu", name, number));
    NN_TRY_DONE(nn_arena_text(arena, line, length, &source->bytes));
    trial.set = source->bytes;
    NN_TRY_DONE(read_set(arena, t, source, diagnostics, &overrides, &count));
    trial.errors = nn_diagnostics_errors(diagnostics);
    if (trial.errors > 0) {
        nn_diagnostics_print(diagnostics, &printed);
        status = tell(t, &trial, nn_diagnostics_status(diagnostics), &printed);
    } else {
        status = check_set(t, &trial, overrides, count);
    }
done:
    nn_text_finish(&printed);
    nn_arena_destroy(arena);
    return status;
}

static nn_status check_lines(trials *t, const char *name, const char *bytes, size_t length)
{
    const char *end = bytes + length;
    size_t number = 1;
    for (const char *line = bytes; line < end; number++) {
        const char *newline = memchr(line, '\n', (size_t)(end - line));
        size_t width = (size_t)((newline == NULL ? end : newline) - line);
        size_t blank = 0;
        while (blank < width && strchr(" \t\r", line[blank]) != NULL) {
            blank++;
        }
        if (blank < width && line[blank] != '#') {
            NN_TRY(check_line(t, name, line, width, number));
        }
        line += width + 1;
    }
    return NN_OK;
}

static nn_status read_standard_input(nn_text *out)
{
    char buffer[65536];
    for (;;) {
        ssize_t got = read(STDIN_FILENO, buffer, sizeof buffer);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return nn_fail_errno(errno, "<stdin>: can't be read");
        }
        if (got == 0) {
            return nn_text_status(out);
        }
        nn_text_append(out, buffer, (size_t)got);
        NN_TRY(nn_text_status(out));
        if (out->length > FILE_MOST) {
            return nn_fail(NN_ERR_IO, "<stdin>: more than %d bytes", FILE_MOST);
        }
    }
}

nn_status nn_trials_check(const nn_session_options *options, const char *file, nn_trial_told *told,
                          void *context)
{
    trials t = {.options = options, .told = told, .context = context};
    nn_text input = {0};
    char *bytes = NULL;
    size_t length = 0;
    bool standard = strcmp(file, "-") == 0;
    nn_status status = standard ? read_standard_input(&input)
                                : nn_file_read(file, FILE_MOST, &bytes, &length);
    if (status == NN_OK) {
        status = nn_arena_create(&t.peeks.arena);
    }
    if (status == NN_OK) {
        status = check_lines(&t, standard ? "<stdin>" : file, standard ? input.bytes : bytes,
                             standard ? input.length : length);
    }
    nn_session_destroy(t.first);
    nn_arena_destroy(t.peeks.arena);
    nn_text_finish(&input);
    nn_free(bytes);
    return status != NN_OK ? status : t.worst;
}
