// Loads the data of the report: script files below report/data, each of which calls mathbatch.add once.
'use strict';

window.mathbatch = window.mathbatch || {};

(() => {
  const DATA = 'report/data/';
  // Chunks that are kept; others are loaded again when they are looked at.
  const CHUNKS_KEPT = 12;
  const waiting = new Map();
  const kept = new Map();

  // Take what a data file hands over.
  mathbatch.add = (name, text) => {
    const waiter = waiting.get(name);
    if (!waiter) return;
    try { waiter.resolve(JSON.parse(text)); } catch (error) { waiter.reject(error); }
  };

  // Load one data file. The promise fails, with the file's name, if it is missing.
  function load(name, fresh = false) {
    return new Promise((resolve, reject) => {
      const script = document.createElement('script');
      const end = (settle) => (value) => {
        waiting.delete(name);
        script.remove();
        settle(value);
      };
      waiting.set(name, { resolve: end(resolve), reject: end(reject) });
      script.onerror = () => end(reject)(new Error(`${DATA}${name}.js can't be read: is the folder "report" beside this page? If the report was written anew, load the page again.`));
      script.onload = () => { if (waiting.has(name)) end(reject)(new Error(`${DATA}${name}.js is not whole: make the report again.`)); };
      script.src = `${DATA}${encodeURI(name)}.js${fresh ? `?${Date.now()}` : ''}`;
      document.head.append(script);
    });
  }

  // Load one data file at most once at a time, and keep the last ones.
  function loadKept(name, limit = CHUNKS_KEPT) {
    const known = kept.get(name) || load(name);
    kept.delete(name);
    kept.set(name, known);
    known.catch(() => kept.delete(name));
    const chunks = [...kept.keys()].filter((other) => /\/\d+$/.test(other));
    for (const old of chunks.slice(0, Math.max(0, chunks.length - limit))) kept.delete(old);
    return known;
  }

  const store = { report: null };

  // Load report.js: all but the rows. What was kept of rows that have been made anew since then is let go.
  store.open = async (fresh = false) => {
    store.report = await load('report', fresh);
    const bases = store.report.runs.map((run) => `${run.base}/`);
    for (const name of kept.keys()) if (!bases.some((base) => name.startsWith(base))) kept.delete(name);
    return store.report;
  };

  // Return the facts of the run with this key.
  store.run = (key) => store.report.runs.find((run) => run.key === key);

  // Return the facts of the run with this key. Raises if it has none: another run must not be taken for it.
  store.named = (key) => {
    const run = store.run(key);
    if (!run) throw new Error(`There is no run "${mathbatch.plain.line(key)}" in this report.`);
    return run;
  };

  // Load the index of a run: a column for each field.
  store.index = (run) => loadKept(`${run.base}/index`);

  // Load the first characters of the prompts of a run; they are apart from its index, which is read sooner without them.
  store.questions = (run) => loadKept(`${run.base}/questions`);

  // Load all that is known of the row at this position of the index.
  store.detail = async (run, position) => {
    const { starts } = await store.index(run);
    let chunk = 0;
    for (let low = 0, high = starts.length - 1; low <= high; ) {
      const middle = (low + high) >> 1;
      if (starts[middle] <= position) { chunk = middle; low = middle + 1; } else high = middle - 1;
    }
    const rows = await store.chunk(run, chunk);
    return rows[position - starts[chunk]];
  };

  // Load the rows of a chunk, counted from 0.
  store.chunk = (run, number) => loadKept(`${run.base}/${String(number + 1).padStart(4, '0')}`);

  mathbatch.store = store;
})();
