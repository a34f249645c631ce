/* SPDX-License-Identifier: MIT */
/* What every plugin is asked, whatever its kind. */
#include "plugin/builtin.h"
#include "plugin/exports.h"
#include "run/contract_check.h"

#include <string.h>

static void documented(nn__subject *subject)
{
    const nn_about *about = subject->plugin->about;
    if (about->formula[0] == '\0' && subject->plugin->kind != NN_KIND_LOADER) {
        nn__check_fail(subject, "it has no .formula: the mathematics in one line");
    }
    if (about->reference[0] == '\0') {
        nn__check_fail(subject, "it has no .reference: authors, year, title, equation or section");
    }
    size_t count = 0;
    size_t length = strlen(about->summary);
    if (about->summary[length - 1] != '.') {
        nn__check_fail(subject, "its .summary is no sentence (it ends without a full stop)");
    }
    for (const nn_param *param = about->params; param != NULL && param->name != NULL; param++, count++) {
        if (param->doc[strlen(param->doc) - 1] != '.') {
            nn__check_fail(subject, "the doc of parameter \"%s\" is no sentence (it ends without a full "
                           "stop)", param->name);
        }
    }
    nn__check_figure(subject, "%zu parameter%s", count, count == 1 ? "" : "s");
}

static void exports(nn__subject *subject)
{
    nn_text names = {0};
    size_t count;
    if (nn_plugin_is_builtin(subject->plugin->path)) {
        nn__check_skip(subject, "it is part of this program");
        return;
    }
    if (nn_plugin_exports(subject->plugin->path, &names, &count) != NN_OK) {
        nn__check_fail(subject, "%s", nn_story());
    } else if (count != 1) {
        nn__check_fail(subject, "it exports %zu symbols: %.300s; compile with -fvisibility=hidden, and make "
                       "what is not in a table static", count, nn_text_view(&names));
    }
    nn__check_figure(subject, "%zu symbol%s", count, count == 1 ? "" : "s");
    nn_text_finish(&names);
}

/* Each set of parameters is bound and created by now; ending twice over must be harmless too. */
static void parameters(nn__subject *subject)
{
    const nn_about *about = subject->plugin->about;
    if (about->self_size > 0 && (about->params == NULL || about->params->name == NULL)
        && about->create == NULL) {
        nn__check_fail(subject, "self has %zu bytes that nobody fills: set .params to the table of parameters, or "
                       ".create", about->self_size);
    }
    nn__check_figure(subject, "%zu set%s", subject->instance_count, subject->instance_count == 1 ? "" : "s");
    NN__EACH_INSTANCE(subject, instance) {
        for (unsigned bits = 32; bits <= 64; bits += 32) {
            nn_component *component = instance->component[nn__slot(bits)];
            if (component == NULL) {
                continue;
            }
            nn__scene_call("destroy()", NULL);
            nn_component_finish(component);
            memset(component->self, 0, component->about->self_size);
            if (component->about->destroy != NULL) {
                component->about->destroy(component->host, component->self); /* as after a create() that
                                                                                failed at once */
            }
        }
    }
}

static void variants(nn__subject *subject)
{
    bool single = nn__check_ops(subject, 32, subject->isa) != NULL;
    bool double_ = nn__check_ops(subject, 64, subject->isa) != NULL;
    if (!single && !double_) {
        nn__check_fail(subject, "none of its variants runs on this machine (%s)", nn_isa_name(subject->isa));
    }
    nn__check_figure(subject, "%s", single && double_ ? "float32 and float64"
                                    : single          ? "float32 only"
                                                      : "float64 only");
}

const nn__check *nn__checks_common(size_t *count)
{
    static const nn__check checks[] = {
        {"documented", documented, false, "nn_about: name, summary, formula, reference; nn_param: doc.", NULL},
        {"exports", exports, false, "One exported function, nnrun_plugin(); everything else is hidden.",
         NULL},
        {"variants", variants, false, "One source, compiled for 32 and 64 bit reals; one alone is legal.",
         NULL},
        {"parameters", parameters, true,
         "Defaults lie in their ranges; create() takes what the table allows; destroy() follows a "
         "create() that failed half way.", "destroy()"},
    };
    *count = sizeof checks / sizeof checks[0];
    return checks;
}
