/* models/forecast_backtest.py: how every candidate would have done on the newest part. */

#ifndef FORECAST_BACKTEST_H
#define FORECAST_BACKTEST_H

#include "row.h"

enum { WARM_UP = 3 };
#define NO_TRIAL -1.0f
#define LATER_CHECK 0.25f

/* Sums of the errors of N_FLOATS candidates at one number of steps ahead. */
ALWAYS_INLINE void try_candidates(Row *row, Floats reach, int lane, int first, int ahead,
                                  Floats *size, Floats *bias) {
    Floats sizes = {}, sums = {};
    int masked = !row->full, target = row->length - ORIGINS + ahead;
    for (int origin = first; origin + ahead < ORIGINS; origin++) {
        Floats excess = load(row->levels[origin] + lane) - load(row->newest[origin + ahead] + lane);
        excess += load(row->slopes[origin] + lane) * reach;
        if (masked) excess *= row->known[target + origin];
        sizes += magnitude(excess);
        sums += excess;
    }
    *size = sizes;
    *bias = sums;
}

static float count_tried(const Row *row, int first, int ahead) {
    float count = 0;
    for (int target = first + ahead; target < ORIGINS; target++)
        count += row->known[row->length - ORIGINS + target];
    return count;
}

/* Mean absolute and mean error of every candidate at every check. */
static void try_all(const Network *network, Row *row) {
    int first = ORIGINS - row->length + WARM_UP - 1;
    first = first > 0 ? first : 0;
    for (int check = 0; check < CHECKS; check++)
        row->n_tried[check] = count_tried(row, first, network->steps[check]);
    for (int lane = 0; lane < LANES; lane += N_FLOATS)
        for (int check = 0; check < CHECKS; check++) {
            Floats size, bias, reach = load(network->check_reach[check] + lane);
            try_candidates(row, reach, lane, first, network->steps[check], &size, &bias);
            float share = 1.0f / larger(row->n_tried[check], 1.0f);
            store(row->size[check] + lane, size * share);
            store(row->bias[check] + lane, bias * -share);
        }
}

/* Logarithms of the mean absolute errors; checks that were not tried continue earlier ones. */
static void take_logs(Row *row) {
    for (int check = 0; check < CHECKS; check++) {
        float *logs = row->logs_of[check];
        for (int lane = 0; lane < LANES; lane++)
            logs[lane] = log_of(1e-3f + row->size[check][lane] * row->unit_lanes[lane]);
        if (row->n_tried[check] > 0) continue;
        for (int lane = 0; lane < LANES; lane++)
            logs[lane] = check ? row->logs_of[check - 1][lane] + LATER_CHECK : NO_TRIAL;
    }
}

#endif
