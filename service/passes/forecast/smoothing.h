/* models/forecast_smoothing.py: discounted means and lines of every view at the newest origins.

   A moment of a step follows from those of the step before, so that all origins come for the
   price of the last one. In float64, as in the graph. */

#ifndef FORECAST_SMOOTHING_H
#define FORECAST_SMOOTHING_H

#include "row.h"

enum { HALVES = 16 / N_FLOATS, SHARE = N_FLOATS / 2 }; /* vectors of eight doubles, their lanes */

/* Of a view, a lane for each discount: discounted sums of the values, and of value times age. */
typedef struct {
    Doubles mass[VIEWS][HALVES], ramp[VIEWS][HALVES];
} Moments;

/* One step on: all that was seen gets older by one, and a value comes in. */
ALWAYS_INLINE void see(const Network *network, Moments *moments,
                       float (*series)[FRONT + LONGEST], int step) {
#pragma GCC unroll 2
    for (int half = 0; half < HALVES; half++) {
        Doubles discount = load_doubles(network->discounts + half * SHARE);
#pragma GCC unroll 5
        for (int view = 0; view < VIEWS; view++) {
            double value = series[view][FRONT + step];
            Doubles *mass = &moments->mass[view][half], *ramp = &moments->ramp[view][half];
            *ramp = (*ramp + *mass) * discount;
            *mass = *mass * discount + value;
        }
    }
}

/* Means, ends of lines and their slopes, a lane for each discount. */
typedef struct {
    ALIGNED float mean[8], end[8], slope[8];
    double trend;
} Fits;

ALWAYS_INLINE void put(float *to, Doubles exact) {
    Rounded rounded = __builtin_convertvector(exact, Rounded);
    memcpy(to, &rounded, sizeof rounded);
}

ALWAYS_INLINE void fit_view(const Network *network, const Moments *moments, int view, int column,
                            Fits *fits) {
#pragma GCC unroll 2
    for (int half = 0; half < HALVES; half++) {
        int lane = half * SHARE;
        Doubles mean = moments->mass[view][half] * load_doubles(network->per_mass[column] + lane);
        Doubles slope = mean * load_doubles(network->line_mass[column] + lane);
        slope = (slope - moments->ramp[view][half]);
        slope *= load_doubles(network->line_spread[column] + lane);
        put(fits->mean + lane, mean);
        put(fits->end + lane, mean + slope * load_doubles(network->line_age[column] + lane));
        put(fits->slope + lane, slope);
        if (TREND / SHARE == half) fits->trend = slope[TREND % SHARE];
    }
}

ALWAYS_INLINE Eight eight(const float *from) {
    Eight values;
    memcpy(&values, from, sizeof values);
    return values;
}

ALWAYS_INLINE EightPlaces places_at(const int32_t *from) {
    EightPlaces places;
    memcpy(&places, from, sizeof places);
    return places;
}

/* Levels and slopes of all methods of a view, as methods choose them from what was fitted: of two
   vectors of eight the places below 8 and those from 8 on. */
ALWAYS_INLINE void choose(const int32_t *from, Eight first, Eight second, float *out) {
#pragma GCC unroll 3
    for (int part = 0; part < VIEW_LANES / 8; part++) {
        Eight chosen = __builtin_shuffle(first, second, places_at(from + 8 * part));
        memcpy(out + 8 * part, &chosen, sizeof chosen);
    }
}

/* What the methods have fitted at an origin that has seen `seen` steps. */
ALWAYS_INLINE void fit(const Network *network, Row *row, const Moments *moments, int origin,
                       int seen) {
    int column = ORIGINS - 1 + seen;
    double per_step = network->per_step[column];
#pragma GCC unroll 5
    for (int view = 0; view < VIEWS; view++) {
        const float *series = row->series[view] + FRONT;
        Fits fits;
        fit_view(network, moments, view, column, &fits);
        float drift = (float)(((double)series[seen - 1] - series[0]) * per_step);
        Eight others = {drift, (float)(0.5 * fits.trend)}, value = series[seen - 1] - (Eight){};
        int lane = view * METHODS;
        choose(network->level_from, eight(fits.mean), eight(fits.end), row->levels[origin] + lane);
        choose(network->slope_from, eight(fits.slope), others, row->slopes[origin] + lane);
        for (int k = 0; k < VIEW_LANES; k += 8)
            memcpy(row->newest[origin] + lane + k, &value, sizeof value);
    }
}

/* Levels, slopes and values at the newest origins that have seen anything. */
static void smooth(const Network *network, Row *row) {
    int n = row->length, first = n > ORIGINS ? n - ORIGINS : 0;
    Moments moments = {};
    for (int step = 0; step < first; step++) see(network, &moments, row->series, step);
    for (int step = first; step < n; step++) {
        see(network, &moments, row->series, step);
        fit(network, row, &moments, ORIGINS - n + step, step + 1);
    }
}

#endif
