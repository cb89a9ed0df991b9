/* models/forecast_encoder.py: the recurrent cell that reads the window in patches.

   As in the graph the state is (h + 1) / 2, so that every gate is a sigmoid. */

#ifndef FORECAST_ENCODER_H
#define FORECAST_ENCODER_H

#include "products.h"
#include "row.h"

#define LARGEST 8.0f
#define RESTING 0.5f

/* Runs of steps of three channels; the first one starts with zeros where the row is shorter. */
static void make_patches(Row *row) {
    int n_patches = row->n_patches, missing = n_patches * PATCH - row->length;
    const float *adjusted = row->series[2] + FRONT - missing;
    for (int patch = 0; patch < n_patches; patch++) {
        float *out = row->patches[patch];
        for (int i = 0, step = patch * PATCH - missing; i < PATCH; i++, step++) {
            out[i] = step < 0 ? 0.0f : clamped(row->scaled[step < 0 ? 0 : step], -LARGEST, LARGEST);
            out[PATCH + i] = clamped(adjusted[patch * PATCH + i], -LARGEST, LARGEST);
            out[2 * PATCH + i] = step < 0 ? 0.0f : 1.0f;
        }
    }
    int behind = (PATCH_ROWS - n_patches % PATCH_ROWS) % PATCH_ROWS;
    memset(row->patches[n_patches], 0, behind * sizeof row->patches[0]);
}

/* told (GATES,) + state (STATE,) @ weights; every other step reads the weights backwards, because
   the fastest memory holds not all of them and would lose each before its next turn. */
ALWAYS_INLINE void add_state(const Network *network, const float *told, const float *state,
                             float *out, int backwards) {
    for (int j = 0; j < GATES; j += STATE_VECTORS * N_FLOATS) {
        Floats sums[STATE_VECTORS];
#pragma GCC unroll 12
        for (int v = 0; v < STATE_VECTORS; v++) sums[v] = load(told + j + v * N_FLOATS);
        for (int turn = 0; turn < STATE; turn++) {
            int i = backwards ? STATE - 1 - turn : turn;
#pragma GCC unroll 12
            for (int v = 0; v < STATE_VECTORS; v++)
                sums[v] += state[i] * load(network->gru_state[i] + j + v * N_FLOATS);
        }
#pragma GCC unroll 12
        for (int v = 0; v < STATE_VECTORS; v++) store(out + j + v * N_FLOATS, sums[v]);
    }
}

static void encode(const Network *network, Row *row, float *out) {
    ALIGNED float state[STATE], told[GATES], both[GATES];
    make_patches(row);
    int n_rows = (row->n_patches + PATCH_ROWS - 1) / PATCH_ROWS * PATCH_ROWS;
    patches_product(row->told_gates[0], network->gru_input[0], network->gru_input_bias,
                    row->patches[0], n_rows, CHANNELS * PATCH, GATES);
    for (int i = 0; i < STATE; i++) state[i] = RESTING;
    memcpy(told + 2 * STATE, network->gru_new_bias, sizeof network->gru_new_bias);
    for (int patch = 0; patch < row->n_patches; patch++) {
        const float *from_patch = row->told_gates[patch];
        memcpy(told, from_patch, 2 * STATE * sizeof(float));
        add_state(network, told, state, both, patch & 1);
        for (int i = 0; i < 2 * STATE; i++) both[i] = sigmoid_of(both[i]);
        for (int i = 0; i < STATE; i++) {
            float new = sigmoid_of(from_patch[2 * STATE + i] + both[i] * both[2 * STATE + i]);
            state[i] = new + both[STATE + i] * (state[i] - new);
        }
    }
    for (int i = 0; i < STATE; i++) out[i] = 2.0f * state[i] - 1.0f;
}

#endif
