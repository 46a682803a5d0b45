"""Writes onnxruntime.npz: the literal numbers of ONNX Runtime's own tests of its RNN, GRU and LSTM nodes.

They stand in C++ files of https://github.com/microsoft/onnxruntime (MIT licence), which are compiled here with a tester
that prints what it is given:

.venv/bin/python -m tests.golden.make_onnxruntime FOLDER    # with onnxruntime/test/providers/cpu/rnn/*_op_test.cc

The file that lies here is of December 2019 (release 1.1).
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

FILE = Path(__file__).with_name("onnxruntime.npz")
SOURCES = ("deep_cpu_lstm_op_test.cc", "deep_cpu_gru_op_test.cc", "rnn_op_test.cc")

GTEST = """
#pragma once
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <numeric>
#include <string>
#include <vector>
struct Case {
  using Cases = std::vector<std::pair<std::string, void (*)()>>;
  static Cases& all() { static Cases cases; return cases; }
  Case(const char* name, void (*run)()) { all().push_back({name, run}); }
};
extern std::string running;
#define TEST(a, b) \\
  static void a##_##b(); static Case case_##a##_##b(#a "." #b, a##_##b); static void a##_##b()
namespace gsl {
template <class T, class U> T narrow_cast(U u) { return (T)u; }
template <class T, class U> T narrow(U u) { return (T)u; }
}
"""

TESTER = """
#pragma once
#include "gtest/gtest.h"
#include <unordered_set>
namespace onnxruntime {
static const std::string kCudaExecutionProvider = "c", kTensorrtExecutionProvider = "t", kNGraphExecutionProvider = "n";
namespace test {
inline void put(float v) { printf("%.9g", v); }
inline void put(int v) { printf("%d", v); }
inline void put(int64_t v) { printf("%ld", (long)v); }
inline void put(const std::string& v) { printf("\\"%s\\"", v.c_str()); }
template <class T> void put(const std::vector<T>& v) {
  printf("[");
  for (size_t i = 0; i < v.size(); i++) { if (i) printf(","); put(v[i]); }
  printf("]");
}
struct OpTester {
  enum class ExpectResult { kExpectSuccess, kExpectFailure };
  using Said = std::vector<std::function<void()>>;
  std::string op;
  Said attributes, inputs, outputs;
  OpTester(const char* o, int = 0) : op(o) {}
  void AddShapeToTensorData(bool = true) {}
  template <class T> void AddAttribute(const char* n, T v) {
    std::string s = n;
    attributes.push_back([=] { put(s); printf(":"); put(v); });
  }
  void AddAttribute(const char* n, const char* v) { AddAttribute<std::string>(n, std::string(v)); }
  template <class T>
  static std::function<void()> array(std::string s, std::vector<int64_t> d, std::vector<T> v) {
    return [=] { printf("["); put(s); printf(","); put(d); printf(","); put(v); printf("]"); };
  }
  template <class T>
  void AddInput(const char* n, const std::vector<int64_t>& d, const std::vector<T>& v, bool = false) {
    inputs.push_back(array<T>(n, d, v));
  }
  template <class T>
  void AddOutput(const char* n, const std::vector<int64_t>& d, const std::vector<T>& v) {
    outputs.push_back(array<T>(n, d, v));
  }
  template <class T> void AddMissingOptionalInput() { inputs.push_back([] { printf("null"); }); }
  template <class T> void AddMissingOptionalOutput() { outputs.push_back([] { printf("null"); }); }
  static void all(const Said& said) {
    for (size_t i = 0; i < said.size(); i++) { if (i) printf(","); said[i](); }
  }
  using Names = std::unordered_set<std::string>;
  void Run(ExpectResult r = ExpectResult::kExpectSuccess, const std::string& = "", const Names& = {}) {
    if (r != ExpectResult::kExpectSuccess) return;
    printf("{\\"test\\":\\"%s\\",\\"op\\":\\"%s\\",\\"attributes\\":{", running.c_str(), op.c_str());
    all(attributes); printf("},\\"inputs\\":["); all(inputs);
    printf("],\\"outputs\\":["); all(outputs); printf("]}\\n");
  }
};
}}
"""

MAIN = """
#include "gtest/gtest.h"
std::string running;
int main() { for (auto& one : Case::all()) { running = one.first; one.second(); } }
"""

HEADERS = {
    "gtest/gtest.h": GTEST,
    "test/providers/provider_test_utils.h": TESTER,
    "core/providers/cpu/rnn/deep_cpu_lstm.h": "",
    "core/providers/cpu/rnn/deep_cpu_gru.h": "",
    "core/providers/cpu/rnn/rnn.h": "",
    "main.cc": MAIN,
}


def cases(folder: Path) -> list[dict]:
    """Each run of a test: its node, and all arrays as (name, shape, values)."""
    with tempfile.TemporaryDirectory() as scratch:
        for name, text in HEADERS.items():
            (Path(scratch) / name).parent.mkdir(parents=True, exist_ok=True)
            (Path(scratch) / name).write_text(text)
        program = f"{scratch}/dump"
        files = [f"{scratch}/main.cc", *(str(folder / name) for name in SOURCES)]
        subprocess.run(["g++", "-std=c++17", "-w", f"-I{scratch}", "-o", program, *files], check=True)
        found = subprocess.run([program], check=True, capture_output=True, text=True).stdout
    return [json.loads(line) for line in found.splitlines()]


def main() -> None:
    """One row of JSON that says all cases, and their numbers one after the other."""
    said, numbers = [], []
    for case in cases(Path(sys.argv[1])):
        for kind in ("inputs", "outputs"):
            for array in filter(None, case[kind]):
                numbers.append(np.asarray(array.pop(), np.float32))
        said.append(case)
    np.savez_compressed(FILE, cases=np.array(json.dumps(said)), numbers=np.concatenate(numbers))


if __name__ == "__main__":
    main()
