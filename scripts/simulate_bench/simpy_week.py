#!/usr/bin/env python3
"""A week of crates/capacity-simulation/benches/scenario.yaml in SimPy, without skills and without
overflow: one PriorityResource of 100 agents. Prints calls a second."""

import math
import random
import time

import simpy

WEEK = 7 * 86_400
KINDS = {"English": (150, 1), "Hindi": (80, 1), "Urgent": (55, 0)}
SIGMA = math.sqrt(math.log(1 + (700 / 900) ** 2))
MU = math.log(900) - SIGMA**2 / 2

offered = answered = in_time = 0
waits = 0.0


def call(env, agents, priority):
    global answered, in_time, waits
    arrived = env.now
    with agents.request(priority=priority) as request:
        result = yield request | env.timeout(random.expovariate(1 / 180))
        if request not in result:
            return
        wait = env.now - arrived
        answered += 1
        in_time += wait <= 20
        waits += wait
        yield env.timeout(random.lognormvariate(MU, SIGMA) + random.expovariate(1 / 60))


def arrivals(env, agents, per_hour, priority):
    global offered
    while True:
        yield env.timeout(random.expovariate(per_hour / 3_600))
        offered += 1
        env.process(call(env, agents, priority))


random.seed(1)
env = simpy.Environment()
agents = simpy.PriorityResource(env, capacity=100)
for per_hour, priority in KINDS.values():
    env.process(arrivals(env, agents, per_hour, priority))
begun = time.process_time()
env.run(until=WEEK)
secs = time.process_time() - begun
print(
    f"SimPy {simpy.__version__}, no skills, no overflow: {offered} calls in {secs:.2f} s of CPU: "
    f"{offered / secs:.0f} calls/s; service level {in_time / offered:.4f}, "
    f"ASA {waits / answered:.2f} s, abandonment {1 - answered / offered:.4f}"
)
