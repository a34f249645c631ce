/* SPDX-License-Identifier: MIT */
/* nnrun data check|stats|export SPEC [key=value ...], nnrun data cache [list|clear] */
#include "base/arena.h"
#include "base/path.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/print.h"
#include "cli/progress.h"
#include "run/inspect.h"

#include <stdio.h>
#include <stdint.h>
#include <string.h>

enum { FEATURES_SHOWN = 16 };

struct look {
    nn_cli *cli;
    bool json;
    size_t bad;
    nn_status printed; /* the first failure to print */
};

/* A sample's or class's name, safe for a terminal. */
static void put_safe(nn_text *out, const char *name)
{
    nn_text_escape(out, name, strlen(name));
}

static void print(struct look *look, nn_text *text)
{
    nn_status status = nn_print_finish(text);
    look->printed = look->printed == NN_OK ? status : look->printed;
}

/* What a look came to: the exit code says whether a file is bad, stdout which. */
static nn_status end_look(struct look *look, nn_status status)
{
    if (look->printed != NN_OK) {
        return look->printed;
    }
    look->cli->told = status == NN_ERR_DATA;
    return status;
}

/* ---- check ---- */

static void put_check_json(const nn_data_part *part, nn_text *text)
{
    nn_text_printf(text, "{\"part\": \"%s\", \"loader\": \"%s\", \"samples\": %zu, \"bad\": [",
                   part->name, part->loader, part->about.samples + part->bad_count);
    for (size_t i = 0; i < part->bad_count; i++) {
        nn_text_put(text, i > 0 ? ", {\"name\": " : "{\"name\": ");
        nn_text_json(text, part->bad[i].name);
        nn_text_put(text, ", \"reason\": ");
        nn_text_json(text, part->bad[i].reason);
        nn_text_put(text, "}");
    }
    nn_text_put(text, "]");
    if (part->failure != NULL) {
        nn_text_put(text, ", \"failure\": ");
        nn_text_json(text, part->failure);
    }
    nn_text_put(text, "}\n");
}

/* Why a data set could not be opened, line by line. */
static void put_failure(const nn_data_part *part, nn_text *text)
{
    nn_text_printf(text, "data.%s: ", part->name);
    for (const char *line = part->failure; line != NULL; line = strchr(line, '\n')) {
        line += line[0] == '\n';
        nn_text_escape(text, line, strcspn(line, "\n"));
        nn_text_put(text, "\n");
    }
}

static void put_check(const nn_data_part *part, nn_text *text)
{
    if (part->failure != NULL) {
        put_failure(part, text);
        return;
    }
    nn_text_printf(text, "data.%s: %zu samples, %zu bad\n", part->name,
                   part->about.samples + part->bad_count, part->bad_count);
    for (size_t i = 0; i < part->bad_count; i++) {
        nn_text_put(text, "  ");
        put_safe(text, part->bad[i].name);
        nn_text_put(text, ": ");
        put_safe(text, part->bad[i].reason);
        nn_text_put(text, "\n");
    }
}

static void check_part(void *context, const nn_data_part *part)
{
    struct look *look = context;
    nn_text text = {0};
    look->bad += part->bad_count;
    (look->json ? put_check_json : put_check)(part, &text);
    print(look, &text);
}

static nn_status check(nn_cli *cli, nn_session *session)
{
    struct look look = {.cli = cli, .json = nn_cli_flag(cli, "--json")};
    nn_status status = nn_session_inspect(session, false, check_part, &look);
    return end_look(&look, status == NN_OK && look.bad > 0 ? NN_ERR_DATA : status);
}

/* ---- stats ---- */

static void put_moments(nn_text *text, const char *what, const nn_data_moments *moments,
                        size_t count)
{
    for (size_t i = 0; i < count && i < FEATURES_SHOWN; i++) {
        char label[32];
        snprintf(label, sizeof label, count > 1 ? "%s %zu" : "%s", what, i);
        nn_text_printf(text, "  %-13s mean %.6g  deviation %.6g  from %g to %g\n", label,
                       moments[i].mean, moments[i].deviation, moments[i].least, moments[i].most);
    }
    if (count > FEATURES_SHOWN) {
        nn_text_printf(text, "  and %zu more\n", count - FEATURES_SHOWN);
    }
}

static void put_classes(const nn_data_part *part, nn_text *text)
{
    size_t least = SIZE_MAX, most = 0;
    for (size_t c = 0; c < part->about.class_count; c++) {
        size_t n = part->class_counts[c];
        least = n < least ? n : least;
        most = n > most ? n : most;
    }
    nn_text_printf(text, "  %-13s %zu, of %zu to %zu samples\n", "classes", part->about.class_count,
                   least, most);
    for (size_t c = 0; c < part->about.class_count; c++) {
        nn_text_printf(text, "    %8zu  %5.2f %%  ", part->class_counts[c],
               100.0 * (double)part->class_counts[c] / (double)part->about.samples);
        put_safe(text, part->about.class_names[c]);
        nn_text_put(text, "\n");
    }
}

