/* SPDX-License-Identifier: MIT */
#include "run/predict.h"

#include "base/clock.h"
#include "base/cores.h"
#include "base/memory.h"
#include "run/inside.h"

#include <math.h>
#include <string.h>

struct nn_predictor {
    nn_session *session;
    nn_arena *arena;
    nn_run_data run;
    nn_image *image; /* run.h5, until its weights have been read */
    uint64_t epoch;
    nn_dataset *files; /* of the last prediction */
    size_t *origin;
    int32_t *labels;
    double *values;
};

/* --- another folder in the place of data.test --------------------------------------------------------- */

/* A node as one line of YAML. */
static void put_flow(const nn_node *node, nn_text *out)
{
    if (node->kind == NN_NODE_SCALAR && !node->quoted) {
        nn_text_put(out, node->text);
    } else if (node->kind == NN_NODE_SCALAR) {
        nn_text_json(out, node->text);
    } else {
        bool map = node->kind == NN_NODE_MAP;
        nn_text_put(out, map ? "{" : "[");
        for (size_t i = 0; i < node->count; i++) {
            nn_text_put(out, i > 0 ? ", " : "");
            if (map) {
                nn_text_printf(out, "%s: ", node->pairs[i].key->text);
            }
            put_flow(map ? node->pairs[i].value : node->items[i], out);
        }
        nn_text_put(out, map ? "}" : "]");
    }
}

/* "data.test=..." (the training loader, where the run had no test set) and "data.test.path=DATA". */
static nn_status data_overrides(const nn_experiment *e, const char *data, nn_arena *arena,
                                const char *overrides[2], size_t *count)
{
    nn_text text = {0};
    nn_status status = NN_OK;
    *count = 0;
    if (e->data.test.name == NULL) {
        nn_text_put(&text, "data.test=");
        put_flow(e->data.train.node, &text);
        NN_TRY_DONE(nn_text_status(&text));
        NN_TRY_DONE(nn_arena_text(arena, text.bytes, text.length, &overrides[(*count)++]));
        nn_text_finish(&text);
    }
    nn_text_put(&text, "data.test.path=");
    nn_text_json(&text, data);
    NN_TRY_DONE(nn_text_status(&text));
    NN_TRY_DONE(nn_arena_text(arena, text.bytes, text.length, &overrides[(*count)++]));
done:
    nn_text_finish(&text);
    return status;
}

/* --- opening ------------------------------------------------------------------------------------------- */

static nn_status open_session(nn_predictor *p, const nn_session_options *options, const char *data)
{
    const char *spec, *overrides[2];
    nn_session_options plain = *options;
    plain.overrides = NULL;
    plain.override_count = 0;
    NN_TRY(nn_arena_printf(p->arena, &spec, "%s/spec.resolved.yaml", p->run.folder));
    NN_TRY(nn__session_open(&plain, spec, &p->session));
    if (data != NULL && nn_session_error_count(p->session) == 0) {
        NN_TRY(data_overrides(p->session->experiment, data, p->arena, overrides,
                              &plain.override_count));
        plain.overrides = overrides;
        nn_session_destroy(p->session);
        p->session = NULL;
        NN_TRY(nn__session_open(&plain, spec, &p->session));
    }
    nn_status status = nn_session_check(p->session, false);
    if (status != NN_OK && nn_session_error_count(p->session) > 0) {
        nn_text errors = {0};
        nn_session_diagnostics(p->session, &errors);
        nn_fail(status, "%s", nn_text_view(&errors));
        nn_text_finish(&errors);
    }
    p->session->options.overrides = NULL; /* they lay on this stack frame */
    p->session->options.override_count = 0;
    return status;
}

