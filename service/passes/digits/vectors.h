/* What the parts of the pass have in common. Included by files that only run on processors with
   these instructions: module.c asks first. */

#ifndef DIGITS_VECTORS_H
#define DIGITS_VECTORS_H

#ifdef __clang__
#pragma clang attribute push(                                                                    \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni"))), apply_to = function)
#else
#pragma GCC target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")
#endif

#include <immintrin.h>
#include <string.h>

#include "reader.h"

#define INLINE static inline __attribute__((always_inline))

/* Four neighbouring bytes in every lane. */
INLINE __m512i group_at(const uint8_t *place) {
    int32_t four;
    memcpy(&four, place, sizeof four);
    return _mm512_set1_epi32(four);
}

/* What sums stand for. Two factors and a bias one after the other, each rounded, because oneDNN does
   so: as one, a level in a million would be another, where it lies halfway between two. */
INLINE __m512 responses_of(__m512i sums, const float *input, const float *scale,
                           const float *bias) {
    __m512 responses = _mm512_mul_ps(_mm512_cvtepi32_ps(sums), _mm512_loadu_ps(input));
    responses = _mm512_mul_ps(responses, _mm512_loadu_ps(scale));
    return _mm512_add_ps(responses, _mm512_loadu_ps(bias));
}

/* Sums to levels: to the nearest, halves to the even one. */
INLINE __m128i rounded(__m512i sums, const Rounding *rounding, int block) {
    int at = block * BLOCK;
    __m512 response = responses_of(sums, rounding->input, rounding->scale + at, rounding->bias + at);
    response = _mm512_max_ps(response, _mm512_setzero_ps());
    response = _mm512_mul_ps(response, _mm512_loadu_ps(rounding->output));
    return _mm512_cvtusepi32_epi8(_mm512_cvtps_epi32(response));
}

/* e to x, for x of -87 to 87: two to the whole part, times a polynomial of the rest. */
INLINE __m512 exponential(__m512 x) {
    __m512 power = _mm512_mul_ps(x, _mm512_set1_ps(1.44269504f));
    __m512 whole = _mm512_roundscale_ps(power, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    /* In two parts, so that the rest keeps all its digits. */
    __m512 rest = _mm512_fnmadd_ps(whole, _mm512_set1_ps(0.693359375f), x);
    rest = _mm512_fnmadd_ps(whole, _mm512_set1_ps(-2.12194440e-4f), rest);
    __m512 sum = _mm512_set1_ps(1.0f / 720.0f);
    sum = _mm512_fmadd_ps(sum, rest, _mm512_set1_ps(1.0f / 120.0f));
    sum = _mm512_fmadd_ps(sum, rest, _mm512_set1_ps(1.0f / 24.0f));
    sum = _mm512_fmadd_ps(sum, rest, _mm512_set1_ps(1.0f / 6.0f));
    sum = _mm512_fmadd_ps(sum, rest, _mm512_set1_ps(0.5f));
    sum = _mm512_fmadd_ps(sum, rest, _mm512_set1_ps(1.0f));
    sum = _mm512_fmadd_ps(sum, rest, _mm512_set1_ps(1.0f));
    return _mm512_scalef_ps(sum, whole);
}

#endif
