/* SPDX-License-Identifier: MIT */
#include "run/contract_precision.h"

#include <nnrun/loader.h>

#include <ctype.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 64, THREADS = 4 }; /* samples read a check */

/* A loader at work on its source. */
struct work {
    const nn_component *component;
    const nn_loader *ops;
    unsigned bits;
    nn_source source;
    size_t sample_bytes;
    bool open;
};

static struct work open_source(nn__subject *subject, const nn__instance *instance, unsigned bits)
{
    struct work work = {.component = instance->component[nn__slot(bits)], .bits = bits};
    work.ops = work.component->ops;
    work.source.size = sizeof work.source;
    nn__scene_call("open()", NULL);
    nn_status status = work.ops->open(work.component->host, work.component->self, &work.source);
    if (status != NN_OK && instance->at_end) {
        nn_story_clear(); /* no more samples than these, no fewer pixels than those */
        return work;
    }
    if (status != NN_OK) {
        nn__check_fail(subject, "%s: open() failed: %s", instance->label, nn_story());
        return work;
    }
    work.open = true;
    size_t element = work.source.dtype == NN_DTYPE_UINT8 ? 1 : bits / 8;
    work.sample_bytes = work.source.height * work.source.width * work.source.channels * element;
    return work;
}

static void close_source(struct work *work)
{
    if (work->open) {
        nn__scene_call("close()", NULL);
        work->ops->close(work->component->host, work->component->self, &work->source);
    }
}

/* Samples as they came, behind guards. */
struct samples {
    size_t n;
    nn__reals x, y, labels;
    nn_read_status status[MOST];
};

static struct samples room_for(nn__subject *subject, const struct work *work, size_t n)
{
    struct samples samples = {.n = n};
    size_t element = work->source.dtype == NN_DTYPE_UINT8 ? 1 : work->bits / 8;
    samples.x = nn__block_create(subject, element, n * work->sample_bytes / element, "x");
    samples.y = nn__reals_create(subject, work->bits, n * work->source.outputs, "y");
    samples.labels = nn__block_create(subject, sizeof(int32_t), n, "labels");
    return samples;
}

static nn_status read_into(const struct work *work, void *reader, size_t first, size_t n, size_t at,
                           struct samples *samples)
{
    bool classes = work->source.targets == NN_TARGETS_CLASSES;
    bool reals = work->source.targets == NN_TARGETS_REALS;
    nn__scene_call("read()", classes ? "y is NULL here: source->targets are classes"
                             : reals ? "labels is NULL here: source->targets are reals"
                                     : "labels and y are NULL here: source->targets is not set");
    return work->ops->read(work->component->host, work->component->self, &work->source, reader, first, n,
                           (char *)samples->x.at + at * work->sample_bytes,
                           classes ? nn__real_at(&samples->labels, at) : NULL,
                           reals ? nn__real_at(&samples->y, at * work->source.outputs) : NULL,
                           samples->status + at);
}

/* Reads samples 0 .. n - 1, `chunk` at a time, each chunk by a reader of its own where `fresh`. */
static bool read_all(nn__subject *subject, const nn__instance *instance, const struct work *work,
                     size_t chunk, bool fresh, struct samples *samples)
{
    void *reader = NULL;
    bool have = false;
    for (size_t first = 0; first < samples->n; first += chunk) {
        size_t n = samples->n - first < chunk ? samples->n - first : chunk;
        nn__scene_call("reader_create()", NULL);
        if (!have && work->ops->reader_create(work->component->host, work->component->self, &work->source,
                                              &reader) != NN_OK) {
            nn__check_fail(subject, "%s: reader_create() failed: %s", instance->label, nn_story());
            return false;
        }
        have = true;
        if (read_into(work, reader, first, n, first, samples) != NN_OK) {
            nn__check_fail(subject, "%s: read() of samples %zu to %zu failed: %s", instance->label, first,
                           first + n - 1, nn_story());
            return false;
        }
        if (fresh) {
            nn__scene_call("reader_destroy()", NULL);
            work->ops->reader_destroy(work->component->host, work->component->self, reader);
            reader = NULL;
            have = false;
        }
    }
    if (have) {
        nn__scene_call("reader_destroy()", NULL);
        work->ops->reader_destroy(work->component->host, work->component->self, reader);
    }
    return true;
}

