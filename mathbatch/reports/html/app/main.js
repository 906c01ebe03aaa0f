// Starts the page: loads the report, draws the view that the address names, and draws anew when it changes.
'use strict';

(() => {
  const { el, route, store } = mathbatch;
  const app = document.getElementById('app');

  // Draw the view that the address names. A view is mathbatch.views.<name>: (main, params) => Promise.
  async function draw() {
    const { view, params } = route.read();
    const main = document.getElementById('main');
    const shown = mathbatch.views[view] || mathbatch.views.overview;
    await shown(main, params);
  }

  async function start() {
    try {
      const report = await store.open();
      document.title = report.title;
      app.replaceChildren(el('header', {}, el('h1', {}, report.title)), el('main', { id: 'main' }));
      window.addEventListener('hashchange', draw);
      await draw();
    } catch (error) {
      app.replaceChildren(el('p', { class: 'broken', role: 'alert' }, error.message));
    }
  }

  mathbatch.views = mathbatch.views || {};
  start();
})();
