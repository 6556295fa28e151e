// What all C++ peers share: splitmix draws, the latency law as a table, the loss threshold.
#pragma once
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <vector>

inline uint64_t mix(uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

struct Draw {
  uint64_t state = 1;
  std::vector<uint32_t> table; // exponential, mean 1 ms, and 0.1 ms, in nanoseconds
  Draw() {
    for (int i = 0; i < 4096; i++) table.push_back(100000 - 1e6 * std::log((i + 0.5) / 4096));
  }
  uint64_t next() { return mix(state += 0x9e3779b97f4a7c15ULL); }
  uint32_t delay() { return table[next() >> 52]; }
  bool lost() { return next() < 18446744073ULL; } // one in 1e9
  uint32_t other(uint32_t self, uint32_t nodes) {
    uint32_t to = (next() >> 32) * (nodes - 1) >> 32;
    return to >= self ? to + 1 : to;
  }
};
