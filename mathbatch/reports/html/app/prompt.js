// Draws what the model was asked: messages with their pictures in place.
'use strict';

(() => {
  const { answer, el, keys, plain } = mathbatch;

  // Say in place of a picture why it can't be shown.
  const problem = (picture, why) =>
    el(
      'p',
      { class: 'no-picture' },
      el('strong', {}, 'No picture: '),
      plain.text(picture.label, 200),
      ' — ',
      plain.text(why, 500),
    );

  // Return the address of a picture's original from the page, or null.
  const originalOf = (picture, run) => (picture.original ? (run.originals || '') + picture.original : null);

  // Open the original of a picture, fitted to the window; a click shows its own size.
  function zoom(picture, run) {
    const original = originalOf(picture, run);
    const shown = original || picture.thumbnail;
    const image = el('img', { src: shown, alt: plain.line(picture.label) });
    const box = el(
      'button',
      {
        type: 'button',
        class: 'zoom',
        'aria-label': 'Fit to the window, or show in its own size',
        click: () => box.classList.toggle('full'),
      },
      image,
    );
    image.addEventListener('error', () => {
      if (image.getAttribute('src') === picture.thumbnail || !picture.thumbnail)
        box.replaceWith(problem(picture, 'its file can’t be read from here'));
      else {
        image.src = picture.thumbnail;
        box.before(
          el('p', { class: 'hint' }, 'The original can’t be read from here: this is what the report keeps of it.'),
        );
      }
    });
    const size = picture.width && picture.height ? `${picture.width} × ${picture.height}` : '';
    keys.open(
      'Picture',
      el(
        'p',
        { class: 'hint' },
        plain.text(picture.label, 300),
        ' ',
        size,
        original ? null : ' (as kept in the report; the original is not beside it)',
      ),
      box,
    );
  }

  // Make a picture that opens its original, or says why it is not there.
  function figure(picture, number, run) {
    if (!picture) return el('p', { class: 'no-picture' }, 'No picture: the row names one that is not in the report');
    const source = picture.thumbnail || originalOf(picture, run);
    if (picture.problem || !source) return problem(picture, picture.problem || 'it is not in the report');
    const image = el('img', {
      src: source,
      alt: `Picture ${number + 1}: ${plain.line(picture.label, 100)}`,
      loading: 'lazy',
      decoding: 'async',
    });
    if (picture.width && picture.height) image.style.aspectRatio = `${picture.width} / ${picture.height}`;
    const made = el(
      'figure',
      { class: 'picture' },
      el('button', { type: 'button', title: 'Open the picture', click: () => zoom(picture, run) }, image),
      el('figcaption', {}, plain.text(picture.label, 80)),
    );
    image.addEventListener('error', () =>
      made.replaceWith(problem(picture, 'its file can’t be read: was the report moved without the folder beside it?')),
    );
    return made;
  }

  // Make one message, with its parts in the order in which the model got them.
  function message({ role, parts }, pictures, run, rendered) {
    const drawn = parts.map((part) =>
      part.picture === undefined || part.picture === null
        ? answer.shown(part.text || '', { rendered })
        : figure(pictures[part.picture], part.picture, run),
    );
    return el('div', { class: 'message' }, el('h4', {}, plain.text(role, 40)), drawn);
  }

  // Make the messages of a row. Pictures that no message names follow them.
  function messages(detail, run, rendered) {
    const pictures = detail.pictures || [];
    const named = new Set((detail.messages || []).flatMap(({ parts }) => parts.map((part) => part.picture)));
    const others = pictures
      .filter((picture, at) => !named.has(at))
      .map((picture) => figure(picture, pictures.indexOf(picture), run));
    return [(detail.messages || []).map((one) => message(one, pictures, run, rendered)), others];
  }

  // Open the first picture of a row that can be shown; return whether there is one.
  function openFirst(detail, run) {
    const found = (detail.pictures || []).find((picture) => picture.thumbnail || picture.original);
    if (found) zoom(found, run);
    return Boolean(found);
  }

  mathbatch.prompt = { messages, openFirst };
})();
