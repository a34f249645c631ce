/* SPDX-License-Identifier: MIT */
/* Transforms on images whose answer is known. */
#include "component.h"

#include <nnrun/transform.h>

enum { H = 12, W = 9, C = 3, COUNT = H * W * C };

typedef struct fixture {
    component c;
    const nn_transform *transform;
    nn_shape shape;
    double in[COUNT], out[COUNT];
} fixture;

/* Colours of a smooth picture; each channel its own. */
static double picture(double x, double y, size_t channel)
{
    return 0.5 + 0.3 * sin(0.4 * x + (double)channel) * cos(0.3 * y);
}

static bool setup(fixture *f, const char *name, uint32_t isa, const char *settings)
{
    memset(f, 0, sizeof *f);
    f->shape = (nn_shape){.size = sizeof f->shape, .height = H, .width = W, .channels = C};
    if (!component_try(&f->c, "transform", name, isa, settings)) {
        return false;
    }
    f->transform = f->c.ops;
    for (size_t i = 0; i < COUNT; i++) {
        f->in[i] = picture((double)(i / C % W), (double)(i / C / W), i % C);
    }
    assert_int_equal(component_create(&f->c, &f->shape), NN_OK);
    return true;
}

static void apply(fixture *f, uint64_t sample, double *out)
{
    const nn_stream stream = nn_stream_make(3, "transform", 0, sample);
    const size_t size =
        f->transform->scratch_size ? f->transform->scratch_size(f->c.self, &f->shape) : 0;
    void *scratch = malloc(size + 1);
    assert_non_null(scratch);
    memset(scratch, 0xff, size); /* its contents are undefined: NaN here */
    f->transform->apply(f->c.self, &f->c.host, &stream, &f->shape, f->in, out, scratch);
    free(scratch);
}

static const char *const names[] = {"affine", "elastic", "gaussian_noise", "cutout"};

/* The same stream gives the same bits, another stream other ones, and nothing leaves [0, 1]. */
static void transforms_are_pure_and_stay_in_range(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
        for (size_t v = 0; v < COMPONENT_ISAS; v++) {
            fixture f;
            double again[COUNT];
            if (!setup(&f, names[k], component_isas[v], NULL)) {
                continue;
            }
            int differ = 0;
            for (uint64_t sample = 0; sample < 20; sample++) {
                apply(&f, sample, f.out);
                apply(&f, sample, again);
                assert_memory_equal(f.out, again, sizeof again);
                for (size_t i = 0; i < COUNT; i++) {
                    assert_true(f.out[i] >= 0 && f.out[i] <= 1);
                }
                apply(&f, sample + 100, again);
                differ += memcmp(f.out, again, sizeof again) != 0;
            }
            assert_true(differ >= 15);
            component_close(&f.c);
        }
    }
}

static void nothing_to_do_changes_nothing(void **state)
{
    (void)state;
    static const struct {
        const char *name, *settings;
    } items[] = {{"affine", "rotation=0 shift=0 scale=0 shear=0"},
                 {"elastic", "alpha=0"},
                 {"gaussian_noise", "sd=0"}};
    for (size_t k = 0; k < sizeof items / sizeof *items; k++) {
        fixture f;
        assert_true(setup(&f, items[k].name, ISA_PLAINEST, items[k].settings));
        apply(&f, 0, f.out);
        for (size_t i = 0; i < COUNT; i++) {
            assert_true(fabs(f.out[i] - f.in[i]) <= 1e-14);
        }
        component_close(&f.c);
    }
}

/* The inside of a turned smooth picture is the picture at turned places, up to what bilinear
 * reading costs: h^2 / 8 (|f_xx| + |f_yy|) < 0.01 here. */
