/* SPDX-License-Identifier: MIT */
/* Any bytes as an IDX file of images, and as one of labels beside two good images. */
#include "../../plugins/loader/idx.c"

#include "fuzz.h"
#include "loader_host.h"

#include <sys/mman.h>

static void read_all(const struct idx *self)
{
    nn_source source = {.size = sizeof source};
    if (open_source(&host, self, &source) != NN_OK) {
        FUZZ_REQUIRE(source.handle == NULL);
        return;
    }
    size_t bytes = source.height * source.width * source.channels;
    FUZZ_REQUIRE(source.samples > 0 && bytes > 0);
    uint8_t *x = malloc(bytes);
    nn_read_status status = {0};
    for (size_t i = 0; x != NULL && i < source.samples && i < 100; i++) {
        int32_t label = 0;
        FUZZ_REQUIRE(read_samples(&host, self, &source, NULL, i, 1, x,
                                  source.class_count > 0 ? &label : NULL, NULL, &status)
                     == NN_OK);
        FUZZ_REQUIRE(label >= 0 && (source.class_count == 0 || (size_t)label < source.class_count));
    }
    free(x);
    close_source(&host, self, &source);
}

static int file_of(const void *bytes, size_t size, char path[64])
{
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    FUZZ_REQUIRE(fd >= 0 && write(fd, bytes, size) == (ssize_t)size);
    snprintf(path, 64, "/proc/self/fd/%d", fd);
    return fd;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t two[] = {0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 1, 7, 9};
    char given[64], good[64];
    int first = file_of(data, size, given), second = file_of(two, sizeof two, good);
    read_all(&(struct idx){.images = given});
    read_all(&(struct idx){.images = good, .labels = given});
    close(first);
    close(second);
    return 0;
}
