// Every task once, on a thread of its own, whoever else calls.
#include "../pool.h"

#include <atomic>
#include <random>
#include <thread>

#include "check.h"

namespace elman::test {
namespace {

// How often something went wrong in loops of all sizes, some of them after a pause in which threads park.
int wrong_loops(int seed, int loops) {
  std::mt19937 random(seed);
  int wrong = 0;
  for (int i = 0; i < loops; ++i) {
    const int tasks = 1 + int(random() % 9), threads = 1 + int(random() % 6);
    std::vector<std::atomic<int>> done(tasks), busy(threads);
    std::atomic<int> clashes{0};
    parallel_for(tasks, threads, [&](int task, int thread) {
      clashes += busy[thread].fetch_add(1) != 0;
      ++done[task];
      --busy[thread];
    });
    const bool once = std::all_of(done.begin(), done.end(), [](const std::atomic<int>& n) { return n == 1; });
    wrong += clashes > 0 || !once;
    if (i % 500 == 0) std::this_thread::sleep_for(4 * kSpin);
  }
  return wrong;
}

}  // namespace

void test_pool() {
  check(wrong_loops(1, 5000) == 0, "pool: one caller");
  std::atomic<int> wrong{0};
  std::thread a([&] { wrong += wrong_loops(2, 3000); }), b([&] { wrong += wrong_loops(3, 3000); });
  a.join(), b.join();
  check(wrong == 0, "pool: two callers");
}

}  // namespace elman::test
