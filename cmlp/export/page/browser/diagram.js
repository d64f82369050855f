// The network as in the film: neurons as bright as they are active, and the strongest connections between them.

const MOST_LINKS = 64; // from layer to layer

// How bright each unit is, from -1 to 1: as it is where the activation is bounded, otherwise compared to its layer.
function brightness(activation, a) {
  const bounded = ["sigmoid", "tanh", "softmax"].includes(activation);
  const largest = bounded ? 1 : largestMagnitude(a) || 1;
  return Array.from(a, (value) => Math.max(-1, Math.min(value / largest, 1)) || 0);
}

function noteOnDiagram({ sizes, activations, framing }) {
  const notes = [];
  const signed = activations.some((name) => ["identity", "tanh", "leaky_relu", "elu", "gelu", "silu"].includes(name));
  if (signed || !framing) notes.push("Orange circles are negative.");
  if (sizes.slice(framing ? 1 : 0).some((size) => size > MOST_UNITS))
    notes.push(`Of large layers, the ${MOST_UNITS} most active neurons are shown.`);
  return notes.join(" ");
}

// The connections that carry most, weight times activation, from `sources` to `targets`.
function strongestLinks({ weights, fanIn }, a, sources, targets) {
  const links = [];
  for (const k of sources) {
    if (a[k] === 0) continue;
    for (const j of targets) links.push({ from: k, to: j, carried: weights[j * fanIn + k] * a[k] });
  }
  const size = ({ carried }) => Math.abs(carried);
  const least = Float64Array.from(links, size).sort()[Math.max(0, links.length - MOST_LINKS)];
  return links.filter((link) => size(link) >= least && size(link) > 0).slice(0, MOST_LINKS);
}

class Diagram {
  constructor(stage, model, onChoose) {
    Object.assign(this, { stage, model, onChoose, chosen: { layer: 0, unit: 0 }, pass: null });
    stage.addEventListener("click", ({ target }) => {
      const item = target.closest("[role=radio]");
      if (item) this.choose(Number(item.dataset.layer), Number(item.dataset.unit));
    });
    stage.addEventListener("keydown", (event) => {
      if (!MOVES[event.key]) return;
      event.preventDefault();
      this.move(...MOVES[event.key]);
    });
  }

  // Make everything anew for the present width of the stage.
  build() {
    const { stage, model } = this;
    const focused = stage.contains(document.activeElement);
    this.layout = layoutOf(stage.clientWidth, model);
    this.names = shortNames(model.names, this.layout.letters);
    const { width, height, picture } = this.layout;
    stage.replaceChildren();
    if (picture) {
      this.picture = html(stage, "canvas", { className: "seen" });
      change(this.picture, { role: "img", "aria-label": "What the network sees" });
      for (const [side, name] of Object.entries({ x: "left", y: "top", width: "width", height: "height" }))
        this.picture.style[name] = `${picture[side]}px`;
    }
    const root = svg(stage, "svg", { width, height });
    if (picture) this.head(root, picture.width / 2, `${model.framing.width} \u00d7 ${model.framing.height}`);
    this.links = svg(root, "g", { "aria-hidden": true });
    this.inputs = svg(root, "g", { "aria-hidden": true });
    this.units = svg(root, "g", { role: "radiogroup", "aria-label": "Neurons: what does each look for?" });
    this.outputs = svg(root, "g", { "aria-hidden": true });
    this.shown = model.sizes.map(() => null);
    if (this.pass) this.update(this.pass);
    if (focused) this.focus();
  }

  focus() {
    const { layer, unit } = this.chosen;
    this.units.querySelector(`[data-layer="${layer}"][data-unit="${unit}"]`).focus({ preventScroll: true });
  }

  update(pass) {
    this.pass = pass;
    const { layers, framing } = this.model;
    for (let l = framing ? 1 : 0; l <= layers.length; l++) {
      this.arrange(l);
      const bright = brightness(l ? layers[l - 1].activation : "identity", pass.activations[l]);
      this.shown[l].circles.forEach((circle, unit) => {
        circle.style.fillOpacity = Math.abs(bright[unit]);
        circle.classList.toggle("negative", bright[unit] < 0);
        if (l) this.describe(circle.parentNode, l - 1, unit);
      });
    }
    if (framing) paintGrey(this.picture, pass.activations[0], framing.width, framing.height);
    this.drawLinks();
    this.drawOutputs();
  }

