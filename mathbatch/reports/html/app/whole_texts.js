// Searches all texts of a run, chunk by chunk, with a bar that shows how far it is.
'use strict';

(() => {
  const { el, query, store } = mathbatch;
  // Chunks between two looks at what was found.
  const REPORT = 8;

  // Tell whether any text of a row has the words.
  function has(detail, matches) {
    const asked = (detail.messages || []).some(({ parts }) => parts.some((part) => matches(part.text)));
    return asked || (detail.rollouts || []).some((one) => matches(one.text) || matches(one.reasoning) || matches(one.reason));
  }

  // Make a search for words in a run with so many rows.
  function wholeTexts(run, words, size) {
    const bar = el('progress', { max: String(run.chunks), value: '0', 'aria-label': 'Searched' });
    const say = el('span', { role: 'status' }, 'Searching whole texts…');
    const button = el('button', { type: 'button', click: stop }, 'Stop');
    const found = new Uint8Array(size);
    let stopped = false;
    let count = 0;

    // End the search; what was found stays.
    function stop() {
      stopped = true;
      button.remove();
      say.textContent = `Stopped: ${count.toLocaleString('en')} found so far`;
    }

    // Search all chunks; `tell` is given what was found from time to time.
    async function start(tell) {
      const matches = query.matcher(words);
      const { starts } = await store.index(run);
      for (let chunk = 0; chunk < run.chunks && !stopped; chunk += 1) {
        const rows = await store.chunk(run, chunk);
        rows.forEach((detail, at) => { if (has(detail, matches)) { found[starts[chunk] + at] = 1; count += 1; } });
        bar.value = chunk + 1;
        if (chunk % REPORT === REPORT - 1 && !stopped) tell(found);
      }
      if (stopped) return;
      tell(found);
      bar.remove();
      button.remove();
      say.textContent = `Whole texts searched: ${count.toLocaleString('en')} have the words`;
    }

    return { element: el('div', { class: 'progress' }, bar, say, button), run: start, stop };
  }

  mathbatch.wholeTexts = wholeTexts;
})();
