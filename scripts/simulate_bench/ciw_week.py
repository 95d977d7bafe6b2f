#!/usr/bin/env python3
"""A week of crates/capacity-simulation/benches/scenario.yaml in Ciw, with skills, priorities and
overflow (crates/capacity-simulation/tests/ciw/models.py). Prints calls a second."""

import math
import pathlib
import sys
import time

import ciw

ROOT = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "crates/capacity-simulation/tests/ciw"))
import models

WEEK = 7 * 86_400
SIGMA = math.sqrt(math.log(1 + (700 / 900) ** 2))
MU = math.log(900) - SIGMA**2 / 2
ANY = {"en", "hi"}
CASE = {
    "agents": [(40, {"en"}), (30, {"hi"}), (30, ANY)],
    "patience": 180,
    "classes": {
        "English": (150, [({"en"}, 60, 0), (ANY, 1_200, 5)]),
        "Hindi": (80, [({"hi"}, 60, 0), (ANY, 1_200, 5)]),
        "Urgent": (55, [({"en"}, 30, 10), (ANY, 1_200, 20)]),
    },
}


class Handling(ciw.dists.Distribution):
    """Talk and wrap-up."""

    def sample(self, t=None, ind=None):
        return ciw.random.lognormvariate(MU, SIGMA) + ciw.random.expovariate(1 / 60)


ciw.seed(1)
classes = CASE["classes"]
network = ciw.create_network(
    arrival_distributions={name: [ciw.dists.Exponential(rate / 3_600)] for name, (rate, _) in classes.items()},
    service_distributions={name: [Handling()] for name in classes},
    reneging_time_distributions={name: [models.Leaving(CASE)] for name in classes},
    number_of_servers=[100],
)
simulation = ciw.Simulation(network, node_class=models.pool(CASE))
begun = time.process_time()
simulation.simulate_until_max_time(WEEK)
secs = time.process_time() - begun
records = simulation.get_all_records()
calls = len({record.id_number for record in records})
models.WARM_UP, models.SECS_PER_DAY = 0, WEEK
figures = models.figures(CASE, records)["all calls"]
print(
    f"Ciw {ciw.__version__}: {calls} calls in {secs:.2f} s of CPU: {calls / secs:.0f} calls/s; "
    f"service level {figures['service_level']:.4f}, ASA {figures['asa']:.2f} s, "
    f"abandonment {figures['abandonment']:.4f}"
)
