/* SPDX-License-Identifier: MIT */
/* nnrun plugins check NAME|FILE [parameter=value ...] */
#include "base/path.h"
#include "base/text.h"
#include "cli/plugins.h"
#include "cli/print.h"
#include "plugin/build.h"
#include "run/contract.h"

#include <stdio.h>
#include <string.h>

struct tally {
    bool json;
    size_t checks, skipped;
    nn_status printed; /* the first failure to print */
};

static void put_json(const nn_check_result *result, nn_text *out)
{
    static const char *const verdicts[] = {"passed", "failed", "skipped"};
    const struct {
        const char *key, *value;
    } fields[] = {
        {"check", result->name}, {"verdict", verdicts[result->verdict]}, {"figure", result->figure},
        {"reason", result->reason}, {"rule", result->rule},
    };
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        nn_text_put(out, i == 0 ? "{" : ", ");
        nn_text_json(out, fields[i].key);
        nn_text_put(out, ": ");
        nn_text_json(out, fields[i].value);
    }
    nn_text_put(out, "}\n");
}

static void put_line(const nn_check_result *result, nn_text *out)
{
    static const char *const verdicts[] = {"ok", "FAIL", "skip"};
    nn_text_printf(out, "%-4s  %-13s", verdicts[result->verdict], result->name);
    if (result->figure[0] != '\0') {
        nn_text_printf(out, "  %s", result->figure);
    }
    if (result->verdict == NN_VERDICT_SKIPPED) {
        nn_text_put(out, "  ");
        nn_text_escape(out, result->reason, strlen(result->reason));
    }
    nn_text_put(out, "\n");
    if (result->verdict == NN_VERDICT_FAILED) {
        nn_text_put(out, "      ");
        nn_text_escape(out, result->reason, strlen(result->reason));
        nn_text_printf(out, "\n      the contract: %s\n", result->rule);
    }
}

static void report(void *context, const nn_check_result *result)
{
    struct tally *tally = context;
    nn_text line = {0};
    tally->checks++;
    tally->skipped += result->verdict == NN_VERDICT_SKIPPED;
    if (tally->json) {
        put_json(result, &line);
    } else {
        put_line(result, &line);
    }
    nn_status status = nn_print_finish(&line);
    if (status == NN_OK) {
        status = nn_print_flush();
    }
    tally->printed = tally->printed == NN_OK ? status : tally->printed;
}

static bool is_file(const char *word)
{
    size_t length = strlen(word);
    return nn_path_is_file(word) || nn_plugin_is_source(word)
        || (length > 3 && strcmp(word + length - 3, ".so") == 0);
}

/* The .so of a file, a source or a name. */
static nn_status find_file(nn_cli *cli, const char *word, nn_arena *arena, const char **out)
{
    if (nn_plugin_is_source(word)) {
        return nn_plugin_build_cached(word, arena, out);
    }
    if (is_file(word)) {
        *out = word;
        return NN_OK;
    }
    const nn_plugin *found[NN_PLUGINS_KINDS];
    size_t count;
    nn_registry *registry;
    NN_TRY(nn_plugins_open(cli, arena, &registry));
    nn_status status = nn_plugins_named(registry, word, arena, found, &count);
    if (status == NN_OK && count > 1) {
        status = nn_fail(NN_ERR_USAGE, "there are %s/%s and %s/%s; say which", nn_kind_name(found[0]->kind), word,
                         nn_kind_name(found[1]->kind), word);
    }
    if (status == NN_OK) {
        status = nn_arena_text(arena, found[0]->path, strlen(found[0]->path), out);
    }
    nn_registry_destroy(registry);
    return status;
}

nn_status nn_plugins_check(nn_cli *cli, nn_arena *arena)
{
    unsigned long long limit_s;
    const char *path;
    size_t failed = 0;
    if (cli->positional_count < 2) {
        return nn_fail(NN_ERR_USAGE, "usage: nnrun plugins check NAME|FILE [parameter=value ...]");
    }
    for (size_t i = 2; i < cli->positional_count; i++) {
        if (strchr(cli->positional[i], '=') == NULL) {
            return nn_fail(NN_ERR_USAGE, "\"%s\" is no parameter=value", cli->positional[i]);
        }
    }
    NN_TRY(nn_cli_number(cli, "--limit", 1, 20, &limit_s));
    NN_TRY(find_file(cli, cli->positional[1], arena, &path));
    struct tally tally = {.json = nn_cli_flag(cli, "--json")};
    nn_contract contract = {
        .path = path,
        .parameters = cli->positional + 2,
        .parameter_count = cli->positional_count - 2,
        .limit_s = (double)limit_s,
        .only = nn_cli_value(cli, "--only"),
        .report = report,
        .context = &tally,
    };
    NN_TRY(nn_contract_check(&contract, &failed));
    NN_TRY(tally.printed);
    if (!tally.json) {
        printf("%s: %zu checks, %zu failed, %zu skipped\n", path, tally.checks, failed, tally.skipped);
    }
    return failed == 0 ? NN_OK : nn_fail(NN_ERR_PLUGIN, "%s: %zu of %zu checks failed", path, failed,
                                         tally.checks);
}
