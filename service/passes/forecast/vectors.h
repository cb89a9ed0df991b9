/* Vectors of the width that the processor has, and the few functions that libm has for scalars
   only: written so that the compiler makes vectors of loops over them. */

#ifndef FORECAST_VECTORS_H
#define FORECAST_VECTORS_H

#include <immintrin.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#ifdef __AVX512F__
#define N_FLOATS 16
#else
#define N_FLOATS 8
#endif

#define ALWAYS_INLINE static inline __attribute__((always_inline))
#define ALIGNED _Alignas(64)

typedef float Floats __attribute__((vector_size(4 * N_FLOATS)));
typedef int32_t Whole __attribute__((vector_size(4 * N_FLOATS)));
typedef double Doubles __attribute__((vector_size(4 * N_FLOATS)));
typedef float Rounded __attribute__((vector_size(2 * N_FLOATS)));
typedef float Eight __attribute__((vector_size(32)));
typedef int32_t EightPlaces __attribute__((vector_size(32)));

ALWAYS_INLINE Floats load(const float *from) {
    Floats values;
    memcpy(&values, from, sizeof values);
    return values;
}

ALWAYS_INLINE Doubles load_doubles(const double *from) {
    Doubles values;
    memcpy(&values, from, sizeof values);
    return values;
}

ALWAYS_INLINE void store(float *to, Floats values) { memcpy(to, &values, sizeof values); }

ALWAYS_INLINE Floats magnitude(Floats values) { return (Floats)((Whole)values & 0x7fffffff); }

ALWAYS_INLINE float float_of(uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

ALWAYS_INLINE uint32_t bits_of(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

ALWAYS_INLINE float larger(float a, float b) { return a > b ? a : b; }
ALWAYS_INLINE float smaller(float a, float b) { return a < b ? a : b; }
ALWAYS_INLINE float clamped(float value, float low, float high) {
    return smaller(larger(value, low), high);
}

/* 2^k * e^r with |r| below half a log(2); the polynomial is a least-maximum fit of ours. */
ALWAYS_INLINE float exp_of(float x) {
    const float magic = 12582912.0f; /* adding it leaves the whole number in the last bits */
    x = clamped(x, -87.0f, 88.0f);
    float shifted = x * 1.44269504f + magic, k = shifted - magic;
    float r = x - k * 0.693145752f; /* exact: the constant has few bits */
    r = r - k * 1.42860677e-06f;
    float p = 0.0013950599823147058f;
    p = p * r + 0.008368954062461853f;
    p = p * r + 0.04166620597243309f;
    p = p * r + 0.166665181517601f;
    p = p * r + 0.5f;
    p = p * (r * r) + r;
    return (p + 1.0f) * float_of((bits_of(shifted) << 23) + 0x3f800000u);
}

ALWAYS_INLINE Floats clamped_vector(Floats x, float low, float high) {
    Floats least = low - (Floats){}, most = high - (Floats){};
#if N_FLOATS == 16
    return (Floats)_mm512_max_ps(_mm512_min_ps((__m512)x, (__m512)most), (__m512)least);
#else
    return (Floats)_mm256_max_ps(_mm256_min_ps((__m256)x, (__m256)most), (__m256)least);
#endif
}

ALWAYS_INLINE Floats estimated_reciprocal(Floats x) {
#if N_FLOATS == 16
    return (Floats)_mm512_rcp14_ps((__m512)x);
#else
    return (Floats)_mm256_rcp_ps((__m256)x);
#endif
}

/* sigmoid(x) of a vector, for the many of the networks: of 2^y the whole part of y is added to the
   exponent, the rest goes into a polynomial, whose few roundings the sum with one takes most of. A
   step of Newton's makes the estimate of the reciprocal exact to a rounding or two. */
ALWAYS_INLINE Floats sigmoid_of_vector(Floats x) {
    const float magic = 12582912.0f, per_step = -1.44269504f;
    x = clamped_vector(x, -87.0f, 87.0f);
    Floats shifted = x * per_step + magic, f = x * per_step - (shifted - magic);
    Floats p = f * 0.0013264589942991734f + 0.009671619161963463f;
    p = p * f + 0.0555073507130146f;
    p = p * f + 0.24022240936756134f;
    p = p * f + 0.6931470036506653f;
    p = p * f + 1.0f;
    Floats divisor = (Floats)((Whole)p + ((Whole)shifted << 23)) + 1.0f;
    Floats guess = estimated_reciprocal(divisor);
    return guess + guess * (1.0f - divisor * guess);
}

ALWAYS_INLINE Floats silu_of_vector(Floats x) { return x * sigmoid_of_vector(x); }

/* The same of whole arrays, in vectors. */
ALWAYS_INLINE void silu_of_all(float *values, int n) {
    for (int i = 0; i < n; i += N_FLOATS) store(values + i, silu_of_vector(load(values + i)));
}

ALWAYS_INLINE void sigmoid_of_all(float *values, int n) {
    for (int i = 0; i < n; i += N_FLOATS) store(values + i, sigmoid_of_vector(load(values + i)));
}

/* Of a number above the smallest normal one; of an infinite one about 89. */
ALWAYS_INLINE float log_of(float x) {
    uint32_t bits = bits_of(x) + (0x3f800000u - 0x3f3504f3u); /* from sqrt(1/2) to sqrt(2) */
    float k = (float)((int32_t)(bits >> 23) - 127);
    float m = float_of((bits & 0x007fffffu) + 0x3f3504f3u);
    float s = (m - 1.0f) / (m + 1.0f), z = s * s;
    float p = 0.2987307608127594f;
    p = p * z + 0.399774968624115f;
    p = p * z + 0.6666677594184875f;
    return k * 0.693147181f + (2.0f * s + s * z * p);
}

/* The same to the last digits of a double: logarithms of values that hardly differ are told
   apart. */
ALWAYS_INLINE double exact_log_of(double x) {
    const uint64_t low = 0x3fe6a09e667f3bcdull, one = 0x3ff0000000000000ull;
    uint64_t bits, mantissa, exponent;
    memcpy(&bits, &x, sizeof bits);
    bits += one - low;
    mantissa = (bits & 0x000fffffffffffffull) + low;
    exponent = (bits >> 52) | 0x4330000000000000ull; /* as a double, 2^52 too much */
    double m, k;
    memcpy(&m, &mantissa, sizeof m);
    memcpy(&k, &exponent, sizeof k);
    double s = (m - 1.0) / (m + 1.0), z = s * s, p = 1.0 / 23;
    for (int n = 21; n >= 3; n -= 2) p = p * z + 1.0 / n;
    return (k - (4503599627370496.0 + 1023)) * 0.69314718055994531 + (2.0 * s + 2.0 * s * z * p);
}

/* Logarithm that keeps the sign and is linear near zero. */
ALWAYS_INLINE float signed_log_of(float x) { return copysignf(log_of(1.0f + fabsf(x)), x); }

static inline double total_of(const double *values, int n) {
    double total = 0;
#pragma omp simd reduction(+ : total)
    for (int t = 0; t < n; t++) total += values[t];
    return total;
}

#endif
