// SimGrid actors: every token is an actor that sleeps for the latency of its next
// hop; its network model is left out. Usage: simgrid NODES MESSAGES
#include "law.h"
#include <simgrid/s4u.hpp>
namespace s4u = simgrid::s4u;

int main(int argc, char **argv) {
  s4u::Engine engine(&argc, argv);
  const uint32_t nodes = atoi(argv[1]);
  long left = atol(argv[2]);
  auto *zone = s4u::create_full_zone("world");
  auto *host = zone->create_host("host", 1e9);
  zone->seal();
  Draw draw;
  std::vector<uint8_t> side(nodes, 0);
  std::vector<uint64_t> received(nodes, 0);
  for (uint32_t i = 0; i < nodes; i++)
    for (int t = 0; t < 4; t++)
      s4u::Actor::create("token", host, [&, at = i]() mutable {
        while (left > 0) {
          uint32_t to = draw.other(at, nodes);
          if (side[at] != side[to] || draw.lost()) return;
          s4u::this_actor::sleep_for(draw.delay() * 1e-9);
          received[at = to]++;
          left--;
        }
      });
  engine.run();
}
