"""Write a finished run in a form that other tools read: a log of inspect_ai, or results for a model card of the hub.

    python -m mathbatch.export run_dir=outputs/qwen/mathvista/greedy-0f1e2d3c format=inspect output=logs/mathvista.eval
    python -m mathbatch.export run_dir=… format=hub output=my-model [benchmark=AI4Math/MathVista] [task=testmini]

`inspect` (pip install 'mathbatch[inspect]') writes each row with its messages, answers and verdicts, a rollout as an
epoch; pictures stay where they are, and the log has their paths. All rows are in memory meanwhile. `hub`
(pip install 'mathbatch[hub]') writes `.eval_results/<dataset>.yaml` and the model-index block of `README.md` into the
folder of a model repository, and leaves the rest of that file as it is. `benchmark` is the dataset on the hub, by
default that of `dataset.hub.path`; `task` is its task there, by default its configuration or split.
Exit codes: 0 written, 2 the run is not complete, or something is missing.
"""

from mathbatch.commands.entry import enter

if __name__ == "__main__":
    enter("export", __doc__)
