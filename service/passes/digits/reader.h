/* The digit reader that ships, in int8: what its weights are and how they lie in memory.

   It computes what models/int8_reader.py computes, and follows it. Letters there and here: a
   *level* is a response as a byte, a *group* is four neighbouring features, which one instruction
   multiplies and adds, a *block* is sixteen filters or gates, one of each in a 32-bit lane. */

#ifndef DIGITS_READER_H
#define DIGITS_READER_H

#include <stddef.h>
#include <stdint.h>

enum {
    SIDE = 28,    /* of an image */
    HALF = 14,    /* of the responses of the first and the second layer */
    QUARTER = 7,  /* of the third and the fourth; also the steps of the sweeps */
    GROUP = 4,
    BLOCK = 16,
    FIRST = 16,  /* filters of each layer */
    SECOND = 32,
    THIRD = 48,
    FOURTH = 48,
    FIRST_GROUPS = 7, /* 25 pixels under a filter, see first_layer.c */
    TAPS = 9,         /* pixels under the filters of the other layers */
    HIDDEN = 96,      /* units of a direction */
    STEP = QUARTER * FOURTH,
    FEATURES = 4 * HIDDEN, /* last and largest states, down and up, less a half */
};

/* A block of filters at one group. */
typedef int8_t Weights[BLOCK * GROUP];

/* What becomes of the sums of a layer: times ``input``, times ``scale``, plus ``bias``, no less than
   zero, times ``output``, rounded. ``input`` is what a level stands for, in all lanes the same;
   ``output`` is how many levels make a response of 1. */
typedef struct {
    float input[BLOCK], output[BLOCK], scale[FOURTH], bias[FOURTH];
} Rounding;

/* One block of units of a direction: their gates, then their candidates. A sum times ``scale`` plus
   ``bias`` is the power of two that the sigmoid is made of. */
typedef struct {
    Weights weights[STEP / GROUP][2];
    float scale[2][BLOCK], bias[2][BLOCK];
} Units;

/* Every size is a multiple of 64 bytes, so there are no gaps; service/passes/digits.py writes this
   down in the same order. Behind it: the bias of the head, padded to blocks of classes, and its
   weights, such a row for every feature. Both are divided by the temperature. */
typedef struct {
    Weights first[FIRST_GROUPS];
    Weights second[TAPS][FIRST / GROUP][SECOND / BLOCK];
    Weights third[TAPS][SECOND / GROUP][THIRD / BLOCK];
    Weights fourth[TAPS][THIRD / GROUP][FOURTH / BLOCK];
    Rounding roundings[4];
    Units units[2][HIDDEN / BLOCK];
    float head[];
} Reader;

/* What a view of an image is on the way. */
typedef struct {
    _Alignas(64) uint8_t first[HALF][HALF][FIRST];
    uint8_t second[HALF][HALF][SECOND];
    uint8_t third[QUARTER][QUARTER][THIRD];
    uint8_t fourth[QUARTER][QUARTER][FOURTH];
    float features[FEATURES];
} Responses;

void first_layer(const Reader *reader, const float *image, int moved, Responses *responses);
void other_layers(const Reader *reader, Responses *responses);
void sweeps(const Reader *reader, Responses *responses);
void head(const Reader *reader, const Responses *responses, size_t n_classes, float *chances);

#endif
