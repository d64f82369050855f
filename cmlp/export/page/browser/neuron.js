// What a neuron looks for: its weights as a picture, or, deeper, what would raise it from here.

const MOST_FEATURES = 8; // that are listed where inputs are no picture

// In the first layer, and deeper.
const MEANINGS = {
  picture: [
    "Its weights: blue pixels raise it, orange ones lower it.",
    "Its gradient at this input: brighter blue pixels would raise it, brighter orange ones lower it.",
  ],
  numbers: [
    "Its weights, the strongest first.",
    "Its gradient at this input, the steepest first: what it gains per unit of an input.",
  ],
};

function nameOfUnit({ layers, names }, layer, unit) {
  return layer === layers.length - 1 ? `output ${names[unit]}` : `layer ${layer + 1}, neuron ${unit + 1}`;
}

function showNeuron(model, { zs, activations }, { layer, unit }) {
  const gradient = gradientOfUnit(model.layers, zs, layer, unit);
  const name = nameOfUnit(model, layer, unit);
  setText(byId("neuron-name"), name[0].toUpperCase() + name.slice(1));
  const meaning = MEANINGS[model.framing ? "picture" : "numbers"][layer ? 1 : 0];
  const bias = shortNumber(model.layers[layer].biases[unit]);
  setText(byId("neuron-text"), `${meaning} Bias ${bias}, activation ${shortNumber(activations[layer + 1][unit])}.`);
  byId("neuron-picture").hidden = !model.framing;
  byId("neuron-list").hidden = Boolean(model.framing);
  if (model.framing) {
    const { width, height } = model.framing;
    paintSigned(byId("neuron-picture"), gradient, width, height);
  } else listFeatures(byId("neuron-list"), model, gradient);
}

function listFeatures(list, model, gradient) {
  const strongestFirst = [...gradient.keys()].sort((i, j) => Math.abs(gradient[j]) - Math.abs(gradient[i]));
  list.replaceChildren();
  for (const k of strongestFirst.slice(0, MOST_FEATURES))
    html(list, "li", { textContent: `${nameOfInput(model, k)}: ${shortNumber(gradient[k])}` });
}

class WeightPictures {
  constructor(list, model, onChoose) {
    Object.assign(this, { list, model, onChoose, units: [] });
  }

  // Show the first layer's weights into these units, the chosen one marked.
  show(units, chosen) {
    if (units.join() !== this.units.join()) this.paint(units);
    [...this.list.children].forEach((item, i) => {
      item.classList.toggle("chosen", chosen.layer === 0 && units[i] === chosen.unit);
    });
  }

  paint(units) {
    const [{ weights, fanIn }] = this.model.layers, { width, height } = this.model.framing;
    this.units = units;
    this.list.replaceChildren();
    for (const unit of units) {
      const canvas = html(html(this.list, "li"), "canvas");
      change(canvas, { role: "img", "aria-label": `weights of neuron ${unit + 1}` });
      paintSigned(canvas, weights.subarray(unit * fanIn, (unit + 1) * fanIn), width, height);
      canvas.addEventListener("click", () => this.onChoose(unit));
    }
  }
}
