// A drawing becomes an image like those of the training data: the steps of cmlp/framing.py, for ink without paper.

const INK = 0.2; // of the strongest ink, from where on a pixel counts
const MASS_PIXEL = 0.5; // MNIST has the centre of mass in the middle of a pixel
const FULL = 0.9; // of the inked pixels that are fainter than full ink

// How much ink is on each row and on each column of ink (height, width).
function profilesOf(ink, width, height) {
  const rows = new Float64Array(height), columns = new Float64Array(width);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      rows[y] += ink[i];
      columns[x] += ink[i];
    }
  }
  return { rows, columns };
}

function extentOf(ink, width, height) {
  let top = height, bottom = 0, left = width, right = 0;
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      if (ink[i] <= INK) continue;
      top = Math.min(top, y);
      bottom = y + 1;
      left = Math.min(left, x);
      right = Math.max(right, x + 1);
    }
  }
  return bottom ? { top, bottom, left, right } : null;
}

// For each of `size` new pixels, the first old one in its window and the weights of those from there on.
function resampling(profile, begin, end, pitch, size, centre) {
  let middle = (begin + end) / 2, place = size / 2;
  if (centre === "mass") {
    const mass = profile.reduce((a, b) => a + b);
    middle = profile.reduce((sum, ink, i) => sum + ink * (i + 0.5), 0) / mass;
    place += MASS_PIXEL;
  }
  place = Math.min(Math.max(place, (middle - begin) / pitch), size - (end - middle) / pitch);
  const window = Math.max(pitch, 1);
  return Array.from({ length: size }, (_, i) => {
    const low = middle + (i + 0.5 - place) * pitch - window / 2, high = low + window;
    const first = Math.max(0, Math.floor(low)), last = Math.min(profile.length, Math.ceil(high));
    const weights = [];
    for (let k = first; k < last; k++) weights.push((Math.min(k + 1, high) - Math.max(k, low)) / window);
    return { first, weights };
  });
}

// down @ ink @ across.T, where both are bands
function resampled(ink, width, down, across) {
  const framed = new Float64Array(down.length * across.length);
  down.forEach(({ first, weights }, row) => {
    const line = new Float64Array(width);
    weights.forEach((weight, n) => {
      for (let x = 0, i = (first + n) * width; x < width; x++, i++) line[x] += weight * ink[i];
    });
    across.forEach((band, column) => {
      framed[row * across.length + column] = band.weights.reduce((sum, w, n) => sum + w * line[band.first + n], 0);
    });
  });
  return framed;
}

function percentile(values, share) {
  const sorted = Float64Array.from(values).sort();
  const place = share * (sorted.length - 1), below = Math.floor(place);
  return sorted[below] + (place - below) * (sorted[Math.min(below + 1, sorted.length - 1)] - sorted[below]);
}

// Ink (height, width) from 0 to 1 as an image of bytes, where 0 and 255 are what 0 and 1 are in the training data; null
// where there is none.
function frame(ink, width, height, framing) {
  const extent = extentOf(ink, width, height);
  if (!extent) return null;
  const { top, bottom, left, right } = extent;
  const tall = bottom - top, wide = right - left;
  const pitch = Math.max(tall / framing.height, wide / framing.width, Math.max(tall, wide) / framing.box);
  const { rows, columns } = profilesOf(ink, width, height);
  const down = resampling(rows, top, bottom, pitch, framing.height, framing.centre);
  const across = resampling(columns, left, right, pitch, framing.width, framing.centre);
  const framed = resampled(ink, width, down, across);
  const least = INK * largestMagnitude(framed);
  const full = percentile(framed.filter((value) => value > least), FULL); // thin strokes are faint
  return Uint8Array.from(framed, (value) => {
    const share = Math.min(value / full, 1);
    return Math.round(255 * (framing.dark ? 1 - share : share));
  });
}

// What the network is given where nothing is drawn.
function blank(framing) {
  return new Uint8Array(framing.height * framing.width).fill(framing.dark ? 255 : 0);
}