static void put_moments_json(nn_text *text, const char *key, const nn_data_moments *moments,
                               size_t count)
{
    nn_text_printf(text, ", \"%s\": [", key);
    for (size_t i = 0; i < count; i++) {
        nn_text_printf(text, "%s{\"mean\": %.17g, \"deviation\": %.17g, \"least\": %.17g, "
                       "\"most\": %.17g}", i > 0 ? ", " : "", moments[i].mean,
                       moments[i].deviation, moments[i].least, moments[i].most);
    }
    nn_text_put(text, "]");
}

static void put_stats_json(const nn_data_part *part, nn_text *text)
{
    const nn_dataset_about *about = &part->about;
    char hex[NN_HASH_TEXT];
    nn_text_printf(text, "{\"part\": \"%s\", \"loader\": \"%s\", \"samples\": %zu, \"bad\": %zu, "
                   "\"height\": %zu, \"width\": %zu, \"channels\": %zu, \"image\": %s, "
                   "\"bytes\": %s, \"fingerprint\": \"%s\"", part->name, part->loader,
                   about->samples, part->bad_count, about->height, about->width, about->channels,
                   about->image ? "true" : "false",
                   about->dtype == NN_DTYPE_UINT8 ? "true" : "false",
                   nn_hash_hex(about->fingerprint, hex));
    put_moments_json(text, "inputs", part->inputs, part->input_count);
    if (part->targets != NULL) {
        put_moments_json(text, "targets", part->targets, about->outputs);
    }
    if (part->class_counts != NULL) {
        nn_text_put(text, ", \"classes\": [");
        for (size_t c = 0; c < about->class_count; c++) {
            nn_text_put(text, c > 0 ? ", {\"name\": " : "{\"name\": ");
            nn_text_json(text, about->class_names[c]);
            nn_text_printf(text, ", \"samples\": %zu}", part->class_counts[c]);
        }
        nn_text_put(text, "]");
    }
    nn_text_put(text, "}\n");
}

static void put_stats(const nn_data_part *part, nn_text *text)
{
    const nn_dataset_about *about = &part->about;
    bool bytes = about->dtype == NN_DTYPE_UINT8;
    size_t sample = about->features * (bytes ? 1 : part->samples.bits / 8);
    char hex[NN_HASH_TEXT];
    nn_text_printf(text, "data.%s: %zu samples by %s", part->name, about->samples, part->loader);
    if (part->bad_count > 0) {
        nn_text_printf(text, " (%zu bad ones left out)", part->bad_count);
    }
    nn_text_printf(text, "\n  %-13s ", "sample");
    if (about->image) {
        nn_text_printf(text, "%zu x %zu x %zu %s\n", about->height, about->width, about->channels,
                       bytes ? "bytes" : "reals");
    } else {
        nn_text_printf(text, "%zu %s\n", about->features, bytes ? "bytes" : "reals");
    }
    nn_text_printf(text, "  %-13s %.1f MB, loaded in %.2f s\n", "memory",
                   (double)(sample * about->samples) / 1e6, about->load_s);
    nn_text_printf(text, "  %-13s %s\n", "fingerprint", nn_hash_hex(about->fingerprint, hex));
    put_moments(text, about->image ? "channel" : "feature", part->inputs, part->input_count);
    if (part->targets != NULL) {
        put_moments(text, "target", part->targets, about->outputs);
    }
    if (part->class_counts != NULL) {
        put_classes(part, text);
    }
}

static void stats_part(void *context, const nn_data_part *part)
{
    struct look *look = context;
    nn_text text = {0};
    if (part->failure != NULL) {
        check_part(context, part);
        return;
    }
    (look->json ? put_stats_json : put_stats)(part, &text);
    print(look, &text);
}

static nn_status stats(nn_cli *cli, nn_session *session)
{
    struct look look = {.cli = cli, .json = nn_cli_flag(cli, "--json")};
    return end_look(&look, nn_session_inspect(session, true, stats_part, &look));
}

/* ---- export ---- */

static nn_status export(nn_cli *cli, nn_session *session)
{
    const char *format = nn_cli_value(cli, "--to"), *path = nn_cli_value(cli, "--out");
    const char *part = nn_cli_value(cli, "--part");
    if (format == NULL || path == NULL) {
        return nn_fail(NN_ERR_USAGE, "nnrun data export needs --to hdf5|idx|jpeg_folder|png_folder "
                       "and --out PATH");
    }
    NN_TRY(nn_session_export(session, part == NULL ? "train" : part, format, path));
    if (!nn_cli_flag(cli, "--quiet")) {
        printf("data.%s written to %s\n", part == NULL ? "train" : part, path);
    }
    return NN_OK;
}

/* ---- cache ---- */

