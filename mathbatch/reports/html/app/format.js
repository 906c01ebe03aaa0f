// Writes numbers, times and names as a reader wants them: the same everywhere on the page.
'use strict';

(() => {
  const NONE = '–';
  const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
  const compact = new Intl.NumberFormat('en-US', { notation: 'compact', maximumSignificantDigits: 3 });

  // Names, glyphs and letters of the verdicts, in the order in which they are shown.
  const VERDICTS = [
    { key: 'correct', letter: 'c', glyph: '✓', text: 'correct', style: 'correct' },
    { key: 'wrong', letter: 'w', glyph: '✗', text: 'wrong', style: 'wrong' },
    { key: 'no_answer', letter: 'n', glyph: '∅', text: 'no answer', style: 'no-answer' },
    { key: 'unscored', letter: 'u', glyph: '?', text: 'unscored', style: 'unscored' },
    { key: 'failed', letter: 'f', glyph: '!', text: 'failed', style: 'failed' },
  ];

  // Tell whether a number is known.
  const known = (value) => typeof value === 'number' && Number.isFinite(value);

  // Return a share as a percentage, "71.4 %".
  const percent = (value, digits = 1) => (known(value) ? `${(value * 100).toFixed(digits)} %` : NONE);

  // Return a whole number with its thousands apart, "12,345".
  const count = (value) => (known(value) ? whole.format(value) : NONE);

  // Return a number as an axis has room for it, "0.25", "1,024", "1.23M".
  function short(value) {
    if (!known(value)) return NONE;
    if (Math.abs(value) >= 10000) return compact.format(value);
    return Number.isInteger(value) ? count(value) : String(Number(value.toPrecision(6)));
  }

  // Return the interval of a share, "68.1 to 74.5".
  const interval = ({ low, high }) =>
    known(low) && known(high) ? `${(low * 100).toFixed(1)} to ${(high * 100).toFixed(1)}` : NONE;

  // Return a number of things with its noun, "1 row", "1,200 rows".
  const counted = (value, one, many = `${one}s`) => `${count(value)} ${value === 1 ? one : many}`;

  // Return seconds as "12.3 s", "4 min 5 s" or "3 h 20 min".
  function duration(seconds) {
    if (!known(seconds)) return NONE;
    if (seconds < 99.95) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
    const total = Math.round(seconds);
    const [hours, minutes] = [Math.floor(total / 3600), Math.floor((total % 3600) / 60)];
    return hours ? `${count(hours)} h ${minutes} min` : `${minutes} min ${total % 60} s`;
  }

  // Return a time as "29 Nov 2026, 15:00" where the reader is.
  function when(iso) {
    const time = new Date(iso);
    if (!iso || Number.isNaN(time.getTime())) return NONE;
    return new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short' }).format(time);
  }

  mathbatch.format = { NONE, VERDICTS, known, percent, count, counted, short, interval, duration, when };
})();
