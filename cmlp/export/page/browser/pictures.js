// Arrays as pictures: one pixel of a canvas for each value, enlarged by the style sheet.

const colours = new Map(); // of the style, read once: to ask for them at every change would cost more than the network

function rgb(name) {
  if (!colours.has(name)) {
    const hex = getComputedStyle(document.documentElement).getPropertyValue(name).trim();
    colours.set(name, [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16)));
  }
  return colours.get(name);
}

function paint(canvas, width, height, colour) {
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const context = canvas.getContext("2d");
  const image = context.createImageData(width, height);
  for (let i = 0; i < width * height; i++) {
    image.data.set(colour(i), 4 * i);
    image.data[4 * i + 3] = 255;
  }
  context.putImageData(image, 0, 0);
}

// Grey from black to white, as the pixels of the images are.
function paintGrey(canvas, values, width, height) {
  const lowest = values.reduce((a, b) => Math.min(a, b), 0), highest = values.reduce((a, b) => Math.max(a, b), 1);
  paint(canvas, width, height, (i) => {
    const grey = Math.round((255 * (values[i] - lowest)) / (highest - lowest));
    return [grey, grey, grey];
  });
}

const FEW = 0.99; // of the values are below the full colour, so that a lone one does not make the others pale

// From the colour of what lowers over that of nothing to that of what raises.
function paintSigned(canvas, values, width, height) {
  const largest = percentile(values.map(Math.abs), FEW) || largestMagnitude(values);
  const none = rgb("--card"), raise = rgb("--raise"), lower = rgb("--lower");
  paint(canvas, width, height, (i) => {
    const full = values[i] < 0 ? lower : raise, share = largest ? Math.abs(values[i]) / largest : 0;
    return none.map((from, c) => Math.round(from + Math.min(share, 1) * (full[c] - from)));
  });
}
