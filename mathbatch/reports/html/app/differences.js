// Marks the words in which two texts differ.
'use strict';

(() => {
  const { el, plain } = mathbatch;
  // Longer texts are shown without marks, and so are those for which the search takes longer.
  const LONGEST = 200_000;
  const LIMITS = { timeout: 400, maxEditLength: 20_000 };

  // Return the parts of two texts, [{value, added, removed}], or null where it would take too long to find them.
  function parts(first, second) {
    if (first.length + second.length > LONGEST) return null;
    return Diff.diffWordsWithSpace(first, second, LIMITS) || Diff.diffLines(first, second, LIMITS) || null;
  }

  // Make one side of a comparison: `side` is "first" or "second".
  function marked(found, side) {
    const [own, other] = side === 'first' ? ['removed', 'added'] : ['added', 'removed'];
    const shown = found
      .filter((part) => !part[other])
      .map((part) =>
        part[own] ? el(side === 'first' ? 'del' : 'ins', {}, plain.nodes(part.value)) : plain.nodes(part.value),
      );
    return el('bdi', { class: 'answer-text' }, el('div', { class: 'raw' }, shown));
  }

  mathbatch.differences = { parts, marked };
})();
