/* SPDX-License-Identifier: MIT */
#include "base/hash.h"
#include "base/path.h"
#include "check.h"

#include <unistd.h>

static void pieces_hash_like_the_whole(void **state)
{
    (void)state;
    nn_hasher *hasher;
    assert_ok(nn_hasher_create(&hasher));
    nn_hasher_add(hasher, "abc", 3);
    nn_hasher_add(hasher, "def", 3);
    nn_hash128 pieces = nn_hasher_value(hasher), whole = nn_hash_bytes("abcdef", 6);
    assert_true(pieces.low == whole.low && pieces.high == whole.high);
    nn_hasher_destroy(hasher);
}

static void the_empty_hash_is_the_published_one(void **state)
{
    (void)state;
    char text[NN_HASH_TEXT];
    /* XXH3_128bits of nothing, seed 0, from xxHash's own test vectors. */
    assert_string_equal(nn_hash_hex(nn_hash_bytes("", 0), text), "99aa06d3014798d86001c324468d497f");
}

static void sha256_is_that_of_fips_180(void **state)
{
    (void)state;
    char text[NN_SHA256_TEXT], path[] = "/tmp/nnrun-hash-test";
    assert_ok(nn_file_write(path, "abc", 3, false));
    assert_ok(nn_sha256_file(path, text));
    assert_string_equal(text, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    unlink(path);
    assert_int_equal(nn_sha256_file(path, text), NN_ERR_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_hash_like_the_whole),
        cmocka_unit_test(the_empty_hash_is_the_published_one),
        cmocka_unit_test(sha256_is_that_of_fips_180),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
