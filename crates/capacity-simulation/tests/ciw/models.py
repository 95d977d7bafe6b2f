#!/usr/bin/env python3
"""Models of small contact centres in Ciw, a simulator of queueing networks: what the capacity
simulation is compared with (../ciw.rs).

    python3 -m venv venv && venv/bin/pip install ciw==3.2.7
    venv/bin/python models.py > results.json        # some two minutes

Ciw has no agents with skills and no overflow within a node. `Pool` adds both: which server may
serve an individual, and which individual a free server takes. Talk times and patience are
exponential. A class has steps; a step names the skills that serve it and ends after its timeout.
"""

import json
import math
import sys

import ciw

SECS_PER_DAY = 86_400
WARM_UP = 4 * 3_600
REPLICATIONS = 40
WITHIN = 20
# Student's t, 97.5 %, for 39 degrees of freedom.
T = 2.0227

# Agents: number and skills. Classes: calls an hour, and steps of (skills, timeout, priority).
CASES = {
    "priority": {
        "agents": [(8, {"all"})],
        "talk": 180,
        "patience": 120,
        "classes": {
            "high": (60, [({"all"}, None, 10)]),
            "low": (110, [({"all"}, None, 0)]),
        },
    },
    "overflow": {
        "agents": [(6, {"first"}), (5, {"second"})],
        "talk": 180,
        "patience": 120,
        "classes": {
            "a": (140, [({"first"}, 30, 0), ({"second"}, None, 0)]),
            "b": (70, [({"second"}, None, 0)]),
        },
    },
    "skills": {
        "agents": [(6, {"en"}), (4, {"hi"}), (3, {"en", "hi"})],
        "talk": 180,
        "patience": 120,
        "classes": {
            "en": (150, [({"en"}, None, 0)]),
            "hi": (90, [({"hi"}, None, 0)]),
        },
    },
}


class Leaving(ciw.dists.Distribution):
    """When an individual leaves a step: the rest of the patience, or the step's timeout."""

    def __init__(self, case):
        self.case = case

    def sample(self, t=None, ind=None):
        if not hasattr(ind, "step"):
            ind.step = 0
            ind.leaves_at = t + ciw.random.expovariate(1 / self.case["patience"])
        timeout = step_of(self.case, ind)[1]
        patience = ind.leaves_at - t
        return patience if timeout is None else min(patience, timeout)


def step_of(case, ind):
    return case["classes"][ind.customer_class][1][getattr(ind, "step", 0)]


def pool(case):
    skills = [skills for count, skills in case["agents"] for _ in range(count)]

    class Pool(ciw.Node):
        """Servers with skills. A free server takes the individual of the highest priority, then of
        the earliest arrival, among those it may serve."""

        candidates = []

        def may_serve(self, server, ind):
            return bool(skills[server.id_number - 1] & step_of(case, ind)[0])

        def begin_service_if_possible_accept(self, next_individual):
            self.candidates = [next_individual]
            super().begin_service_if_possible_accept(next_individual)

        def begin_service_if_possible_release(self, next_individual, newly_free_server):
            waiting = [ind for ind in self.all_individuals if not ind.server]
            self.candidates = [ind for ind in waiting if self.may_serve(newly_free_server, ind)]
            super().begin_service_if_possible_release(next_individual, newly_free_server)

        def choose_next_customer(self):
            order = lambda ind: (-step_of(case, ind)[2], ind.id_number)
            return min(self.candidates, key=order, default=None)

        def find_free_server(self, ind):
            free = [it for it in self.servers if not it.busy and self.may_serve(it, ind)]
            return min(free, key=lambda it: getattr(it, "taken", -1), default=None)

        def attach_server(self, server, individual):
            server.taken = self.now
            super().attach_server(server, individual)

        def next_node_for_jockeying(self, ind):
            is_over = self.now >= ind.leaves_at - 1e-9
            ind.step += 0 if is_over else 1
            node = self.simulation.nodes[-1 if is_over else 1]
            ind.destination = node.id_number
            return node

    return Pool


def replication(case, seed):
    ciw.seed(seed)
    classes = case["classes"]
    network = ciw.create_network(
        arrival_distributions={name: [ciw.dists.Exponential(rate / 3600)] for name, (rate, _) in classes.items()},
        service_distributions={name: [ciw.dists.Exponential(1 / case["talk"])] for name in classes},
        reneging_time_distributions={name: [Leaving(case)] for name in classes},
        number_of_servers=[sum(count for count, _ in case["agents"])],
    )
    simulation = ciw.Simulation(network, node_class=pool(case))
    simulation.simulate_until_max_time(SECS_PER_DAY + 3_600)
    return figures(case, simulation.get_all_records())


def figures(case, records):
    """Service level, mean wait of served individuals and abandonment, for each class and all."""
    first = {}
    for record in records:
        first[record.id_number] = min(first.get(record.id_number, math.inf), record.arrival_date)
    sums = {name: [0, 0, 0, 0.0] for name in [*case["classes"], "all calls"]}
    for record in records:
        arrived = first[record.id_number]
        left = record.record_type == "renege" and record.destination == -1
        if not WARM_UP <= arrived < SECS_PER_DAY or not (left or record.record_type == "service"):
            continue
        wait = record.service_start_date - arrived
        for name in (record.customer_class, "all calls"):
            row = sums[name]
            row[0] += 1
            if left:
                row[1] += 1
            else:
                row[2] += wait <= WITHIN
                row[3] += wait
    result = {}
    for name, (offered, left, in_time, waits) in sums.items():
        result[name] = {
            "service_level": in_time / offered,
            "asa": waits / (offered - left),
            "abandonment": left / offered,
        }
    return result


def estimate(values):
    mean = sum(values) / len(values)
    variance = sum((value - mean) ** 2 for value in values) / (len(values) - 1)
    return {"mean": mean, "half_width": T * math.sqrt(variance / len(values))}


def main():
    results = {"ciw": ciw.__version__, "replications": REPLICATIONS, "cases": {}}
    for name, case in CASES.items():
        runs = [replication(case, seed) for seed in range(REPLICATIONS)]
        results["cases"][name] = {
            group: {
                figure: estimate([run[group][figure] for run in runs]) for figure in runs[0][group]
            }
            for group in runs[0]
        }
        print(name, file=sys.stderr)
    print(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
