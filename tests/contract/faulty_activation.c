/* SPDX-License-Identifier: MIT */
#include <nnrun/activation.h>

#include "faulty.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    NONE, DERIVATIVE, PRECISION, INSTRUCTIONS, FINITE, RANGE, SPLIT, IN_PLACE, BOUNDS, READ_ONLY, CONCURRENT,
    PARAMETERS, CRASH, HANG, EXIT, PRINT, ABORT, FAR, NOT_A_NUMBER, DEEP, FORK, SLEEP, CHATTER, HUNGRY, RAISE,
    NULL_Z, OVER_READ, ONE_MORE, ONE_BEFORE, LOW_END, HIGH_END, CREATE_END,
    FORWARD_IN_PLACE, UNWRITTEN
};
static const char *const faults[] = {
    "none",      "derivative", "precision",  "instructions", "finite", "range", "split", "in_place", "bounds",
    "read_only", "concurrent", "parameters", "crash",        "hang",      "exit",       "print",      "abort",        "far",    "nan",   "deep",  "fork",     "sleep",
    "chatter",   "hungry",     "raise",      "null_z", "over_read", "one_more", "one_before", "low_end",
    "high_end",  "create_end", "forward_in_place", "unwritten", 0,
};
FAULTY_PARAMS(faults);

static nn_status create(const nn_host *host, void *self, const nn_shape *shape)
{
    (void)shape;
    if (fault_of(self) == CREATE_END && ((const struct faulty *)self)->bend == 0) {
        abort();
    }
    return fault_of(self) == PARAMETERS ? host->fail(host, NN_ERR_PARAM, "it will not begin") : NN_OK;
}

static volatile unsigned turns; /* what a plugin must not have */

/* No end of the stack. */
static int deeper(volatile int *times)
{
    volatile char here[4096];
    here[0] = 1;
    return *times == 0 ? here[0] : deeper(times) + here[0];
}

static void die_hard(int64_t fault)
{
    if (fault == ABORT) {
        abort();
    }
    if (fault == DEEP) {
        signal(SIGSEGV, SIG_DFL);
        deeper(&(volatile int){1});
    }
    if (fault == FORK && fork() == 0) {
        pause(); /* holds all that its parent has open */
    }
    if (fault == FORK) {
        _exit(0);
    }
    if (fault == SLEEP) {
        pause();
    }
    for (;fault == CHATTER;) {
        puts("and another thing");
    }
    for (;fault == HUNGRY;) {
        *(volatile char *)malloc(64 << 20) = 1;
    }
    if (fault == RAISE) {
        raise(SIGTERM);
    }
}

static void misbehave(int64_t fault)
{
    if (fault >= ABORT) {
        die_hard(fault);
    }
    volatile int forever = 1;
    if (fault == CRASH) {
        signal(SIGSEGV, SIG_DFL); /* as a bad address would, under a sanitizer too */
        raise(SIGSEGV);
    }
    while (fault == HANG && forever) {
    }
    if (fault == EXIT) {
        exit(3);
    }
    if (fault == PRINT) {
        puts("hello from a plugin");
        fflush(stdout);
    }
}

/* a = tanh(z), bent by the fault. */
FAULTY_BARE static void forward(const void *self, size_t rows, size_t cols, const nn_real *z, nn_real *a)
{
    const int64_t fault = fault_of(self);
    const unsigned turn = fault == CONCURRENT ? turns++ : 0; /* what a call gives hangs on those before */
    misbehave(fault);
    for (size_t i = 0; i < rows * cols; i++) {
        if (fault == FORWARD_IN_PLACE) {
            a[i] = 0; /* z is gone where it is the same */
        }
        nn_real x = z[i];
        x += fault == CONCURRENT && turn % 3 == 0 ? NN_R(0.01) : 0;
        nn_real y = nn_tanh(x);
        if (fault == FINITE) {
            y = (nn_real)(exp((double)x) - exp((double)-x)) / (nn_real)(exp((double)x) + exp((double)-x));
        }
        y += fault == PRECISION && NN_REAL_BITS == 32 ? NN_R(0.01) : 0;
        y += fault == INSTRUCTIONS && BETTER_ISA ? NN_R(0.01) : 0;
        y += fault == SPLIT && i == 5 ? NN_R(0.01) : 0;
        y *= fault == RANGE ? NN_R(1.5) : 1;
        y = fault == NOT_A_NUMBER && x > 1 ? (nn_real)NAN : y;
        const double bend = ((const struct faulty *)self)->bend;
        y /= fault == LOW_END ? (nn_real)bend : fault == HIGH_END && bend > 1.99 ? 2 : 1;
        if (fault != UNWRITTEN || i > 0) {
            a[i] = y;
        }
    }
    if (fault == OVER_READ) {
        a[0] += NN_R(1e-30) * ((const volatile nn_real *)z)[rows * cols];
    }
    if (fault == ONE_MORE) {
        a[rows * cols] = nn_tanh(z[rows * cols - 1]);
    }
    if (fault == ONE_BEFORE) {
        ((volatile nn_real *)a)[-1] = nn_tanh(z[0]);
    }
    if (fault == BOUNDS) {
        a[rows * cols] = 1;
    }
    if (fault == FAR) {
        ((volatile nn_real *)a)[rows * cols + 4096] = 1;
    }
    if (fault == READ_ONLY) {
        ((nn_real *)(uintptr_t)z)[0] += 1;
    }
}

FAULTY_BARE static void backward(const void *self, size_t rows, size_t cols, const nn_real *z, const nn_real *a,
                     const nn_real *da, nn_real *dz)
{
    (void)z;
    const int64_t fault = fault_of(self);
    for (size_t i = 0; i < rows * cols; i++) {
        if (fault == IN_PLACE) {
            dz[i] = 0; /* da is gone where it is the same */
        }
        if (fault == NULL_Z) {
            dz[i] = ((const volatile nn_real *)z)[i];
        }
        dz[i] = da[i] * (1 - a[i] * a[i]) * (fault == DERIVATIVE ? NN_R(1.001) : 1);
    }
}

NN_ACTIVATION {
    FAULTY_ABOUT,
    .flags = NN_ELEMENTWISE | NN_NEEDS_A | NN_HAS_RANGE,
    .create = create,
    .forward = forward,
    .backward = backward,
    .least = -1,
    .most = 1,
};
