// Draws accuracy over a key that differs between the runs and has numbers for values: one line for each combination of the other keys.
'use strict';

(() => {
  const { el, format, labels, parts, plain, route, store } = mathbatch;

  // Runs that nobody swept must differ in as many values before it is worth a plot.
  const LEAST_UNSWEPT = 3;

  // Return the columns whose values are all numbers, with enough different ones.
  function numeric(columns, runs, least) {
    return columns.filter(({ value }) => {
      const texts = runs.map(value);
      return (
        texts.every((text) => text.trim() !== '' && Number.isFinite(Number(text))) &&
        new Set(texts.map(Number)).size >= least
      );
    });
  }

  // Return one series for each combination of the other columns.
  function seriesOf(runs, chosen, others) {
    const series = new Map();
    for (const run of runs) {
      const name = others
        .map(({ title, value }) => (others.length > 1 ? `${title} ${value(run)}` : value(run)))
        .join(', ');
      if (!series.has(name)) series.set(name, { name: plain.line(name), points: [] });
      const { accuracy: value, low, high } = run.metrics || {};
      series.get(name).points.push({
        x: Number(chosen.value(run)),
        text: `${chosen.title} ${chosen.value(run)}`,
        value,
        low,
        high,
        href: route.href('overview', { run: run.key }),
      });
    }
    return [...series.values()];
  }

  // Return the control by which a reader chooses the axis, null if there is but one.
  function control(choices, chosen) {
    if (choices.length < 2) return null;
    const options = choices.map(({ key, title }) => el('option', { value: key, selected: key === chosen.key }, title));
    return el(
      'label',
      { class: 'small muted' },
      'Over ',
      el('select', { id: 'axis', onchange: (event) => route.change({ x: event.target.value }, true) }, options),
    );
  }

  // Return the plot, null if no such key is there.
  function sweep(params) {
    const { runs, sweep: swept } = store.report;
    const columns = labels.columns();
    const choices = numeric(columns, runs, swept ? 2 : LEAST_UNSWEPT);
    if (!choices.length || !runs.some((run) => format.known(run.metrics && run.metrics.accuracy))) return null;
    const values = ({ value }) => new Set(runs.map(value)).size;
    const chosen =
      choices.find(({ key }) => key === params.get('x')) ||
      choices.reduce((best, column) => (values(column) > values(best) ? column : best));
    const others = columns.filter((column) => column !== chosen && column.key !== 'name' && values(column) > 1);
    const title = `Accuracy over ${chosen.title}`;
    return parts.section(
      title,
      { class: 'wide has-control' },
      control(choices, chosen),
      mathbatch.curves({ title, axis: chosen.key, series: seriesOf(runs, chosen, others) }),
    );
  }

  mathbatch.sweep = sweep;
})();