static bool same(const struct samples *a, const struct samples *b)
{
    bool equal = nn__reals_same(&a->x, &b->x) && nn__reals_same(&a->labels, &b->labels);
    for (size_t i = 0; equal && i < a->n; i++) {
        equal = a->status[i].code == b->status[i].code;
    }
    return equal && (a->y.n == 0 || nn__reals_same(&a->y, &b->y));
}

static size_t some(const struct work *work)
{
    return work->source.samples < MOST ? work->source.samples : MOST;
}

/* ---- Checks ---- */

static bool all_digits(const char *name)
{
    for (; *name != '\0'; name++) {
        if (!isdigit((unsigned char)*name)) {
            return false;
        }
    }
    return true;
}

/* Byte order, unless all are numbers. */
static void check_classes(nn__subject *subject, const nn__instance *instance, const nn_source *source)
{
    bool numbers = true;
    for (size_t i = 0; i < source->class_count; i++) {
        if (source->class_names == NULL || source->class_names[i] == NULL) {
            nn__check_fail(subject, "%s: class %zu has no name", instance->label, i);
            return;
        }
        numbers = numbers && all_digits(source->class_names[i]);
    }
    for (size_t i = 1; i < source->class_count; i++) {
        const char *a = source->class_names[i - 1], *b = source->class_names[i];
        bool ordered = numbers ? strtoull(a, NULL, 10) <= strtoull(b, NULL, 10) : strcmp(a, b) < 0;
        if (!ordered) {
            nn__check_fail(subject, "%s: class \"%s\" comes before \"%s\"", instance->label, a, b);
        }
    }
}

static void describes(nn__subject *subject)
{
    NN__EACH_INSTANCE(subject, instance) {
        struct work work = open_source(subject, instance, nn__widest(instance));
        if (!work.open) {
            continue;
        }
        const nn_source *source = &work.source;
        if (source->samples == 0 || source->height == 0 || source->width == 0 || source->channels == 0) {
            nn__check_fail(subject, "%s: %zu samples of %zu x %zu x %zu", instance->label, source->samples,
                           source->height, source->width, source->channels);
        }
        if (source->dtype != NN_DTYPE_UINT8 && source->dtype != NN_DTYPE_REAL) {
            nn__check_fail(subject, "%s: dtype %u is neither uint8 nor real", instance->label,
                           (unsigned)source->dtype);
        }
        if (source->identity[0] == 0 && source->identity[1] == 0
            && (subject->plugin->about->flags & NN_HASH_CONTENT) == 0) {
            nn__check_fail(subject, "%s: identity is left all zero, so that other contents look alike; set "
                           "it in open(), or set NN_HASH_CONTENT in .flags", instance->label);
        }
        if (source->targets == NN_TARGETS_CLASSES) {
            if (source->class_count == 0) {
                nn__check_fail(subject, "%s: targets are classes, but there are none", instance->label);
            }
            check_classes(subject, instance, source);
        }
        if (source->targets == NN_TARGETS_REALS && source->outputs == 0) {
            nn__check_fail(subject, "%s: targets are reals, but outputs is 0", instance->label);
        }
        nn__check_figure(subject, "%zu samples of %zu x %zu x %zu", source->samples, source->height,
                         source->width, source->channels);
        struct work again = open_source(subject, instance, nn__widest(instance));
        if (again.open
            && (memcmp(again.source.identity, source->identity, sizeof source->identity) != 0
                || again.source.samples != source->samples)) {
            nn__check_fail(subject, "%s: opened a second time it has another identity", instance->label);
        }
        close_source(&again);
        close_source(&work);
    }
}

static void pure(nn__subject *subject)
{
    NN__EACH_INSTANCE(subject, instance) {
        struct work work = open_source(subject, instance, nn__widest(instance));
        if (!work.open) {
            continue;
        }
        static const size_t chunks[] = {1, 7, MOST};
        struct samples first = room_for(subject, &work, some(&work));
        bool good = read_all(subject, instance, &work, 16, false, &first);
        for (size_t k = 0; good && k < 3; k++) {
            struct samples again = room_for(subject, &work, some(&work));
            good = read_all(subject, instance, &work, chunks[k], k == 0, &again);
            if (good && !same(&first, &again)) {
                nn__check_fail(subject, "%s: read %zu at a time, the samples differ", instance->label,
                               chunks[k]);
            }
        }
        close_source(&work);
    }
}

