/* models/forecaster.py: candidates mixed into one path, and how far they lie apart. */

#ifndef FORECAST_MIX_H
#define FORECAST_MIX_H

#include "products.h"
#include "views.h"

enum { PARTS = (1 + DAMPINGS) * ANCHORS };

/* Levels, slopes by damping, and weights of a view, mixed by the weights of every anchor: parts is
   (1 + DAMPINGS, ANCHORS), masses (ANCHORS,). */
static void mix_methods(const Network *network, const Row *row, int view, float *parts,
                        float *masses) {
    int first = view * METHODS;
    const float *level = row->levels[ORIGINS - 1] + first;
    const float *slope = row->slopes[ORIGINS - 1] + first;
    Eight sums[ANCHORS] = {};
    for (int k = 0; k < METHODS; k++) {
        Eight by_damping, method = {level[k], 0, 0, 0, 1};
        memcpy(&by_damping, network->damped[k], sizeof by_damping);
        method += slope[k] * by_damping;
#pragma GCC unroll 7
        for (int anchor = 0; anchor < ANCHORS; anchor++)
            sums[anchor] += row->weights[anchor][first + k] * method;
    }
    for (int anchor = 0; anchor < ANCHORS; anchor++) {
        for (int part = 0; part <= DAMPINGS; part++)
            parts[part * ANCHORS + anchor] = sums[anchor][part];
        masses[anchor] = sums[anchor][1 + DAMPINGS];
    }
}

/* Candidates mixed inside each view, mapped back, then mixed over views. */
static void mix(const Network *network, Row *row) {
    static const float zeros[HORIZON];
    ALIGNED float inner[HORIZON], mass[HORIZON];
    float parts[PARTS], masses[ANCHORS];
    memset(row->centre, 0, sizeof row->centre);
    for (int view = 0; view < VIEWS; view++) {
        mix_methods(network, row, view, parts, masses);
        row_product(inner, network->paths[0], zeros, parts, PARTS, HORIZON);
        row_product(mass, network->shares[0], zeros, masses, ANCHORS, HORIZON);
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
