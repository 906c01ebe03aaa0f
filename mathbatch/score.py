"""Score again, or score answers that were made elsewhere; no engine, no GPU.

    python -m mathbatch.score run_dir=outputs/qwen/mathvista/greedy-0f1e2d3c
    python -m mathbatch.score run_dir=… dataset.scoring=math dataset.input=corrected.jsonl
    python -m mathbatch.score run_dir=… marks=marks.json
    python -m mathbatch.score dataset=mathvision dataset.input=rows.jsonl responses.path=answers.jsonl \\
        responses.index_field=id responses.response_field=response output=folder

With `run_dir` the other arguments change the configuration of that run, and `output=folder` writes the scores there
instead of beside its answers. Earlier scores are kept in `scores/`. `marks` is a file that the page of the run's report
has saved: what a person says of single verdicts. The scorers' verdicts stay, and the accuracy is told without and with
the marks. A run that goes on keeps them; scoring again without `marks` goes back to none.
Exit codes: 0 every response has a verdict, 1 some are failed or unscored, 2 the configuration is at fault.
"""

from mathbatch.commands.entry import enter

if __name__ == "__main__":
    enter("score", __doc__)
