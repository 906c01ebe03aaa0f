// Says how verdicts are shown: letter of the index, glyph, words. Never by colour alone.
'use strict';

(() => {
  const { el, format } = mathbatch;
  // Places of the verdicts where samples are sorted by them: what to look at comes first.
  const RANKS = { wrong: 0, no_answer: 1, failed: 2, unscored: 3, correct: 4, pending: 5 };
  const PENDING = { key: 'pending', letter: 'p', glyph: '·', text: 'not judged', style: 'muted' };
  const all = [...format.VERDICTS, PENDING].map((verdict, at) => ({
    ...verdict,
    bit: 1 << at,
    rank: RANKS[verdict.key],
  }));
  const byLetter = new Map(all.map((verdict) => [verdict.letter, verdict]));
  const byKey = new Map(all.map((verdict) => [verdict.key, verdict]));

  // Return what is known of a verdict by its name; null is one that is not judged.
  const named = (name) => byKey.get(name || 'pending') || byKey.get('pending');

  // Make the glyph of a verdict, with its words for those who don't see it.
  function glyph(verdict) {
    return el(
      'span',
      { class: `glyph ${verdict.style}`, title: verdict.text },
      el('span', { 'aria-hidden': 'true' }, verdict.glyph),
      el('span', { class: 'aside' }, verdict.text),
    );
  }

  // Make glyph and words of a verdict.
  function badge(verdict) {
    return el(
      'span',
      { class: `badge ${verdict.style}` },
      el('span', { 'aria-hidden': 'true' }, verdict.glyph),
      ' ',
      verdict.text,
    );
  }

  mathbatch.verdicts = { all, byLetter, named, glyph, badge };
})();
