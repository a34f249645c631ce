/* SPDX-License-Identifier: MIT */
#include "base/random.h"
#include "run/contract_precision.h"

#include <nnrun/transform.h>

#include <float.h>
#include <math.h>
#include <string.h>

enum { IMAGES = 6, THREADS = 4, ROUNDS = 50 };

/* One image on its way. */
struct image {
    const nn_component *component;
    const nn_shape *shape;
    nn__reals in, out, scratch;
    uint64_t number; /* of the stream */
};

static size_t size_of(const nn_shape *shape)
{
    return shape->height * shape->width * shape->channels;
}

static struct image make(nn__subject *subject, const nn__instance *instance, unsigned bits,
                         uint64_t number)
{
    struct image image = {.component = instance->component[nn__slot(bits)], .shape = &subject->shape,
                          .number = number};
    const nn_transform *ops = image.component->ops;
    image.in = nn__reals_create(subject, bits, size_of(image.shape), "in");
    image.out = nn__reals_create(subject, bits, size_of(image.shape), "out");
    nn__scene_call("scratch_size()", NULL);
    size_t scratch = ops->scratch_size == NULL
                         ? 0
                         : ops->scratch_size(image.component->self, image.shape);
    image.scratch = nn__block_create(subject, 1, scratch, "scratch");
    for (size_t i = 0; i < image.in.n; i++) {
        /* Exact 0 and 1 are common in images. */
        double x = nn__check_uniform(number * 10000 + i, -0.3, 1.3);
        nn__real_set(&image.in, i, fmin(fmax(x, 0), 1));
    }
    return image;
}

static void apply(const struct image *image)
{
    const nn_transform *ops = image->component->ops;
    nn_stream stream = nn_stream_make(3, "transform", image->number, 0);
    nn__scene_call("apply()", image->scratch.n > 0 ? NULL : "scratch is NULL here: it asks for no scratch_size()");
    ops->apply(image->component->self, image->component->host, &stream, image->shape, image->in.at,
               image->out.at, image->scratch.n > 0 ? image->scratch.at : NULL);
}

static void pure(nn__subject *subject)
{
    NN__EACH_INSTANCE(subject, instance) {
        NN__EACH_PRECISION(instance, bits) {
            for (uint64_t number = 0; number < IMAGES; number++) {
                struct image first = make(subject, instance, bits, number);
                struct image other = make(subject, instance, bits, number + 100);
                struct image again = make(subject, instance, bits, number);
                apply(&first);
                apply(&other);
                /* Scratch memory holds anything. */
                memset(again.scratch.at, 0x5A, again.scratch.n);
                apply(&again);
                if (!nn__reals_same(&first.out, &again.out)) {
                    nn__check_fail(subject, "%s: the same image and stream give another image a second time",
                                   instance->label);
                }
            }
        }
    }
}

/* Once with all that lies behind the buffers out of bounds, once what lies before them. */
static void check_bounds(nn__subject *subject, const nn__instance *instance, unsigned bits)
{
    struct image image = make(subject, instance, bits, 1), before = make(subject, instance, bits, 1);
    apply(&image);
    if (!nn__reals_intact(&image.in) || !nn__reals_intact(&image.out) || !nn__reals_intact(&image.scratch)) {
        nn__check_fail(subject, "%s: it writes outside height x width x channels, or its scratch",
                       instance->label);
    }
    if (!nn__reals_same(&image.in, &before.in)) {
        nn__check_fail(subject, "%s: it changes the image it reads", instance->label);
    }
    for (size_t i = 0; i < image.out.n; i++) {
        if (!isfinite(nn__real_get(&image.out, i))) {
            nn__check_fail(subject, "%s: pixel %zu is unwritten or not finite", instance->label, i);
        }
    }
}

static void bounds(nn__subject *subject)
{
    NN__EACH_INSTANCE(subject, instance) {
        NN__EACH_PRECISION(instance, bits) {
            check_bounds(subject, instance, bits);
            subject->low = true;
            check_bounds(subject, instance, bits);
            subject->low = false;
        }
    }
}

static void compare_precisions(nn__subject *subject, const nn__instance *instance, double *worst)
{
    for (uint64_t number = 0; number < IMAGES; number++) {
        struct image narrow = make(subject, instance, 32, number);
        struct image wide = make(subject, instance, 64, number);
        nn__reals_copy(&wide.in, &narrow.in);
        apply(&narrow);
        apply(&wide);
        for (size_t i = 0; i < wide.out.n; i++) {
            /* A place on the image is known to a few units of FLT_EPSILON times its size. */
            nn__check_worst(subject, worst,
                            fabs(nn__real_get(&narrow.out, i) - nn__real_get(&wide.out, i)),
                            1024 * (double)FLT_EPSILON, instance, "float32 against float64", i);
        }
    }
}

static void precision(nn__subject *subject)
{
    nn__compare_precisions(subject, compare_precisions);
}

struct race {
    struct image images[THREADS], expected[THREADS];
    bool wrong[THREADS];
};

static void run_race(void *context, size_t thread)
{
    struct race *race = context;
    for (size_t round = 0; round < ROUNDS && !race->wrong[thread]; round++) {
        apply(&race->images[thread]);
        race->wrong[thread] = !nn__reals_same(&race->images[thread].out, &race->expected[thread].out);
    }
}

static void concurrent(nn__subject *subject)
{
    NN__EACH_INSTANCE(subject, instance) {
        struct race race = {0};
        unsigned bits = nn__widest(instance);
        for (size_t t = 0; t < THREADS; t++) {
            race.images[t] = make(subject, instance, bits, 50 + t);
            race.expected[t] = make(subject, instance, bits, 50 + t);
            apply(&race.expected[t]);
        }
        nn__check_concurrently(subject, run_race, &race);
        for (size_t t = 0; t < THREADS; t++) {
            if (race.wrong[t]) {
                nn__check_fail(subject, "%s: on several threads it gives other images than on one",
                               instance->label);
            }
        }
    }
}

const nn__check *nn__checks_transform(size_t *count)
{
    static const nn__check checks[] = {
        {"pure", pure, true, "Pure in (self, stream, in); the contents of scratch are undefined.",
         "scratch_size() apply()"},
        {"bounds", bounds, true, "It maps one image in [0, 1], h x w x c, to one of the same shape.",
         "scratch_size() apply()"},
        {"precision", precision, true, "Both precisions come from one source and mean the same.",
         "scratch_size() apply()"},
        {"concurrent", concurrent, true, "Called by several readers at once; a plugin keeps no static "
                                         "state.",
         "scratch_size() apply()"},
    };
    *count = sizeof checks / sizeof checks[0];
    return checks;
}
