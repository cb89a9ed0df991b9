/* What is known of one row during its pass: the memory of a pass, and of nothing beyond it.

   A row is computed alone, from its first value on, whatever it was padded with: so its answer
   depends on no neighbour. Step 0 is its first value, step `length - 1` the newest. */

#ifndef FORECAST_ROW_H
#define FORECAST_ROW_H

#include "network.h"
#include "vectors.h"

/* Room behind a series for vectors that reach beyond it, zeros before one for its first patch. */
enum { ROOM = 96, LONGEST = CONTEXT + ROOM, FRONT = PATCH };

typedef struct {
    int length, period, positive, nonnegative, full, n_patches;
    float n_observed, level, log_level;
    double unit, loc, scale;
    float kept[3], unit_of[VIEWS], n_tried[CHECKS];
    ALIGNED double filled[LONGEST], centred[2][LONGEST];
    ALIGNED float scaled[LONGEST], logs[LONGEST], known[LONGEST];
    ALIGNED float past[3][LONGEST], ahead[3][HORIZON];
    ALIGNED float series[VIEWS][FRONT + LONGEST];
    ALIGNED float levels[ORIGINS][LANES], slopes[ORIGINS][LANES];
    ALIGNED float newest[ORIGINS][LANES];
    ALIGNED float size[CHECKS][LANES], bias[CHECKS][LANES], logs_of[CHECKS][LANES];
    ALIGNED float unit_lanes[LANES];
    ALIGNED float own[OWN_FEATURES][LANES], hidden[2][NARROW][LANES], weights[12][LANES];
    ALIGNED float patches[PATCHES][SEEN * PATCH], told_gates[PATCHES][GATES];
    ALIGNED float inputs[WIDTH + TOLD], row[WIDTH], spread[LEVELS][ANCHORS], centre[HORIZON];
} Row;

#endif
