/* SPDX-License-Identifier: MIT */
/* Which checks a plugin is asked, and their results told. */
#include "run/contract.h"

#include "base/clock.h"
#include "base/text.h"
#include "run/contract_check.h"
#include "run/contract_process.h"

#include <stdio.h>
#include <string.h>

enum { BROKEN_MOST = 8 };

/* Functions of the plugin that ended a check: what calls them again would tell the same again. */
struct broken {
    size_t count;
    struct {
        const char *function; /* "forward()" */
        nn__end end;
    } calls[BROKEN_MOST];
};

static void remember(struct broken *broken, const nn__message *message)
{
    if (message->end != NN__TOLD && message->calling != NULL && broken->count < BROKEN_MOST) {
        broken->calls[broken->count].function = message->calling;
        broken->calls[broken->count].end = message->end;
        broken->count++;
    }
}

/* True where the check would call a broken function; why it is skipped is in `message`. */
static bool hopeless(const struct broken *broken, const nn__check *check, nn__message *message)
{
    static const char *const ends[] = {"", "crashed", "did not end", "ended the process"};
    for (size_t i = 0; i < broken->count; i++) {
        const char *function = broken->calls[i].function;
        bool creates = check->bound && strcmp(function, "create()") == 0;
        if (creates || (check->calls != NULL && strstr(check->calls, function) != NULL)) {
            message->verdict = NN_VERDICT_SKIPPED;
            snprintf(message->reason, sizeof message->reason, "%s %s above", function,
                     ends[broken->calls[i].end]);
            return true;
        }
    }
    return false;
}

/* Runs one check and reports it.  *kind is set where the plugin could be opened. */
static nn_status run_check(const nn_contract *contract, const nn__check *check, struct broken *broken,
                           nn_kind *kind, nn_verdict *verdict)
{
    nn__message message = {.verdict = NN_VERDICT_PASSED};
    double begin_s = nn_clock_s();
    if (!hopeless(broken, check, &message)) {
        NN_TRY(nn__process_check(contract, check, &message));
    }
    if (message.misused) {
        return nn_fail(NN_ERR_USAGE, "%s", message.reason);
    }
    remember(broken, &message);
    *kind = message.kind;
    *verdict = message.verdict;
    contract->report(contract->context, &(nn_check_result){
        .name = check->name,
        .verdict = message.verdict,
        .figure = message.figure,
        .reason = message.reason,
        .rule = check->rule,
        .elapsed_s = nn_clock_s() - begin_s,
    });
    return NN_OK;
}

static const nn__check *checks_of(nn_kind kind, size_t *count)
{
    switch (kind) {
    case NN_KIND_ACTIVATION:
        return nn__checks_activation(count);
    case NN_KIND_COST:
        return nn__checks_cost(count);
    case NN_KIND_OPTIMIZER:
        return nn__checks_optimizer(count);
    case NN_KIND_LOADER:
        return nn__checks_loader(count);
    case NN_KIND_INITIALIZER:
        return nn__checks_initializer(count);
    case NN_KIND_SCHEDULE:
        return nn__checks_schedule(count);
    case NN_KIND_TRANSFORM:
        return nn__checks_transform(count);
    }
    *count = 0;
    return NULL;
}

static nn_status run_checks(const nn_contract *contract, const nn__check *checks, size_t count,
                            struct broken *broken, size_t *failed)
{
    for (size_t i = 0; i < count; i++) {
        nn_kind kind;
        nn_verdict verdict;
        if (contract->only != NULL && strcmp(contract->only, checks[i].name) != 0) {
            continue;
        }
        NN_TRY(run_check(contract, &checks[i], broken, &kind, &verdict));
        *failed += verdict == NN_VERDICT_FAILED;
    }
    return NN_OK;
}

static bool named(const nn__check *checks, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(checks[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

/* A misspelt check must not look like one that passed. */
static nn_status refuse_unknown(const char *name, const nn__check *common, size_t common_count,
                                const nn__check *own, size_t own_count)
{
    nn_text names = {0};
    for (size_t i = 0; i < common_count + own_count; i++) {
        nn_text_printf(&names, "%s%s", i > 0 ? ", " : "",
                       i < common_count ? common[i].name : own[i - common_count].name);
    }
    nn_status status = nn_fail(NN_ERR_USAGE, "there is no check \"%s\"; there are loads, %s", name,
                               nn_text_view(&names));
    nn_text_finish(&names);
    return status;
}

nn_status nn_contract_check(const nn_contract *contract, size_t *failed)
{
    static const nn__check loads = {
        "loads", NULL, false, "Checked in order: symbol, magic, major, size, minor, kind, table.", NULL};
    struct broken broken = {0};
    size_t common_count, own_count;
    nn_kind kind = (nn_kind)0;
    nn_verdict verdict = NN_VERDICT_FAILED;
    NN_TRY(run_check(contract, &loads, &broken, &kind, &verdict));
    if (verdict == NN_VERDICT_FAILED) {
        *failed = 1;
        return NN_OK;
    }
    const nn__check *common = nn__checks_common(&common_count), *own = checks_of(kind, &own_count);
    const char *only = contract->only;
    if (only != NULL && strcmp(only, loads.name) != 0 && !named(common, common_count, only)
        && !named(own, own_count, only)) {
        return refuse_unknown(only, common, common_count, own, own_count);
    }
    *failed = 0;
    NN_TRY(run_checks(contract, common, common_count, &broken, failed));
    return run_checks(contract, own, own_count, &broken, failed);
}
