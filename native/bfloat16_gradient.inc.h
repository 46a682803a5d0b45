// Gradients of matrices from operands rounded to bfloat16. Included inside the namespace of a unit.
//
// As in gradient.inc.h, rows are taken in blocks of `block_rows`, all runs one after the other, and dw is cut into
// tasks. A word joins rows that follow one another in a block, so a block is put together, as words of both sides,
// before it is multiplied.
#pragma once
#include "bfloat16_product.inc.h"
#include "gradient.inc.h"

static_assert(block_rows % (word_terms * word_multiple) == 0);

// Tasks are larger than in gradient.inc.h, so that what a task makes words of is used for more sums.
constexpr int words_wide = 256;
ELMAN_INLINE Cut cut_for_words(int m, int k) {
  Cut cut = cut_of<float>(m, k, words_wide);
  if (cut.wide_tasks == 1 && cut.wide > task_wide) cut.wide_tasks = 2;
  return cut;
}

#if ELMAN_TILES
#include "tile_gradient.inc.h"
#else
// The sums of one task's part of dw.
struct WordSums : Part<float> {
  static constexpr int words = block_rows / word_terms;  // of a column of a block
  int ld;                                                // of the wide side's words and of the sums
  float *wide_words, *tall_words, *sums;

  static size_t scratch(int wide, int tall) {
    const size_t ld = ceil_div(wide, lanes<float>) * lanes<float>;
    return ld * (words + tall) + size_t(words) * tall + lanes<float>;
  }

  WordSums(const Part<float>& part, float* scratch) : Part<float>(part) {
    ld = ceil_div(wide.n, lanes<float>) * lanes<float>;
    wide_words = aligned(scratch);
    sums = wide_words + ld * words;
    tall_words = sums + ld * tall.n;
    __builtin_memset(sums, 0, sizeof(float) * ld * tall.n);
  }

  static void words_of_side(const Side<float>& side, const int64_t* rows, int n, float* words, int padded) {
    for (int i = 0; i < n; i += word_terms, words += padded)
      words_of_rows(side.row(rows[i]), i + 1 < n ? side.row(rows[i + 1]) : nullptr, side.n, words, padded);
  }

  // The lines `first` to `last` of the next block, if it follows: those of each word's first row, then of its second.
  Ahead next_block(int64_t row, int first, int last) const {
    const int term = first / lines(), before = term * lines();
    return ahead(row + term, first - before, (last < before + lines() ? last - before : lines()), word_terms);
  }

  // Adds the n rows of a block. Meanwhile the next one comes nearer.
  void add(const int64_t* rows, int n) const {
    words_of_side(wide, rows, n, wide_words, ld);
    words_of_side(tall, rows, n, tall_words, tall.n);
    const int tiles = ceil_div(tall.n, tile_rows), calls = tiles * ceil_div(ld, panel_columns<float>);
    for (int t = 0, call = 0; t < tiles; ++t) {
      const int column = even_start(tall.n, tiles, t), columns = even_start(tall.n, tiles, t + 1) - column;
      for (int first = 0; first < ld; first += panel_columns<float>, ++call)
        multiply_function<float>(columns, vectors_of_panel<float>(ld - first))(
            {tall_words + column, tall.n}, {wide_words + first, ld}, ceil_div(n, word_terms),
            {{zero_columns<float>, 0}, nullptr, sums + column * ld + first, ld, true},
            next_block(rows[n - 1] + 1, even_start(word_terms * lines(), calls, call),
                       even_start(word_terms * lines(), calls, call + 1)));
    }
  }
};
#endif

int bfloat16_gradient_tasks(int m, int k) {
  const Cut cut = cut_for_words(m, k);
  return cut.wide_tasks * cut.tall_tasks;
}

size_t bfloat16_gradient_scratch(int m, int k) {
  const Cut cut = cut_for_words(m, k);  // the largest task: whole panels, columns shared out evenly
  const int panels = ceil_div(ceil_div(cut.wide, panel_columns<float>), cut.wide_tasks);
  return WordSums::scratch(panels * panel_columns<float>, ceil_div(cut.tall, cut.tall_tasks));
}

void bfloat16_gradient(int task, const float* delta, int m, const float* source, int k, const Run* runs, int n_runs,
                       float* dw, bool add, float* scratch, Stop stop) {
  const WordSums sums(part_of<float>(cut_for_words(m, k), task, delta, source, k), scratch);
  int64_t rows[block_rows];
  int n = 0;
  const auto add_piece = [&](int64_t row, int count, bool, bool completes) {
    for (int i = 0; i < count; ++i) rows[n++] = row + i;
    if (completes) sums.add(rows, n), n = 0;
  };
  if (for_each_piece(runs, n_runs, add_piece, stop)) sums.write(sums.sums, sums.ld, dw, add);
}
