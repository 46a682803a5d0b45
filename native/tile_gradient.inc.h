// The sums of a gradient's task in matrix registers. Included by bfloat16_gradient.inc.h.
//
// A register of columns holds words as rows of dw's operand give them; one of rows holds them turned, so the tall side
// is turned 16 columns x 16 words at a time.
#pragma once

// 16 x 16 words: to[j][i] = from[i][j].
ELMAN_INLINE void turn_words(const float* from, float* to) {
  Vec<float> block[16];
  for (int i = 0; i < 16; ++i) block[i] = load<float>(from + 16 * i);
  transpose<float>(block);
  for (int i = 0; i < 16; ++i) store<float>(to + 16 * i, block[i]);
}

// The sums of one task's part of dw.
struct WordSums : Part<float> {
  static constexpr int words = block_rows / word_terms;  // of a column of a block
  static constexpr int register_words = 16 * tile_words;
  int ld;              // of the wide side's words and of the sums
  int tall_registers;  // side by side
  float *wide_words, *tall_words, *sums;

  static size_t scratch(int wide, int tall) {
    const size_t ld = ceil_div(wide, 16) * 16, tall_padded = ceil_div(tall, 16) * 16;
    return ld * (words + tall_padded) + words * tall_padded + lanes<float>;
  }

  WordSums(const Part<float>& part, float* scratch) : Part<float>(part) {
    ld = ceil_div(wide.n, 16) * 16;
    tall_registers = ceil_div(tall.n, 16);
    wide_words = aligned(scratch);
    tall_words = wide_words + ld * words;
    sums = tall_words + tall_registers * 16 * words;
    __builtin_memset(sums, 0, sizeof(float) * ld * tall_registers * 16);
  }

  // Words of `n` columns of a side from `column` on, of sixteen pairs of rows from rows[i] on, of which there are
  // `count`; the others are zero.
  static void sixteen_words(const Side<float>& side, const int64_t* rows, int i, int count, int column, int n,
                            float* words, int padded) {
    for (int end = i + 2 * tile_words; i < end; i += 2, words += padded) {
      const float* first = i < count ? side.row(rows[i]) + column : nullptr;
      const float* second = i + 1 < count ? side.row(rows[i + 1]) + column : nullptr;
      words_of_rows(first, second, n, words, padded);
    }
  }

  void turned_words(const int64_t* rows, int i, int count, int step) const {
    alignas(ELMAN_VECTOR_BYTES) float block[register_words];
    for (int t = 0; t < tall_registers; ++t) {
      const int left = tall.n - 16 * t;
      sixteen_words(tall, rows, i, count, 16 * t, left < 16 ? left : 16, block, 16);
      turn_words(block, tall_words + 16 * t * words + step * register_words);
    }
  }

  // Adds the n rows of a block.
  void add(const int64_t* rows, int n) const {
    const int steps = ceil_div(n, 2 * tile_words);
    for (int step = 0, i = 0; step < steps; ++step, i += 2 * tile_words) {
      sixteen_words(wide, rows, i, n, 0, wide.n, wide_words + step * tile_words * ld, ld);
      turned_words(rows, i, n, step);
    }
    const TilesInUse tiles(32);
    for (int t = 0; t < tall_registers; t += 2)
      for (int first = 0; first < ld; first += 32) {
        float* to = sums + 16 * t * ld + first;
        walk_function(t + 1 < tall_registers, first + 16 < ld)(
            {tall_words + 16 * t * words, 16, register_words, 16 * words},
            {wide_words + first, ld, tile_words * ld, 16}, steps, {to, ld}, {to, ld});
      }
  }
};
