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

/* Sums with the products of a group added. The instruction itself, because gcc copies most sums from
   register to register at every turn of a loop around its intrinsic, a fifth of the time. */
INLINE __m512i add_products(__m512i sums, __m512i levels, __m512i weights) {
    __asm__("vpdpbusd %2, %1, %0" : "+v"(sums) : "v"(levels), "v"(weights));
    return sums;
}

/* Sums to levels, as whole numbers not below zero yet: the nearest, of two the even one. Factors and
   bias one after the other, each rounded, because oneDNN does so: as one, a level in a million would
   be another, where it lies halfway between two. */
INLINE __m512i rounded(__m512i sums, const Rounding *rounding, int block) {
    __m512 response = _mm512_mul_ps(_mm512_cvtepi32_ps(sums), _mm512_loadu_ps(rounding->input));
    response = _mm512_mul_ps(response, _mm512_loadu_ps(rounding->scale + block * BLOCK));
    response = _mm512_add_ps(response, _mm512_loadu_ps(rounding->bias + block * BLOCK));
    response = _mm512_mul_ps(response, _mm512_loadu_ps(rounding->output));
    return _mm512_cvtps_epi32(_mm512_min_ps(response, _mm512_set1_ps(255.0f)));
}

/* Write the levels of ``n_sums`` blocks, which lie one after the other; ``n_blocks`` make a place. */
INLINE void write_levels(uint8_t *place, const __m512i *sums, const int n_sums, const int n_blocks,
                         const Rounding *rounding) {
    const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
#pragma GCC unroll 6
    for (int first = 0; first < n_sums; first += 4) {
        __m512i four[4];
#pragma GCC unroll 4
        for (int i = 0; i < 4; i++) {
            int at = first + i < n_sums ? first + i : first;
            four[i] = rounded(sums[at], rounding, at % n_blocks);
        }
        /* Both cut on the way what a byte cannot hold: below zero, too. */
        __m512i bytes = _mm512_packus_epi16(_mm512_packs_epi32(four[0], four[1]),
                                            _mm512_packs_epi32(four[2], four[3]));
        bytes = _mm512_permutexvar_epi32(order, bytes);
        int n_there = n_sums - first < 4 ? n_sums - first : 4;
        _mm512_mask_storeu_epi32(place + first * BLOCK, (__mmask16)((1u << 4 * n_there) - 1), bytes);
    }
}

/* Two to a power: to its whole part, times a polynomial of the rest, 0 to 1. Off by 7e-8 of it. */
INLINE __m512 two_to(__m512 power) {
    __m512 rest = _mm512_reduce_ps(power, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
    __m512 sum = _mm512_set1_ps(2.1612916e-4f);
    sum = _mm512_fmadd_ps(sum, rest, _mm512_set1_ps(1.2467846e-3f));
    sum = _mm512_fmadd_ps(sum, rest, _mm512_set1_ps(9.6754516e-3f));
    sum = _mm512_fmadd_ps(sum, rest, _mm512_set1_ps(5.5485281e-2f));
    sum = _mm512_fmadd_ps(sum, rest, _mm512_set1_ps(0.24022931f));
    sum = _mm512_fmadd_ps(sum, rest, _mm512_set1_ps(0.69314704f));
    sum = _mm512_fmadd_ps(sum, rest, _mm512_set1_ps(1.0f));
    return _mm512_scalef_ps(sum, power);
}

#endif
