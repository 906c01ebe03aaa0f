// Follows a run that is at work: loads the report anew every few seconds and says how far the run is.
'use strict';

(() => {
  const { el, format, parts, plain, route, store } = mathbatch;
  const { count, duration } = format;
  // A report that is older than this many looks, and at least this many seconds, may be of a run that was killed.
  const LOOKS_MISSED = 6;
  const LEAST_SILENCE_S = 30;
  const box = el('section', { class: 'live', 'aria-label': 'Progress', hidden: true });
  const told = el('p', { class: 'aside', role: 'status' });
  let heard = 0;
  let timer = null;

  // Say something to screen readers, once for each change.
  function announce(text) {
    if (told.textContent !== text) told.textContent = text;
  }

  // Return a time of day, "14:03:12".
  const clock = (time) => new Date(time).toLocaleTimeString('en-GB');

  // Return the bar with what is done of all.
  function progress({ done, total }) {
    const words = total ? `${count(done)} of ${count(total)} answered` : `${count(done)} answered`;
    return [
      el('progress', { max: total || 1, value: total ? Math.min(done, total) : null, 'aria-label': words }),
      el('b', {}, words),
    ];
  }

  // Return the figures that are known.
  function figures(live) {
    const of = store.run(live.run);
    const failed = of
      ? el('a', { href: route.href('samples', { run: of.key, verdict: 'failed' }) }, `${count(live.failed)} failed`)
      : `${count(live.failed)} failed`;
    return [
      live.failed > 0 && failed,
      format.known(live.in_flight) && `${count(live.in_flight)} in flight`,
      live.tokens_per_s > 0 && `${count(live.tokens_per_s)} tokens/s`,
      `${duration(live.seconds)} so far`,
      live.seconds_left > 0 && `about ${duration(live.seconds_left)} left`,
    ]
      .filter(Boolean)
      .map((text) => el('span', {}, text));
  }

  // Return the list of a fleet's engines.
  function members(live) {
    if (!live.members.length) return null;
    const fold = parts.fold('members', format.counted(live.members.length, 'engine'), () =>
      el(
        'ul',
        { class: 'small mono' },
        live.members.map((line) => el('li', {}, el('bdi', {}, plain.line(line)))),
      ),
    );
    fold.open = Boolean(box.querySelector('details[open]'));
    fold.fill();
    return fold;
  }

  // Say how the run is doing, and since when nothing was heard of it.
  function draw(live, problem) {
    const silent = Date.now() - heard > Math.max(LEAST_SILENCE_S, LOOKS_MISSED * live.refresh_s) * 1000;
    const lost = problem || (silent ? 'The page is not written any more.' : null);
    const warning =
      lost && `${lost} Last news at ${clock(heard)}: if the run has ended, the same command goes on with it.`;
    const at = [...box.querySelectorAll('a, summary')].indexOf(document.activeElement);
    box.hidden = false;
    box.classList.toggle('lost', Boolean(lost));
    box.replaceChildren(
      ...[
        el('p', {}, progress(live), figures(live)),
        warning && el('p', { class: 'wrong' }, warning),
        members(live),
      ].filter(Boolean),
    );
    if (at >= 0) box.querySelectorAll('a, summary')[at]?.focus({ preventScroll: true });
    announce(warning || '');
  }

  // Say that the run has ended, and look no more.
  function finish() {
    const stopped = store.report.runs.some((run) => run.status === 'stopped');
    const ended = stopped ? 'The run was stopped.' : 'The run has finished.';
    const more = stopped ? 'The same command goes on with it.' : 'The page shows all that there is.';
    box.classList.remove('lost');
    box.replaceChildren(el('p', {}, el('b', {}, ended), el('span', {}, more)));
    announce(ended);
  }

  // Load the report anew; if it has changed, have the view take it in.
  async function look() {
    const before = store.report;
    try {
      await store.open(true);
    } catch (error) {
      draw(before.live, error.message);
      wait(before.live);
      return;
    }
    const { report } = store;
    if (report.made !== before.made) {
      heard = Date.now();
      await mathbatch.refresh();
    }
    if (!report.live) {
      finish();
      return;
    }
    draw(report.live);
    wait(report.live);
  }

  function wait({ refresh_s: seconds }) {
    clearTimeout(timer);
    timer = setTimeout(look, Math.max(1, seconds) * 1000);
  }

  // Begin to follow the run, if it is at work; return the banner.
  function follow() {
    const { live, made } = store.report;
    if (!live) return [];
    heard = Math.min(Date.now(), Date.parse(made) || Date.now());
    draw(live);
    wait(live);
    return [box, told];
  }

  mathbatch.live = { follow };
})();
