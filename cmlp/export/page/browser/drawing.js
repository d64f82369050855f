// The canvas to draw on, by pointer or by keys.

const PAD = 400; // pixels of its side
const STEPS = 28; // of the keys, from side to side
const BRUSH = 0.082; // of the side: as thick as the strokes of MNIST, where a digit is drawn as large as there
const THINNEST = 1.2; // pixels of the network

class Drawing {
  constructor(canvas, framing, onChange) {
    Object.assign(this, { canvas, framing, onChange });
    Object.assign(canvas, { width: PAD, height: PAD });
    const ink = Object.assign(document.createElement("canvas"), { width: PAD, height: PAD });
    this.ink = ink.getContext("2d", { willReadFrequently: true });
    this.thickness = PAD * Math.max(BRUSH, THINNEST / Math.max(framing.width, framing.height));
    Object.assign(this.ink, { lineWidth: this.thickness, lineCap: "round", lineJoin: "round" });
    this.pen = { x: PAD / 2, y: PAD / 2, down: false, visible: false };
    this.last = this.example = null;
    this.paint = oncePerFrame(() => this.paintNow());
    listenToPointer(this);
    listenToKeys(this);
  }

  strokeTo(x, y) {
    if (this.example) this.clear();
    this.ink.beginPath();
    this.ink.moveTo(...(this.last || [x, y]));
    this.ink.lineTo(x, y);
    this.ink.stroke();
    this.last = [x, y];
    this.changed();
  }

  lift() {
    this.last = null;
  }

  clear() {
    this.ink.clearRect(0, 0, PAD, PAD);
    this.example = this.last = null;
    this.changed();
  }

  changed() {
    this.paint();
    this.onChange();
  }

  // Show a canvas with a test image, or, for null, the drawing again.
  show(example) {
    Object.assign(this, { example, last: null });
    this.paint();
  }

  // What is drawn as an image for the network, or null.
  image() {
    const { data } = this.ink.getImageData(0, 0, PAD, PAD);
    const ink = new Float64Array(PAD * PAD);
    for (let i = 0; i < ink.length; i++) ink[i] = data[4 * i + 3] / 255; // opacity
    return frame(ink, PAD, PAD, this.framing);
  }

  paintNow() {
    const view = this.canvas.getContext("2d"), style = getComputedStyle(this.canvas);
    view.clearRect(0, 0, PAD, PAD);
    view.imageSmoothingEnabled = false;
    view.drawImage(this.example || this.ink.canvas, 0, 0, PAD, PAD);
    if (!this.example) {
      view.globalCompositeOperation = "source-in";
      view.fillStyle = style.color;
      view.fillRect(0, 0, PAD, PAD);
      view.globalCompositeOperation = "source-over";
    }
    if (!this.pen.visible) return;
    view.strokeStyle = style.getPropertyValue(this.pen.down ? "--raise" : "--soft");
    view.lineWidth = 4;
    view.beginPath();
    view.arc(this.pen.x, this.pen.y, this.thickness / 2 + 4, 0, 2 * Math.PI);
    view.stroke();
  }
}

function listenToPointer(drawing) {
  const { canvas } = drawing;
  let pointer = null;
  function draw(event) {
    const place = canvas.getBoundingClientRect(), scale = PAD / place.width;
    drawing.strokeTo((event.clientX - place.left) * scale, (event.clientY - place.top) * scale);
  }
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || pointer !== null) return;
    pointer = event.pointerId;
    canvas.setPointerCapture(pointer);
    drawing.lift();
    draw(event);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (event.pointerId !== pointer) return;
    const steps = event.getCoalescedEvents ? event.getCoalescedEvents() : [];
    (steps.length ? steps : [event]).forEach(draw);
  });
  for (const name of ["pointerup", "pointercancel"])
    canvas.addEventListener(name, (event) => {
      if (event.pointerId === pointer) pointer = null;
    });
}

const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

function listenToKeys(drawing) {
  const { canvas, pen } = drawing;
  const within = (place) => Math.min(Math.max(place, 0), PAD);
  const place = () => `column ${Math.round((pen.x / PAD) * STEPS)}, row ${Math.round((pen.y / PAD) * STEPS)}`;
  const draw = () => pen.down && drawing.strokeTo(pen.x, pen.y);
  function putDownOrUp() {
    pen.down = !pen.down;
    drawing.lift();
    draw();
    announce(`pen ${pen.down ? "down" : "up"}, ${place()}`);
  }
  function move([x, y]) {
    pen.x = within(pen.x + (x * PAD) / STEPS);
    pen.y = within(pen.y + (y * PAD) / STEPS);
    draw();
    if (!pen.down) announce(place());
  }
  canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === " ") putDownOrUp();
    else if (event.key === "Delete" || event.key === "Backspace") drawing.clear();
    else if (MOVES[event.key]) move(MOVES[event.key]);
    else return;
    event.preventDefault();
    pen.visible = true;
    drawing.paint();
  });
  canvas.addEventListener("blur", () => {
    pen.visible = pen.down = false;
    drawing.paint();
  });
}
