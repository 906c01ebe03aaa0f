// Searches all texts of a run, chunk by chunk, with a bar that shows how far it is.
'use strict';

(() => {
  const { el, format, query, store } = mathbatch;
  // Chunks between two looks at what was found.
  const REPORT = 8;

  // Tell whether any text of a row has the words.
  function has(detail, matches) {
    const asked = (detail.messages || []).some(({ parts }) => parts.some((part) => matches(part.text)));
    return (
      asked || (detail.rollouts || []).some((one) => matches(one.text) || matches(one.reasoning) || matches(one.reason))
    );
  }

  // Make the search through the whole texts of `view.run`. `tell` is called when there is something new.
  function wholeTexts(view, tell) {
    const element = el('div', { class: 'searching' });
    let now = null;

    // End the search that runs, and forget what it has found.
    function stop() {
      now = null;
      element.replaceChildren();
    }

    // Search all chunks for the words, and say how far it is.
    async function start(text) {
      const { run } = view;
      const mine = (now = { found: new Uint8Array(view.columns.size), count: 0 });
      const bar = el('progress', { max: String(run.chunks), value: '0', 'aria-label': 'Searched' });
      const say = el('span', { role: 'status' }, 'Searching whole texts…');
      const button = el(
        'button',
        {
          type: 'button',
          click: () => {
            mine.stopped = true;
          },
        },
        'Stop',
      );
      element.replaceChildren(el('div', { class: 'progress' }, bar, say, button));
      let words = null;
      try {
        await through(run, mine, query.matcher(text), (chunk) => {
          bar.value = chunk;
          if (chunk % REPORT === 0) tell();
        });
        words = `Whole texts searched: ${format.count(mine.count)} have the words`;
        if (mine.stopped) words = `Stopped: ${format.count(mine.count)} found so far`;
      } catch (error) {
        words = `Stopped, with ${format.count(mine.count)} found so far: ${error.message}`;
      }
      if (mine !== now) return;
      bar.remove();
      button.remove();
      say.textContent = words;
      tell();
    }

    // Go through the chunks, until it is stopped or another search begins.
    async function through(run, search, matches, step) {
      const { starts } = await store.index(run);
      for (let chunk = 0; chunk < run.chunks && search === now && !search.stopped; chunk += 1) {
        const rows = await store.chunk(run, chunk);
        rows.forEach((detail, at) => {
          if (has(detail, matches)) {
            search.found[starts[chunk] + at] = 1;
            search.count += 1;
          }
        });
        if (search === now) step(chunk + 1);
      }
    }

    return { element, start, stop, found: () => (now ? now.found : null) };
  }

  mathbatch.wholeTexts = wholeTexts;
})();