/* The network as the run had it, told by run.h5 instead of by its data. */
static nn_status open_network(nn_predictor *p)
{
    nn_session *s = p->session;
    const nn_run_facts *facts = &p->run.facts;
    size_t threads = s->options.threads > 0 ? s->options.threads : s->experiment->threads;
    NN_TRY(nn_pool_create(threads > 0 ? threads : nn_cores(), &s->pool));
    s->sources.about = (nn_dataset_about){
        .height = facts->data.height,
        .width = facts->data.width,
        .channels = facts->data.channels,
        .features = facts->data.height * facts->data.width * facts->data.channels,
        .class_count = facts->data.class_count,
        .class_names = facts->data.class_names,
        .targets = facts->data.class_count > 0 ? NN_TARGETS_CLASSES : NN_TARGETS_REALS,
    };
    s->trained = true;
    s->sources.train_count = (size_t)facts->data.train_count;
    s->sources.normalize = (nn_affine_input){facts->data.scale, facts->data.shift,
                                             facts->data.scale_count};
    return nn__assemble_network(s);
}

/* Those of run.h5 once it has some, else of a checkpoint. */
static nn_status read_weights(nn_predictor *p)
{
    const char *path;
    if (p->run.has_model) {
        nn_status status = nn_run_take_weights(p->image, p->session->engine, &p->epoch);
        nn_image_close(p->image);
        p->image = NULL;
        return status;
    }
    NN_TRY(nn_run_weights_path(p->run.folder, p->session->options.log, p->arena, &path, &p->epoch));
    return nn_run_read_weights(path, p->session->engine);
}

nn_status nn_predictor_create(const nn_session_options *options, const char *folder,
                              const char *data, nn_predictor **out)
{
    nn_predictor *p;
    nn_status status;
    NN_TRY(NN_ALLOC(&p, 1, "a predictor"));
    NN_TRY_DONE(nn_arena_create(&p->arena));
    NN_TRY_DONE(nn_run_open(folder, p->arena, &p->run, &p->image));
    NN_TRY_DONE(open_session(p, options, data));
    NN_TRY_DONE(open_network(p));
    NN_TRY_DONE(read_weights(p));
    *out = p;
    return NN_OK;
done:
    nn_predictor_destroy(p);
    return status;
}

static void forget_files(nn_predictor *p)
{
    nn_dataset_close(p->files);
    nn_free(p->origin);
    nn_free(p->labels);
    nn_free(p->values);
    p->files = NULL;
    p->origin = NULL;
    p->labels = NULL;
    p->values = NULL;
}

void nn_predictor_destroy(nn_predictor *p)
{
    if (p == NULL) {
        return;
    }
    forget_files(p);
    nn_session_destroy(p->session);
    nn_image_close(p->image);
    nn_arena_destroy(p->arena);
    nn_free(p);
}

const nn_run_data *nn_predictor_run(const nn_predictor *p)
{
    return &p->run;
}

uint64_t nn_predictor_epoch(const nn_predictor *p)
{
    return p->epoch;
}

size_t nn_predictor_outputs(const nn_predictor *p)
{
    return p->session->topology.outputs;
}

/* --- evaluating ---------------------------------------------------------------------------------------- */

static nn_load_options load_options(const nn_predictor *p)
{
    const nn_session *s = p->session;
    const nn_dataset_about *about = &s->sources.about;
    return (nn_load_options){
        .pool = s->pool,
        .log = s->options.log,
        .bits = s->experiment->precision,
        .height = about->height,
        .width = about->width,
        .channels = about->channels,
        .progress = s->options.loading,
        .context = s->options.loading_context,
    };
}

static nn_input input_of(const nn_predictor *p, const nn_samples *samples)
{
    const nn_affine_input *normalize = &p->session->sources.normalize;
    return (nn_input){
        .bytes = samples->bytes,
        .reals = samples->reals,
        .scale = normalize->scale,
        .shift = normalize->shift,
        .scale_count = normalize->count,
        .labels = samples->labels,
        .targets = samples->targets,
    };
}

static nn_status same_shape(const nn_predictor *p, const nn_samples *samples)
{
    const nn_dataset_about *run = &p->session->sources.about;
    if (samples->height == run->height && samples->width == run->width
        && samples->channels == run->channels) {
        return NN_OK;
    }
    return nn_fail(NN_ERR_DATA, "samples are %zu x %zu x %zu, those of the run %zu x %zu x %zu",
                   samples->height, samples->width, samples->channels, run->height, run->width,
                   run->channels);
}

