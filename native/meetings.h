// Where the rows of a batch meet: before a stage runs, all blocks have come so far, and what all rows have to say about
// a value is put together: its moments, and on the way back the sums that their gradient needs.
//
// Goals: sums in double, of units of rows, in an order that depends on sizes alone; a batch may come in segments of
// time. Non-goals: what is done with the moments, which are operands of ordinary programs.
//
// The way of a batch leads through places: those of all stages forward, 0, 1, ..., then of all stages back. A leg is a
// stretch of it that blocks go alone; between two legs they meet.
#pragma once
#include <vector>

#include "memory.h"
#include "plan.h"

namespace elman {

// At a place of the way, before its stage runs.
struct Gathering {
  int place, stage;
  bool back;
};

struct Leg {
  int first, end;
  const Gathering* meets;  // at the end; null at that of the whole way
  bool begins, ends;       // the way
};

struct Moments {
  std::vector<double> values;
  std::vector<double> counts;         // rows and steps in use, of each stage that meets
  std::vector<Gathering> gatherings;  // in the order of the way
  size_t known = 0;                   // of which all rows have met
  size_t unit_size = 0;               // of what a unit of rows has to say: a count and two vectors
  Buffer<double> of_units;            // what the rows of each unit have to say where they meet next
};

template <class T>
struct Engine;

// Before a batch begins: nothing is known of it.
template <class T>
void begin_moments(Engine<T>& engine);
// The legs of a way as far as a place.
template <class T>
std::vector<Leg> legs(const Engine<T>& engine, int end);
// What the rows of a block have to say.
template <class T>
void speak(Engine<T>& engine, const Gathering& gathering, int block);
// What all blocks have said is put together with that of other segments of time.
template <class T>
void join(Engine<T>& engine, const Gathering& gathering);
// All segments have come: the moments are ready for programs.
template <class T>
void conclude(Engine<T>& engine, const Gathering& gathering);

// The parameters that keep running moments, before an update.
template <class T>
std::vector<T> running_moments(const Engine<T>& engine, const T* parameters);
// After it: they are what they were, and move towards the moments of the batch.
template <class T>
void move_running_moments(const Engine<T>& engine, const std::vector<T>& before, T* parameters);

}  // namespace elman
