// Joins the rows of several runs by their ids, and groups them by who is right.
'use strict';

(() => {
  const { columns: table, verdicts } = mathbatch;
  // What a run makes of a row: no verdict, wrong, right.
  const [OPEN, WRONG, RIGHT] = [0, 1, 2];

  // Return what a run makes of each row. It is right with more than half of its judged rollouts, as `compare` counts.
  function outcomes(columns) {
    const known = new Map();
    return Uint8Array.from(columns.letters, (letters) => {
      if (!known.has(letters)) {
        const judged = [...letters].filter((letter) => 'cwn'.includes(letter));
        const correct = judged.filter((letter) => letter === 'c').length;
        known.set(letters, judged.length === 0 ? OPEN : 2 * correct > judged.length ? RIGHT : WRONG);
      }
      return known.get(letters);
    });
  }

  // Return for each row of the first run its position in another one, -1 where it is missing.
  function positions(first, other) {
    let places = null;
    return Int32Array.from(first.id, (id, row) => {
      if (other.id[row] === id) return row;
      places = places || new Map(other.id.map((name, at) => [name, at]));
      return places.get(id) ?? -1;
    });
  }

  // Return the name of the group of a row: who is right as a pattern, or why there is no pattern.
  function groupOf(states, answers) {
    if (states.includes(OPEN)) return 'open';
    const right = states.filter((state) => state === RIGHT).length;
    if (right === states.length) return 'right';
    if (right > 0) return states.map((state) => (state === RIGHT ? '1' : '0')).join('');
    return answers.every((answer) => answer === answers[0]) ? 'same' : 'differ';
  }

  // Return the groups in order: flips first, the more runs are ahead of the others in the address the earlier.
  function ordered(names) {
    const rank = (name) => ({ differ: 1, same: 2, right: 3, open: 4 })[name] ?? 0;
    return [...names].sort((a, b) => rank(a) - rank(b) || (a < b ? 1 : -1));
  }

  // Load and join the rows of runs: `places` has for each run the position of each row of the first one, `groups` the rows
  // of each group in the order `order`, `missing` the number of rows that are not in all of them.
  async function load(runs) {
    const columns = await Promise.all(runs.map((run) => table.load(run)));
    const states = columns.map(outcomes);
    const places = columns.map((other) => positions(columns[0], other));
    const groups = new Map();
    // Group of each row, for the list.
    const named = new Array(columns[0].size);
    let missing = 0;
    for (let row = 0; row < columns[0].size; row += 1) {
      const at = places.map((place) => place[row]);
      if (at.includes(-1)) {
        missing += 1;
        continue;
      }
      const name = groupOf(
        at.map((position, run) => states[run][position]),
        at.map((position, run) => columns[run].answer[position]),
      );
      if (!groups.has(name)) groups.set(name, []);
      groups.get(name).push(row);
      named[row] = name;
    }
    const order = ordered(groups.keys());
    return { runs, columns, states, places, groups, named, order, missing, total: columns[0].size - missing };
  }

  // Return for each run the rollout to show of a row at first: one that is as right or wrong as the run counts there.
  function rolloutsOf({ columns, places, states }, at) {
    return columns.map(({ letters }, run) => {
      const row = places[run][at];
      const like = { [RIGHT]: 'c', [WRONG]: 'wn' }[states[run][row]] || '';
      return Math.max(0, [...letters[row]].findIndex((letter) => like.includes(letter)));
    });
  }

  // Return the words and glyphs for a group.
  function words(name, count) {
    const letters = 'ABCD'.slice(0, count);
    if (name === 'differ')
      return { glyphs: '✗ ≠', text: count === 2 ? 'both wrong, other answers' : 'all wrong, other answers' };
    if (name === 'same')
      return { glyphs: '✗ =', text: count === 2 ? 'both wrong, same answer' : 'all wrong, same answer' };
    if (name === 'right') return { glyphs: '✓'.repeat(count), text: count === 2 ? 'both right' : 'all right' };
    if (name === 'open') return { glyphs: '?', text: 'no verdict in one of them' };
    const right = [...letters].filter((letter, at) => name[at] === '1');
    return {
      glyphs: [...name]
        .map((one) => (one === '1' ? verdicts.named('correct').glyph : verdicts.named('wrong').glyph))
        .join(''),
      text: `only ${right.join(' and ')} right`,
    };
  }

  mathbatch.joined = { load, rolloutsOf, words };
})();
