// Draws the overview.
'use strict';

(() => {
  const { el } = mathbatch;
  mathbatch.views = mathbatch.views || {};
  mathbatch.views.overview = async (main) => main.replaceChildren(el('h2', {}, 'Overview'));
})();
