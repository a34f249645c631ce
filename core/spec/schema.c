/* SPDX-License-Identifier: MIT */
#include "spec/schema.h"

#include "spec/experiment.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

/* The field of a row: where it lies and how large it is. */
#define FIELD(type, member) .offset = offsetof(type, member), .bytes = sizeof(((type *)NULL)->member)
#define EXPERIMENT(member) FIELD(nn_experiment, member)
#define COUNT(member) .count = offsetof(nn_experiment, member)
#define PLACE(type, member) .place = offsetof(type, member)

#define INT_MOST 2147483647.0
#define EXACT_MOST 9007199254740992.0 /* 2^53: what JSON and doubles hold exactly */

static const nn_word PRECISIONS[] = {{"float32", 32, "trains fast"},
                                     {"float64", 64, "checks gradients"},
                                     {NULL, 0, NULL}};
static const nn_word NORMALIZATIONS[] = {
    {"unit", NN_NORMALIZE_UNIT, "pixels in [0, 1]"},
    {"standardize", NN_NORMALIZE_STANDARDIZE,
     "mean 0 and standard deviation 1 over the training part, per channel or feature"},
    {"none", NN_NORMALIZE_NONE, "pixels from 0 to 255, reals as they are"},
    {NULL, 0, NULL}};
static const nn_word CACHES[] = {
    {"auto", 1, "decoded pixels are kept for the next start"}, {"none", 0, NULL}, {NULL, 0, NULL}};
static const nn_word MOMENTS[] = {
    {"best", 1, "the epoch that checkpoint.best finds best"}, {"last", 0, NULL}, {NULL, 0, NULL}};
static const nn_word EPOCH_METRICS[] = {{"train.cost", 0, NULL},
                                        {"train.accuracy", 0, NULL},
                                        {"validation.cost", 0, NULL},
                                        {"validation.accuracy", 0, NULL},
                                        {NULL, 0, NULL}};
static const nn_word ALL_METRICS[] = {
    {"train.cost", 0, NULL},          {"train.accuracy", 0, NULL}, {"validation.cost", 0, NULL},
    {"validation.accuracy", 0, NULL}, {"test.cost", 0, NULL},      {"test.accuracy", 0, NULL},
    {NULL, 0, NULL}};

static const nn_key TRAIN[] = {
    {.name = "limit", .type = NN_KEY_INTEGER, .flags = NN_KEY_SPARSE, EXPERIMENT(data.train_limit),
     PLACE(nn_experiment, data.train_limit_place), .min = 1, .max = EXACT_MOST, .unit = "samples",
     .doc = "Takes only so many samples, a stratified part. Absent: all."},
    {.name = NULL}};

static const nn_key VALIDATION[] = {
    {.name = "count", .type = NN_KEY_INTEGER, EXPERIMENT(data.validation_count),
     PLACE(nn_experiment, data.validation_count_place), .min = 1, .max = EXACT_MOST, .unit = "samples", .doc = "So many samples of the training set, stratified."},
    {.name = "fraction", .type = NN_KEY_REAL, .flags = NN_KEY_OPEN_MIN | NN_KEY_OPEN_MAX,
     EXPERIMENT(data.validation_fraction), .min = 0, .max = 1,
     .doc = "This share of the training set, stratified."},
    {.name = NULL}};

static const nn_key DATA[] = {
    {.name = "train", .type = NN_KEY_COMPONENT, .flags = NN_KEY_REQUIRED, EXPERIMENT(data.train),
     .kind = "loader", .keys = TRAIN, .aka = "training train_set", .doc = "The training set."},
    {.name = "test", .type = NN_KEY_COMPONENT, EXPERIMENT(data.test), .kind = "loader",
     .word = "none", .def = "none", .doc = "The test set, looked at once, at the end."},
    {.name = "validation", .type = NN_KEY_EITHER, EXPERIMENT(data.validation_loader), .kind = "loader", .word = "none", .def = "none",
     .keys = VALIDATION,
     .aka = "val valid validate dev", .doc = "What each epoch is judged by: a part taken from the training set, or a loader of its "
            "own."},
    {.name = "normalize", .type = NN_KEY_CHOICE, EXPERIMENT(data.normalize), .def = "unit",
     .choices = NORMALIZATIONS, .aka = "normalise normalization normalisation scaling rescale", .doc = "How inputs are scaled."},
    {.name = "transforms", .type = NN_KEY_COMPONENTS, EXPERIMENT(data.transforms),
     COUNT(data.transform_count), .kind = "transform", .def = "[]",
     .aka = "augment augmentation augmentations", .doc = "Distortions of the training samples, in this order, before normalisation."},
    {.name = "cache", .type = NN_KEY_CHOICE, EXPERIMENT(data.cache), .def = "auto",
     .choices = CACHES, .doc = "Whether decoded samples are kept on disk."},
    {.name = NULL}};

