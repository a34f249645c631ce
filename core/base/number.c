/* SPDX-License-Identifier: MIT */
/* value = m 2^e is multiplied by the power of ten that makes nine digits of it, in 128 bits and so
 * without an error; what lies behind the digits rounds them, a tie to even, as IEEE 754 and printf
 * do. */
#include "base/number.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { DIGITS = 9, MANTISSA_BITS = 52, EXPONENT_BIAS = 1075, EXPONENT_MOST = 2047 };

#ifdef __SIZEOF_INT128__
__extension__ typedef unsigned __int128 uint128;

enum { POWER_MOST = 27 };
static const uint64_t least = 100000000; /* of nine digits */

static const uint64_t powers[] = {
    1u,
    10u,
    100u,
    1000u,
    10000u,
    100000u,
    1000000u,
    10000000u,
    100000000u,
    1000000000u,
    10000000000u,
    100000000000u,
    1000000000000u,
    10000000000000u,
    100000000000000u,
    1000000000000000u,
    10000000000000000u,
    100000000000000000u,
    1000000000000000000u,
    10000000000000000000u,
};
enum { POWER_OF_WORD = 19 };

/* m 10^power; it fits. */
static uint128 times_power(uint64_t m, int power)
{
    int front = power < POWER_OF_WORD ? power : POWER_OF_WORD;
    uint128 product = (uint128)m * powers[front];
    return power > front ? product * powers[power - front] : product;
}

/* Bits of 10^power, at most. */
static int bits_of_power(int power)
{
    return power * 3322 / 1000 + 1;
}

/* m 2^e 10^power, rounded; false where it is too large to be computed. */
static bool scale(uint64_t m, int e, int power, uint64_t *out)
{
    int bits = 64 - __builtin_clzll(m);
    if (power < 0 || power > POWER_MOST || bits + bits_of_power(power) > 128 || -e >= 128) {
        return false;
    }
    uint128 product = times_power(m, power);
    if (e >= 0) {
        *out = (uint64_t)(product << e);
        return true;
    }
    uint64_t whole = (uint64_t)(product >> -e);
    uint128 rest = product & (((uint128)1 << -e) - 1), half = (uint128)1 << (-e - 1);
    *out = whole + (rest > half || (rest == half && (whole & 1) != 0));
    return true;
}

/* Nine digits of a positive number, and the power of ten of the first; false: ask printf. */
static bool digits_of(double value, uint64_t *digits, int *first)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    int exponent = (int)(bits >> MANTISSA_BITS);
    if (exponent == 0 || exponent >= EXPONENT_MOST || value >= 1e9) {
        return false;
    }
    uint64_t m = (bits & (((uint64_t)1 << MANTISSA_BITS) - 1)) | (uint64_t)1 << MANTISSA_BITS;
    int zeros = __builtin_ctzll(m), e = exponent - EXPONENT_BIAS + zeros;
    m >>= zeros;
    /* The logarithm of the power of two below: right, or one too small. */
    int power_of_two = exponent - EXPONENT_BIAS + MANTISSA_BITS;
    int x = power_of_two * 1233 / 4096 - (power_of_two < 0);
    uint64_t whole;
    if (!scale(m, e, DIGITS - 1 - x, &whole)) {
        return false;
    }
    if (whole > least * 10 && !scale(m, e, DIGITS - 1 - ++x, &whole)) {
        return false;
    }
    if (whole < least) {
        return false;
    }
    if (whole == least * 10) { /* the next power of ten, maybe by rounding up */
        whole = least;
        x++;
    }
    *digits = whole;
    *first = x;
    return true;
}
#else
static bool digits_of(double value, uint64_t *digits, int *first)
{
    (void)value;
    (void)digits;
    (void)first;
    return false;
}
#endif

/* d.ddd, without zeros at its end. */
static size_t put_fraction(const char *digits, size_t count, char *out)
{
    while (count > 0 && digits[count - 1] == '0') {
        count--;
    }
    if (count == 0) {
        return 0;
    }
    out[0] = '.';
    memcpy(out + 1, digits, count);
    return count + 1;
}

static size_t put_exponent(int x, char *out)
{
    unsigned size = (unsigned)(x < 0 ? -x : x);
    out[0] = 'e';
    out[1] = x < 0 ? '-' : '+';
    out[2] = (char)('0' + size / 10);
    out[3] = (char)('0' + size % 10);
    return 4;
}

/* As %g chooses: with an exponent below 1e-4 and where the digits do not reach the point. */
static size_t arrange(const char digits[DIGITS], int x, char *out)
{
    size_t length = 0;
    if (x >= 0 && x < DIGITS) {
        memcpy(out, digits, (size_t)x + 1);
        length = (size_t)x + 1;
        return length + put_fraction(digits + length, DIGITS - length, out + length);
    }
    if (x < -4 || x >= DIGITS) {
        out[length++] = digits[0];
        length += put_fraction(digits + 1, DIGITS - 1, out + length);
        return length + put_exponent(x, out + length);
    }
    char zeros[3 + DIGITS] = {'0', '0', '0'};
    memcpy(zeros + (-x - 1), digits, DIGITS);
    out[length++] = '0';
    return length + put_fraction(zeros, (size_t)(-x - 1) + DIGITS, out + length);
}

/* Two digits at a time. */
static void put_digits(uint32_t whole, char digits[DIGITS])
{
    static const char pairs[] = "00010203040506070809101112131415161718192021222324"
                                "25262728293031323334353637383940414243444546474849"
                                "50515253545556575859606162636465666768697071727374"
                                "75767778798081828384858687888990919293949596979899";
    for (int i = DIGITS - 2; i > 0; i -= 2) {
        memcpy(digits + i, pairs + 2 * (size_t)(whole % 100), 2);
        whole /= 100;
    }
    digits[0] = (char)('0' + whole % 10);
}

size_t nn_number_print(double value, char out[NN_NUMBER_ROOM])
{
    uint64_t whole;
    int first;
    if (!(value > 0) || !digits_of(value, &whole, &first)) {
        return (size_t)snprintf(out, NN_NUMBER_ROOM, "%.*g", DIGITS, value);
    }
    char digits[DIGITS];
    put_digits((uint32_t)whole, digits);
    size_t length = arrange(digits, first, out);
    out[length] = '\0';
    return length;
}
