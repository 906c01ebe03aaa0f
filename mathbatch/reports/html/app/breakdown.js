// Draws the accuracy for each value of each metadata field; each row is a link to its samples.
'use strict';

(() => {
  const { el, format, parts, plain, plots, route } = mathbatch;
  // Rows that are shown before a reader asks for the others.
  const FIRST = 10;
  const ORDERS = { name: 'name', accuracy: 'accuracy', rows: 'number of answers' };
  const natural = new Intl.Collator('en', { numeric: true });

  const compare = {
    name: (a, b) => natural.compare(a.name, b.name),
    accuracy: (a, b) => (a.value ?? 2) - (b.value ?? 2) || natural.compare(a.name, b.name),
    rows: (a, b) => (b.judged ?? 0) - (a.judged ?? 0) || natural.compare(a.name, b.name),
  };

  // Return one row: name, dot with interval, accuracy and number.
  function row(run, field, share) {
    const name = plain.line(share.name) || '(empty)';
    const words =
      `${name}: ${format.percent(share.value)}, 95 % interval ${format.interval(share)}, ` +
      `${format.count(share.correct)} correct of ${format.count(share.judged)}`;
    return el(
      'li',
      {},
      el(
        'a',
        {
          class: 'share',
          href: route.href('samples', { run: run.key, [`meta.${field}`]: share.name }),
          'aria-label': words,
          'data-tip': words,
        },
        el('bdi', { class: 'ellipsis' }, name),
        plots.dot(share),
        el('span', { class: 'number' }, format.percent(share.value)),
        el('span', { class: 'number muted' }, format.count(share.judged)),
      ),
    );
  }

  // Return the rows of a field, those beyond the first ones folded away.
  function rows(run, field, shares) {
    const list = (some) =>
      el(
        'ul',
        { class: 'shares' },
        some.map((share) => row(run, field, share)),
      );
    const more = shares.slice(FIRST);
    if (more.length < 3) return list(shares);
    return [
      list(shares.slice(0, FIRST)),
      parts.fold(`more ${field}`, `${format.counted(more.length, 'more value')}`, () => list(more)),
    ];
  }

  // Return the plot of one field.
  function plot(run, field, shares, order) {
    const sorted = [...shares].sort(compare[order]);
    return el(
      'div',
      { class: 'breakdown' },
      el(
        'div',
        { class: 'share head', 'aria-hidden': 'true' },
        el('span'),
        plots.axis(),
        el('span', { class: 'number' }, 'accuracy'),
        el('span', { class: 'number' }, 'answers'),
      ),
      el('h4', {}, el('bdi', {}, plain.line(field))),
      rows(run, field, sorted),
    );
  }

  // Return the control by which a reader orders the rows.
  function control(order) {
    const options = Object.entries(ORDERS).map(([value, text]) =>
      el('option', { value, selected: value === order }, text),
    );
    const change = (event) => route.change({ order: event.target.value }, true);
    return el('label', { class: 'small muted' }, 'Order by ', el('select', { id: 'order', onchange: change }, options));
  }

  // Return the section with all fields, null if there is nothing to break down.
  function breakdown(run, params) {
    const fields = Object.entries(run.metrics.breakdown).filter(([, shares]) => shares.length);
    if (!fields.length) return null;
    const order = ORDERS[params.get('order')] ? params.get('order') : 'name';
    return parts.section(
      'Accuracy by metadata',
      { class: fields.length > 1 ? 'wide has-control' : 'has-control' },
      control(order),
      el(
        'div',
        { class: 'breakdowns' },
        fields.map(([field, shares]) => plot(run, field, shares, order)),
      ),
    );
  }

  mathbatch.breakdown = breakdown;
})();
