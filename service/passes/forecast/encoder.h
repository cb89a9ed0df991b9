/* models/forecast_encoder.py: the recurrent cell that reads the window in patches.

   As in the graph the state is (h + 1) / 2, so that every gate is a sigmoid. */

#ifndef FORECAST_ENCODER_H
#define FORECAST_ENCODER_H

#include "products.h"
#include "row.h"

#define LARGEST 8.0f
#define RESTING 0.5f

/* Runs of steps of two channels; the first one starts with zeros where the row is shorter. The
   third channel, whether a step is there, is one but for those: its weights are in the bias. */
static void make_patches(Row *row) {
    int n_patches = row->n_patches, missing = n_patches * PATCH - row->length;
    const float *plain = row->series[0] + FRONT - missing;
    const float *adjusted = row->series[2] + FRONT - missing;
    for (int patch = 0; patch < n_patches; patch++)
        for (int i = 0; i < PATCH; i++) {
            float *out = row->patches[patch];
            out[i] = clamped(plain[patch * PATCH + i], -LARGEST, LARGEST);
            out[PATCH + i] = clamped(adjusted[patch * PATCH + i], -LARGEST, LARGEST);
        }
    int behind = (PATCH_ROWS - n_patches % PATCH_ROWS) % PATCH_ROWS;
    memset(row->patches[n_patches], 0, behind * sizeof row->patches[0]);
}

/* What the gates are told by every patch. */
static void tell_gates(const Network *network, Row *row) {
    int n_rows = (row->n_patches + PATCH_ROWS - 1) / PATCH_ROWS * PATCH_ROWS;
    patches_product(row->told_gates[0], network->gru_input[0], network->gru_input_bias,
                    row->patches[0], n_rows, SEEN * PATCH, GATES);
    for (int i = 0, missing = row->n_patches * PATCH - row->length; i < missing; i++)
        for (int j = 0; j < GATES; j++) row->told_gates[0][j] -= network->gru_inside[i][j];
}

/* told (GATES,) + state (STATE,) @ weights; every other step reads the weights backwards, because
   the fastest memory holds not all of them and would lose each before its next turn. */
ALWAYS_INLINE void add_state(const Network *network, const float *told, const float *state,
                             float *out, int backwards) {
    const int size = STATE_VECTORS * N_FLOATS;
    for (int block = 0; block < GATES; block += size) {
        int j = backwards ? GATES - size - block : block;
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
    tell_gates(network, row);
    for (int i = 0; i < STATE; i++) state[i] = RESTING;
    memcpy(told + 2 * STATE, network->gru_new_bias, sizeof network->gru_new_bias);
    for (int patch = 0; patch < row->n_patches; patch++) {
        const float *from_patch = row->told_gates[patch];
        memcpy(told, from_patch, 2 * STATE * sizeof(float));
        add_state(network, told, state, both, patch & 1);
        sigmoid_of_all(both, 2 * STATE);
        for (int i = 0; i < STATE; i += N_FLOATS) {
            Floats new = load(both + i) * load(both + 2 * STATE + i);
            new = sigmoid_of_vector(new + load(from_patch + 2 * STATE + i));
            store(state + i, new + load(both + STATE + i) * (load(state + i) - new));
        }
    }
    for (int i = 0; i < STATE; i++) out[i] = 2.0f * state[i] - 1.0f;
}

#endif
