// The hand-written loop: what a plain binary heap costs when nothing is general.
// One event is one message. Usage: loop NODES MESSAGES
#include "law.h"
#include <cstdio>
#include <queue>
#include <vector>

struct Event {
  uint64_t at, seq;
  uint32_t from, to;
  bool operator<(const Event &o) const { return at != o.at ? at > o.at : seq > o.seq; }
};

int main(int, char **argv) {
  const uint32_t nodes = atoi(argv[1]);
  const long messages = atol(argv[2]);
  Draw draw;
  std::vector<uint8_t> side(nodes, 0); // all on one side of a cut
  std::priority_queue<Event> queue;
  std::vector<uint64_t> received(nodes, 0);
  uint64_t now = 0, seq = 0, hash = 0;
  auto send = [&](uint32_t from, uint32_t to) {
    if (side[from] != side[to] || draw.lost()) return;
    queue.push({now + draw.delay(), ++seq, from, to});
  };
  for (uint32_t i = 0; i < nodes; i++)
    for (int t = 0; t < 4; t++) send(i, draw.other(i, nodes));
  for (long done = 0; done < messages && !queue.empty(); done++) {
    Event e = queue.top();
    queue.pop();
    now = e.at;
    hash = mix(hash ^ now ^ (uint64_t)e.from << 32 ^ e.to);
    received[e.to]++;
    send(e.to, draw.other(e.to, nodes));
  }
  fprintf(stderr, "%016lx\n", (unsigned long)hash);
}
