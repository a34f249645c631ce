# SPDX-License-Identifier: MIT
"""A plugin that crashes takes nnrun with it, but not without its name."""
import signal
import time
import unittest

from nnrun import BINARY, Case, main

SOURCE = """#include <nnrun/activation.h>
#include <string.h>

static void forward(const void *self, size_t rows, size_t cols, const nn_real *z, nn_real *a)
{
    (void)self;
    CRASH;
    memcpy(a, z, rows * cols * sizeof *a);
}

static void backward(const void *self, size_t rows, size_t cols, const nn_real *z, const nn_real *a, const nn_real *da,
                     nn_real *dz)
{
    (void)self;
    (void)z;
    (void)a;
    memmove(dz, da, rows * cols * sizeof *dz);
}

NN_ACTIVATION{
    .name = "careless",
    .summary = "Crashes.",
    .formula = "a = z",
    .reference = "none",
    .flags = NN_ELEMENTWISE,
    .forward = forward,
    .backward = backward,
};
"""
CRASHES = {"*(volatile int *)8 = 1": signal.SIGSEGV, "memset((void *)8, 0, rows)": signal.SIGSEGV,
           "__builtin_trap()": signal.SIGILL}
sanitized = b"__asan_init" in open(BINARY, "rb").read() or b"__tsan_init" in open(BINARY, "rb").read()


@unittest.skipIf(sanitized, "a sanitizer answers before nnrun does")
class Crash(Case):
    def test_a_plugin_that_crashes_is_named_on_any_thread(self):
        for crash, number in CRASHES.items():
            (self.folder / "careless.c").write_text(SOURCE.replace("CRASH", crash))
            for threads in (1, 2):
                with self.subTest(crash=crash, threads=threads):
                    done = self.nnrun("run", self.spec(), "plugins=[careless.c]", f"threads={threads}",
                                      "network.layers.0.activation=careless", "--quiet")
                    self.assertEqual(done.returncode, -number)
                    self.assertRegex(done.stderr, r"it crashed \([a-z ,]+\) in plugin \S*careless\S*\.so")
                    self.assertIn("nnrun plugins check", done.stderr)

    def test_a_signal_that_somebody_sends_is_no_crash(self):
        process = self.start("run", self.spec(), "training.epochs=100000", "--quiet")
        while not list(self.folder.glob("results/*/*/checkpoints/epoch-000001.h5")):
            self.assertIsNone(process.poll())
            time.sleep(0.01)
        process.send_signal(signal.SIGFPE)
        _, said = process.communicate(timeout=60)
        self.assertEqual(process.returncode, -signal.SIGFPE)
        self.assertEqual(said, "")


if __name__ == "__main__":
    main()
