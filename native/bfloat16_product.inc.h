// Packed weights in bfloat16, and products with them. Included inside the namespace of a unit.
//
// A product rounds the rows of its operand into words on the way in, and sums in float32. Weights are packed in blocks
// of `block_words` words, each laid out as in product.inc.h, so that the words of some rows fit a buffer of fixed size;
// the sums of a block go on where those of the block before it ended.
#pragma once
#include "bfloat16.inc.h"

#if ELMAN_TILES
constexpr int block_words = 256, most_rows = tile_rows;  // for a first-level cache; see tiles.inc.h
constexpr int word_multiple = tile_words;
#else
constexpr int block_words = 512, most_rows = 1 << 20;
constexpr int word_multiple = 1;
#endif
constexpr int block_terms = block_words * word_terms;
constexpr int buffer_words = 1 << 14;

ELMAN_INLINE int words_for(int k) { return ceil_div(k, word_terms * word_multiple) * word_multiple; }

size_t bfloat16_packed_size(int n, int k) { return panels_size<float>(n, words_for(k)); }

// Some columns of one panel, of at most block_terms rows; one of the strides is 1.
ELMAN_INLINE void pack_words(PanelPart<float> part) {
  const int k = part.rows, words = words_for(k);
  if (part.column_stride == 1) {
    for (int i = 0; i < words; ++i) {
      const float* row = part.w + i * word_terms * part.row_stride;
      words_of_rows(i * word_terms < k ? row : nullptr, i * word_terms + 1 < k ? row + part.row_stride : nullptr,
                    part.columns, part.to + ptrdiff_t(i) * part.width, part.room);
    }
    return;
  }
  alignas(ELMAN_VECTOR_BYTES) float columns[panel_columns<float> * block_words];
  for (int j = 0; j < part.columns; ++j) words_of_row(part.w + j * part.column_stride, k, columns + j * words, words);
  part.w = columns, part.column_stride = words, part.row_stride = 1, part.rows = words;
  part.turn();
}

void bfloat16_pack(const float* w, ptrdiff_t column_stride, ptrdiff_t row_stride, int n, int k, int first, int n_all,
                   float* packed) {
  for (int term = 0; term < k; term += block_terms) {
    const int terms = k - term < block_terms ? k - term : block_terms;
    const float* block = w + term * row_stride;
    for_each_panel<false>(n, words_for(terms), first, n_all, packed + bfloat16_packed_size(n_all, term),
                          [&](int column, int columns, int place, float* panel, int width) {
                            const int room = first + column + columns == n_all ? width - place : columns;
                            pack_words({block + column * column_stride, column_stride, row_stride, columns, room, terms,
                                        panel + place, width});
                          });
  }
}

// Rows first_row .. first_row+m, no more than there is room for.
ELMAN_INLINE void product_of_words(const float* a, ptrdiff_t lda, int first_row, int m, const float* packed, int k,
                                   const Segment<float>* segments, int n, bool add, int first, int end) {
  alignas(ELMAN_VECTOR_BYTES) float words[buffer_words];
  for (int term = 0; term < k; term += block_terms) {
    const int terms = k - term < block_terms ? k - term : block_terms, length = words_for(terms);
    for (int r = 0; r < m; ++r) words_of_row(a + r * lda + term, terms, words + r * length, length);
    product_rows<float>(words, length, first_row, m, packed + bfloat16_packed_size(n, term), length,
                        {0, length, add || term > 0}, segments, first, end);
  }
}

size_t bfloat16_product_scratch(int, int) { return 0; }

void bfloat16_product(const float* a, ptrdiff_t lda, int m, const float* packed, int k, const Segment<float>* segments,
                      int n_segments, bool add, int first_column, int end, float*) {
  int n = 0;
  for (int s = 0; s < n_segments; ++s) n += segments[s].n;
  const int room = buffer_words / words_for(k < block_terms ? k : block_terms);
  const int parts = ceil_div(m, room < most_rows ? room : most_rows);
  for (int i = 0; i < parts; ++i) {
    const int first = even_start(m, parts, i), rows = even_start(m, parts, i + 1) - first;
#if ELMAN_TILES
    const TilesInUse tiles(rows);
#endif
    product_of_words(a + first * lda, lda, first, rows, packed, k, segments, n, add, first_column, end);
  }
}