static void check_targets(nn__subject *subject, const nn__instance *instance, const struct work *work,
                          const struct samples *samples)
{
    const int32_t *labels = samples->labels.at;
    for (size_t i = 0; i < samples->n; i++) {
        if (samples->status[i].code != 0 && !instance->at_end) {
            nn__check_fail(subject, "%s: sample %zu: %.200s", instance->label, i, samples->status[i].message);
        }
        if (work->source.targets == NN_TARGETS_CLASSES
            && (labels[i] < 0 || (size_t)labels[i] >= work->source.class_count)) {
            nn__check_fail(subject, "%s: sample %zu has label %d of %zu classes", instance->label, i,
                           (int)labels[i], work->source.class_count);
        }
    }
    for (size_t i = 0; i < samples->y.n; i++) {
        if (!isfinite(nn__real_get(&samples->y, i))) {
            nn__check_fail(subject, "%s: target %zu is not finite", instance->label, i);
        }
    }
}

/* Values of x that are reals. */
static size_t real_count(const struct work *work, const struct samples *samples)
{
    return work->source.dtype == NN_DTYPE_REAL ? samples->n * work->sample_bytes / (work->bits / 8) : 0;
}

static double real_of(const struct work *work, const struct samples *samples, size_t i)
{
    return work->bits == 64 ? ((const double *)samples->x.at)[i]
                            : (double)((const float *)samples->x.at)[i];
}

static void check_values(nn__subject *subject, const nn__instance *instance, const struct work *work)
{
    struct samples samples = room_for(subject, work, some(work));
    if (!read_all(subject, instance, work, MOST, false, &samples)) {
        return;
    }
    check_targets(subject, instance, work, &samples);
    if (!nn__reals_intact(&samples.x) || !nn__reals_intact(&samples.y) || !nn__reals_intact(&samples.labels)) {
        nn__check_fail(subject, "%s, float%u: it writes outside the samples asked for", instance->label,
                       work->bits);
    }
    for (size_t i = 0; i < real_count(work, &samples); i++) {
        if (!isfinite(real_of(work, &samples, i))) {
            nn__check_fail(subject, "%s, float%u: value %zu is not finite", instance->label, work->bits, i);
        }
    }
}

static void values(nn__subject *subject)
{
    NN__EACH_INSTANCE(subject, instance) {
        NN__EACH_PRECISION(instance, bits) {
            struct work work = open_source(subject, instance, bits);
            if (!work.open) {
                continue;
            }
            check_values(subject, instance, &work);
            subject->low = true;
            check_values(subject, instance, &work);
            subject->low = false;
            close_source(&work);
        }
    }
}

/* What both precisions read: x and y up to rounding, labels and bytes to the bit. */
static void compare(nn__subject *subject, const nn__instance *instance, const struct work *narrow,
                    const struct work *wide, double *worst)
{
    struct samples few = room_for(subject, narrow, some(narrow));
    struct samples many = room_for(subject, wide, some(wide));
    double most = 4 * (double)FLT_EPSILON;
    if (!read_all(subject, instance, narrow, MOST, false, &few)
        || !read_all(subject, instance, wide, MOST, false, &many)) {
        return;
    }
    for (size_t i = 0; i < real_count(wide, &many); i++) {
        double x = real_of(wide, &many, i);
        nn__check_worst(subject, worst, fabs(real_of(narrow, &few, i) - x) / fmax(1, fabs(x)), most, instance,
                        "x in float32 against float64", i);
    }
    nn__compare_reals(subject, worst, &few.y, &many.y, most, instance, "y in float32 against float64");
    bool bytes = wide->source.dtype == NN_DTYPE_UINT8;
    if ((bytes && memcmp(few.x.at, many.x.at, many.n * wide->sample_bytes) != 0)
        || !nn__reals_same(&few.labels, &many.labels)) {
        nn__check_fail(subject, "%s: float32 reads other bytes or labels than float64", instance->label);
    }
}

static void compare_precisions(nn__subject *subject, const nn__instance *instance, double *worst)
{
    struct work narrow = open_source(subject, instance, 32), wide = open_source(subject, instance, 64);
    const nn_source *a = &narrow.source, *b = &wide.source;
    if (narrow.open && wide.open) {
        if (a->samples != b->samples || a->height != b->height || a->width != b->width
            || a->channels != b->channels || a->dtype != b->dtype || a->targets != b->targets
            || a->outputs != b->outputs) {
            nn__check_fail(subject, "%s: float32 describes another source than float64",
                           instance->label);
        } else {
            compare(subject, instance, &narrow, &wide, worst);
        }
    }
    close_source(&narrow);
    close_source(&wide);
}

