// Chooses what the overview shows: all runs, or the one that the address names or that is alone.
'use strict';

(() => {
  const { keep, store } = mathbatch;

  // Draw the overview; what is shown already keeps its focus, scrolling and open parts.
  async function overview(main, params) {
    const { runs } = store.report;
    const asked = params.get('run');
    const run = asked === null ? (runs.length === 1 ? runs[0] : null) : store.named(asked);
    const draw = () => (run ? mathbatch.drawRun(main, run, params) : mathbatch.drawRuns(main, params));
    const key = run ? run.key : '';
    if (main.firstElementChild?.dataset.overview === key) await keep(main, draw);
    else move(main, draw);
    main.firstElementChild.dataset.overview = key;
  }

  // Draw another part of the overview from its top; the focus that was on the way there goes with it.
  function move(main, draw) {
    const inside = main.contains(document.activeElement);
    draw();
    window.scrollTo(0, 0);
    if (inside) main.focus({ preventScroll: true });
  }

  mathbatch.views = mathbatch.views || {};
  mathbatch.views.overview = overview;
})();
