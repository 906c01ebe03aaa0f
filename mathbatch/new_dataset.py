"""Draft the dataset config of a file: `python -m mathbatch.new_dataset rows.jsonl [name=…] [output=folder]`.

Looks at its first rows, guesses what each field means and writes `<output>/dataset/<name>.yaml` with the reasons, for
you to correct. Exit codes: 0 written, 2 the file can't be read or the draft is there already.
"""

from mathbatch.commands.entry import enter

if __name__ == "__main__":
    enter("new_dataset", __doc__)
