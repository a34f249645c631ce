/* SPDX-License-Identifier: MIT */
/* What a session holds; for core/run alone. */
#ifndef NN_RUN_INSIDE_H
#define NN_RUN_INSIDE_H

#include "base/arena.h"
#include "base/pool.h"
#include "data/dataset.h"
#include "data/prefetch.h"
#include "net/engine.h"
#include "plugin/bind.h"
#include "run/session.h"
#include "spec/diagnostic.h"
#include "store/checkpoint.h"
#include "store/folder.h"
#include "store/provenance.h"
#include "store/results.h"

/* The components of an experiment, bound. */
typedef struct nn__components {
    nn_component *train, *test, *validation; /* loaders; NULL: none */
    nn_component **transforms;
    size_t transform_count;
    nn_layer *layers; /* activation and initializers of each */
    size_t layer_count;
    nn_component *cost, *optimizer;
    nn_component *schedule; /* NULL: constant */
    nn_component **all;     /* every one above, to finish them */
    size_t all_count, all_room;
} nn__components;

/* The data of an experiment: sets in memory, and which rows do what. */
typedef struct nn__sources {
    nn_dataset *train, *test, *validation; /* validation: a loader of its own */
    nn_input train_input, test_input, validation_input;
    uint32_t *train_rows, *validation_rows; /* rows of train; validation_rows NULL: all of its own */
    size_t train_count, validation_count, test_count;
    nn_affine_input normalize;
    nn_dataset_about about; /* of train */
} nn__sources;

/* Where transformed training rows come from. */
typedef struct nn__feed {
    nn_prefetch *prefetch; /* NULL: no transforms */
    nn_feed feed;
    nn_input input; /* the rows handed out last */
} nn__feed;

/* What was seen of data, by the resolved component that opens them: for many checks over the same
 * data.  Lives in an arena of its owner. */
typedef struct nn__peeks {
    nn_arena *arena;
    struct nn__peeked *first;
} nn__peeks;

struct nn_session {
    nn_session_options options;
    nn__peeks *peeks;         /* borrowed; NULL: each session looks itself */
    bool registry_borrowed;
    nn_arena *arena;
    nn_diagnostics *diagnostics;
    nn_experiment *experiment;
    nn_registry *registry;
    nn_isa isa;
    nn_host *host;
    bool checked;
    nn__components components;
    nn_dataset_about seen[3]; /* by a look alone: train, validation, test; samples 0: not there */
    nn__sources sources;
    nn_pool *pool;
    bool trained; /* weights are read from a run: none are drawn */
    nn_topology topology;
    nn_engine *engine;
    nn_run_folder *folder;
    const char *resume_folder; /* the run that goes on, NULL: a new one */
    const char *resumed_from; /* checkpoint, NULL: a new run */
    nn_run_facts facts;
    nn_provenance *provenance;
    nn_history *history;
    nn_train_state state;
    nn_training training;
    nn__feed feed;
    const char *best_metric;
    nn_summary summary;
};

/* resolve.c: names to components; whether they fit each other.  Errors go to the diagnostics. */
nn_status nn__resolve(nn_session *session);
/* fit.c: components against each other, and against what the data are (about NULL: not known). */
nn_status nn__fit(nn_session *session, const nn_dataset_about *train);
/* peek.c: the same with the data only opened, not read; fills sources.about and the counts. */
nn_status nn__peek(nn_session *session);
/* advice.c: warnings about what fits and is odd; about the data too where `train` is given. */
void nn__advise(nn_session *session, const nn_dataset_about *train);
/* session.c: a session of this spec (a path, or "-"); with the registry of another one of the same
 * `plugins:` where `like` is not NULL. */
nn_status nn__session_open(const nn_session_options *options, const char *spec, nn_session **out);
nn_status nn__session_open_like(const nn_session_options *options, const char *spec,
                                const nn_session *like, nn_session **out);
/* session.c: the resolved spec as nodes, in the session's arena. */
nn_status nn__render(nn_session *session, nn_node **out);
/* sources.c: the validation part of so many training samples; data, open. */
size_t nn__validation_size(const nn_experiment *experiment, size_t count);
nn_status nn__sources_open(nn_session *session);
void nn__sources_close(nn__sources *sources);
/* assemble.c: topology, engine and what the loop needs. */
nn_status nn__assemble(nn_session *session);
/* The network alone; needs sources.about and sources.train_count. */
nn_status nn__assemble_network(nn_session *session);
/* session.c: threads, data and a network with its initial weights; no run folder. */
nn_status nn__open_network(nn_session *session);
/* feed.c: prepares transformed rows ahead of training, where the spec has transforms. */
nn_status nn__feed_create(nn_session *session);
/* warm.c: the weights of network.warm_start into the engine, where the spec names one. */
nn_status nn__warm_start(nn_session *session);
/* keep.c: claims the folder, writes what is known, keeps what comes. */
nn_status nn__keep_begin(nn_session *session);
nn_observer nn__keep_observer(nn_session *session);
/* A new run whose data a signal kept from being read: a folder with its spec, which resume begins.
 * Returns NN_ERR_INTERRUPTED with the story as it was. */
nn_status nn__keep_unbegun(nn_session *session);
/* facts.c: the spec, known from the start; machine, plugins and data, once these are open. */
nn_status nn__facts_spec(nn_session *session);
nn_status nn__facts(nn_session *session);
/* finish.c: the test set, final results, expectations. */
nn_status nn__finish(nn_session *session);
/* resume.c */
nn_status nn__resume_open(nn_session *session);
nn_status nn__resume_state(nn_session *session);
/* same.c: against what run.h5 knows of the first start. */
nn_status nn__resume_same(nn_session *session);

#endif
