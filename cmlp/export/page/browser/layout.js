// Where the parts of the diagram are, in pixels of the stage.

const MOST_UNITS = 32; // of a layer that are drawn: more would be too small to see and to touch
const HEAD = 26; // above the columns
const FEWEST_LETTERS = 6; // of a name that is shortened
const ROOM = 32; // at least, from column to column

// Which units of a layer are drawn: all, or the most active ones and the chosen one.
function shownUnits(a, chosen) {
  const all = Array.from(a, (_, j) => j);
  if (all.length <= MOST_UNITS) return all;
  const rank = (j) => (j === chosen ? Infinity : Math.abs(a[j]));
  return all.sort((i, j) => rank(j) - rank(i)).slice(0, MOST_UNITS).sort((i, j) => i - j);
}

function layoutOf(stageWidth, { sizes, framing, names }) {
  const narrow = stageWidth < 480;
  const height = narrow ? 380 : 440;
  const columns = sizes.length - (framing ? 1 : 0);
  const longest = names.reduce((most, name) => Math.max(most, Array.from(name).length), 0);
  const bars = narrow ? 30 : 90, values = 46;
  const picture = framing ? pictureBox(stageWidth, height, framing) : null;
  const left = picture ? picture.width + (narrow ? 16 : 48) : 26;
  const rest = stageWidth - left - (columns - 1) * ROOM - bars - values - 14; // without it, the stage scrolls
  const labels = Math.min(0.3 * stageWidth, 16 + 8 * longest, Math.max(FEWEST_LETTERS * 8 + 8, rest));
  const width = Math.max(stageWidth, left + (columns - 1) * ROOM + labels + bars + values + 14);
  const last = width - labels - bars - values - 14;
  const step = columns > 1 ? (last - left) / (columns - 1) : 0;
  const place = (l) => (columns > 1 ? left + (l - (framing ? 1 : 0)) * step : last);
  return {
    stageWidth, width, height, picture,
    xs: sizes.map((_, l) => (l === 0 && framing ? null : place(l))),
    column: (shown) => columnOf(shown, height, step || ROOM),
    label: last + 18, bar: last + 18 + labels, barWidth: bars, value: width - 2,
    letters: Math.floor((labels - 8) / 8),
  };
}

function pictureBox(stageWidth, stageHeight, { width, height }) {
  const scale = Math.min(168, 0.26 * stageWidth) / Math.max(width, height);
  const box = { width: scale * width, height: scale * height, scale, x: 0 };
  return { ...box, y: HEAD + (stageHeight - HEAD - box.height) / 2 };
}

function columnOf(shown, height, step) {
  const pitch = Math.min((height - HEAD - 6) / shown, 34);
  const top = HEAD + (height - HEAD - pitch * shown) / 2;
  const radius = Math.min(0.4 * pitch, 0.36 * step, 11);
  return { pitch, radius, ys: Array.from({ length: shown }, (_, i) => top + (i + 0.5) * pitch) };
}
