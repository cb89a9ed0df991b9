/* models/forecaster.py: candidates mixed into one path, and how far they lie apart. */

#ifndef FORECAST_MIX_H
#define FORECAST_MIX_H

#include "views.h"

enum { PARTS = (1 + DAMPINGS) * ANCHORS };

/* Levels and slopes of a view mixed by the weights of an anchor: (1 + DAMPINGS) numbers ANCHORS
   apart, and the weight of the view. */
static float mix_methods(const Network *network, const Row *row, int anchor, int view,
                         float *parts) {
    int lane = view * METHODS;
    const float *weights = row->weights[anchor] + lane;
    const float *level = row->levels[ORIGINS - 1] + lane, *slope = row->slopes[ORIGINS - 1] + lane;
    float mass = 0, levels = 0, slopes[DAMPINGS] = {};
    for (int k = 0; k < METHODS; k++) {
        mass += weights[k];
        levels += weights[k] * level[k];
        for (int d = 0; d < DAMPINGS; d++) slopes[d] += weights[k] * slope[k] * network->damped[d][k];
    }
    parts[anchor] = levels;
    for (int d = 0; d < DAMPINGS; d++) parts[(1 + d) * ANCHORS + anchor] = slopes[d];
    return mass;
}

/* out (HORIZON,) = parts (n,) @ table (n, HORIZON). */
static void along_horizon(const float *parts, float (*table)[HORIZON], int n, float *restrict out) {
    for (int q = 0; q < HORIZON; q++) out[q] = 0;
    for (int i = 0; i < n; i++)
        for (int q = 0; q < HORIZON; q++) out[q] += parts[i] * table[i][q];
}

/* Candidates mixed inside each view, mapped back, then mixed over views. */
static void mix(const Network *network, Row *row) {
    ALIGNED float inner[HORIZON], mass[HORIZON];
    float parts[PARTS], masses[ANCHORS];
    memset(row->centre, 0, sizeof row->centre);
    for (int view = 0; view < VIEWS; view++) {
        for (int anchor = 0; anchor < ANCHORS; anchor++)
            masses[anchor] = mix_methods(network, row, anchor, view, parts);
        along_horizon(parts, (float(*)[HORIZON])network->paths, PARTS, inner);
        along_horizon(masses, (float(*)[HORIZON])network->shares, ANCHORS, mass);
        for (int q = 0; q < HORIZON; q++) inner[q] /= larger(mass[q], 1e-9f);
        from_view(row, view, inner);
        for (int q = 0; q < HORIZON; q++) row->centre[q] += inner[q] * mass[q];
    }
}

/* Weighted mean of the log errors, of the rises of the candidates, and of their distances. */
static void told_of_anchor(const Network *network, const Row *row, int anchor, float *told) {
    ALIGNED float rises[LANES];
    const float *weights = row->weights[anchor], *logs = row->logs_of[network->check_of[anchor]];
    const float *level = row->levels[ORIGINS - 1], *slope = row->slopes[ORIGINS - 1];
    const float *newest = row->newest[ORIGINS - 1], *reach = network->anchor_reach[anchor];
    float log_error = 0, rise = 0, dissent = 0;
    for (int lane = 0; lane < LANES; lane++) {
        float ahead = level[lane] - newest[lane] + slope[lane] * reach[lane];
        rises[lane] = ahead * row->unit_lanes[lane];
    }
#pragma omp simd reduction(+ : log_error, rise)
    for (int lane = 0; lane < CANDIDATES; lane++) {
        log_error += weights[lane] * logs[lane];
        rise += weights[lane] * rises[lane];
    }
#pragma omp simd reduction(+ : dissent)
    for (int lane = 0; lane < CANDIDATES; lane++)
        dissent += weights[lane] * fabsf(rises[lane] - rise);
    told[anchor] = log_error;
    told[ANCHORS + anchor] = dissent;
    told[2 * ANCHORS + anchor] = rise;
    told[3 * ANCHORS + anchor] = log_of(dissent + 1e-3f);
}

/* What the spread is told about the mixed candidates: (TOLD,). */
static void tell(const Network *network, const Row *row, float *told) {
    for (int anchor = 0; anchor < ANCHORS; anchor++) told_of_anchor(network, row, anchor, told);
    float typical = exp_of(told[0]) + 0.02f;
    for (int i = ANCHORS; i < 3 * ANCHORS; i++) told[i] = signed_log_of(told[i] / typical);
}

#endif