static void affine_reads_where_the_inverse_map_points(void **state)
{
    (void)state;
    const double pi = acos(-1);
    int compared = 0;
    fixture f;
    assert_true(setup(&f, "affine", ISA_PLAINEST, "rotation=30 shift=0.1 scale=0.2 shear=20"));
    for (uint64_t sample = 0; sample < 20; sample++) {
        double u[5];
        const nn_stream stream = nn_stream_make(3, "transform", 0, sample);
        nn_random_uniform(&stream, 0, 5, u);
        for (size_t k = 0; k < 5; k++) {
            u[k] = 2 * u[k] - 1;
        }
        const double angle = 30 * pi / 180 * u[0], slant = tan(20 * pi / 180 * u[1]);
        const double size = 1 + 0.2 * u[2];
        /* M = rotation shear scale, forwards. */
        const double m[2][2] = {{size * cos(angle), size * (slant * cos(angle) - sin(angle))},
                                {size * sin(angle), size * (slant * sin(angle) + cos(angle))}};
        apply(&f, sample, f.out);
        for (size_t y = 2; y + 2 < H; y++) {
            for (size_t x = 2; x + 2 < W; x++) {
                /* Where the input's pixel (x, y) goes; the output is read there bilinearly. */
                const double dx = (double)x - (W - 1) / 2.0, dy = (double)y - (H - 1) / 2.0;
                const double to_x = (W - 1) / 2.0 + m[0][0] * dx + m[0][1] * dy + 0.1 * W * u[3];
                const double to_y = (H - 1) / 2.0 + m[1][0] * dx + m[1][1] * dy + 0.1 * H * u[4];
                if (to_x < 2 || to_y < 2 || to_x > W - 3 || to_y > H - 3) {
                    continue;
                }
                const size_t left = (size_t)to_x, top = (size_t)to_y;
                const double right = to_x - (double)left, down = to_y - (double)top;
                for (size_t k = 0; k < C; k++) {
                    const double *p = f.out + (top * W + left) * C + k;
                    const double upper = p[0] * (1 - right) + p[C] * right;
                    const double lower = p[W * C] * (1 - right) + p[W * C + C] * right;
                    const double got = upper * (1 - down) + lower * down;
                    assert_true(fabs(got - picture((double)x, (double)y, k)) < 0.03);
                    compared++;
                }
            }
        }
    }
    assert_true(compared > 500);
    component_close(&f.c);
}

static void elastic_moves_smoothly_and_as_far_as_alpha_says(void **state)
{
    (void)state;
    /* Over an image of 64 x 64 that holds x itself, out - in is the displacement. */
    enum { SIDE = 64 };
    component c;
    assert_int_equal(
        component_open(&c, "transform", "elastic", ISA_PLAINEST, "alpha=34 sigma=4"), NN_OK);
    const nn_shape shape = {.size = sizeof shape, .height = SIDE, .width = SIDE, .channels = 1};
    const nn_transform *transform = c.ops;
    assert_int_equal(component_create(&c, &shape), NN_OK);
    double *in = malloc(2 * SIDE * SIDE * sizeof *in), *out = in + SIDE * SIDE;
    void *scratch = malloc(transform->scratch_size(c.self, &shape));
    assert_non_null(in);
    assert_non_null(scratch);
    for (size_t i = 0; i < SIDE * SIDE; i++) {
        in[i] = (double)(i % SIDE);
    }
    double squares = 0, jumps = 0, count = 0;
    for (uint64_t sample = 0; sample < 40; sample++) {
        const nn_stream stream = nn_stream_make(5, "transform", 0, sample);
        transform->apply(c.self, &c.host, &stream, &shape, in, out, scratch);
        for (size_t y = 20; y < SIDE - 20; y++) {
            for (size_t x = 20; x < SIDE - 20; x++) {
                const size_t i = y * SIDE + x;
                const double moved = out[i] - in[i], next = out[i + 1] - in[i + 1];
                squares += moved * moved;
                jumps += (next - moved) * (next - moved);
                count++;
            }
        }
    }
    /* Blurred noise of variance alpha^2 / 3 has variance alpha^2 / 3 / (4 pi sigma^2), and
     * neighbours of it correlate as exp(-1 / (4 sigma^2)). */
    const double variance = 34.0 * 34.0 / 3 / (4 * acos(-1) * 16);
    assert_true(fabs(squares / count / variance - 1) < 0.15);
    const double expected = 2 * variance * (1 - exp(-1.0 / 64));
    assert_true(fabs(jumps / count / expected - 1) < 0.15);
    free(in);
    free(scratch);
    component_close(&c);
}

/* The displacements of an image that holds x itself, by the definition: each number of the stream gives
 * both displacements of a pixel; sums over all pixels within four sigma, one by one. */
