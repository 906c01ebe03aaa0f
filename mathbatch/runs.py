"""List the runs below a folder: model, dataset, what differs between them, answers, accuracy, state.

    python -m mathbatch.runs                                       # those below outputs
    python -m mathbatch.runs outputs /archive/outputs sort=-accuracy
    python -m mathbatch.runs where="dataset == 'mathvista' and accuracy > 0.5"
    python -m mathbatch.runs where="config.sampling.temperature == 0" format=latex

`sort` is a field, with `-` before it from the highest on; by default `when`. `format` is table, csv, json, markdown or
latex; the last two are a table as one pastes it into a paper: models by datasets, accuracy with its 95 % interval.
`where` is an expression, as in dataset files, over the fields model, dataset, answered, failed, accuracy, low, high,
correct, judged, when, status (complete, running or stopped), folder, settings, problems, and config, the whole
configuration. Runs in which something is damaged are listed with what it is. Nothing is locked or written.
Exit codes: 0 listed, 2 there is no such folder, or an argument is wrong.
"""

from mathbatch.commands.entry import enter

if __name__ == "__main__":
    enter("runs", __doc__)
