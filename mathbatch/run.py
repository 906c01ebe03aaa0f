"""Run an experiment: `python -m mathbatch.run model=qwen dataset=mathvista`. The same command again goes on with it.

With -m every combination of the values given, over one engine: `-m sampling.temperature=0,0.3,0.7,1.0`.
Exit codes: 0 all answered, 1 samples or jobs failed, 2 configuration or disk, 130 Ctrl-C.
"""

from mathbatch.commands.entry import enter

if __name__ == "__main__":
    enter("run")
