/* SPDX-License-Identifier: MIT */
#include "cli/summary.h"

#include "base/text.h"
#include "cli/print.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static bool is_share(const char *metric)
{
    return strstr(metric, "accuracy") != NULL;
}

/* "97.92 %" for accuracies, "0.0812" for costs. */
static void put_value(nn_text *out, const char *metric, double value)
{
    if (is_share(metric)) {
        nn_text_printf(out, "%.2f %%", 100 * value);
    } else {
        nn_text_printf(out, "%.6g", value);
    }
}

static void put_expectation(nn_text *out, const nn_expectation *x)
{
    const nn_spec_expect *e = x->expect;
    nn_text_printf(out, "%s  %s (%s) ", x->held ? "held  " : "FAILED", e->metric,
                   e->at_best ? "best" : "last");
    if (x->known) {
        put_value(out, e->metric, x->value);
    } else {
        nn_text_put(out, "unknown");
    }
    nn_text_put(out, ", expected");
    if (isfinite(e->min)) {
        nn_text_put(out, " at least ");
        put_value(out, e->metric, e->min);
    }
    if (isfinite(e->max)) {
        nn_text_put(out, isfinite(e->min) ? " and at most " : " at most ");
        put_value(out, e->metric, e->max);
    }
    if (e->source != NULL) {
        nn_text_put(out, "  [");
        nn_text_escape(out, e->source, strlen(e->source));
        nn_text_put(out, "]");
    }
    nn_text_put(out, "\n");
}

static const char *end_word(nn_train_end end)
{
    switch (end) {
    case NN_END_EPOCHS:
        return "";
    case NN_END_UNTIL:
        return " (stopped by --until)";
    case NN_END_EARLY:
        return " (stopped early: no better value)";
    case NN_END_INTERRUPT:
        return " (interrupted)";
    }
    return "";
}

static void print_text(const nn_summary *s, nn_text *out)
{
    nn_text_printf(out, "epochs      %llu in %.1f s%s\n", (unsigned long long)s->epochs, s->seconds,
                   end_word(s->end));
    if (s->best_epoch > 0) {
        nn_text_printf(out, "best        %s ", s->best_metric);
        put_value(out, s->best_metric, s->best_value);
        nn_text_printf(out, " at epoch %llu\n", (unsigned long long)s->best_epoch);
    }
    if (s->tested) {
        nn_text_put(out, "test        ");
        if (s->test_has_accuracy) {
            nn_text_printf(out, "accuracy %.2f %%, ", 100 * s->test_accuracy);
        }
        nn_text_printf(out, "cost %.6g (weights of epoch %llu)\n", s->test_cost,
                       (unsigned long long)s->test_epoch);
    }
    for (size_t i = 0; i < s->expectation_count; i++) {
        nn_text_put(out, "expect      ");
        put_expectation(out, &s->expectations[i]);
    }
    nn_text_put(out, "run         ");
    nn_text_escape(out, s->folder, strlen(s->folder));
    nn_text_put(out, "\n");
}

static void print_json(const nn_summary *s, nn_text *out)
{
    nn_text_put(out, "{\"event\": \"end\", \"run\": ");
    nn_text_json(out, s->folder);
    nn_text_printf(out, ", \"epochs\": %llu, \"seconds\": %.17g", (unsigned long long)s->epochs,
                   s->seconds);
    if (s->best_epoch > 0) {
        nn_text_put(out, ", \"best\": {\"metric\": ");
        nn_text_json(out, s->best_metric);
        nn_text_printf(out, ", \"epoch\": %llu, \"value\": %.17g}",
                       (unsigned long long)s->best_epoch, s->best_value);
    }
    if (s->tested) {
        nn_text_printf(out, ", \"test\": {\"epoch\": %llu, \"cost\": %.17g",
                       (unsigned long long)s->test_epoch, s->test_cost);
        if (s->test_has_accuracy) {
            nn_text_printf(out, ", \"accuracy\": %.17g", s->test_accuracy);
        }
        nn_text_put(out, "}");
    }
    nn_text_printf(out, ", \"failed_expectations\": %zu}\n", s->failed_expectations);
}

nn_status nn_summary_print(const nn_summary *s, bool quiet, bool json)
{
    nn_text out = {0};
    if (json) {
        print_json(s, &out);
    } else if (!quiet) {
        print_text(s, &out);
    }
    nn_status status = nn_print_finish(&out);
    for (size_t i = 0; (quiet || json) && i < s->expectation_count; i++) {
        if (!s->expectations[i].held) {
            nn_text line = {0};
            nn_text_put(&line, "nnrun: expect ");
            put_expectation(&line, &s->expectations[i]);
            fputs(nn_text_view(&line), stderr);
            nn_text_finish(&line);
        }
    }
    return status;
}
