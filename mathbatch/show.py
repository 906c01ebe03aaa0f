"""Show samples of a run in the terminal: what was asked, what came back, and why it counts or not.

    python -m mathbatch.show run_dir=outputs/qwen/mathvista/greedy-0f1e2d3c id=17
    python -m mathbatch.show run_dir=… id=[17,18] rollout=3 reasoning=true rendered=true
    python -m mathbatch.show run_dir=… verdict=wrong limit=5
    python -m mathbatch.show run_dir=…

Pictures stand in their places, drawn where the terminal can, with their paths. Long reasoning is shortened unless
`reasoning=true`. `rendered=true` adds the prompt as the engine gets it, made by vLLM, which takes some seconds. With
`verdict=` (correct, wrong, no_answer, unscored or failed) the first `limit` samples with an answer of that verdict are
shown. With neither it is the run itself: each key of `metrics.json` and `manifest.json`, its value, and what it means.
A run that is being written, and one that can only be read, are shown too.
Exit codes: 0 shown, 1 there is no such id, 2 the folder is none of a run, or the arguments are wrong.
"""

from mathbatch.commands.entry import enter

if __name__ == "__main__":
    enter("show", __doc__)
