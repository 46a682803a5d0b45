// Many updates in one call: functions of parameters, gather, forward, loss, backward, gradients, finite check, clip,
// optimiser.
#include <algorithm>
#include <cmath>

#include "pool.h"
#include "run.h"

namespace elman {
namespace {

constexpr int64_t kChunk = 2048;  // parameters; sums over chunks are added in order
constexpr int kChunksOfTask = 8;  // at most: one after the other, so that a thread knows what it wants next

// Parameters that are updated at once.
struct Chunk {
  int64_t first, end;
  int group;
};

std::vector<Chunk> chunks_of(const std::vector<Span>& spans) {
  std::vector<Chunk> out;
  for (const Span& s : spans)
    for (int64_t first = s.first, end = s.first + s.count; first < end; first += kChunk)
      out.push_back({first, std::min(end, first + kChunk), int(s.group)});
  return out;
}

int64_t count_of(const std::vector<Span>& spans) {
  int64_t count = 0;
  for (const Span& s : spans) count += s.count;
  return count;
}

template <class T>
struct Update {
  Engine<T>& e;
  const Training<T>& training;
  const Program<T>& program;
  T* gradients;
  std::vector<Chunk> chunks = chunks_of(training.spans);
  double count = double(count_of(training.spans));

  // The sum of f(gradients, how many) over all chunks, in their order.
  template <class F>
  double sum(std::vector<double>& sums, F f) const {
    sums.resize(chunks.size());
    parallel_watched(e.watch, int(chunks.size()), e.threads_for(count), [&](int c, int) {
      sums[c] = f(gradients + chunks[c].first, size_t(chunks[c].end - chunks[c].first));
    });
    double sum = 0;
    for (double s : sums) sum += s;
    return sum;
  }

  // What the gradients of an update are to be multiplied by; NaN when one is not finite.
  double scale(std::vector<double>& sums, int64_t number) const {
    const bool clips = training.clip_norm > 0;
    const double norm = clips || training.norms ? std::sqrt(sum(sums, e.kernels.sum_of_squares)) : 0;
    if (training.norms) training.norms[number] = norm;
    if (!clips)  // the squares of what is finite need not be so
      return 1 + sum(sums, [&](const T* x, size_t n) { return e.kernels.all_finite(x, n) ? 0.0 : double(NAN); });
    if (!std::isfinite(norm)) return NAN;
    return norm > training.clip_norm ? training.clip_norm / norm : 1;
  }

  // The operands' addresses: arrays at `first`, scalars of this update, temporaries and constants.
  void place(Scratch<T>& scratch, std::vector<Constant<T>>& values, int64_t first) const {
    std::vector<T*>& operand = scratch.flat_operands;
    for (size_t i = 0; i < operand.size(); ++i) {
      const Operand& o = program.operands[i];
      if (o.kind == OperandKind::temp)
        operand[i] = scratch.flat_memory.data() + program.temps[i];
      else if (o.kind == OperandKind::array)
        operand[i] = array(int(o.index)) + first;
      else
        operand[i] = values[i].values;
    }
  }

  T* array(int index) const {
    return index == 0 ? training.parameters : index == 1 ? gradients : training.state[index - 2];
  }

  // The arrays of a chunk come nearer while the one before it is updated: they are seldom in a cache.
  void ask_for(const Chunk& c, std::vector<Wanted>& ahead) const {
    for (const Operand& o : program.operands)
      if (o.kind == OperandKind::array)
        ahead.push_back({reinterpret_cast<const char*>(array(int(o.index)) + c.first),
                         int((c.end - c.first) * int64_t(sizeof(T)) / 64)});
  }

  void chunk(const Chunk& c, const std::vector<Wanted>& ahead, T factor, std::vector<Constant<T>>& values,
             Scratch<T>& scratch) const {
    for (int64_t first = c.first; first < c.end; first += program.rows) {
      int rows = int(std::min<int64_t>(program.rows, c.end - first));
      if (factor != 1)
        for (int i = 0; i < rows; ++i) gradients[first + i] *= factor;
      place(scratch, values, first);
      Tile<T> tile{scratch.flat_operands.data(), program.widths.data(), rows, 0, 0, nullptr};
      if (first == c.first) tile.ahead = ahead.data(), tile.n_ahead = int(ahead.size());
      e.kernels.elementwise(program.code.data(), int(program.code.size()), tile);
    }
  }

