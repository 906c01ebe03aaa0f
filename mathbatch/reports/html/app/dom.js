// Makes elements. Texts become text nodes: nothing that a dataset or a model wrote is ever read as HTML here.
'use strict';

(() => {
  const SVG = 'http://www.w3.org/2000/svg';

  // Set one attribute: functions are listeners, `true` an empty attribute, null and false none.
  function set(element, name, value) {
    if (typeof value === 'function') element.addEventListener(name.replace(/^on/, ''), value);
    else if (value === true) element.setAttribute(name, '');
    else if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value);
  }

  // Make an element: el('a', {href: '#/', class: 'x'}, 'text', child, [children]).
  function make(element, attributes, children) {
    for (const [name, value] of Object.entries(attributes || {})) set(element, name, value);
    element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
    return element;
  }

  mathbatch.el = (tag, attributes, ...children) => make(document.createElement(tag), attributes, children);
  mathbatch.svg = (tag, attributes, ...children) => make(document.createElementNS(SVG, tag), attributes, children);
})();