/* The run's number of each class of another source. */
static nn_status match_classes(const nn_predictor *p, const nn_dataset_about *about, nn_arena *arena,
                               int32_t **out)
{
    const nn_dataset_about *run = &p->session->sources.about;
    int32_t *numbers;
    NN_TRY(NN_ARENA_ALLOC(arena, &numbers, about->class_count));
    for (size_t c = 0; c < about->class_count; c++) {
        size_t k = 0;
        while (k < run->class_count && strcmp(run->class_names[k], about->class_names[c]) != 0) {
            k++;
        }
        if (k == run->class_count) {
            return nn_fail(NN_ERR_DATA, "the run does not know the class \"%s\"; it knows %zu, \"%s\" "
                           "to \"%s\"", about->class_names[c], k, run->class_names[0],
                           run->class_names[k - 1]);
        }
        numbers[c] = (int32_t)k;
    }
    *out = numbers;
    return NN_OK;
}

static nn_status run_labels(const nn_predictor *p, const nn_dataset *set, const nn_samples *samples,
                            int32_t **out)
{
    int32_t *numbers = NULL;
    if (p->session->topology.classes != (samples->labels != NULL)) {
        return nn_fail(NN_ERR_DATA, "these samples have no targets of the run's kind (%s)",
                       p->session->topology.classes ? "classes" : "reals");
    }
    if (samples->labels == NULL) {
        return NN_OK;
    }
    NN_TRY(match_classes(p, nn_dataset_describe(set), p->arena, &numbers));
    NN_TRY(NN_ALLOC_RAW(out, samples->count, "labels"));
    for (size_t i = 0; i < samples->count; i++) {
        (*out)[i] = numbers[samples->labels[i]];
    }
    return NN_OK;
}

static nn_status count_confusion(nn_predictor *p, const int32_t *labels, const int32_t *predictions,
                                 size_t rows, nn_evaluation *out)
{
    size_t classes = p->session->sources.about.class_count;
    uint64_t *confusion;
    if (labels == NULL) {
        return NN_OK;
    }
    NN_TRY(NN_ARENA_ALLOC(p->arena, &confusion, classes * classes));
    for (size_t i = 0; i < rows; i++) {
        confusion[(size_t)labels[i] * classes + (size_t)predictions[i]]++;
    }
    out->confusion = confusion;
    out->class_count = classes;
    return NN_OK;
}

static nn_status evaluate(nn_predictor *p, const nn_dataset *set, nn_evaluation *out)
{
    const nn_session *s = p->session;
    nn_samples samples = nn_dataset_view(set);
    nn_input input = input_of(p, &samples);
    nn_tally tally = {0};
    int32_t *labels = NULL, *predictions = NULL;
    nn_status status;
    NN_TRY(same_shape(p, &samples));
    NN_TRY_DONE(run_labels(p, set, &samples, &labels));
    input.labels = labels;
    if (labels != NULL) {
        NN_TRY_DONE(NN_ALLOC(&predictions, samples.count, "predictions"));
    }
    double before_s = nn_clock_s();
    NN_TRY_DONE(nn_engine_evaluate(s->engine, &input, NULL, samples.count, &tally, NULL, predictions));
    const nn_dataset_about *about = nn_dataset_describe(set);
    *out = (nn_evaluation){
        .rows = samples.count,
        .skipped = about->skipped,
        .cost = tally.cost / (double)samples.count,
        .accuracy = (double)tally.correct / (double)samples.count,
        .has_accuracy = s->topology.classes,
        .load_s = about->load_s,
        .seconds = nn_clock_s() - before_s,
    };
    NN_TRY_DONE(count_confusion(p, labels, predictions, samples.count, out));
    if (!isfinite(out->cost)) {
        status = nn_fail(NN_ERR_NUMERIC, "the cost is not finite");
    }
done:
    nn_free(labels);
    nn_free(predictions);
    return status;
}

nn_status nn_predictor_evaluate(nn_predictor *p, nn_evaluation *out)
{
    nn_component *loader = p->session->components.test;
    nn_load_options options = load_options(p);
    nn_dataset *set;
    if (loader == NULL) {
        return nn_fail(NN_ERR_DATA, "the run has no test set; name a folder with --data");
    }
    options.cache = p->session->experiment->data.cache;
    NN_TRY(nn_component_create(loader, NULL));
    NN_TRY(nn_dataset_open(loader, &options, &set));
    nn_status status = evaluate(p, set, out);
    nn_dataset_close(set);
    return status;
}

