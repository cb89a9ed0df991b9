/* A row of grey levels read at once, on processors with AVX-512 and VBMI2: no branch for any level, as
   none could foresee how many digits it has.

   Only what nearly all clients send: whole numbers and commas, without blanks or with one behind each
   comma. Else NULL, and json_numbers.h reads the row character by character. */

#ifndef JSON_ROWS_H
#define JSON_ROWS_H

#include <stddef.h>
#include <stdint.h>

#define MOST_IN_ROW 32 /* levels: with what follows each, 128 characters at most */

#ifdef __x86_64__

#include <immintrin.h>

#define ROWS_TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512vbmi2,bmi,bmi2,popcnt")))
#define ROWS_INLINE ROWS_TARGET static inline __attribute__((always_inline))

/* A bit for each of 128 characters, the first one the lowest. */
typedef unsigned __int128 Marks;

static int reads_rows(void) {
    return __builtin_cpu_supports("avx512vbmi2") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("bmi2");
}

/* The characters that are there, of 64 from ``at``; zeros beyond. */
ROWS_INLINE __m512i characters(const char *at, ptrdiff_t there) {
    uint64_t some = there >= 64 ? ~0ULL : there > 0 ? (1ULL << there) - 1 : 0;
    return _mm512_maskz_loadu_epi8(some, at);
}

ROWS_INLINE Marks equal(const __m512i text[2], char wanted) {
    __m512i all = _mm512_set1_epi8(wanted);
    return (Marks)_mm512_cmpeq_epi8_mask(text[1], all) << 64 | _mm512_cmpeq_epi8_mask(text[0], all);
}

ROWS_INLINE Marks digits_of(const __m512i text[2]) {
    const __m512i zero = _mm512_set1_epi8('0'), nine = _mm512_set1_epi8(9);
    return (Marks)_mm512_cmple_epu8_mask(_mm512_sub_epi8(text[1], zero), nine) << 64 |
           _mm512_cmple_epu8_mask(_mm512_sub_epi8(text[0], zero), nine);
}

/* The value of a digit times 10 or 100; a hundreds digit above 2 makes no level. */
ROWS_INLINE __m512i times(__mmask64 where, __m512i digits, int hundred) {
    const __m512i tens = _mm512_broadcast_i32x4(
        _mm_setr_epi8(0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 0, 0, 0, 0, 0, 0));
    const __m512i hundreds = _mm512_broadcast_i32x4(
        _mm_setr_epi8(0, 100, (char)200, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0));
    return _mm512_maskz_shuffle_epi8(where, hundred ? hundreds : tens, digits);
}

/* The levels before the marks ``behind`` of 64 characters, as bytes one after the other. ``two`` and
   ``three`` mark those of so many digits or more. Returns whether all are at most 255. */
ROWS_INLINE int levels_before(const char *at, ptrdiff_t there, uint64_t behind, uint64_t two,
                              uint64_t three, __m512i *levels) {
    __m512i ones = characters(at - 1, there + 1), hundreds = characters(at - 3, there + 3);
    __m512i sums = _mm512_maskz_sub_epi8(behind, ones, _mm512_set1_epi8('0'));
    sums = _mm512_add_epi8(sums, times(two, characters(at - 2, there + 2), 0));
    __m512i most = times(three, hundreds, 1);
    sums = _mm512_add_epi8(sums, most);
    *levels = _mm512_maskz_compress_epi8(behind, sums);
    return !_mm512_mask_cmpgt_epu8_mask(three, hundreds, _mm512_set1_epi8('2')) &&
           !_mm512_mask_cmplt_epu8_mask(three, sums, most);
}

/* Up to 32 bytes as numbers. */
ROWS_INLINE void write_numbers(__m512i bytes, int n, float *numbers) {
    uint32_t some = (uint32_t)((1ULL << n) - 1);
    __m512i first = _mm512_cvtepu8_epi32(_mm512_castsi512_si128(bytes));
    __m512i second = _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32(bytes, 1));
    _mm512_mask_storeu_ps(numbers, (__mmask16)some, _mm512_cvtepi32_ps(first));
    _mm512_mask_storeu_ps(numbers + 16, (__mmask16)(some >> 16), _mm512_cvtepi32_ps(second));
}

