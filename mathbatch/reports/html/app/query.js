// Filters and sorts the rows of a run by what the address says.
'use strict';

(() => {
  const {
    columns: { FLAGS },
    verdicts,
  } = mathbatch;
  // Toggles of the filter: parameter, words, flags of which a row needs one.
  const TOGGLES = [
    ['truncated', 'cut at the limit', FLAGS.truncated],
    ['audit', 'in the audit list', FLAGS.audit],
    ['disagree', 'rollouts disagree', FLAGS.disagree],
    ['split', 'scorers disagree', FLAGS.split],
    ['pictures', 'with pictures', FLAGS.pictures],
    ['marked', 'marked', FLAGS.marked],
  ];
  const SORTS = [
    ['row', 'as in the dataset'],
    ['verdict', 'wrong ones first'],
    ['-tokens', 'longest first'],
    ['tokens', 'shortest first'],
    ['id', 'by id'],
  ];

  // Return a function that tells whether a text has the words, whatever their case.
  function matcher(words) {
    const pattern = new RegExp(words.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'), 'iu');
    return (text) => text !== null && text !== undefined && pattern.test(text);
  }

  // Return the range of a parameter such as `100-200`: from, and to excluded.
  function range(text) {
    const [low, high] = text.split('-');
    return [Number(low) || 0, high ? Number(high) || 0 : Infinity];
  }

  // Return the test of a coded column for one value.
  function isValue(column, value) {
    const label = column ? column.labels.indexOf(value) : -1;
    const has = Uint8Array.from(column ? column.labelsOf : [], (labels) => (labels.includes(label) ? 1 : 0));
    return (row) => has[column ? column.codes[row] : -1] === 1;
  }

  // Return the test of the verdicts that are named.
  function hasVerdict(columns, names) {
    let wanted = 0;
    for (const name of names.split(',')) wanted |= verdicts.named(name).bit;
    return (row) => (columns.verdicts[row] & wanted) !== 0;
  }

  // Return the test of free text over id, question, answer and gold, and of rows that were found in whole texts.
  function hasText(columns, words, found) {
    const matches = matcher(words);
    return (row) =>
      (found && found[row] === 1) ||
      matches(columns.id[row]) ||
      matches(columns.question[row]) ||
      matches(columns.answer[row]) ||
      matches(columns.gold[row]);
  }

  // Return the test of a toggle; `marks` has the rows that are marked in this browser.
  function hasFlag(columns, flag, marks) {
    return (row) => (columns.flags[row] & flag) !== 0 || (flag === FLAGS.marked && marks.has(columns.id[row]));
  }

  // Return the first rollout of a row whose number of tokens is within a range, or -1. No unknown number is.
  function rolloutWithin({ tokens }, row, [low, high]) {
    for (let at = tokens.from[row]; at < tokens.from[row + 1]; at += 1)
      if (tokens.each[at] >= low && tokens.each[at] < high) return at - tokens.from[row];
    return -1;
  }

  // Return the rollout of a row to show at first: one for which the row is listed, else the first.
  function rolloutOf(columns, row, params) {
    const names = params.get('failure') ? 'failed' : params.get('verdict');
    const letters = names ? names.split(',').map((name) => verdicts.named(name).letter) : [];
    const judged = [...columns.letters[row]].findIndex((letter) => letters.includes(letter));
    if (judged >= 0 || !params.get('tokens')) return Math.max(0, judged);
    return Math.max(0, rolloutWithin(columns, row, range(params.get('tokens'))));
  }

  // Return the tests that the parameters ask for, by the name of their facet.
  function testsOf(columns, params, { marks, found }) {
    const tests = new Map();
    for (const [name, value] of params) {
      if (!value) continue;
      const toggle = TOGGLES.find(([key]) => key === name);
      if (name === 'verdict') tests.set(name, hasVerdict(columns, value));
      else if (name === 'rule' || name === 'failure') tests.set(name, isValue(columns[name], value));
      else if (name.startsWith('meta.')) tests.set(name, isValue(columns.metadata.get(name.slice(5)), value));
      else if (name === 'text') tests.set(name, hasText(columns, value, found));
      else if (toggle) tests.set(name, hasFlag(columns, toggle[2], marks));
      else if (name === 'tokens') tests.set(name, (row) => rolloutWithin(columns, row, range(value)) >= 0);
    }
    return tests;
  }

  // Return the rows that pass all tests, and for each facet those that pass all others.
  function passing(columns, tests) {
    const names = [...tests.keys()];
    const list = [...tests.values()];
    // For each row: 0 if it passes, else 1 + the test that it alone fails, else 255.
    const outcome = new Uint8Array(columns.size);
    const rows = new Uint32Array(columns.size);
    let size = 0;
    for (let row = 0; row < columns.size; row += 1) {
      let failed = 0;
      for (let at = 0; at < list.length && failed < 255; at += 1) {
        if (!list[at](row)) failed = failed ? 255 : at + 1;
      }
      outcome[row] = failed;
      if (!failed) rows[size++] = row;
    }
    const counted = (facet) => {
      const own = names.indexOf(facet) + 1;
      return (row) => outcome[row] === 0 || (own > 0 && outcome[row] === own);
    };
    return { rows: rows.subarray(0, size), counted };
  }

  // Count the rows under each label of a coded column.
  function countLabels(column, counted) {
    const codes = new Uint32Array(column.labelsOf.length);
    for (let row = 0; row < column.codes.length; row += 1)
      if (column.codes[row] >= 0 && counted(row)) codes[column.codes[row]] += 1;
    const counts = new Uint32Array(column.labels.length);
    column.labelsOf.forEach((labels, code) =>
      labels.forEach((label) => {
        counts[label] += codes[code];
      }),
    );
    return counts;
  }

  // Count the rows that have each verdict: first those of each set of verdicts.
  function countVerdicts(columns, counted) {
    const sets = new Uint32Array(256);
    for (let row = 0; row < columns.size; row += 1) if (counted(row)) sets[columns.verdicts[row]] += 1;
    const count = (bit) => sets.reduce((sum, rows, set) => (set & bit ? sum + rows : sum), 0);
    return new Map(verdicts.all.map((verdict) => [verdict.key, count(verdict.bit)]));
  }

  // Count the rows that have a flag, or a mark of this browser.
  function countFlag(columns, flag, marks, counted) {
    const has = hasFlag(columns, flag, marks);
    let count = 0;
    for (let row = 0; row < columns.size; row += 1) if (has(row) && counted(row)) count += 1;
    return count;
  }

  // Put rows in order; equal ones stay as in the dataset.
  function sort(columns, rows, order) {
    const { longest } = columns.tokens;
    // Rows whose length is not known come last in both orders.
    const shortest = (row) => (longest[row] < 0 ? Number.MAX_SAFE_INTEGER : longest[row]);
    const by = {
      tokens: (a, b) => shortest(a) - shortest(b),
      '-tokens': (a, b) => longest[b] - longest[a],
      id: (a, b) => (columns.id[a] < columns.id[b] ? -1 : Number(columns.id[a] > columns.id[b])),
    }[order];
    if (by) rows.sort((a, b) => by(a, b) || a - b);
    if (order === 'verdict') sortByVerdict(columns, rows);
  }

  // Put rows in order of the verdict that matters most among their rollouts.
  function sortByVerdict(columns, rows) {
    const ranks = new Uint8Array(256);
    for (let bits = 0; bits < 256; bits += 1)
      ranks[bits] = Math.min(9, ...verdicts.all.filter((verdict) => bits & verdict.bit).map((verdict) => verdict.rank));
    rows.sort((a, b) => ranks[columns.verdicts[a]] - ranks[columns.verdicts[b]] || a - b);
  }

  // Return the rows that the parameters ask for, in order, and functions that count the facets.
  function select(columns, params, extra) {
    const { rows, counted } = passing(columns, testsOf(columns, params, extra));
    sort(columns, rows, params.get('sort') || 'row');
    return {
      rows,
      verdicts: () => countVerdicts(columns, counted('verdict')),
      labels: (facet, column) => countLabels(column, counted(facet)),
      toggle: (name, flag) => countFlag(columns, flag, extra.marks, counted(name)),
    };
  }

  mathbatch.query = { select, rolloutOf, matcher, range, TOGGLES, SORTS };
})();
