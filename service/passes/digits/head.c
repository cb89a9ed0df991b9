/* From the features of an image to the chances of its classes, any number of them. */

#include "vectors.h"

/* Sixteen logits; ``weights`` are those of the first feature, ``pitch`` leads to the next. */
INLINE __m512 logits(const float *bias, const float *weights, size_t pitch, const float *features) {
    /* Four sums, because each has to wait for the one before. */
    __m512 sums[4] = {_mm512_loadu_ps(bias), _mm512_setzero_ps(), _mm512_setzero_ps(),
                      _mm512_setzero_ps()};
    for (int feature = 0; feature < FEATURES; feature += 4) {
#pragma GCC unroll 4
        for (int i = 0; i < 4; i++, weights += pitch) {
            sums[i] = _mm512_fmadd_ps(_mm512_set1_ps(features[feature + i]),
                                      _mm512_loadu_ps(weights), sums[i]);
        }
    }
    return _mm512_add_ps(_mm512_add_ps(sums[0], sums[1]), _mm512_add_ps(sums[2], sums[3]));
}

INLINE __mmask16 lanes(size_t n_left) {
    return (__mmask16)(n_left < BLOCK ? (1u << n_left) - 1 : 0xffff);
}

static float exponentials(float *chances, size_t n_classes, float largest) {
    __m512 sum = _mm512_setzero_ps(), powers_of_e = _mm512_set1_ps(1.44269504f);
    for (size_t at = 0; at < n_classes; at += BLOCK) {
        __mmask16 there = lanes(n_classes - at);
        __m512 below = _mm512_maskz_loadu_ps(there, chances + at);
        below = _mm512_sub_ps(below, _mm512_set1_ps(largest));
        __m512 chance = two_to(_mm512_mul_ps(below, powers_of_e));
        sum = _mm512_mask_add_ps(sum, there, sum, chance);
        _mm512_mask_storeu_ps(chances + at, there, chance);
    }
    return _mm512_reduce_add_ps(sum);
}

void head(const Reader *reader, const Responses *responses, size_t n_classes, float *chances) {
    size_t pitch = (n_classes + BLOCK - 1) / BLOCK * BLOCK;
    const float *bias = reader->head, *weights = bias + pitch;
    __m512 most = _mm512_set1_ps(-3.4e38f);
    for (size_t at = 0; at < n_classes; at += BLOCK) {
        __mmask16 there = lanes(n_classes - at);
        __m512 block = logits(bias + at, weights + at, pitch, responses->features);
        most = _mm512_mask_max_ps(most, there, most, block);
        _mm512_mask_storeu_ps(chances + at, there, block);
    }
    float sum = exponentials(chances, n_classes, _mm512_reduce_max_ps(most));
    for (size_t i = 0; i < n_classes; i++) chances[i] /= sum;
}
