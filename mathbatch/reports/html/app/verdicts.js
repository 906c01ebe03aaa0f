// Says how verdicts are shown: letter of the index, glyph, words. Never by colour alone.
'use strict';

(() => {
  const { el } = mathbatch;
  // Wrong ones come first where samples are sorted by verdict.
  const VERDICTS = [
    { name: 'correct', letter: 'c', glyph: '✓', label: 'correct', rank: 4 },
    { name: 'wrong', letter: 'w', glyph: '✗', label: 'wrong', rank: 0 },
    { name: 'no_answer', letter: 'n', glyph: '∅', label: 'no answer', rank: 1 },
    { name: 'unscored', letter: 'u', glyph: '?', label: 'unscored', rank: 3 },
    { name: 'failed', letter: 'f', glyph: '!', label: 'failed', rank: 2 },
    { name: 'pending', letter: 'p', glyph: '·', label: 'not judged', rank: 5 },
  ];
  const byLetter = new Map(VERDICTS.map((verdict, at) => [verdict.letter, { ...verdict, bit: 1 << at, style: verdict.name.replace('_', '-') }]));
  const byName = new Map([...byLetter.values()].map((verdict) => [verdict.name, verdict]));

  // Return what is known of a verdict by its name; null is one that is not judged.
  const named = (name) => byName.get(name || 'pending') || byName.get('pending');

  // Make the glyph of a verdict, with its words for those who don't see it.
  function glyph(verdict) {
    return el('span', { class: `glyph ${verdict.style}`, title: verdict.label },
      el('span', { 'aria-hidden': 'true' }, verdict.glyph), el('span', { class: 'aside' }, verdict.label));
  }

  // Make glyph and words of a verdict.
  function badge(verdict) {
    return el('span', { class: `badge ${verdict.style}` }, el('span', { 'aria-hidden': 'true' }, verdict.glyph), ' ', verdict.label);
  }

  mathbatch.verdicts = { all: [...byLetter.values()], byLetter, named, glyph, badge };
})();
