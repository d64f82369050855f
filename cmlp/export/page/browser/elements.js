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

// Without the letters in its middle where a name has too many.
function shortened(name, most) {
  const letters = Array.from(name);
  if (letters.length <= most) return name;
  const end = Math.floor((most - 1) / 2);
  return `${letters.slice(0, most - 1 - end).join("")}\u2026${letters.slice(letters.length - end).join("")}`;
}

// Names that differ, too, where they are alike at both ends: from there on where they begin to.
function shortNames(names, most) {
  const short = names.map((name) => shortened(name, most));
  return short.map((name, i) => {
    const alike = names.filter((_, j) => short[j] === name).map((other) => Array.from(other));
    if (alike.length === 1) return name;
    const letters = Array.from(names[i]);
    const differs = letters.findIndex((letter, k) => alike.some((other) => other[k] !== letter));
    const rest = letters.slice(Math.max(0, (differs < 0 ? letters.length : differs) - Math.floor(most / 3)));
    const cut = rest.length < most ? rest : [...rest.slice(0, most - 2), "\u2026"];
    return `${rest.length < letters.length ? "\u2026" : ""}${cut.join("")}`;
  });
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
