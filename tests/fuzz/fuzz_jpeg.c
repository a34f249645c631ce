/* SPDX-License-Identifier: MIT */
/* Any bytes as a JPEG file, through the loader's own decoder: a sample, or a reason why not.  The first
 * byte chooses channels and size. */
#include "../../plugins/loader/jpeg_folder.c"

#include "fuzz.h"
#include "loader_host.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int64_t extent[] = {9, 7};
    if (size == 0) {
        return 0;
    }
    struct jpeg_folder self = {
        .image = {.channels = (data[0] & 1) != 0 ? 3 : 1, .max_pixels = 200000, .max_memory = 4,
                  .max_seconds = 2, .size = {extent, 2}},
        .max_scans = 20,
    };
    struct image_set set = {.height = 9, .width = 7, .channels = (size_t)self.image.channels,
                            .resize = (data[0] & 2) == 0};
    uint8_t *out = malloc(set.height * set.width * set.channels);
    void *made;
    FUZZ_REQUIRE(out != NULL && make(&host, &self, &made) == NN_OK);
    struct reader *r = made;
    r->front.file.room = r->front.file.length = size - 1;
    r->front.file.bytes = malloc(size);
    FUZZ_REQUIRE(r->front.file.bytes != NULL);
    memcpy(r->front.file.bytes, data + 1, size - 1);
    /* Twice: a decoder that met damage must be fit for the next file. */
    for (int k = 0; k < 2; k++) {
        size_t height, width;
        nn_read_status status = {0};
        header(r, &height, &width);
        bool good = decode(&host, &set, r, out, &status);
        FUZZ_REQUIRE(good == (status.code == NN_OK));
        FUZZ_REQUIRE(good || status.message[0] != 0);
    }
    destroy(&host, made);
    free(out);
    return 0;
}
