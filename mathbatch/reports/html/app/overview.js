// Chooses what the overview shows: all runs, or the one that the address names or that is alone.
'use strict';

(() => {
  const { store } = mathbatch;

  async function overview(main, params) {
    const { runs } = store.report;
    const asked = params.get('run');
    const run = asked === null ? (runs.length === 1 ? runs[0] : null) : store.run(asked);
    if (asked !== null && !run) throw new Error(`There is no run "${mathbatch.format.visible(asked)}" in this report.`);
    if (run) mathbatch.drawRun(main, run, params);
    else mathbatch.drawRuns(main, params);
  }

  mathbatch.views = mathbatch.views || {};
  mathbatch.views.overview = overview;
})();
