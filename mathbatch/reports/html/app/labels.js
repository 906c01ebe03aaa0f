// Tells the runs of a report apart by what differs between them: swept keys, else model, dataset and settings.
'use strict';

(() => {
  const { plain, store } = mathbatch;
  // Settings shown as columns where no sweep says which ones count; the folder's name tells apart what is left.
  const MOST_COLUMNS = 5;
  // Keys whose values speak for themselves.
  const PLAIN = new Set(['model', 'dataset', 'name']);

  // Return the last part of a key, or all of it where another key ends alike.
  function title(key, keys) {
    const last = (text) => text.split('.').pop();
    return keys.filter((other) => last(other) === last(key)).length > 1 ? key : last(key);
  }

  // Return the columns of a sweep: its keys.
  function swept(sweep) {
    const jobs = new Map(sweep.jobs.filter((job) => job.run).map((job) => [job.run, job.values]));
    return sweep.keys.map((key) => ({
      key,
      title: title(key, sweep.keys),
      value: (run) => (jobs.get(run.key) || {})[key] ?? '',
    }));
  }

  // Return the columns in which these runs differ.
  function differing(runs) {
    const settings = new Map(
      runs.map((run) => [run.key, new Map([['model', run.model], ['dataset', run.dataset], ...run.settings])]),
    );
    const value = (key) => (run) => settings.get(run.key).get(key) ?? '';
    const keys = [...new Set(runs.flatMap((run) => [...settings.get(run.key).keys()]))];
    const found = keys.filter((key) => new Set(runs.map(value(key))).size > 1).slice(0, MOST_COLUMNS);
    return found.map((key) => ({ key, title: title(key, found), value: value(key) }));
  }

  // Return the columns that tell the runs apart, [{key, title, value: (run) => text}]; their names if nothing else does.
  function columns() {
    const { sweep, runs } = store.report;
    const found = sweep && sweep.keys.length ? swept(sweep) : differing(runs);
    const texts = new Set(runs.map((run) => JSON.stringify(found.map((column) => column.value(run)))));
    if (texts.size === runs.length && found.length) return found;
    return [...found, { key: 'name', title: 'folder', value: (run) => run.name }];
  }

  // Return a short text for a run that no other run of the report has.
  function run(one) {
    if (store.report.runs.length === 1) return plain.line(`${one.model} on ${one.dataset}`);
    return columns()
      .map(({ key, title: name, value }) => plain.line(PLAIN.has(key) ? value(one) : `${name} ${value(one)}`))
      .join(', ');
  }

  mathbatch.labels = { columns, run };
})();
