// Kernel calls of a stage, written down by one run of a block and made again by the runs after it.
//
// Goals: in small networks, whose kernels take some tens of nanoseconds each, no run but the first looks for addresses,
//   counts the rows in use or asks what kind a step is. The same calls in the same order: the same bits.
// Non-goals: ragged batches, rows that go from axis to axis, products that threads share, large networks (of these the
//   block keeps no list and finds everything each time); what is done once a batch.
#pragma once
#include <algorithm>
#include <cstdint>
#include <vector>

#include "kernels.h"

namespace elman {

constexpr size_t kMostCalls = 1024;  // of a stage in one direction: a list that is longer does not stay near

template <class T>
class Calls {
 public:
  bool are_known() const { return state_ == State::known; }
  bool are_asked_for() const { return state_ == State::none; }
  bool are_written() const { return state_ == State::written; }

  void begin() { state_ = State::written; }
  // Something that is no call of a kernel, or too many of them: there is no list then.
  void refuse() { *this = Calls(), state_ = State::refused; }
  void end() {
    if (are_written()) state_ = State::known;
  }

  // So much work, in multiply-adds; see Kernels for the rest.
  void product(const T* a, int count, const T* packed, int k, const std::vector<Segment<T>>& segments, int n_segments,
               int n, bool add, double work) {
    if (!room(Kind::product, products_.size(), work)) return;
    products_.push_back({a, packed, count, k, int(segments_.size()), n_segments, n, add});
    segments_.insert(segments_.end(), segments.begin(), segments.begin() + n_segments);
  }

  // `timed`: the tile's step counts from the beginning of a sequence, and not from that of a batch.
  void elementwise(const std::vector<Instruction<T>>& code, const Tile<T>& tile, int operands, int64_t step, bool timed,
                   double work) {
    if (!room(Kind::elementwise, programs_.size(), work)) return;
    programs_.push_back({code.data(), int(code.size()), tile, int(operands_.size()), step, timed});
    operands_.insert(operands_.end(), tile.operand, tile.operand + operands);
  }

  void fill(T* to, const T* from, int n) {
    if (room(Kind::fill, fills_.size(), n)) fills_.push_back({to, from, n});
  }

  void end_of_recent_sums() { room(Kind::sums, 0, 0); }

  // Of a batch with this key and first step. after(its work) follows each call.
  template <class F, class G>
  void make(const Kernels<T>& kernels, uint64_t key, int64_t start, T* memory, F&& end_recent_sums, G&& after) {
    for (const Call& call : all_) {
      if (call.kind == Kind::product) {
        const Product& p = products_[call.at];
        kernels.product(p.a, p.k, p.count, p.packed, p.k, &segments_[p.first], p.segments, p.add, 0, p.n, memory);
      } else if (call.kind == Kind::elementwise) {
        Program& p = programs_[call.at];
        p.tile.operand = &operands_[p.first], p.tile.key = key, p.tile.step = p.step + (p.timed ? start : 0);
        kernels.elementwise(p.code, p.n, p.tile);
      } else if (call.kind == Kind::fill) {
        const Fill& f = fills_[call.at];
        f.from ? std::copy_n(f.from, f.n, f.to) : std::fill_n(f.to, f.n, T(0));
      } else {
        end_recent_sums();
      }
      after(call.work);
    }
  }

 private:
  enum class Kind { product, elementwise, fill, sums };
  enum class State { none, written, known, refused };
  struct Call {
    Kind kind;
    int at;
    double work;
  };
  struct Product {
    const T *a, *packed;
    int count, k, first, segments, n;
    bool add;
  };
  struct Program {
    const Instruction<T>* code;
    int n;
    Tile<T> tile;
    int first;
    int64_t step;
    bool timed;
  };
  struct Fill {
    T* to;
    const T* from;
    int n;
  };

  // Whether there is room for one more, which has its own kind's number `at`.
  bool room(Kind kind, size_t at, double work) {
    if (all_.size() == kMostCalls) refuse();
    if (!are_written()) return false;
    all_.push_back({kind, int(at), work});
    return true;
  }

  State state_ = State::none;
  std::vector<Call> all_;
  std::vector<Product> products_;
  std::vector<Segment<T>> segments_;
  std::vector<Program> programs_;
  std::vector<T*> operands_;
  std::vector<Fill> fills_;
};

// What the lists of an engine hold for: addresses, and which calls there are.
template <class T>
struct CallsHold {
  uint64_t space = 0;             // which preparation of the workspace
  const T* parameters = nullptr;  // that biases are read from
  const void* scratch = nullptr;  // of the thread
  bool from_zeros = false, to_states = false;
  bool operator==(const CallsHold& o) const {
    return space == o.space && parameters == o.parameters && scratch == o.scratch && from_zeros == o.from_zeros &&
           to_states == o.to_states;
  }
};

template <class T>
struct KnownCalls {
  CallsHold<T> hold;
  std::vector<Calls<T>> forward, backward;  // of each stage
};

}  // namespace elman
