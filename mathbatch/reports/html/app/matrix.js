// Draws the accuracies of several models over several datasets as a table of both.
'use strict';

(() => {
  const { el, format, labels, parts, plain, plots, route } = mathbatch;
  // Runs that a cell shows: the best ones.
  const MOST = 3;

  // Return one cell: the runs of a model on a dataset, best first.
  function cell(runs) {
    if (!runs.length) return el('td', { class: 'muted' }, format.NONE);
    const value = (run) => (run.metrics && run.metrics.accuracy) ?? -1;
    const best = [...runs].sort((a, b) => value(b) - value(a));
    const line = (run) => {
      const share = { ...(run.metrics || {}), value: run.metrics ? run.metrics.accuracy : null };
      return el(
        'a',
        {
          class: 'share',
          href: route.href('overview', { run: run.key }),
          'aria-label': `${labels.run(run)}: ${format.percent(share.value)}`,
          'data-tip': labels.run(run),
        },
        plots.dot(share),
        el('span', { class: 'number' }, format.percent(share.value)),
      );
    };
    const more = best.length - MOST;
    return el(
      'td',
      {},
      best.slice(0, MOST).map(line),
      more > 0 && el('span', { class: 'small muted' }, `and ${format.counted(more, 'more run')}`),
    );
  }

  // Return the table, null unless there are several models and several datasets.
  function matrix(runs) {
    const models = [...new Set(runs.map((run) => run.model))];
    const datasets = [...new Set(runs.map((run) => run.dataset))];
    if (models.length < 2 || datasets.length < 2) return null;
    const of = (model, dataset) => runs.filter((run) => run.model === model && run.dataset === dataset);
    const name = (text) => el('bdi', {}, plain.line(text));
    return parts.section(
      'Models and datasets',
      { class: 'wide' },
      parts.scroll(
        'Accuracy by model and dataset',
        el(
          'table',
          { class: 'matrix' },
          el(
            'thead',
            {},
            el(
              'tr',
              {},
              el('th', { scope: 'col' }, 'model'),
              datasets.map((dataset) =>
                el('th', { scope: 'col' }, name(dataset), el('div', { class: 'share' }, plots.axis())),
              ),
            ),
          ),
          el(
            'tbody',
            {},
            models.map((model) =>
              el(
                'tr',
                {},
                el('th', { scope: 'row' }, name(model)),
                datasets.map((dataset) => cell(of(model, dataset))),
              ),
            ),
          ),
        ),
      ),
    );
  }

  mathbatch.matrix = matrix;
})();
