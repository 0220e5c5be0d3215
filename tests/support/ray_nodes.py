"""A cluster of Ray on this machine, in a process of its own: `python -m tests.support.ray_nodes`.

Ray reads its settings once in a process, and leaves threads behind; tests have neither. A
line `add` on standard input adds a node, with more variables of its surroundings as JSON;
`remove` takes away the last one, without a word to it. Each is answered by a line.
"""

import json
import subprocess
import sys


class Nodes:
    """A cluster of one node with one processor, and of those that are added."""

    def __init__(self, **options):
        command = [sys.executable, "-m", "tests.support.ray_nodes"]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self._process = subprocess.Popen(command, **pipes, **options)
        self.address = self._answer()

    def add(self, **surroundings):
        self._say(f"add {json.dumps(surroundings)}")

    def remove(self):
        self._say("remove")

    def end(self):
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()

    def _say(self, line):
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        self._answer()

    def _answer(self):
        line = self._process.stdout.readline().strip()
        assert line, f"the nodes have ended with {self._process.wait()}"
        return line


def main():
    from cnnspec.training.distributed.connection import prepare

    prepare()
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    added = []
    _say(cluster.address)
    for line in sys.stdin:
        word, _, surroundings = line.strip().partition(" ")
        if word == "add":
            added.append(cluster.add_node(num_cpus=1, env_vars=json.loads(surroundings)))
        else:
            cluster.remove_node(added.pop(), allow_graceful=False)
        _say(word)
    cluster.shutdown()


def _say(line):
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
