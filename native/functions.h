// Functions of parameters: matrices that are made of them before a run, and whose gradient goes back after it.
//
// Goals: a matrix is a batch of its rows, so that an engine of its own makes it, of inputs that are views of parameters
//   (elman/engine/functions.py says which). What is made lies behind the parameters, in an arena that an engine with
//   functions runs on; dL/d arena becomes dL/d parameters.
// Non-goals: what a row is made of, which is a plan like any other.
#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "memory.h"

namespace elman {

template <class T>
struct Engine;
template <class T>
class Engines;

// The value of row r and column c is at offset + r * along_rows + c * along_columns of the arena.
struct View {
  int64_t offset, along_rows, along_columns;
};

template <class T>
struct Function {
  Engines<T>* engines;  // whose owner is the caller
  int rows, columns;
  int64_t place;
  std::vector<View> reads;                // of each input of the engine
  std::vector<Buffer<T>> gradients = {};  // dL/d inputs
  Function alike() const { return {engines, rows, columns, place, reads, std::vector<Buffer<T>>(reads.size())}; }
};

template <class T>
struct Functions {
  int64_t parameters = 0;  // of the caller
  std::vector<Function<T>> all;
  Buffer<T> arena, gradients;  // those, and behind them what is made
  uint64_t version = 0, key = 0;
  bool some() const { return !all.empty(); }
};

// Adds a function; throws where it would read or write beyond the arena.
template <class T>
void add_function(Engine<T>& engine, Function<T> function, int64_t parameters);

// What a run is given in place of parameters; itself without functions. It is made again where the version, or the key
// of the masks, differs from the last call's, or is 0.
template <class T>
const T* with_made(Engine<T>& engine, const T* parameters, uint64_t version, uint64_t key);

// Where a run leaves dL/d arena: in the caller's array without functions.
template <class T>
T* gradients_of_arena(Engine<T>& engine, T* gradients);

// Takes dL/d what was made back to dL/d parameters, and leaves these in the caller's array.
template <class T>
void take_back(Engine<T>& engine, T* gradients, uint64_t key);

}  // namespace elman