  // `values`: the constants and scalars of each group. Once it has begun, nothing stops it.
  void apply(const double* scalars, int of_group, T factor, std::vector<std::vector<Constant<T>>>& values) const {
    Unwatched to_the_end;
    for (std::vector<Constant<T>>& group : values) {
      for (size_t i = 0; i < group.size(); ++i)
        if (program.operands[i].kind == OperandKind::scalar)
          group[i] = Constant<T>(T(scalars[program.operands[i].index]));
      scalars += of_group;
    }
    int all = int(chunks.size()), threads = e.threads_for(count * program.work);
    int each = std::clamp(all / (4 * threads), 1, kChunksOfTask);
    parallel_for((all + each - 1) / each, threads, [&](int task, int thread) {
      std::vector<Wanted>& ahead = e.scratch[thread].ahead;
      for (int c = task * each, end = std::min(all, c + each); c < end; ++c) {
        ahead.clear();
        if (c + 1 < end) ask_for(chunks[c + 1], ahead);
        chunk(chunks[c], ahead, factor, values[chunks[c].group], e.scratch[thread]);
      }
    });
  }
};

// Room for an optimiser's program in every thread; and its constants and scalars, of each group.
template <class T>
std::vector<std::vector<Constant<T>>> prepared(Engine<T>& e, const Training<T>& training, const Program<T>& program) {
  for (Scratch<T>& s : e.scratch) {
    s.flat_memory.reserve(program.scratch);
    s.flat_operands.resize(program.operands.size());
  }
  return std::vector<std::vector<Constant<T>>>(training.groups, program.constants);
}

// States that a batch leaves to the next, when its update is done.
template <class T>
struct Carried {
  const Engine<T>& e;
  const Training<T>& training;
  Buffer<T> memory;
  std::vector<T*> next;

  int64_t size(size_t state) const {  // of batches of one size
    return training.updates > 0 ? (training.offsets[1] - training.offsets[0]) * e.states[state].width : 0;
  }

  Carried(const Engine<T>& e, const Training<T>& training) : e(e), training(training) {
    int64_t all = 0;
    for (size_t i = 0; i < training.carried.size(); ++i) all += size(i);
    T* at = memory.reserve(size_t(all));
    for (size_t i = 0; i < training.carried.size(); at += size(i++)) next.push_back(at);
  }

  void keep() const {
    for (size_t i = 0; i < next.size(); ++i) std::copy_n(next[i], size(i), training.carried[i]);
  }
};

template <class T>
void take(const Training<T>& t, int update, Batch<T>& batch) {
  batch.B = int(t.offsets[update + 1] - t.offsets[update]);
  batch.rows = t.rows + t.offsets[update];
  batch.key = t.keys ? t.keys[update] : 0;
}

}  // namespace

template <class T>
Trained train(Engines<T>& engines, const Training<T>& training, const Program<T>& program, int scalars,
              double* losses) {
  Call<T> call(engines);
  Engine<T>& e = call.engine;
  e.in_parts = training.in_time.in_segments();
  Results<T> results;
  T* gradients = e.arena.reserve(e.plan.parameters);
  results.gradients = gradients_of_arena(e, gradients);
  Carried<T> carried(e, training);
  results.states = carried.next;
  auto values = prepared(e, training, program);
  Update<T> update{e, training, program, gradients};
  std::vector<double> sums;
  Batch<T> batch = training.data;
  batch.states.assign(training.carried.begin(), training.carried.end());
  const Clock::time_point start = Clock::now();
  int64_t& done = *training.done;
  for (done = 0; done < training.updates;) {
    look(e.watch);
    expect_version(e, 0);  // each update changes the parameters
    take(training, int(done), batch);
    check_indices(e, batch, true);
    const T* arena = with_made(e, training.parameters, 0, batch.key);
    losses[done] = run_in_time(e, arena, batch, results, training.in_time);
    take_back(e, gradients, batch.key);
    double scale = update.scale(sums, done);
    if (!std::isfinite(losses[done]) || std::isnan(scale)) return {int(done), false};
    std::vector<T> running = running_moments(e, training.parameters);
    update.apply(training.scalars + done * training.groups * scalars, scalars, T(scale), values);
    move_running_moments(e, running, training.parameters);
    carried.keep();
    ++done;
    if (std::chrono::duration<double>(Clock::now() - start).count() > training.seconds) break;
  }
  return {int(done), true};
}

template <class T>
bool update(Engines<T>& engines, const Training<T>& training, const Program<T>& program, int scalars, T* gradients) {
  Unwatched to_the_end;
  Call<T> call(engines);
  Engine<T>& e = call.engine;
  auto values = prepared(e, training, program);
  Update<T> update{e, training, program, gradients};
  std::vector<double> sums;
  double scale = update.scale(sums, 0);
  if (std::isnan(scale)) return false;
  update.apply(training.scalars, scalars, T(scale), values);
  return true;
}

template bool update(Engines<float>&, const Training<float>&, const Program<float>&, int, float*);
template bool update(Engines<double>&, const Training<double>&, const Program<double>&, int, double*);
template Trained train(Engines<float>&, const Training<float>&, const Program<float>&, int, double*);
template Trained train(Engines<double>&, const Training<double>&, const Program<double>&, int, double*);

}  // namespace elman
