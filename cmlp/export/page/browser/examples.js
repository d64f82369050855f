// The slider through test data; at 0 it is left, and what the user drew or set is back.

function makeExamples(examples, model, onChange) {
  const slider = byId("position");
  slider.max = examples.images.length;
  setText(byId("examples-note"), noteOn(examples, model));

  function go(position) {
    slider.value = position;
    onChange();
  }

  slider.addEventListener("input", onChange);
  byId("previous").addEventListener("click", () => go(Number(slider.value) - 1));
  byId("next").addEventListener("click", () => go(Number(slider.value) + 1));

  // Say which image this is, and whether the answer is right.
  function describe(answer) {
    const position = Number(slider.value), of = count(examples.images.length);
    const place = position ? `${model.framing ? "Image" : "Row"} ${count(position)} of ${of}` : "Your own input";
    setText(byId("example-text"), place);
    if (!position) {
      slider.setAttribute("aria-valuetext", place);
      return null;
    }
    const expected = examples.expected[position - 1];
    const right = model.says === "numbers" ? null : isRight(model.says, answer, expected);
    const text = verdictOn(model, expected, right);
    slider.setAttribute("aria-valuetext", `${place}: ${text}`);
    return { right, text };
  }

  const current = () => examples.images[Number(slider.value) - 1] || null;
  return { current, describe, leave: () => (slider.value = 0) };
}

function verdictOn({ says, names }, expected, right) {
  if (says === "numbers") return `Expected: ${expected.map(shortNumber).join(", ")}`;
  const meant = says === "label" ? names[expected] : listed(names.filter((_, i) => expected[i] > 0.5));
  return right ? "Right." : `Wrong: it is ${meant}.`;
}

function listed(names) {
  return names.length ? names.join(", ") : "none";
}

function noteOn({ images, total, wrong }, { says }) {
  const all = images.length === total ? `All ${count(total)}` : `${count(images.length)} of ${count(total)}`;
  if (says === "numbers") return `${all}; the largest errors first.`;
  return `${all}; wrong ones first. ${(100 * (1 - wrong / total)).toFixed(2)} % of all are right.`;
}
