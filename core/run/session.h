/* SPDX-License-Identifier: MIT */
/* A session: one experiment from its spec to its results.  The only room where all rooms meet.
 *
 *     nn_session_create     reads the spec, looks for plugins
 *     nn_session_check      everything that is wrong, at once; trains nothing
 *     nn_session_run        data, network, run folder, training, test, results
 *
 * Nothing is printed: what is wrong comes as text, what happens goes to the log and the observer.
 * A session holds no global state, so two can run in one process.
 */
#ifndef NN_RUN_SESSION_H
#define NN_RUN_SESSION_H

#include "base/log.h"
#include "base/text.h"
#include "run/places.h"
#include "spec/experiment.h"
#include "train/loop.h"
#include "train/observer.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct nn_session nn_session;

typedef struct nn_session_options {
    const char *spec;             /* a path, "-" for standard input */
    const char *const *overrides; /* key=value */
    size_t override_count;
    nn_plugin_places plugins;
    const char *results;          /* folder run folders are made in */
    size_t threads;               /* 0: as the spec says */
    uint64_t until;               /* stop after this epoch; 0: at the end */
    int argument_count;           /* the command line, for provenance */
    char *const *arguments;
    const nn_log *log;
    const nn_observer *observer;  /* NULL: nobody watches */
    const volatile sig_atomic_t *interrupt; /* NULL: nothing interrupts */
    /* Called now and then while data are loaded; NULL: nobody watches. */
    void (*loading)(void *context, size_t done, size_t total);
    void *loading_context;
} nn_session_options;

/* One expectation of the spec and what became of it. */
typedef struct nn_expectation {
    const nn_spec_expect *expect;
    double value;
    bool known; /* the run has this metric */
    bool held;
} nn_expectation;

/* What a finished run came to. */
typedef struct nn_summary {
    const char *folder;
    nn_train_end end;
    uint64_t epochs;      /* completed */
    double seconds;
    const nn_history *history;
    uint64_t best_epoch;  /* 0: none */
    const char *best_metric;
    double best_value;
    bool tested;
    uint64_t test_epoch;  /* whose weights were tested */
    double test_cost, test_accuracy;
    bool test_has_accuracy;
    const nn_expectation *expectations;
    size_t expectation_count;
    size_t failed_expectations;
} nn_summary;

/* Options are borrowed as long as the session.  What is wrong with the spec is no failure here:
 * nn_session_diagnostics() has it.  NN_ERR_MEMORY, NN_ERR_PLUGIN (a plugin folder that is missing),
 * NN_ERR_USAGE. */
nn_status nn_session_create(const nn_session_options *options, nn_session **out);
void nn_session_destroy(nn_session *session);

/* A session that goes on with the run in `folder` (nn_session_resume()): reads its resolved spec.
 * Overrides may change training.epochs, training.early_stopping.*, checkpoint.* and threads alone:
 * NN_ERR_USAGE. */
nn_status nn_session_create_resumed(const nn_session_options *options, const char *folder,
                                    nn_session **out);

/* Binds every component and checks that they fit; with `look_at_data` opens the data too (where they
 * are not there, that is a warning that names the checks left out).  NN_OK, or the status of the
 * first error, all of them in the diagnostics. */
nn_status nn_session_check(nn_session *session, bool look_at_data);

/* Errors and warnings so far, as people read them. */
void nn_session_diagnostics(const nn_session *session, nn_text *out);
/* The same of those that came since the last call of this. */
void nn_session_news(nn_session *session, nn_text *out);
size_t nn_session_error_count(const nn_session *session);
size_t nn_session_warning_count(const nn_session *session);

/* Checks, then runs to the end.  NN_OK also where an expectation did not hold (see the summary). */
nn_status nn_session_run(nn_session *session);

/* The same from the newest good checkpoint of the run.  NN_ERR_CHECKPOINT, NN_ERR_BUSY. */
nn_status nn_session_resume(nn_session *session);

/* The spec as typed values, and fully resolved as YAML (after nn_session_check()). */
const nn_experiment *nn_session_experiment(const nn_session *session);
nn_status nn_session_render(nn_session *session, bool origin, nn_text *out);

/* After nn_session_run(), also a failed one as far as it came. */
const nn_summary *nn_session_summary(const nn_session *session);

#endif
