// Draws shares over a number as lines with intervals: accuracy over a swept key, pass@k over k.
'use strict';

(() => {
  const { el, svg, format, plots, scales } = mathbatch;
  const { pct } = plots;
  const SMALLEST = 240;
  // Height of a label at the end of a line, in pixels; with more lines than this the labels say nothing any more.
  const LABEL = 16;
  const MOST_LABELS = 24;
  // Letters of a label.
  const LONGEST = 24;
  // Colours in overview.css; after these they begin again with dashes.
  const COLOURS = 6;

  // Return the series whose points have a place on the axis, in its order.
  function placed(series) {
    return series
      .map((one) => ({
        ...one,
        points: one.points.filter(({ value }) => format.known(value)).sort((a, b) => a.x - b.x),
      }))
      .filter(({ points }) => points.length);
  }

  // Draw one line with its points and intervals; a point that has an address is a link. Lines stand a little beside each
  // other, so that no interval hides another.
  function line({ name, points }, index, x, y, beside) {
    const segments = points.slice(1).map((point, at) =>
      svg('line', {
        class: 'line',
        x1: pct(x(points[at].x)),
        y1: y(points[at].value),
        x2: pct(x(point.x)),
        y2: y(point.value),
      }),
    );
    const marks = points.map((point) => {
      const text = `${name ? `${name}\n` : ''}${point.text}: ${format.percent(point.value)} (${format.interval(point)})`;
      const known = format.known(point.low) && format.known(point.high);
      const label = text.replaceAll('\n', ', ');
      return svg(
        'a',
        { href: point.href || null, 'data-tip': text, 'aria-label': label, role: point.href ? null : 'img' },
        known &&
          svg('line', {
            class: 'whisker',
            x1: pct(x(point.x)),
            x2: pct(x(point.x)),
            y1: y(point.low),
            y2: y(point.high),
          }),
        svg('circle', { class: 'hit', cx: pct(x(point.x)), cy: y(point.value), r: 12 }),
        svg('circle', { class: 'dot', cx: pct(x(point.x)), cy: y(point.value), r: 4 }),
      );
    });
    const style = `series series-${index % COLOURS} ${index >= COLOURS ? 'dashed' : ''}`;
    return svg('g', { class: style, transform: `translate(${beside} 0)` }, segments, marks);
  }

  // Return by how many pixels a line is moved, at most 4 to either side.
  const besides = (index, lines) => (index - (lines - 1) / 2) * Math.min(3, 9 / lines);

  // Move labels apart so that none covers another; all stay within the height.
  function spread(wanted, height) {
    const order = wanted.map((y, index) => ({ y, index })).sort((a, b) => a.y - b.y);
    order.forEach((label, at) => {
      if (at) label.y = Math.max(label.y, order[at - 1].y + LABEL);
    });
    for (let at = order.length - 1, most = height; at >= 0; at -= 1, most -= LABEL)
      order[at].y = Math.min(order[at].y, most);
    const found = [];
    for (const { y, index } of order) found[index] = y;
    return found;
  }

  // Draw the names at the ends of their lines.
  function names(series, y, height) {
    if (series.length < 2 || series.length > MOST_LABELS) return null;
    const places = spread(
      series.map(({ points }) => y(points[points.length - 1].value)),
      height,
    );
    return series.map(({ name }, index) =>
      svg(
        'text',
        { class: `label series series-${index % COLOURS}`, x: '100%', y: places[index] + 4 },
        name.length > LONGEST ? `${name.slice(0, LONGEST - 1)}…` : name,
      ),
    );
  }

  // Draw both axes.
  function axes(range, values, x, y, height) {
    const shares = scales
      .ticks(...range, 5)
      .map((tick) => [
        svg('line', { class: 'grid', x1: 0, x2: '100%', y1: y(tick), y2: y(tick) }),
        svg('text', { x: -12, y: y(tick) + 4, 'text-anchor': 'end' }, `${Number((tick * 100).toFixed(1))} %`),
      ]);
    const numbers = scales
      .labelled(values, x)
      .map((tick) => [
        svg('line', { class: 'base', x1: pct(x(tick)), x2: pct(x(tick)), y1: height + 4, y2: height + 8 }),
        svg('text', { x: pct(x(tick)), y: height + 22, 'text-anchor': 'middle' }, format.short(tick)),
      ]);
    return [shares, numbers, svg('line', { class: 'base', x1: 0, x2: '100%', y1: height + 4, y2: height + 4 })];
  }

  // Return a plot of lines: [{name, points: [{x, text, value, low, high, href}]}].
  function curves({ title, axis, series: given }) {
    const series = placed(given);
    const points = series.flatMap((one) => one.points);
    const values = points.map((point) => point.x);
    const range = scales.shareRange(points.flatMap(({ value, low, high }) => [value, low, high]));
    const height = Math.max(SMALLEST, series.length <= MOST_LABELS ? series.length * LABEL : 0);
    const [first, last] = [Math.min(...values), Math.max(...values)];
    const x = scales.scale(first, last, { log: scales.wantsLog(values) });
    const y = (value) => Number((height - (scales.scale(...range)(value) / 100) * height).toFixed(2));
    const picture = svg(
      'svg',
      { class: 'chart', height, role: 'group', 'aria-label': title },
      axes(range, values, x, y, height),
      series.map((one, index) => line(one, index, x, y, besides(index, series.length))),
      names(series, y, height),
    );
    const plot = el(
      'div',
      { class: `frame lines ${series.length > 1 && series.length <= MOST_LABELS ? 'named' : ''}` },
      plots.roving(picture),
      el('p', { class: 'axis-title' }, axis),
    );
    plot.style.setProperty('--label', `${Math.min(LONGEST, Math.max(...series.map(({ name }) => name.length)))}ch`);
    const rows = series.flatMap(({ name, points: own }) =>
      own.map((point) => [
        name ? `${name}, ${point.text}` : point.text,
        format.percent(point.value),
        format.interval(point),
      ]),
    );
    return mathbatch.parts.figure(title, plot, [axis, 'share', '95 % interval'], rows);
  }

  mathbatch.curves = curves;
})();