static void precision(nn__subject *subject)
{
    nn__compare_precisions(subject, compare_precisions);
}

static void out_of_range(nn__subject *subject)
{
    NN__EACH_INSTANCE(subject, instance) {
        struct work work = open_source(subject, instance, nn__widest(instance));
        void *reader = NULL;
        if (!work.open
            || work.ops->reader_create(work.component->host, work.component->self, &work.source, &reader)
                   != NN_OK) {
            continue;
        }
        const struct {
            size_t first, n;
        } asked[] = {{work.source.samples, 1}, {work.source.samples - 1, 2}, {SIZE_MAX, 1}, {SIZE_MAX - 1, 3}};
        for (size_t k = 0; k < 4; k++) {
            struct samples samples = room_for(subject, &work, 4);
            nn_status status = read_into(&work, reader, asked[k].first, asked[k].n, 0, &samples);
            bool told = status != NN_OK;
            for (size_t i = 0; i < asked[k].n; i++) {
                told = told || samples.status[i].code != 0;
            }
            if (!told) {
                nn__check_fail(subject, "%s: samples %zu to %zu of %zu are read without an error",
                               instance->label, asked[k].first, asked[k].first + asked[k].n - 1,
                               work.source.samples);
            }
        }
        work.ops->reader_destroy(work.component->host, work.component->self, reader);
        close_source(&work);
    }
}

struct race {
    const struct work *work;
    struct samples *found;
    bool failed[THREADS];
};

static void run_race(void *context, size_t thread)
{
    struct race *race = context;
    const struct work *work = race->work;
    struct samples *samples = &race->found[thread];
    void *reader = NULL;
    if (work->ops->reader_create(work->component->host, work->component->self, &work->source, &reader)
        != NN_OK) {
        race->failed[thread] = true;
        return;
    }
    for (size_t k = 0; k < samples->n; k++) {
        size_t i = (k * 5 + thread * 11) % samples->n; /* each thread in an order of its own */
        race->failed[thread] = race->failed[thread] || read_into(work, reader, i, 1, i, samples) != NN_OK;
    }
    for (size_t i = 0; i < samples->n; i++) {
        race->failed[thread] = race->failed[thread] || read_into(work, reader, i, 1, i, samples) != NN_OK;
    }
    work->ops->reader_destroy(work->component->host, work->component->self, reader);
}

static void concurrent(nn__subject *subject)
{
    NN__EACH_INSTANCE(subject, instance) {
        struct work work = open_source(subject, instance, nn__widest(instance));
        if (!work.open) {
            continue;
        }
        struct samples expected = room_for(subject, &work, some(&work)), found[THREADS];
        struct race race = {.work = &work, .found = found};
        if (read_all(subject, instance, &work, MOST, false, &expected)) {
            for (size_t t = 0; t < THREADS; t++) {
                found[t] = room_for(subject, &work, some(&work));
            }
            nn__check_concurrently(subject, run_race, &race);
            for (size_t t = 0; t < THREADS; t++) {
                if (race.failed[t] || !same(&expected, &found[t])) {
                    nn__check_fail(subject, "%s: on several threads it gives other samples than on one",
                                   instance->label);
                }
            }
        }
        close_source(&work);
    }
}

const nn__check *nn__checks_loader(size_t *count)
{
    static const nn__check checks[] = {
        {"describes", describes, true, "open -> samples, h, w, c, dtype, targets, class names, fingerprint; "
                                       "classes ordered by name in byte order, all-number names by number.",
         "open() close()"},
        {"values", values, true, "x as the dtype says, y int32 classes or reals; nothing written elsewhere.",
         "open() reader_create() read() reader_destroy() close()"},
        {"precision", precision, true, "Both precisions come from one source and mean the same: reals in x "
                                       "and y are nn_real.",
         "open() reader_create() read() reader_destroy() close()"},
        {"pure", pure, true, "read() is pure in its index.",
         "open() reader_create() read() reader_destroy() close()"},
        {"out_of_range", out_of_range, true, "read() refuses an index out of range.",
         "open() reader_create() read() reader_destroy() close()"},
        {"concurrent", concurrent, true, "A reader serves one thread; several read at once.",
         "open() reader_create() read() reader_destroy() close()"},
    };
    *count = sizeof checks / sizeof checks[0];
    return checks;
}