static const nn_key LAYER[] = {
    {.name = "units", .type = NN_KEY_INTEGER, .flags = NN_KEY_REQUIRED,
     FIELD(nn_spec_layer, units), PLACE(nn_spec_layer, units_place), .min = 1, .max = INT_MOST,
     .word = "classes", .aka = "neurons nodes outputs width", .doc = "Outputs of the layer; `classes`: as many as the data have classes."},
    {.name = "activation", .type = NN_KEY_COMPONENT, .flags = NN_KEY_REQUIRED,
     FIELD(nn_spec_layer, activation), .kind = "activation", .aka = "nonlinearity act_fn function", .doc = "a = f(z)."},
    {.name = "initializer", .type = NN_KEY_COMPONENT, .flags = NN_KEY_SPARSE,
     FIELD(nn_spec_layer, initializer), .kind = "initializer",
     .doc = "Of this layer's weights. Absent: `network.initializer`."},
    {.name = "bias_initializer", .type = NN_KEY_COMPONENT, .flags = NN_KEY_SPARSE,
     FIELD(nn_spec_layer, bias_initializer), .kind = "initializer",
     .doc = "Of this layer's biases. Absent: `network.bias_initializer`."},
    {.name = "dropout", .type = NN_KEY_REAL, .flags = NN_KEY_OPEN_MAX, FIELD(nn_spec_layer, dropout),
     .min = 0, .max = 1, .def = "0", .doc = "Share of the layer's outputs dropped in training."},
    {.name = NULL}};

static const nn_key NETWORK[] = {
    {.name = "initializer", .type = NN_KEY_COMPONENT, EXPERIMENT(network.initializer),
     .kind = "initializer", .def = "scaled_normal", .doc = "How weights begin."},
    {.name = "bias_initializer", .type = NN_KEY_COMPONENT, EXPERIMENT(network.bias_initializer),
     .kind = "initializer", .def = "zeros", .doc = "How biases begin."},
    {.name = "dropout", .type = NN_KEY_REAL, .flags = NN_KEY_OPEN_MAX, EXPERIMENT(network.dropout),
     .min = 0, .max = 1, .def = "0", .doc = "Share of the inputs dropped in training."},
    {.name = "warm_start", .type = NN_KEY_PATH, .flags = NN_KEY_SPARSE,
     EXPERIMENT(network.warm_start), PLACE(nn_experiment, network.warm_start_place),
     .doc = "A run folder, run.h5 or checkpoint whose weights training begins with."},
    {.name = "layers", .type = NN_KEY_MAPS, .flags = NN_KEY_REQUIRED | NN_KEY_NOT_EMPTY,
     .offset = offsetof(nn_experiment, network.layers), .bytes = sizeof(nn_spec_layer),
     COUNT(network.layer_count), .keys = LAYER,
     .aka = "hidden hidden_layers", .doc = "The fully connected layers from the first hidden one to the output."},
    {.name = "cost", .type = NN_KEY_COMPONENT, .flags = NN_KEY_REQUIRED, EXPERIMENT(network.cost),
     .kind = "cost", .aka = "loss objective criterion", .doc = "What training makes small."},
    {.name = NULL}};

static const nn_key EARLY_STOPPING[] = {
    {.name = "metric", .type = NN_KEY_METRIC, .flags = NN_KEY_REQUIRED,
     EXPERIMENT(training.early_stopping_metric), PLACE(nn_experiment, training.early_stopping_place),
     .choices = EPOCH_METRICS, .aka = "monitor", .doc = "The metric that must improve."},
    {.name = "patience", .type = NN_KEY_INTEGER, .flags = NN_KEY_REQUIRED,
     EXPERIMENT(training.patience), .min = 1, .max = INT_MOST, .unit = "epochs",
     .doc = "Training stops after so many epochs without a better one."},
    {.name = NULL}};

