/* SPDX-License-Identifier: MIT */
#include "math/real/panel.h"

#include <string.h>

void panel_get(const nn_real *m, size_t capacity, size_t cols, size_t r0, size_t rows,
               nn_real *plain)
{
    for (size_t p = 0; p < panels_of(cols); p++) {
        const nn_real *from = m + (p * capacity + r0) * PANEL;
        size_t width = panel_width(cols, p);
        for (size_t r = 0; r < rows; r++) {
            memcpy(plain + r * cols + p * PANEL, from + r * PANEL, width * sizeof *plain);
        }
    }
}

void panel_set(nn_real *m, size_t capacity, size_t cols, size_t r0, size_t rows,
               const nn_real *plain)
{
    for (size_t p = 0; p < panels_of(cols); p++) {
        nn_real *to = m + (p * capacity + r0) * PANEL;
        size_t width = panel_width(cols, p);
        for (size_t r = 0; r < rows; r++) {
            memcpy(to + r * PANEL, plain + r * cols + p * PANEL, width * sizeof *plain);
            memset(to + r * PANEL + width, 0, (PANEL - width) * sizeof *plain);
        }
    }
}

void panel_get_transposed(const nn_real *m, size_t inputs, size_t first, size_t count, nn_real *plain)
{
    for (size_t unit = first; unit < first + count; unit++, plain += inputs) {
        const nn_real *from = m + unit / PANEL * inputs * PANEL + unit % PANEL;
        for (size_t i = 0; i < inputs; i++) {
            plain[i] = from[i * PANEL];
        }
    }
}

void panel_set_transposed(nn_real *m, size_t inputs, size_t units, const nn_real *plain)
{
    for (size_t p = 0; p < panels_of(units); p++) {
        nn_real *to = m + p * inputs * PANEL;
        size_t width = panel_width(units, p);
        for (size_t i = 0; i < inputs; i++) {
            for (size_t j = 0; j < PANEL; j++) {
                to[i * PANEL + j] = j < width ? plain[(p * PANEL + j) * inputs + i] : 0;
            }
        }
    }
}
