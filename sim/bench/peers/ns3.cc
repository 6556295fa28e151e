// ns-3's core scheduler alone: no ns-3 node, device or packet. Usage: ns3 NODES MESSAGES [map|calendar]
#include "law.h"
#include "ns3/core-module.h"
#include <cstdio>
#include <string>
using namespace ns3;

static uint32_t nodes;
static long left;
static uint64_t hash;
static Draw draw;
static std::vector<uint8_t> side;
static std::vector<uint64_t> received;

static void send(uint32_t from, uint32_t to);
static void receive(uint32_t from, uint32_t to) {
  hash = mix(hash ^ (uint64_t)Simulator::Now().GetNanoSeconds() ^ (uint64_t)from << 32 ^ to);
  received[to]++;
  if (--left == 0) { Simulator::Stop(); return; }
  send(to, draw.other(to, nodes));
}
static void send(uint32_t from, uint32_t to) {
  if (side[from] != side[to] || draw.lost()) return;
  Simulator::Schedule(NanoSeconds(draw.delay()), &receive, from, to);
}

int main(int argc, char **argv) {
  nodes = atoi(argv[1]);
  left = atol(argv[2]);
  side.assign(nodes, 0);
  received.assign(nodes, 0);
  ObjectFactory scheduler;
  scheduler.SetTypeId(argc > 3 && std::string(argv[3]) == "calendar" ? "ns3::CalendarScheduler" : "ns3::MapScheduler");
  Simulator::SetScheduler(scheduler);
  for (uint32_t i = 0; i < nodes; i++)
    for (int t = 0; t < 4; t++) send(i, draw.other(i, nodes));
  Simulator::Run();
  fprintf(stderr, "%016lx\n", (unsigned long)hash);
  Simulator::Destroy();
}
