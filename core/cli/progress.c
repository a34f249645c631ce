/* SPDX-License-Identifier: MIT */
#include "cli/progress.h"

#include "base/clock.h"
#include "base/text.h"
#include "cli/print.h"
#include "store/folder.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const double REDRAW_S = 0.1;

void nn_progress_init(nn_progress *p, bool quiet, bool json, uint64_t epochs)
{
    *p = (nn_progress){
        .terminal = isatty(STDERR_FILENO) == 1,
        .quiet = quiet,
        .json = json,
        .epochs = epochs,
        .begun_s = nn_clock_s(),
    };
}

/* "1.2M", "345k", "67". */
static const char *short_count(double n, char out[16])
{
    if (n >= 1e6) {
        snprintf(out, 16, "%.1fM", n / 1e6);
    } else if (n >= 1e4) {
        snprintf(out, 16, "%.0fk", n / 1e3);
    } else {
        snprintf(out, 16, "%.0f", n);
    }
    return out;
}

/* "2 h 05 min", "3 min 20 s", "4.1 s". */
static const char *short_time(double s, char out[32])
{
    if (s >= 3600) {
        snprintf(out, 32, "%.0f h %02.0f min", (double)(long)(s / 3600),
                 (double)((long)(s / 60) % 60));
    } else if (s >= 60) {
        snprintf(out, 32, "%ld min %02ld s", (long)(s / 60), (long)s % 60);
    } else {
        snprintf(out, 32, "%.1f s", s);
    }
    return out;
}

static void draw(nn_progress *p, const char *line)
{
    fprintf(stderr, "\r%s\033[K", line);
    p->drawn = true;
    p->drawn_s = nn_clock_s();
}

void nn_progress_loading(void *context, size_t done, size_t total)
{
    nn_progress *p = context;
    if (p->quiet || !p->terminal || nn_clock_s() - p->drawn_s < REDRAW_S) {
        return;
    }
    char line[64];
    snprintf(line, sizeof line, "loading %zu/%zu", done, total);
    draw(p, line);
}

/* For scripts: from here on it trains. */
static void tell_first(const nn_progress *p)
{
    if (p->json) {
        printf("{\"event\": \"first_batch\", \"seconds\": %.4f}\n", p->first_s - p->begun_s);
        fflush(stdout);
    }
}

static void progress(void *context, const nn_train_state *state, uint64_t rows, uint64_t total,
                     double cost, double accuracy)
{
    nn_progress *p = context;
    double now_s = nn_clock_s();
    if (p->first_s == 0) {
        p->first_s = now_s;
        p->first_epoch = state->epoch;
        tell_first(p);
    }
    if (p->epoch != state->epoch + 1) {
        p->epoch = state->epoch + 1;
        p->epoch_s = now_s;
        p->epoch_rows = rows;
    }
    if (p->quiet || !p->terminal || now_s - p->drawn_s < REDRAW_S) {
        return;
    }
    double share = (double)rows / (double)total;
    double done = (double)(state->epoch - p->first_epoch) + share;
    double left = ((double)(p->epochs - p->first_epoch) - done) * (now_s - p->first_s) / done;
    double rate = now_s > p->epoch_s ? (double)(rows - p->epoch_rows) / (now_s - p->epoch_s) : 0;
    char line[160], speed[16], time[32];
    snprintf(line, sizeof line,
             "epoch %llu/%llu %3.0f %%  cost %.4f  accuracy %.2f %%  %s samples/s  %s left",
             (unsigned long long)state->epoch + 1, (unsigned long long)p->epochs, 100 * share, cost,
             100 * accuracy, short_count(rate, speed), short_time(left > 0 ? left : 0, time));
    draw(p, line);
}

/* One line an epoch, above the line that changes. */
static nn_status epoch(void *context, const nn_train_state *state, const nn_history *history,
                       const nn_record *record)
{
    nn_progress *p = context;
    if (p->json) {
        nn_text text = {0};
        nn_event_line(history, record, &text);
        NN_TRY(nn_print_finish(&text));
        return nn_print_flush();
    }
    if (p->quiet) {
        return NN_OK;
    }
    nn_text text = {0};
    nn_text_printf(&text, "epoch %*llu/%llu  cost %.4f",
                   snprintf(NULL, 0, "%llu", (unsigned long long)p->epochs),
                   (unsigned long long)record->epoch, (unsigned long long)p->epochs,
                   record->train_cost);
    if (history->accuracy) {
        nn_text_printf(&text, "  accuracy %.2f %%", 100 * record->train_accuracy);
    }
    if (history->validation) {
        nn_text_printf(&text, "  validation cost %.4f", record->validation_cost);
    }
    if (history->validation && history->accuracy) {
        nn_text_printf(&text, "  accuracy %.2f %%", 100 * record->validation_accuracy);
    }
    char took[32];
    nn_text_printf(&text, "  %s%s", short_time(record->train_seconds, took),
                   state->has_best && state->best_epoch == record->epoch ? "  best" : "");
    fprintf(stderr, "%s%s%s\n", p->drawn ? "\r" : "", nn_text_view(&text),
            p->drawn ? "\033[K" : "");
    p->drawn = false;
    nn_text_finish(&text);
    return NN_OK;
}

nn_observer nn_progress_observer(nn_progress *p)
{
    return (nn_observer){.context = p, .progress = progress, .epoch = epoch};
}

void nn_progress_finish(nn_progress *p)
{
    if (p->drawn) {
        fputs("\r\033[K", stderr);
        p->drawn = false;
    }
}
