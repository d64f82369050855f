// Elements of the page, and words for numbers.

const byId = (id) => document.getElementById(id);

const SVG = "http://www.w3.org/2000/svg";

function svg(parent, name, attributes = {}) {
  const element = parent.appendChild(document.createElementNS(SVG, name));
  return change(element, attributes);
}

function change(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

function html(parent, name, properties = {}) {
  return parent.appendChild(Object.assign(document.createElement(name), properties));
}

function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

const count = (n) => n.toLocaleString("en");

function shortNumber(value) {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "not a number" : value > 0 ? "\u221e" : "\u2212\u221e";
  const size = Math.abs(value);
  const text = size >= 1e5 ? size.toExponential(1) : size.toFixed(size < 100 ? 2 : 1);
  return value < 0 && Number(text) !== 0 ? `\u2212${text}` : text;
}

function shortened(text, most) {
  const letters = Array.from(text);
  return letters.length > most ? `${letters.slice(0, most - 1).join("")}\u2026` : text;
}

// The last of many texts in quick succession is the one that a screen reader says.
const announce = (() => {
  let timer = 0;
  return (text) => {
    clearTimeout(timer);
    timer = setTimeout(() => setText(byId("status"), text), 400);
  };
})();

// Runs at most once per picture that the screen shows.
function oncePerFrame(action) {
  let waiting = false;
  return () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      action();
    });
  };
}