/* --- predicting ----------------------------------------------------------------------------------------- */

/* log_softmax says logarithms; what is shown are probabilities. */
static bool says_logarithms(const nn_predictor *p)
{
    const nn_topology *t = &p->session->topology;
    return strcmp(t->layers[t->layer_count - 1].activation->name, "log_softmax") == 0;
}

/* Files on their way: each block is answered by the thread that has read it, while it is in its
 * cache. */
struct asking {
    nn_predictor *p;
    size_t count;  /* of the files */
    char *outputs; /* count x outputs, reals of the run's precision */
    bool logarithms;
};

static nn_status answer(void *context, size_t thread, const nn_samples *rows, size_t first)
{
    struct asking *all = context;
    nn_predictor *p = all->p;
    size_t width = p->session->topology.outputs, count = rows->count * width;
    bool single = p->session->topology.bits == 32;
    void *outputs = all->outputs + first * width * (single ? sizeof(float) : sizeof(double));
    double *values = p->values + first * width;
    if (first + rows->count > all->count) {
        return nn_fail(NN_ERR_PLUGIN, "loader %s gives more samples than it was given files",
                       p->session->components.train->name);
    }
    NN_TRY(same_shape(p, rows));
    nn_input input = input_of(p, rows);
    NN_TRY(nn_engine_forward(p->session->engine, thread, &input, rows->count, outputs,
                             p->labels == NULL ? NULL : p->labels + first));
    for (size_t i = 0; i < count; i++) {
        double value = single ? (double)((const float *)outputs)[i] : ((const double *)outputs)[i];
        values[i] = all->logarithms ? exp(value) : value;
    }
    return NN_OK;
}

/* Closes the gaps that bad files have left. */
static void close_gaps(nn_predictor *p, size_t count)
{
    size_t width = p->session->topology.outputs;
    for (size_t i = 0; i < count; i++) {
        size_t from = nn_dataset_origin(p->files, i);
        p->origin[i] = from;
        if (from == i) {
            continue;
        }
        memcpy(p->values + i * width, p->values + from * width, width * sizeof *p->values);
        if (p->labels != NULL) {
            p->labels[i] = p->labels[from];
        }
    }
}

static nn_status ask(nn_predictor *p, const nn_file_list *files, struct asking *asking)
{
    const nn_session *s = p->session;
    nn_component *loader = s->components.train;
    nn_load_options options = load_options(p);
    size_t values = files->count * s->topology.outputs;
    NN_TRY(NN_ALLOC_RAW(&p->origin, files->count, "predictions"));
    NN_TRY(NN_ALLOC_RAW(&p->values, values, "predictions"));
    if (s->topology.classes) {
        NN_TRY(NN_ALLOC_RAW(&p->labels, files->count, "predictions"));
    }
    NN_TRY(nn_alloc_raw(values, s->topology.bits / 8, "predictions", (void **)&asking->outputs));
    const nn_samples none = {0};
    nn_input scales = input_of(p, &none);
    nn_engine_forward_begin(s->engine, &scales);
    options.log = NULL; /* the caller names the bad ones */
    options.regular = files->regular;
    options.take = answer;
    options.take_context = asking;
    NN_TRY(nn_component_create(loader, NULL));
    return nn_dataset_open_files(loader, &options, files->paths, files->count, &p->files);
}

nn_status nn_predictor_predict(nn_predictor *p, const nn_file_list *files, nn_predictions *out)
{
    struct asking asking = {.p = p, .count = files->count, .logarithms = says_logarithms(p)};
    forget_files(p);
    nn_status status = ask(p, files, &asking);
    nn_free(asking.outputs);
    NN_TRY(status);
    size_t count = nn_dataset_describe(p->files)->samples;
    close_gaps(p, count);
    *out = (nn_predictions){
        .count = count, .origin = p->origin, .labels = p->labels, .values = p->values};
    out->bad = nn_dataset_bad(p->files, &out->bad_count);
    return NN_OK;
}

nn_pool *nn_predictor_pool(const nn_predictor *p)
{
    return p->session->pool;
}
