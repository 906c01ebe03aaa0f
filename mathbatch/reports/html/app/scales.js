// Turns numbers into positions on an axis, in per cent of its length, and finds round numbers to label it with.
'use strict';

(() => {
  // Largest ratio of the ends of an axis below which it stays linear.
  const LINEAR_UP_TO = 30;

  // Return round numbers (1, 2, 2.5 or 5 times a power of ten) that divide the range in about `wanted` steps.
  function ticks(low, high, wanted = 5) {
    if (!(high > low)) return [low];
    const rough = (high - low) / wanted;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough * 0.999);
    const found = [];
    for (let at = Math.ceil(low / step - 1e-9); at * step <= high + step * 1e-9; at += 1)
      found.push(Number((at * step).toPrecision(12)));
    return found;
  }

  // Return the range of shares that an axis must show, with round ends, never narrower than a tenth.
  function shareRange(values) {
    const known = values.filter((value) => Number.isFinite(value));
    if (!known.length) return [0, 1];
    let [low, high] = [Math.min(...known), Math.max(...known)];
    const missing = Math.max(0, 0.1 - (high - low)) / 2;
    [low, high] = [low - missing, high + missing];
    const step = high - low > 0.4 ? 0.1 : 0.05;
    return [Math.max(0, Math.floor(low / step + 1e-9) * step), Math.min(1, Math.ceil(high / step - 1e-9) * step)];
  }

  // Return a scale: value → per cent of the axis. Positive numbers over several powers are placed by their logarithm.
  function scale(low, high, { log = false } = {}) {
    const by = log ? Math.log : (value) => value;
    const width = by(high) - by(low);
    return (value) => (width > 0 ? ((by(value) - by(low)) / width) * 100 : 50);
  }

  // Tell whether numbers are better placed by their logarithms.
  const wantsLog = (values) => Math.min(...values) > 0 && Math.max(...values) / Math.min(...values) > LINEAR_UP_TO;

  // Return the numbers to label: the values themselves if they are few and far apart, else round ones.
  function labelled(values, position) {
    const sorted = [...new Set(values)].sort((a, b) => a - b);
    const apart = sorted.every((value, index) => !index || position(value) - position(sorted[index - 1]) >= 9);
    if (apart) return sorted;
    const round = ticks(sorted[0], sorted[sorted.length - 1]);
    const kept = [];
    for (const value of wantsLog(sorted) ? sorted : round) {
      if (!kept.length || position(value) - position(kept[kept.length - 1]) >= 9) kept.push(value);
    }
    return kept;
  }

  mathbatch.scales = { ticks, shareRange, scale, wantsLog, labelled };
})();
