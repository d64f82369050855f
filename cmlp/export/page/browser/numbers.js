// Fields for inputs that are no picture: a slider for each, or one text for many.

const MOST_SLIDERS = 64;
const UNKNOWN = { low: -3, high: 3, start: 0 }; // where no data tell: inputs are often standardised

// Where each input begins, and the ends of its slider.
function rangesOf({ sizes, ranges }, examples) {
  return Array.from({ length: sizes[0] }, (_, k) => {
    if (!ranges && !examples) return UNKNOWN;
    const values = examples ? examples.images.map((image) => image[k]) : [];
    const start = ranges ? ranges.mean[k] : values.reduce((a, b) => a + b) / values.length;
    if (ranges) values.push(ranges.low[k], ranges.high[k]);
    const low = Math.min(...values), high = Math.max(...values);
    return low < high ? { low, high, start } : { low: low - 1, high: low + 1, start };
  });
}

function whereInputsBegin({ ranges }, examples) {
  if (ranges) return "They begin at the mean of the training data.";
  if (examples) return "They begin at the mean of the test data below.";
  return "The training data are not known: each begins at 0. cmlp page --data takes means and limits from data.";
}

function nameOfInput({ inputs }, k) {
  return inputs ? inputs[k] : `input ${k + 1}`;
}

function makeNumbers(parent, model, examples, onChange) {
  const features = model.sizes[0];
  const ranges = rangesOf(model, examples);
  html(parent.parentNode, "p", { id: "number-origin", textContent: whereInputsBegin(model, examples) });
  const own = Float64Array.from(ranges, ({ start }) => start);
  let shown = own; // or a test image, of which all but the changed field is kept
  const make = features <= MOST_SLIDERS ? makeSliders : makeText;
  const fields = make(parent, model, ranges, (k, value) => {
    own.set(shown);
    shown = own;
    own[k] = value;
    onChange();
  });
  function show(values) {
    shown = values;
    fields.show(values);
  }
  show(own);
  return { own, show };
}

function makeSliders(parent, model, ranges, onInput) {
  const rows = ranges.map(({ low, high }, k) => {
    const row = html(parent, "div", { className: model.inputs ? "row named" : "row" });
    html(row, "span", { textContent: model.inputs ? model.inputs[k] : k + 1 });
    const slider = html(row, "input", { type: "range", min: low, max: high, step: "any" });
    const number = html(row, "input", { type: "number", step: "any" });
    slider.setAttribute("aria-label", nameOfInput(model, k));
    number.setAttribute("aria-label", `${nameOfInput(model, k)} as a number`);
    for (const [field, other] of [[slider, number], [number, slider]])
      field.addEventListener("input", () => {
        if (field.value === "" || !Number.isFinite(field.valueAsNumber)) return;
        other.value = field === slider ? Number(field.valueAsNumber.toPrecision(4)) : field.value;
        onInput(k, field.valueAsNumber);
      });
    return { slider, number };
  });
  function show(values) {
    rows.forEach(({ slider, number }, k) => {
      slider.value = values[k];
      number.value = Number(values[k].toPrecision(4));
    });
  }
  return { show };
}

function makeText(parent, model, ranges, onInput) {
  const note = html(parent, "p", { id: "number-note" });
  const text = html(parent, "textarea", { rows: 12, spellcheck: false });
  change(text, { "aria-label": "inputs", "aria-describedby": "number-note" });
  const rule = `${count(ranges.length)} numbers, separated by spaces`;
  setText(note, rule);
  text.addEventListener("input", () => {
    const values = text.value.split(/[\s,;]+/).filter(Boolean).map(Number);
    const wrong = values.findIndex((value) => !Number.isFinite(value));
    const fits = wrong < 0 && values.length === ranges.length;
    const found = wrong < 0 ? `these are ${count(values.length)}` : `number ${count(wrong + 1)} is none`;
    setText(note, fits ? rule : `${rule}: ${found}`);
    text.setAttribute("aria-invalid", !fits);
    if (fits) values.forEach((value, k) => onInput(k, value));
  });
  return { show: (values) => (text.value = Array.from(values, (value) => Number(value.toPrecision(4))).join(" ")) };
}