  // Make the circles of a column anew where other units are shown than before.
  arrange(l) {
    const a = this.pass.activations[l];
    const units = shownUnits(a, l - 1 === this.chosen.layer ? this.chosen.unit : -1);
    const before = this.shown[l];
    if (before && before.units.join() === units.join()) return;
    const focused = before && before.group.contains(document.activeElement);
    if (before) before.group.remove();
    const x = this.layout.xs[l], column = this.layout.column(units.length);
    const group = svg(l ? this.units : this.inputs, "g", { role: "none" });
    const circles = new Map(), heights = new Map();
    units.forEach((unit, i) => {
      const place = { cx: x, cy: column.ys[i] };
      const item = l ? svg(group, "g", { role: "radio", "data-layer": l - 1, "data-unit": unit }) : group;
      if (l) svg(item, "circle", { ...place, r: Math.max(column.pitch / 2, column.radius), class: "hit" });
      circles.set(unit, svg(item, "circle", { ...place, r: column.radius, class: "unit" }));
      heights.set(unit, column.ys[i]);
    });
    this.head(group, x, count(a.length));
    this.shown[l] = { units, group, circles, heights, radius: column.radius };
    if (focused) this.focus();
  }

  head(parent, x, text) {
    svg(parent, "text", { x, y: 14, class: "head", "aria-hidden": true }).textContent = text;
  }

  describe(item, layer, unit) {
    const isChosen = layer === this.chosen.layer && unit === this.chosen.unit;
    const name = `${nameOfUnit(this.model, layer, unit)}: ${shortNumber(this.pass.activations[layer + 1][unit])}`;
    change(item, { "aria-checked": isChosen, tabindex: isChosen ? 0 : -1, "aria-label": name });
  }

  drawLinks() {
    const lines = [];
    this.model.layers.forEach((layer, l) => {
      const a = this.pass.activations[l], { heights, radius, units } = this.shown[l + 1];
      const sources = this.shown[l] ? this.shown[l].units : [...a.keys()];
      const links = strongestLinks(layer, a, sources, units);
      const largest = largestMagnitude(links.map(({ carried }) => carried));
      for (const { from, to, carried } of links) {
        const opacity = 0.08 + 0.72 * (Math.abs(carried) / largest) ** 1.5;
        const end = { x2: this.layout.xs[l + 1] - radius, y2: heights.get(to) };
        const look = { class: carried < 0 ? "lower" : "raise", "stroke-opacity": opacity };
        lines.push({ ...this.beginOfLink(l, from), ...end, ...look });
      }
    });
    const elements = this.links.children;
    while (elements.length > lines.length) elements[elements.length - 1].remove();
    lines.forEach((line, i) => change(elements[i] || svg(this.links, "line"), line));
  }

  beginOfLink(l, unit) {
    if (this.shown[l]) return { x1: this.layout.xs[l] + this.shown[l].radius, y1: this.shown[l].heights.get(unit) };
    const { x, y, scale } = this.layout.picture, { width } = this.model.framing;
    return { x1: x + ((unit % width) + 0.5) * scale, y1: y + (Math.floor(unit / width) + 0.5) * scale };
  }

  drawOutputs() {
    const { names, says, layers } = this.model, { layout } = this;
    const outputs = this.pass.activations[layers.length];
    const bright = brightness(layers[layers.length - 1].activation, outputs);
    const answer = answerOf(says, outputs);
    this.outputs.replaceChildren();
    for (const [unit, height] of this.shown[layers.length].heights) {
      const said = says === "label" ? unit === answer : says === "flags" && answer && answer[unit];
      const row = svg(this.outputs, "g", { class: said ? "output said" : "output" });
      const bar = { x: layout.bar, y: height - 4, height: 8, rx: 2 };
      svg(row, "text", { x: layout.label, y: height + 4 }).textContent = this.names[unit];
      if (this.names[unit] !== names[unit]) svg(row, "title").textContent = names[unit];
      svg(row, "rect", { ...bar, width: layout.barWidth, class: "room" });
      const width = layout.barWidth * Math.abs(bright[unit]);
      svg(row, "rect", { ...bar, width, class: bright[unit] < 0 ? "bar negative" : "bar" });
      svg(row, "text", { x: layout.value, y: height + 4, class: "value" }).textContent = shortNumber(outputs[unit]);
    }
  }

  choose(layer, unit) {
    this.chosen = { layer, unit };
    this.update(this.pass);
    this.focus();
    this.onChoose();
  }

  // To the next unit of the layer, or the nearest of the next layer.
  move(across, down) {
    const { layer, unit } = this.chosen;
    const target = this.shown[layer + across + 1];
    if (layer + across < 0 || !target) return;
    const from = this.shown[layer + 1].heights.get(unit);
    const distance = (other) => Math.abs(target.heights.get(other) - from);
    const next = (target.units.indexOf(unit) + down + target.units.length) % target.units.length;
    const nearest = () => target.units.reduce((a, b) => (distance(b) < distance(a) ? b : a));
    this.choose(layer + across, across ? nearest() : target.units[next]);
  }
}