static const nn_key TRAINING[] = {
    {.name = "epochs", .type = NN_KEY_INTEGER, .flags = NN_KEY_REQUIRED,
     EXPERIMENT(training.epochs), .min = 1, .max = 999999,
     .aka = "iterations max_epochs num_epochs n_epochs", .doc = "How often every training sample is seen."},
    {.name = "batch_size", .type = NN_KEY_INTEGER, .flags = NN_KEY_REQUIRED,
     EXPERIMENT(training.batch_size), PLACE(nn_experiment, training.batch_size_place), .min = 1,
     .max = INT_MOST, .unit = "samples",
     .aka = "minibatch minibatch_size mini_batch_size", .doc = "Samples of a step; the last batch of an epoch may be smaller."},
    {.name = "optimizer", .type = NN_KEY_COMPONENT, .flags = NN_KEY_REQUIRED,
     EXPERIMENT(training.optimizer), .kind = "optimizer",
     .doc = "How a gradient changes the weights."},
    {.name = "schedule", .type = NN_KEY_COMPONENT, EXPERIMENT(training.schedule),
     .kind = "schedule", .def = "constant", .aka = "lr_schedule lr_scheduler", .doc = "A factor on the optimizer's rate over time."},
    {.name = "l1", .type = NN_KEY_REAL, EXPERIMENT(training.l1), .min = 0, .max = INFINITY,
     .def = "0", .doc = "Penalty l1 * sum |w|; biases are left out."},
    {.name = "l2", .type = NN_KEY_REAL, EXPERIMENT(training.l2), .min = 0, .max = INFINITY,
     .def = "0",
     .aka = "weight_decay lambda lmbda regularization", .doc = "Penalty l2 / 2 * sum w^2; biases are left out. Nielsen's lambda / n."},
    {.name = "max_norm", .type = NN_KEY_REAL, EXPERIMENT(training.max_norm), .min = 0,
     .max = INFINITY, .def = "0",
     .doc = "Longest allowed vector of a unit's incoming weights; 0: no limit."},
    {.name = "gradient_clip", .type = NN_KEY_REAL, EXPERIMENT(training.gradient_clip), .min = 0,
     .max = INFINITY, .def = "0",
     .aka = "clip clip_norm grad_clip clipping", .doc = "Longest allowed gradient of the whole network, scaled down beyond; 0: no limit."},
    {.name = "early_stopping", .type = NN_KEY_MAP, .word = "none", .def = "none",
     .keys = EARLY_STOPPING, .doc = "Ends training before the last epoch."},
    {.name = NULL}};

static const nn_key CHECKPOINT[] = {
    {.name = "every", .type = NN_KEY_INTEGER, EXPERIMENT(checkpoint.every), .min = 0,
     .max = INT_MOST, .def = "1", .unit = "epochs",
     .doc = "Epochs between two checkpoints; 0: only at the end."},
    {.name = "keep", .type = NN_KEY_INTEGER, EXPERIMENT(checkpoint.keep), .min = 1, .max = INT_MOST,
     .def = "3", .doc = "The newest so many are kept, and the best."},
    {.name = "best", .type = NN_KEY_METRIC, EXPERIMENT(checkpoint.best),
     PLACE(nn_experiment, checkpoint.best_place), .word = "auto", .def = "auto",
     .choices = EPOCH_METRICS,
     .doc = "The metric that says which epoch is best; `auto`: that of the validation part "
            "(accuracy, or cost where the data have no classes), train.cost without one."},
    {.name = NULL}};

static const nn_key EXPECT[] = {
    {.name = "metric", .type = NN_KEY_METRIC, .flags = NN_KEY_REQUIRED,
     FIELD(nn_spec_expect, metric), PLACE(nn_spec_expect, place), .choices = ALL_METRICS,
     .doc = "The metric that is looked at."},
    {.name = "at", .type = NN_KEY_CHOICE, FIELD(nn_spec_expect, at_best), .def = "best",
     .choices = MOMENTS, .doc = "Of which epoch."},
    {.name = "min", .type = NN_KEY_REAL, .flags = NN_KEY_SPARSE, FIELD(nn_spec_expect, min), .def = "-.inf",
     .min = -INFINITY, .max = INFINITY, .doc = "Least value that is as expected."},
    {.name = "max", .type = NN_KEY_REAL, .flags = NN_KEY_SPARSE, FIELD(nn_spec_expect, max), .def = ".inf",
     .min = -INFINITY, .max = INFINITY, .doc = "Largest value that is as expected."},
    {.name = "source", .type = NN_KEY_TEXT, .flags = NN_KEY_SPARSE, FIELD(nn_spec_expect, source),
     .doc = "Where the figure comes from."},
    {.name = NULL}};

