// Draws several runs: the accuracy over swept keys, models by datasets, and a table that can be sorted.
'use strict';

(() => {
  const { el, format, labels, parts, plain, plots, route, scales, store } = mathbatch;
  const natural = new Intl.Collator('en', { numeric: true });
  const accuracyOf = (run) => (run.metrics ? { ...run.metrics, value: run.metrics.accuracy } : { value: null });

  // Return the columns after those that tell the runs apart: key, title, the value to sort by, and its text.
  const NUMBERS = [
    { key: 'answered', title: 'answered', sort: (run) => run.figures.answered, text: format.count },
    { key: 'failed', title: 'failed', sort: (run) => run.figures.failed, text: format.count },
    { key: 'cut', title: 'cut', sort: (run) => run.figures.truncated, text: format.count },
    { key: 'tokens', title: 'output tokens', sort: (run) => run.figures.output_tokens, text: format.count },
    { key: 'speed', title: 'tokens/s', sort: (run) => run.figures.tokens_per_s, text: format.count },
    { key: 'seconds', title: 'time', sort: (run) => run.figures.seconds, text: format.duration },
    {
      key: 'cost',
      title: 'cost',
      sort: (run) => run.figures.cost,
      text: (cost) => (format.known(cost) ? `$${cost.toFixed(2)}` : format.NONE),
    },
  ];

  // Return the runs in the order that the address asks for; without one, as they came.
  function sorted(runs, order, columns) {
    const key = order.replace(/^-/, '');
    const by =
      key === 'accuracy'
        ? (run) => accuracyOf(run).value
        : [...columns.map((column) => ({ ...column, sort: column.value })), ...NUMBERS].find(
            (column) => column.key === key,
          )?.sort;
    if (!by) return runs;
    const sign = order.startsWith('-') ? -1 : 1;
    const unknown = (value) => value === null || value === undefined;
    return [...runs].sort((a, b) => {
      const [x, y] = [by(a), by(b)];
      if (unknown(x) || unknown(y)) return unknown(x) - unknown(y);
      return sign * (typeof x === 'number' ? x - y : natural.compare(x, y));
    });
  }

  // Return a heading that sorts the table by its column, the other way round at the second click.
  function heading(column, order, first) {
    const [up, down] = [column.key, `-${column.key}`];
    const now = order === up ? 'ascending' : order === down ? 'descending' : null;
    const next = order === first(column) ? (order === up ? down : up) : first(column);
    return el(
      'th',
      { scope: 'col', class: column.number ? 'number' : null, 'aria-sort': now },
      el(
        'button',
        { type: 'button', class: 'sort', id: `sort-${column.key}`, onclick: () => route.change({ sort: next }, true) },
        column.title,
        el('span', { 'aria-hidden': 'true' }, { ascending: ' ↑', descending: ' ↓' }[now] || ''),
      ),
    );
  }

  // Return the row of a run.
  function row(run, columns, numbers, range) {
    const share = accuracyOf(run);
    const href = route.href('overview', { run: run.key });
    const [first, ...others] = columns.map((column) => el('bdi', {}, plain.line(column.value(run)) || format.NONE));
    const found = run.metrics ? plots.verdictsOf(run.metrics) : [];
    return el(
      'tr',
      {},
      el(
        'th',
        { scope: 'row' },
        el('a', { href, 'aria-label': labels.run(run) }, first),
        run.status !== 'complete' && el('span', { class: 'state' }, run.status),
      ),
      others.map((text) => el('td', {}, text)),
      el('td', { class: 'number strong' }, format.percent(share.value)),
      el('td', { class: 'number small muted' }, format.interval(share)),
      el('td', { class: 'plotted' }, plots.dot(share, range)),
      el(
        'td',
        { class: 'verdict-bar' },
        found.length ? plots.bar(found, ({ key }) => route.href('samples', { run: run.key, verdict: key }), 12) : null,
      ),
      numbers.map(({ sort, text }) => el('td', { class: 'number' }, text(sort(run)))),
    );
  }

  // Return the table of all runs.
  function table(runs, params) {
    const order = params.get('sort') || '';
    const columns = labels.columns();
    const numbers = NUMBERS.filter(({ sort }) => runs.some((run) => sort(run)));
    const range = scales.shareRange(runs.map(accuracyOf).flatMap(({ value, low, high }) => [value, low, high]));
    const first = (column) => (column.number ? `-${column.key}` : column.key);
    const head = [...columns, { key: 'accuracy', title: 'accuracy', number: true }];
    return parts.scroll(
      'Table of the runs',
      el(
        'table',
        { class: 'runs' },
        el(
          'thead',
          {},
          el(
            'tr',
            {},
            head.map((column) => heading(column, order, first)),
            el('th', { scope: 'col', class: 'number' }, '95 % interval'),
            el('td', { class: 'plotted' }, plots.axis(range)),
            el('th', { scope: 'col' }, 'verdicts'),
            numbers.map((column) => heading({ ...column, number: true }, order, first)),
          ),
        ),
        el(
          'tbody',
          {},
          sorted(runs, order, columns).map((run) => row(run, columns, numbers, range)),
        ),
      ),
    );
  }

  // Return jobs that did not come to their end, with the reason.
  function unfinished(sweep) {
    const jobs = sweep ? sweep.jobs.filter((job) => !job.run || job.error) : [];
    if (!jobs.length) return null;
    const item = (job) =>
      el(
        'li',
        {},
        el(
          'bdi',
          { class: 'mono' },
          plain.line(
            Object.entries(job.values)
              .map((pair) => pair.join('='))
              .join(' '),
          ),
        ),
        `: ${job.status}`,
        job.error ? [', ', el('bdi', {}, plain.line(job.error))] : null,
      );
    return parts.section(
      `${format.counted(jobs.length, 'job')} did not come to the end`,
      { class: 'wide' },
      el('ul', { class: 'remarks' }, jobs.map(item)),
    );
  }

  // Return what the runs have in common where that is one thing, for the heading.
  function common(runs) {
    const one = (values) => (new Set(values).size === 1 ? values[0] : null);
    const [model, dataset] = [one(runs.map((run) => run.model)), one(runs.map((run) => run.dataset))];
    return plain.line(
      `${format.counted(runs.length, 'run')}${model ? ` of ${model}` : ''}${dataset ? ` on ${dataset}` : ''}`,
    );
  }

  // Draw all runs into the page.
  function draw(main, params) {
    const { runs, sweep } = store.report;
    main.replaceChildren(
      el(
        'div',
        { class: 'overview' },
        el('h2', {}, runs.length ? common(runs) : 'No runs'),
        mathbatch.sweep(params),
        mathbatch.matrix(runs),
        runs.length
          ? parts.section('Runs', { class: 'wide' }, table(runs, params))
          : el('p', { class: 'lead' }, 'This report holds no run.'),
        unfinished(sweep),
      ),
    );
  }

  mathbatch.drawRuns = draw;
})();
