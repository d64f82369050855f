// The arithmetic of a network, in doubles; the formulas are those of cmlp/core/activations.pyx.

const LEAK = 0.01;

function sigmoid(z) {
  const e = Math.exp(-Math.abs(z));
  return (z < 0 ? e : 1) / (1 + e);
}

// The series has positive terms only, so it loses no digits (Abramowitz and Stegun, 7.1.6).
function erf(x) {
  if (Math.abs(x) > 6) return Math.sign(x);
  let term = x, sum = x;
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

const normalCdf = (z) => 0.5 * (1 + erf(z * Math.SQRT1_2));
const normalDensity = (z) => Math.exp(-0.5 * z * z) / Math.sqrt(2 * Math.PI);

function siluPrime(z) {
  const s = sigmoid(z);
  return s * (1 + z * (1 - s));
}

// For each name, the activation of z and its derivative.
const ACTIVATIONS = {
  identity: [(z) => z, () => 1],
  sigmoid: [sigmoid, (z) => sigmoid(z) * sigmoid(-z)],
  tanh: [Math.tanh, (z) => 1 - Math.tanh(z) ** 2],
  relu: [(z) => (z < 0 ? 0 : z), (z) => (z > 0 ? 1 : 0)],
  leaky_relu: [(z) => (z < 0 ? LEAK * z : z), (z) => (z > 0 ? 1 : LEAK)],
  elu: [(z) => (z < 0 ? Math.expm1(z) : z), (z) => (z > 0 ? 1 : Math.exp(z))],
  gelu: [(z) => z * normalCdf(z), (z) => normalCdf(z) + z * normalDensity(z)],
  silu: [(z) => z * sigmoid(z), siluPrime],
  softplus: [(z) => Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z))), sigmoid],
  exponential: [Math.exp, Math.exp],
};

function softmax(z) {
  const largest = z.reduce((a, b) => Math.max(a, b));
  const e = z.map((value) => Math.exp(value - largest));
  const total = e.reduce((a, b) => a + b);
  return e.map((value) => value / total);
}

function activate(name, z) {
  return name === "softmax" ? softmax(z) : z.map(ACTIVATIONS[name][0]);
}

// weights (fanOut, fanIn) row by row, times a, plus biases
function weightedInputs({ weights, biases, fanIn, fanOut }, a) {
  const z = new Float64Array(fanOut);
  for (let j = 0; j < fanOut; j++) {
    let sum = 0;
    for (let k = 0, i = j * fanIn; k < fanIn; k++, i++) sum += weights[i] * a[k];
    z[j] = sum + biases[j];
  }
  return z;
}

// z and activations of every layer; activations[0] is the input.
function feedforward(layers, input) {
  const zs = [], activations = [Float64Array.from(input)];
  for (const layer of layers) {
    zs.push(weightedInputs(layer, activations[activations.length - 1]));
    activations.push(activate(layer.activation, zs[zs.length - 1]));
  }
  return { zs, activations };
}

// How z of a unit changes with each input: in the first layer its weights, deeper the gradient at this input.
function gradientOfUnit(layers, zs, layer, unit) {
  let { weights, fanIn } = layers[layer];
  let gradient = Float64Array.from(weights.subarray(unit * fanIn, (unit + 1) * fanIn));
  for (let l = layer - 1; l >= 0; l--) {
    const prime = ACTIVATIONS[layers[l].activation][1];
    const delta = gradient.map((value, j) => value * prime(zs[l][j]));
    ({ weights, fanIn } = layers[l]);
    gradient = new Float64Array(fanIn);
    for (let j = 0; j < delta.length; j++) {
      if (delta[j] === 0) continue;
      for (let k = 0, i = j * fanIn; k < fanIn; k++, i++) gradient[k] += delta[j] * weights[i];
    }
  }
  return gradient;
}

function strongest(values) {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i] > values[best]) best = i;
  return best;
}

function largestMagnitude(values) {
  let largest = 0;
  for (const value of values) if (Math.abs(value) > largest) largest = Math.abs(value);
  return largest;
}