static nn_status list_cache(nn_arena *arena)
{
    const char *folder;
    nn_cache_entry *entries;
    size_t count;
    uint64_t bytes = 0;
    nn_text text = {0};
    NN_TRY(nn_cache_list(arena, &folder, &entries, &count));
    for (size_t i = 0; i < count; i++) {
        nn_text_printf(&text, "%8.1f MB  used %6.1f h ago  ", (double)entries[i].bytes / 1e6,
               entries[i].unused_s / 3600);
        put_safe(&text, entries[i].title);
        nn_text_printf(&text, "\n             %s\n", nn_path_name(entries[i].path));
        bytes += entries[i].bytes;
    }
    nn_text_printf(&text, "%zu file%s, %.1f MB in %s\n", count, count == 1 ? "" : "s",
                   (double)bytes / 1e6, folder);
    return nn_print_finish(&text);
}

static nn_status cache(nn_cli *cli)
{
    const char *what = cli->positional_count > 1 ? cli->positional[1] : "list";
    if (cli->positional_count > 2
        || (strcmp(what, "list") != 0 && strcmp(what, "clear") != 0)) {
        return nn_fail(NN_ERR_USAGE, "usage: nnrun data cache [list|clear]");
    }
    if (strcmp(what, "clear") == 0) {
        size_t count;
        uint64_t bytes;
        NN_TRY(nn_cache_clear(&count, &bytes));
        printf("%zu file%s removed, %.1f MB\n", count, count == 1 ? "" : "s", (double)bytes / 1e6);
        return NN_OK;
    }
    nn_arena *arena;
    NN_TRY(nn_arena_create(&arena));
    nn_status status = list_cache(arena);
    nn_arena_destroy(arena);
    return status;
}

/* ---- The command ---- */

static nn_status with_session(nn_cli *cli, nn_status (*action)(nn_cli *, nn_session *))
{
    if (cli->positional_count < 2) {
        return nn_fail(NN_ERR_USAGE, "usage: nnrun data %s SPEC [key=value ...]", cli->positional[0]);
    }
    unsigned long long threads;
    NN_TRY(nn_cli_number(cli, "--threads", 1, 0, &threads));
    nn_progress progress;
    nn_progress_init(&progress, nn_cli_flag(cli, "--quiet"), nn_cli_flag(cli, "--json"), 0);
    const nn_session_options options = {
        .spec = cli->positional[1],
        .overrides = cli->positional + 2,
        .override_count = cli->positional_count - 2,
        .plugins = nn_cli_places(cli),
        .threads = (size_t)threads,
        .log = &cli->log,
        .loading = nn_progress_loading,
        .loading_context = &progress,
    };
    nn_session *session;
    NN_TRY(nn_session_create(&options, &session));
    nn_status status = nn_session_check(session, false);
    if (status != NN_OK) {
        status = nn_cli_diagnostics(cli, session, status);
    } else {
        const char *sheet = nn_cli_value(cli, "--sheet");
        status = action(cli, session);
        if (status == NN_OK && sheet != NULL) {
            status = nn_session_sheet(session, sheet);
        }
    }
    nn_progress_finish(&progress);
    nn_session_destroy(session);
    return status;
}

static nn_status run(nn_cli *cli)
{
    static const char *const names[] = {"check", "stats", "export", "cache"};
    const char *what = cli->positional[0];
    if (strcmp(what, "check") == 0) {
        return with_session(cli, check);
    }
    if (strcmp(what, "stats") == 0) {
        return with_session(cli, stats);
    }
    if (strcmp(what, "export") == 0) {
        return with_session(cli, export);
    }
    if (strcmp(what, "cache") == 0) {
        return cache(cli);
    }
    const char *nearest = nn_text_nearest(what, names, 4);
    return nn_fail(NN_ERR_USAGE, "nnrun data knows check, stats, export and cache, not \"%s\"%s%s%s",
                   what, nearest == NULL ? "" : "; did you mean \"",
                   nearest == NULL ? "" : nearest, nearest == NULL ? "" : "\"?");
}

static const nn_option options_[] = {
    {"--to", "FORMAT", "export: hdf5, idx, jpeg_folder or png_folder"},
    {"--out", "PATH", "export: the new file or folder"},
    {"--part", "PART", "export: train (default), validation or test"},
    {"--sheet", "FILE.jpg", "check, stats: draw what the network sees, before and after transforms"},
    {"--threads", "N", "threads that decode"},
    NN_OPTION_PLUGIN_PATH,
    NN_OPTION_JSON,
    NN_OPTION_QUIET,
    {0},
};

const nn_command nn_command_data = {
    .name = "data",
    .arguments = "check|stats|export SPEC [key=value ...]  |  data cache [list|clear]",
    .summary = "looks at the data: bad files, counts, means; writes them in another form",
    .help = "check   every file that would be refused, and why (exit code 3 where there is one)\n"
            "stats   samples, sizes, classes, means and deviations of each data set\n"
            "export  a data set as another loader reads it\n"
            "cache   decoded pixels kept for the next start: lists or clears them",
    .options = options_,
    .least = 1,
    .most = (size_t)-1,
    .run = run,
};
