"""Hold what several test modules share: rows, processes, run folders, models and scorers with faults, tables of cases.

`tests/` is on the path of the tests and of the commands that they start, so that these find, for example,
`_target_=support.held_model.HeldModel`.
"""