static void elastic_is_the_blurred_field_of_its_definition(void **state)
{
    (void)state;
    enum { HIGH = 21, WIDE = 37, PADDED = 64, RADIUS = 6 };
    const double alpha = 5, sigma = 1.5;
    for (size_t v = 0; v < COMPONENT_ISAS; v++) {
        component c;
        if (!component_try(&c, "transform", "elastic", component_isas[v], "alpha=5 sigma=1.5")) {
            continue;
        }
        const nn_shape shape = {.size = sizeof shape, .height = HIGH, .width = WIDE, .channels = 1};
        const nn_transform *transform = c.ops;
        assert_int_equal(component_create(&c, &shape), NN_OK);
        double in[HIGH * WIDE], out[HIGH * WIDE], field[HIGH][WIDE], weights[2 * RADIUS + 1];
        void *scratch = malloc(transform->scratch_size(c.self, &shape));
        assert_non_null(scratch);
        const nn_stream stream = nn_stream_make(5, "transform", 0, 1);
        double sum = 0;
        for (size_t i = 0; i < HIGH * WIDE; i++) {
            in[i] = (double)(i % WIDE);
            double number;
            nn_random_uniform(&stream, i / WIDE * PADDED + i % WIDE, 1, &number);
            field[i / WIDE][i % WIDE] = alpha * (2 * (floor(number * 0x1p26) / 0x1p26) - 1);
        }
        for (int k = 0; k <= 2 * RADIUS; k++) {
            weights[k] = exp(-(k - RADIUS) * (k - RADIUS) / (2 * sigma * sigma));
            sum += weights[k];
        }
        transform->apply(c.self, &c.host, &stream, &shape, in, out, scratch);
        size_t compared = 0;
        for (int y = 3; y < HIGH - 3; y++) { /* beyond, the image's edge is read */
            for (int x = 3; x < WIDE - 3; x++) {
                double moved = 0;
                for (int j = 0; j < HIGH; j++) {
                    for (int i = 0; i < WIDE; i++) {
                        if (abs(j - y) <= RADIUS && abs(i - x) <= RADIUS) {
                            moved += weights[j - y + RADIUS] * weights[i - x + RADIUS] * field[j][i];
                        }
                    }
                }
                moved /= sum * sum;
                assert_true(fabs(moved) < 3);
                assert_true(fabs(out[y * WIDE + x] - x - moved) < 1e-12);
                compared++;
            }
        }
        assert_true(compared > 400);
        free(scratch);
        component_close(&c);
    }
}

static void gaussian_noise_has_the_width_asked_for(void **state)
{
    (void)state;
    fixture f;
    double sum = 0, squares = 0, count = 0;
    assert_true(setup(&f, "gaussian_noise", ISA_PLAINEST, "sd=0.02"));
    for (uint64_t sample = 0; sample < 50; sample++) {
        apply(&f, sample, f.out);
        for (size_t i = 0; i < COUNT; i++) {
            sum += f.out[i] - f.in[i];
            squares += (f.out[i] - f.in[i]) * (f.out[i] - f.in[i]);
            count++;
        }
    }
    assert_true(fabs(sum / count) < 5 * 0.02 / sqrt(count));
    assert_true(fabs(squares / count / 4e-4 - 1) < 5 * sqrt(2 / count));
    component_close(&f.c);
}

/* At most size^2 pixels change, all to the fill, in all channels, and they are a rectangle. */
static void cutout_covers_one_rectangle(void **state)
{
    (void)state;
    fixture f;
    size_t largest = 0;
    assert_true(setup(&f, "cutout", ISA_PLAINEST, "size=4 fill=1"));
    for (uint64_t sample = 0; sample < 60; sample++) {
        apply(&f, sample, f.out);
        size_t changed = 0, top = H, bottom = 0, left = W, right = 0;
        for (size_t i = 0; i < COUNT; i++) {
            if (f.out[i] != f.in[i]) {
                const size_t x = i / C % W, y = i / C / W;
                assert_true(f.out[i] == 1);
                top = y < top ? y : top;
                bottom = y + 1 > bottom ? y + 1 : bottom;
                left = x < left ? x : left;
                right = x + 1 > right ? x + 1 : right;
                changed++;
            }
        }
        assert_true(changed > 0);
        assert_int_equal(changed, (bottom - top) * (right - left) * C);
        assert_true(bottom - top <= 4 && right - left <= 4);
        largest = changed > largest ? changed : largest;
    }
    assert_int_equal(largest, 4 * 4 * C);
    component_close(&f.c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(transforms_are_pure_and_stay_in_range),
        cmocka_unit_test(nothing_to_do_changes_nothing),
        cmocka_unit_test(affine_reads_where_the_inverse_map_points),
        cmocka_unit_test(elastic_moves_smoothly_and_as_far_as_alpha_says),
        cmocka_unit_test(elastic_is_the_blurred_field_of_its_definition),
        cmocka_unit_test(gaussian_noise_has_the_width_asked_for),
        cmocka_unit_test(cutout_covers_one_rectangle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
