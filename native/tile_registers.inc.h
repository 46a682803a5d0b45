// The eight matrix registers of AMX, and an emulation of them for tests. Included inside the namespace of a unit.
//
// A register holds up to 16 rows of 16 words. Registers 0 to 3 are sums, 4 and 5 words of rows, 6 and 7 words of
// columns; a number of a register must be a literal.
//
// The compilers' own intrinsics do not say which memory these instructions read, so that stores before them may be
// left out; those here do.
#pragma once

constexpr int tile_words = 16;  // words in a row of a register, and rows of a register of columns

// How the registers are cut, as the processor reads it: all have rows of 64 bytes.
struct alignas(64) TileShapes {
  uint8_t palette, start_row, reserved[14];
  uint16_t row_bytes[16];
  uint8_t rows[16];
};
static_assert(sizeof(TileShapes) == 64);

#if ELMAN_EMULATE_AMX
struct EmulatedTile {
  int rows;
  alignas(64) float value[16][16];
};
static thread_local EmulatedTile emulated_tiles[8];

// What the processor would fault at.
ELMAN_INLINE void expect(bool good) {
  if (!good) __builtin_trap();
}

inline void set_tiles(const TileShapes& shapes) {
  expect(shapes.palette == 1);
  for (int i = 0; i < 8; ++i) {
    expect(shapes.rows[i] >= 1 && shapes.rows[i] <= 16 && shapes.row_bytes[i] == 64);
    emulated_tiles[i] = {shapes.rows[i], {}};
  }
}

inline void release_tiles() {
  for (EmulatedTile& tile : emulated_tiles) tile.rows = 0;
}

inline void load_tile(EmulatedTile& tile, const float* at, ptrdiff_t stride) {
  expect(tile.rows > 0);
  for (int i = 0; i < tile.rows; ++i) __builtin_memcpy(tile.value[i], at + i * stride, 64);
}

inline void store_tile(const EmulatedTile& tile, float* at, ptrdiff_t stride) {
  expect(tile.rows > 0);
  for (int i = 0; i < tile.rows; ++i) __builtin_memcpy(at + i * stride, tile.value[i], 64);
}

ELMAN_INLINE float number_of(uint32_t upper_bits) {
  float x;
  __builtin_memcpy(&x, &upper_bits, 4);
  return x;
}

// The order of the sums is the processor's: two chains along the words, then their sum. (It counts numbers below the
// normal ones as zero; this does not.)
inline void multiply_tiles(EmulatedTile& sum, const EmulatedTile& a, const EmulatedTile& b) {
  expect(sum.rows > 0 && sum.rows == a.rows && b.rows == tile_words);
  uint32_t rows[16][16], columns[16][16];
  __builtin_memcpy(rows, a.value, sizeof rows);
  __builtin_memcpy(columns, b.value, sizeof columns);
  for (int i = 0; i < sum.rows; ++i) {
    float first[16] = {}, second[16] = {};
    for (int k = 0; k < tile_words; ++k)
      for (int j = 0; j < 16; ++j) {
        first[j] = __builtin_fmaf(number_of(rows[i][k] << 16), number_of(columns[k][j] << 16), first[j]);
        second[j] =
            __builtin_fmaf(number_of(rows[i][k] & 0xffff0000), number_of(columns[k][j] & 0xffff0000), second[j]);
      }
    for (int j = 0; j < 16; ++j) sum.value[i][j] += first[j] + second[j];
  }
}

#define ELMAN_LOAD_TILE(tile, at, stride) load_tile(emulated_tiles[tile], at, stride)
#define ELMAN_STORE_TILE(tile, at, stride) store_tile(emulated_tiles[tile], at, stride)
#define ELMAN_MULTIPLY_TILES(sum, a, b) multiply_tiles(emulated_tiles[sum], emulated_tiles[a], emulated_tiles[b])
#else
ELMAN_INLINE void set_tiles(const TileShapes& shapes) { asm volatile("ldtilecfg %0" ::"m"(shapes)); }
ELMAN_INLINE void release_tiles() { asm volatile("tilerelease"); }

#define ELMAN_LOAD_TILE(tile, at, stride) \
  asm volatile("tileloadd (%0,%1,1), %%tmm" #tile ::"r"(at), "r"(ptrdiff_t(stride) * sizeof(float)) : "memory")
#define ELMAN_STORE_TILE(tile, at, stride) \
  asm volatile("tilestored %%tmm" #tile ", (%0,%1,1)" ::"r"(at), "r"(ptrdiff_t(stride) * sizeof(float)) : "memory")
#define ELMAN_MULTIPLY_TILES(sum, a, b) asm volatile("tdpbf16ps %%tmm" #b ", %%tmm" #a ", %%tmm" #sum ::)
#endif

// The registers are cut for up to 32 rows of words, and given back in the end.
struct TilesInUse {
  explicit TilesInUse(int rows) {
    const uint8_t upper = uint8_t(rows < 16 ? rows : 16), lower = uint8_t(rows > 16 ? rows - 16 : 16);
    TileShapes shapes = {};
    shapes.palette = 1;
    for (int i = 0; i < 8; ++i) shapes.row_bytes[i] = 64, shapes.rows[i] = 16;
    shapes.rows[0] = shapes.rows[1] = shapes.rows[4] = upper;
    shapes.rows[2] = shapes.rows[3] = shapes.rows[5] = lower;
    set_tiles(shapes);
  }
  ~TilesInUse() { release_tiles(); }
  TilesInUse(const TilesInUse&) = delete;
};