static inline int first_of(Marks marks) {
    uint64_t low = (uint64_t)marks;
    return low ? __builtin_ctzll(low) : 64 + __builtin_ctzll((uint64_t)(marks >> 64));
}

/* As ``read_row``, where ``there`` characters are left: if that is a constant, they need no masks. */
ROWS_INLINE const char *read_row_of(const char *at, ptrdiff_t there, int length, float *greys) {
    const __m512i text[2] = {characters(at, there), characters(at + 64, there - 64)};
    Marks closing = equal(text, ']');
    if (!closing) return NULL;
    int size = first_of(closing);
    Marks inside = ((Marks)1 << size) - 1, digits = digits_of(text) & inside;
    Marks commas = equal(text, ',') & inside, behind = commas | (Marks)1 << size;
    Marks two = digits << 1 & digits << 2, three = two & digits << 3;
    Marks first_zero = ~(digits << 1) & equal(text, '0') & inside;
    int n_low = __builtin_popcountll((uint64_t)behind);
    int n = n_low + __builtin_popcountll((uint64_t)(behind >> 64));
    /* Nothing else; a digit before every mark, at most three, and no zero before others. */
    if (n != length || (digits | commas) != inside || (behind & ~(digits << 1)) || (three & digits) ||
        (first_zero & digits >> 1))
        return NULL;
    two &= behind;
    three &= behind;
    __m512i low, high;
    if (!levels_before(at, there, (uint64_t)behind, (uint64_t)two, (uint64_t)three, &low) ||
        !levels_before(at + 64, there - 64, (uint64_t)(behind >> 64), (uint64_t)(two >> 64),
                       (uint64_t)(three >> 64), &high))
        return NULL;
    write_numbers(low, n_low, greys);
    write_numbers(high, n - n_low, greys + n_low);
    return at + size;
}

/* A row whose commas are each followed by a blank, as Python's json writes them: read without those. */
ROWS_TARGET static const char *read_spaced(const char *at, const char *end, int length, float *greys) {
    enum { BEFORE = 3, BLOCKS = 3 }; /* five characters for each level at most: 160 */
    char row[BEFORE + 64 * BLOCKS] = {0}, *behind = row + BEFORE;
    for (int i = 0; i < BLOCKS; i++, at += 64) {
        __m512i text = characters(at, end - at), before = characters(at - 1, end - at + 1);
        uint64_t closing = _mm512_cmpeq_epi8_mask(text, _mm512_set1_epi8(']'));
        uint64_t blanks = _mm512_cmpeq_epi8_mask(text, _mm512_set1_epi8(' ')), kept = ~blanks;
        uint64_t inside = closing ? closing ^ (closing - 1) : ~0ULL;
        if (blanks & inside & ~_mm512_cmpeq_epi8_mask(before, _mm512_set1_epi8(','))) return NULL;
        _mm512_storeu_si512(behind, _mm512_maskz_compress_epi8(kept, text));
        behind += __builtin_popcountll(kept & inside);
        if (closing)
            return read_row_of(row + BEFORE, behind - row - BEFORE, length, greys)
                       ? at + __builtin_ctzll(closing)
                       : NULL;
    }
    return NULL;
}

/* Whether the first comma of a row is followed by a blank. */
static inline int is_spaced(const char *at) {
    for (int i = 0; i < 4; i++)
        if (at[i] == ',' || !at[i]) return at[i] && at[i + 1] == ' ';
    return 0;
}

/* ``length`` levels, up to 32 of them, from behind their bracket to the one that closes them. The
   bracket and two characters before it are looked at as well. Returns the place of the closing
   bracket, or NULL. */
ROWS_TARGET static const char *read_row(const char *at, const char *end, int length, float *greys) {
    const ptrdiff_t most = 4 * MOST_IN_ROW;
    if (is_spaced(at)) return read_spaced(at, end, length, greys);
    return end - at >= most ? read_row_of(at, most, length, greys)
                            : read_row_of(at, end - at, length, greys);
}

#else

static int reads_rows(void) { return 0; }

static const char *read_row(const char *at, const char *end, int length, float *greys) {
    (void)at, (void)end, (void)length, (void)greys;
    return NULL;
}

#endif

#endif
