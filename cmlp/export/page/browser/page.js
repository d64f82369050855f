// The page: what was given, where it comes from, and what is shown of it.

const content = JSON.parse(byId("content").textContent);
const model = { ...content, layers: layersOf(content) };
const examples = examplesOf(content);

const update = oncePerFrame(() => {
  const example = chooser && chooser.current();
  const drawn = drawing && !example ? drawing.image() : null;
  const input = example || (drawing ? Float64Array.from(drawn || blank(model.framing), (a) => a / 255) : numbers.own);
  const pass = feedforward(model.layers, input);
  const outputs = pass.activations[model.layers.length];
  diagram.update(pass);
  showNeuron(model, pass, diagram.chosen);
  if (pictures) pictures.show(diagram.shown[1].units, diagram.chosen);
  const verdict = chooser && chooser.describe(answerOf(model.says, outputs));
  showAnswer(model, outputs, drawing && !example && !drawn, verdict);
});

function showExample() {
  const example = chooser.current();
  if (numbers) numbers.show(example || numbers.own);
  else drawing.show(example && pictureOf(example));
  update();
}

function pictureOf(image) {
  const canvas = document.createElement("canvas");
  paintGrey(canvas, image, model.framing.width, model.framing.height);
  return canvas;
}

// What the user draws or sets takes the place of the test image.
function ownChanged() {
  if (chooser) chooser.leave();
  update();
}

const drawing = model.framing ? new Drawing(byId("pad"), model.framing, ownChanged) : null;
const numbers = drawing ? null : makeNumbers(byId("number-fields"), model, examples, ownChanged);
const chooser = examples ? makeExamples(examples, model, showExample) : null;
const diagram = new Diagram(byId("stage"), model, update);
const pictures = drawing ? new WeightPictures(byId("weight-pictures"), model, (unit) => diagram.choose(0, unit)) : null;

byId("drawing").hidden = byId("weights").hidden = !drawing;
byId("numbers").hidden = !numbers;
document.querySelector("main").classList.toggle("no-picture", !drawing);
byId("examples").hidden = !examples;
byId("clear").addEventListener("click", () => drawing.clear());
setText(byId("diagram-note"), noteOnDiagram(model));

diagram.build();
new ResizeObserver(() => {
  if (byId("stage").clientWidth !== diagram.layout.stageWidth) diagram.build();
}).observe(byId("stage"));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  colours.clear();
  if (drawing) drawing.paint();
  if (pictures) pictures.units = [];
  update();
});

// For the console: the outputs for an input, the gradient of a unit's z there, an image from a drawing (ink from 0 to
// 1), and what the network is given at present.
globalThis.cmlp = Object.freeze({
  outputs: (input) => Array.from(feedforward(model.layers, input).activations[model.layers.length]),
  gradient: (input, layer, unit) =>
    Array.from(gradientOfUnit(model.layers, feedforward(model.layers, input).zs, layer, unit)),
  frame: (ink, width, height) => Array.from(frame(ink, width, height, model.framing)),
  input: () => Array.from(diagram.pass.activations[0]),
  examples,
});
update();
