"""SimPy: every token is a process that sleeps for the latency of its next hop.
Usage: simpy_tokens.py NODES MESSAGES"""
import math
import random
import sys

import simpy

nodes, messages = int(sys.argv[1]), int(sys.argv[2])
env = simpy.Environment()
draw = random.Random(1).random
law = [100000 - int(1e6 * math.log((i + 0.5) / 4096)) for i in range(4096)]
side, received = [0] * nodes, [0] * nodes
left, done = messages, env.event()


def token(at):
    global left
    while left > 0:
        to = int(draw() * (nodes - 1))
        if to >= at:
            to += 1
        if side[at] != side[to] or draw() < 1e-9:
            return
        yield env.timeout(law[int(draw() * 4096)])
        received[to] += 1
        at = to
        left -= 1
        if left == 0:
            done.succeed()


for i in range(nodes):
    for _ in range(4):
        env.process(token(i))
env.run(done)
