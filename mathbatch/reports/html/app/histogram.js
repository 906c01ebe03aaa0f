// Draws how long the answers were: a column for each range of tokens, divided by verdict, with what was cut marked.
'use strict';

(() => {
  const { el, svg, format, plots, scales, route } = mathbatch;
  const HEIGHT = 180;
  const { pct } = plots;

  // Return what one bin holds: verdicts with counts, the whole and what was cut.
  function bins({ edges, counts }) {
    return edges.slice(0, -1).map((from, index) => {
      const parts = format.VERDICTS.map((verdict) => ({ ...verdict, count: (counts[verdict.key] || [])[index] || 0 }));
      const judged = parts.reduce((sum, { count }) => sum + count, 0);
      const others = Object.entries(counts).filter(
        ([name]) => name !== 'truncated' && !format.VERDICTS.some(({ key }) => key === name),
      );
      const rest = others.reduce((sum, [, list]) => sum + (list[index] || 0), 0);
      if (rest) parts.push({ key: '', text: 'not judged', style: 'unscored', count: rest });
      return { from, to: edges[index + 1], parts, total: judged + rest, cut: (counts.truncated || [])[index] || 0 };
    });
  }

  // Return what a bin says in words.
  function words({ from, to, parts, total, cut }) {
    const lines = parts.filter(({ count }) => count).map(({ text, count }) => `${text} ${format.count(count)}`);
    if (cut) lines.push(`cut at the limit ${format.count(cut)}`);
    return `${format.count(from)} to ${format.count(to)} tokens: ${format.counted(total, 'answer')}\n${lines.join('\n')}`;
  }

  // Draw one column, a link to its samples.
  function column(run, bin, at, y) {
    const [x, width] = [at(bin.from), at(bin.to) - at(bin.from)];
    let top = HEIGHT;
    const pieces = bin.parts
      .filter(({ count }) => count)
      .map(({ style, count }) => {
        const height = HEIGHT - y(count);
        top -= height;
        return svg('rect', { class: `fill-${style}`, x: pct(x), width: pct(width), y: top, height });
      });
    const cut =
      bin.cut > 0 &&
      svg('rect', {
        class: 'cut',
        x: pct(x + width * 0.38),
        width: pct(width * 0.24),
        y: y(bin.cut),
        height: HEIGHT - y(bin.cut),
      });
    const href = route.href('samples', { run: run.key, tokens: `${bin.from}-${bin.to}` });
    const text = words(bin);
    return svg(
      'a',
      { href, 'data-tip': text, 'aria-label': text.replaceAll('\n', ', ') },
      svg('rect', { class: 'hit', x: pct(x), width: pct(width), y: 0, height: HEIGHT }),
      pieces,
      cut,
    );
  }

  // Draw the axes: round counts at the left, edges below.
  function axes(edges, at, most, y) {
    const counts = scales
      .ticks(0, most, 4)
      .filter((tick) => Number.isInteger(tick))
      .map((tick) => [
        svg('line', { class: 'grid', x1: 0, x2: '100%', y1: y(tick), y2: y(tick) }),
        svg('text', { x: -8, y: y(tick) + 4, 'text-anchor': 'end' }, format.short(tick)),
      ]);
    const lengths = scales
      .ticks(edges[0], edges[edges.length - 1], 5)
      .map((tick) => svg('text', { x: pct(at(tick)), y: HEIGHT + 18, 'text-anchor': 'middle' }, format.short(tick)));
    return [counts, lengths];
  }

  // Return the row of a bin in the table.
  function numbers({ from, to, parts, total, cut }) {
    const verdicts = format.VERDICTS.map((verdict, index) => parts[index].count);
    return [`${format.count(from)} to ${format.count(to)}`, ...[total, ...verdicts, cut].map(format.count)];
  }

  // Return the plot of the lengths of a run, with its legend and table.
  function histogram(run) {
    const { edges } = run.lengths;
    const columns = bins(run.lengths);
    const most = Math.max(1, ...columns.map(({ total }) => total));
    const at = scales.scale(edges[0], edges[edges.length - 1]);
    const y = (value) => HEIGHT * (1 - value / most);
    const drawn = columns.filter(({ total }) => total).map((bin) => column(run, bin, at, y));
    const picture = svg(
      'svg',
      { class: 'chart', height: HEIGHT, role: 'group', 'aria-label': 'Answers by output tokens' },
      axes(edges, at, most, y),
      drawn,
      svg('line', { class: 'base', x1: 0, x2: '100%', y1: HEIGHT, y2: HEIGHT }),
    );
    const cut = columns.reduce((sum, bin) => sum + bin.cut, 0);
    const box = el(
      'div',
      {},
      el('div', { class: 'frame' }, plots.roving(picture), el('p', { class: 'axis-title' }, 'output tokens')),
      cut
        ? el(
            'p',
            { class: 'small muted' },
            el('span', { class: 'swatch cut' }),
            ` cut at the limit: ${format.count(cut)}`,
          )
        : null,
    );
    const headings = ['Output tokens', 'answers', ...format.VERDICTS.map(({ text }) => text), 'cut'];
    return mathbatch.parts.figure('Answers by length', box, headings, columns.map(numbers));
  }

  mathbatch.histogram = histogram;
})();
