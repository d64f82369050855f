// The network and its test images, read from what the page was given.

const NUMBERS = { uint8: Uint8Array, float32: Float32Array, float64: Float64Array };

function arrayOf(type, text) {
  return new NUMBERS[type](Uint8Array.from(atob(text), (byte) => byte.charCodeAt(0)).buffer);
}

function layersOf({ sizes, activations, type, parameters }) {
  const all = arrayOf(type, parameters);
  let begin = 0;
  const take = (size) => all.subarray(begin, (begin += size));
  return activations.map((activation, l) => {
    const fanIn = sizes[l], fanOut = sizes[l + 1];
    return { activation, fanIn, fanOut, weights: take(fanIn * fanOut), biases: take(fanOut) };
  });
}

// Test images as the network's inputs, and what is expected of each.
function examplesOf({ sizes, examples }) {
  if (!examples) return null;
  const values = arrayOf(examples.type, examples.images);
  const scale = examples.type === "uint8" ? examples.scale : 1;
  const images = examples.expected.map((_, i) =>
    Float64Array.from(values.subarray(i * sizes[0], (i + 1) * sizes[0]), (value) => value * scale)
  );
  return { images, expected: examples.expected, total: examples.total, wrong: examples.wrong };
}

// What the outputs mean: a class, the classes that are present, or numbers.
function answerOf(says, outputs) {
  if (outputs.some(Number.isNaN)) return null;
  if (says === "label") return strongest(outputs);
  return says === "flags" ? Array.from(outputs, (a) => a > 0.5) : Array.from(outputs);
}

function isRight(says, answer, expected) {
  if (says === "label") return answer === expected;
  return answer !== null && answer.every((yes, i) => yes === expected[i] > 0.5);
}