const nn_key nn_spec_keys[] = {
    {.name = "nnrun", .type = NN_KEY_INTEGER, .flags = NN_KEY_REQUIRED, EXPERIMENT(format),
     .min = 1, .max = 1, .doc = "Version of this format."},
    {.name = "name", .type = NN_KEY_NAME, .flags = NN_KEY_SPARSE, EXPERIMENT(name),
     .doc = "What the experiment is called: its results lie in results/NAME. Absent: the name of "
            "the file."},
    {.name = "extends", .type = NN_KEY_PATH, .flags = NN_KEY_SPARSE | NN_KEY_EARLY,
     .doc = "Another spec that this one changes: mappings merge key by key, lists and scalars "
            "replace, a component with another `use` drops the parameters of the old one."},
    {.name = "seed", .type = NN_KEY_INTEGER, EXPERIMENT(seed), .min = 0, .max = EXACT_MOST,
     .def = "1", .aka = "random_seed random_state", .doc = "All random numbers follow from it."},
    {.name = "precision", .type = NN_KEY_CHOICE, EXPERIMENT(precision), .def = "float32",
     .choices = PRECISIONS, .aka = "dtype", .doc = "The numbers of the network."},
    {.name = "threads", .type = NN_KEY_INTEGER, EXPERIMENT(threads), .min = 1, .max = 1024,
     .word = "auto", .def = "auto",
     .aka = "workers jobs n_jobs cores", .doc = "`auto`: as many as this process may use. The results are the same for any number."},
    {.name = "plugins", .type = NN_KEY_PATHS, EXPERIMENT(plugins), COUNT(plugin_count), .def = "[]",
     .doc = "More plugins: files, or folders of them."},
    {.name = "data", .type = NN_KEY_MAP, .flags = NN_KEY_REQUIRED, .keys = DATA,
     .aka = "dataset datasets", .doc = "Where samples come from and what is done to them."},
    {.name = "network", .type = NN_KEY_MAP, .flags = NN_KEY_REQUIRED, .keys = NETWORK,
     PLACE(nn_experiment, network.place), .aka = "model architecture net", .doc = "What is trained."},
    {.name = "training", .type = NN_KEY_MAP, .flags = NN_KEY_REQUIRED, .keys = TRAINING,
     .aka = "fit trainer", .doc = "How it is trained."},
    {.name = "checkpoint", .type = NN_KEY_MAP, .keys = CHECKPOINT,
     .doc = "What is kept to go on from."},
    {.name = "expect", .type = NN_KEY_MAPS, .offset = offsetof(nn_experiment, expect),
     .bytes = sizeof(nn_spec_expect), COUNT(expect_count), .def = "[]", .keys = EXPECT,
     .doc = "What the run should reach; one that does not hold gives exit code 7."},
    {.name = NULL}};

const nn_key *nn_key_find(const nn_key *keys, const char *name)
{
    for (const nn_key *key = keys; key != NULL && key->name != NULL; key++) {
        if (strcmp(key->name, name) == 0) {
            return key;
        }
    }
    return NULL;
}

const nn_key *nn_key_at(const char *path)
{
    const nn_key *keys = nn_spec_keys, *key = NULL;
    char name[64];
    while (*path != '\0') {
        size_t length = strcspn(path, ".");
        if (length >= sizeof name) {
            return NULL;
        }
        memcpy(name, path, length);
        name[length] = '\0';
        bool element = key != NULL && key->type == NN_KEY_MAPS
                    && strspn(name, "0123456789") == length && length > 0;
        if (element) {
            keys = key->keys;
            key = NULL;
        } else if (key != NULL && key->type == NN_KEY_MAPS) {
            return NULL;
        } else {
            key = nn_key_find(keys, name);
            if (key == NULL) {
                return NULL;
            }
            keys = key->keys;
        }
        path += length + (path[length] == '.');
    }
    return key;
}

bool nn_key_is_free(const char *name)
{
    return strncmp(name, "x-", 2) == 0;
}
