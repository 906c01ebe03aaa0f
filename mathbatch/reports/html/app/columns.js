// Holds the index of a run in compact columns, so that filters over 100,000 rows take no time.
'use strict';

(() => {
  const { store, verdicts } = mathbatch;
  const made = new WeakMap();
  // Bits of `Index.flags`.
  const FLAGS = { truncated: 1, audit: 2, pictures: 4, marked: 8, disagree: 16, split: 32 };

  // Return for each row the set of its rollouts' verdicts, a bit for each.
  function verdictBits(column) {
    const known = new Map();
    return Uint8Array.from(column, (letters) => {
      let bits = known.get(letters);
      if (bits === undefined) {
        bits = 0;
        for (const letter of letters) bits |= (verdicts.byLetter.get(letter) || verdicts.byLetter.get('p')).bit;
        known.set(letters, bits);
      }
      return bits;
    });
  }

  // Return a coded column: all labels, those of each code (a row can have several), and the code of each row.
  function coded({ values, codes }) {
    const labels = [...new Set(values.flat())];
    const places = new Map(labels.map((label, at) => [label, at]));
    return {
      labels,
      labelsOf: values.map((value) => [...new Set([value].flat())].map((label) => places.get(label))),
      codes: Int32Array.from(codes),
    };
  }

  // Return the output tokens of all rollouts, row after row, -1 where they are not known; the place at which each row
  // begins; and the tokens of the longest rollout of each row.
  function lengthsOf(column) {
    const each = Int32Array.from(column.flat(), (tokens) => tokens ?? -1);
    const from = new Uint32Array(column.length + 1);
    const longest = new Int32Array(column.length).fill(-1);
    column.forEach((row, at) => {
      from[at + 1] = from[at] + (Array.isArray(row) ? row.length : 1);
      for (let place = from[at]; place < from[at + 1]; place += 1) longest[at] = Math.max(longest[at], each[place]);
    });
    return { each, from, longest };
  }

  // Return the columns of an index.
  function columnsOf(index) {
    return {
      size: index.id.length,
      id: index.id,
      question: [],
      answer: index.answer,
      gold: index.gold,
      letters: index.verdicts,
      verdicts: verdictBits(index.verdicts),
      tokens: lengthsOf(index.tokens),
      flags: Uint8Array.from(index.flags),
      rule: coded(index.rule),
      failure: coded(index.failure),
      metadata: new Map(Object.entries(index.metadata).map(([name, column]) => [name, coded(column)])),
    };
  }

  // Load the questions of a run once; the columns are used before they are there.
  async function addQuestions(run, columns) {
    if (columns.size > 0 && columns.question.length === 0) columns.question = await store.questions(run);
  }

  // Load the columns of a run. Raises if its index can't be read. `complete()` loads what is not needed at first.
  async function load(run) {
    const index = await store.index(run);
    if (!made.has(index)) {
      const columns = columnsOf(index);
      columns.complete = () => addQuestions(run, columns);
      made.set(index, columns);
    }
    return made.get(index);
  }

  // Return the position of the row with this id, or -1. An address can't hold half of a surrogate pair.
  function positionOf(columns, id) {
    const found = columns.id.indexOf(id);
    return found >= 0 || !id.includes('\ufffd') ? found : columns.id.findIndex((other) => other.toWellFormed() === id);
  }

  mathbatch.columns = { load, positionOf, FLAGS };
})();
