/* The gates of all steps, and what they make of the states: down and up the image.

   Sixteen units of one direction at a time: their gates and candidates at all seven steps are
   fourteen registers of sums, and the states never leave the registers. */

#include "vectors.h"

/* What the gates and candidates of all steps are, before the sigmoid, as whole numbers. */
INLINE void add_up(__m512i sums[QUARTER][2], const Units *units, const uint8_t *steps) {
#pragma GCC unroll 7
    for (int step = 0; step < QUARTER; step++) {
        sums[step][0] = sums[step][1] = _mm512_setzero_si512();
    }
    for (int group = 0; group < STEP / GROUP; group++) {
        __m512i gates = _mm512_loadu_si512(units->weights[group][0]);
        __m512i candidates = _mm512_loadu_si512(units->weights[group][1]);
#pragma GCC unroll 7
        for (int step = 0; step < QUARTER; step++) {
            __m512i levels = group_at(steps + step * STEP + group * GROUP);
            sums[step][0] = add_products(sums[step][0], levels, gates);
            sums[step][1] = add_products(sums[step][1], levels, candidates);
        }
    }
}

INLINE __m512 sigmoid(__m512i sums, const Units *units, int part) {
    __m512 power = _mm512_fmadd_ps(_mm512_cvtepi32_ps(sums), _mm512_loadu_ps(units->scale[part]),
                                   _mm512_loadu_ps(units->bias[part]));
    __m512 one = _mm512_set1_ps(1.0f);
    return _mm512_div_ps(one, _mm512_add_ps(one, two_to(power)));
}

INLINE void sweep(const Units *units, const uint8_t *steps, const int upwards, float *last,
                  float *largest) {
    __m512i sums[QUARTER][2];
    add_up(sums, units, steps);
    __m512 start = _mm512_set1_ps(0.5f), state = start; /* a tanh of 0 */
    __m512 most = _mm512_setzero_ps();
#pragma GCC unroll 7
    for (int i = 0; i < QUARTER; i++) {
        int step = upwards ? QUARTER - 1 - i : i;
        __m512 gate = sigmoid(sums[step][0], units, 0);
        __m512 candidate = sigmoid(sums[step][1], units, 1);
        state = _mm512_fmadd_ps(gate, _mm512_sub_ps(candidate, state), state);
        most = _mm512_max_ps(most, state);
    }
    /* From where they started, so that the head adds up small numbers. */
    _mm512_storeu_ps(last, _mm512_sub_ps(state, start));
    _mm512_storeu_ps(largest, _mm512_sub_ps(most, start));
}

void sweeps(const Reader *reader, Responses *responses) {
    const uint8_t *steps = responses->fourth[0][0];
    float *last = responses->features, *largest = last + 2 * HIDDEN;
    for (int block = 0; block < HIDDEN / BLOCK; block++, last += BLOCK, largest += BLOCK) {
        sweep(&reader->units[0][block], steps, 0, last, largest);
        sweep(&reader->units[1][block], steps, 1, last + HIDDEN, largest + HIDDEN);
    }
}
