/* models/forecast_smoothing.py: discounted means and lines of every view at the newest origins.

   A moment of a step follows from those of the step before, so that all origins come for the
   price of the last one. In float64, as in the graph. */

#ifndef FORECAST_SMOOTHING_H
#define FORECAST_SMOOTHING_H

#include "row.h"

/* Of a view, a lane for each discount: discounted sums of the values, and of value times age. */
typedef struct {
    Doubles mass[VIEWS], ramp[VIEWS];
} Moments;

ALWAYS_INLINE Doubles load_doubles(const double *from) {
    Doubles values;
    memcpy(&values, from, sizeof values);
    return values;
}

/* One step on: all that was seen gets older by one, and a value comes in. */
ALWAYS_INLINE void see(Moments *moments, Doubles discount, float (*series)[FRONT + LONGEST],
                       int step) {
#pragma GCC unroll 5
    for (int view = 0; view < VIEWS; view++) {
        double value = series[view][FRONT + step];
        moments->ramp[view] = (moments->ramp[view] + moments->mass[view]) * discount;
        moments->mass[view] = moments->mass[view] * discount + value;
    }
}

ALWAYS_INLINE Eight rounded(Doubles exact) { return __builtin_convertvector(exact, Eight); }

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
    Doubles per_mass = load_doubles(network->per_mass[column]);
    Doubles line_mass = load_doubles(network->line_mass[column]);
    Doubles line_age = load_doubles(network->line_age[column]);
    Doubles line_spread = load_doubles(network->line_spread[column]);
    double per_step = network->per_step[column];
#pragma GCC unroll 5
    for (int view = 0; view < VIEWS; view++) {
        const float *series = row->series[view] + FRONT;
        Doubles mean = moments->mass[view] * per_mass;
        Doubles slope = (mean * line_mass - moments->ramp[view]) * line_spread;
        Doubles end = mean + slope * line_age;
        float drift = (float)(((double)series[seen - 1] - series[0]) * per_step);
        Eight others = {drift, (float)(0.5 * slope[TREND])};
        int lane = view * METHODS;
        choose(network->level_from, rounded(mean), rounded(end), row->levels[origin] + lane);
        choose(network->slope_from, rounded(slope), others, row->slopes[origin] + lane);
        Eight value = series[seen - 1] - (Eight){};
        for (int k = 0; k < VIEW_LANES; k += 8)
            memcpy(row->newest[origin] + lane + k, &value, sizeof value);
    }
}

/* Levels, slopes and values at the newest origins that have seen anything. */
static void smooth(const Network *network, Row *row) {
    int n = row->length, first = n > ORIGINS ? n - ORIGINS : 0;
    Doubles discount = load_doubles(network->discounts);
    Moments moments = {};
    for (int step = 0; step < first; step++) see(&moments, discount, row->series, step);
    for (int step = first; step < n; step++) {
        see(&moments, discount, row->series, step);
        fit(network, row, &moments, ORIGINS - n + step, step + 1);
    }
}

#endif
