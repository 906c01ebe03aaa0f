// Draws shares with their intervals, and the verdicts as a bar. Positions are per cent, so that they fit any width.
'use strict';

(() => {
  const { el, svg, format, scales } = mathbatch;
  const HEIGHT = 24;
  const pct = (value) => `${value.toFixed(3)}%`;

  // Return the thin lines of an axis for one row of a plot.
  function grid(range, height) {
    const at = scales.scale(...range);
    return scales
      .ticks(...range, 4)
      .map((tick) => svg('line', { class: 'grid', x1: pct(at(tick)), x2: pct(at(tick)), y1: 0, y2: height }));
  }

  // Return a dot at the share and a line over its interval.
  function dot(share, range = [0, 1]) {
    const at = scales.scale(...range);
    const middle = HEIGHT / 2;
    const marks = [];
    if (format.known(share.low) && format.known(share.high)) {
      marks.push(
        svg('line', {
          class: 'whisker',
          x1: pct(at(share.low)),
          x2: pct(at(share.high)),
          y1: middle,
          y2: middle,
        }),
      );
    }
    if (format.known(share.value))
      marks.push(svg('circle', { class: 'dot', cx: pct(at(share.value)), cy: middle, r: 4 }));
    return svg('svg', { class: 'dots', height: HEIGHT, 'aria-hidden': 'true' }, grid(range, HEIGHT), marks);
  }

  // Return the axis above rows of dots.
  function axis(range = [0, 1]) {
    const at = scales.scale(...range);
    const label = (tick) =>
      svg('text', { x: pct(at(tick)), y: 12, 'text-anchor': 'middle' }, String(Math.round(tick * 100)));
    return svg('svg', { class: 'dots axis', height: 18, 'aria-hidden': 'true' }, scales.ticks(...range, 4).map(label));
  }

  // Return the verdicts that occurred, with their counts, in the order of the page.
  function verdictsOf(metrics) {
    return format.VERDICTS.map((verdict) => ({ ...verdict, count: metrics.verdicts[verdict.key] || 0 })).filter(
      ({ count }) => count,
    );
  }

  // Return the verdicts as a bar; parts are links for the pointer. Beside it must stand the same links as text.
  function bar(verdicts, href, height = 20) {
    const total = verdicts.reduce((sum, { count }) => sum + count, 0);
    let before = 0;
    const parts = verdicts.map((verdict) => {
      const x = (before / total) * 100;
      before += verdict.count;
      const tip = `${verdict.glyph} ${verdict.text}: ${format.count(verdict.count)} (${format.percent(verdict.count / total)})`;
      return svg(
        'a',
        { href: href(verdict), tabindex: '-1', 'data-tip': tip },
        svg('rect', {
          class: `fill-${verdict.style}`,
          x: pct(x),
          width: pct((verdict.count / total) * 100),
          y: 0,
          height,
        }),
      );
    });
    return svg('svg', { class: 'bar', height, 'aria-hidden': 'true' }, parts);
  }

  // Return the verdicts as a list of links with counts.
  function legend(verdicts, href) {
    const item = ({ key, glyph, text, style, count }) =>
      el(
        'li',
        {},
        el(
          'a',
          { href: href({ key }) },
          el('span', { class: `swatch fill-${style}`, 'aria-hidden': 'true' }),
          el('span', { class: style, 'aria-hidden': 'true' }, glyph),
          ` ${text} `,
          el('b', {}, format.count(count)),
        ),
      );
    return el('ul', { class: 'legend' }, verdicts.map(item));
  }

  // Let the arrow keys go through the marks of a plot, so that it is one stop of the Tab key.
  function roving(container) {
    const marks = [...container.querySelectorAll('a')];
    const choose = (chosen) => marks.forEach((mark) => mark.setAttribute('tabindex', mark === chosen ? '0' : '-1'));
    choose(marks[0]);
    container.addEventListener('focusin', (event) => choose(event.target.closest('a')));
    container.addEventListener('keydown', (event) => {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      const at = marks.indexOf(event.target.closest('a'));
      const next = { Home: 0, End: marks.length - 1 }[event.key] ?? (step ? at + step : null);
      if (next === null || !marks[next]) return;
      event.preventDefault();
      marks[next].focus();
    });
    return container;
  }

  mathbatch.plots = { pct, dot, axis, verdictsOf, bar, legend, roving };
})();
