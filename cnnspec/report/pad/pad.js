// The pad of a report: what is drawn is prepared, shown as the network sees it, and answered.

const SIDE = 280;
const MOST = 3;

function load() {
  const kept = JSON.parse(document.getElementById("pad-network").textContent);
  const raw = atob(kept.numbers);
  const bytesOf = Uint8Array.from(raw, (letter) => letter.charCodeAt(0));
  return { ...kept, numbers: new Float32Array(bytesOf.buffer) };
}

// The grey levels of the pad, 0 for ink.
function greyOf(context) {
  const { data } = context.getImageData(0, 0, SIDE, SIDE);
  return plane(SIDE, SIDE, Float64Array.from({ length: SIDE * SIDE }, (_, place) => data[4 * place]));
}

function showSeen(canvas, image, [height, width], channels) {
  const pixels = new ImageData(width, height);
  for (let place = 0; place < width * height; place += 1)
    for (let c = 0; c < 4; c += 1)
      pixels.data[4 * place + c] = c === 3 ? 255 : image[place * channels + Math.min(c, channels - 1)];
  canvas.getContext("2d").putImageData(pixels, 0, 0);
}

function setUp() {
  const section = document.getElementById("pad");
  const [paper, seen, answers] = ["paper", "seen", "answers"].map((name) =>
    section.querySelector(`.${name}`));
  const network = load();
  const context = paper.getContext("2d", { willReadFrequently: true });
  let last = null;
  let waiting = false;

  const clear = () => {
    context.fillStyle = "white";
    context.fillRect(0, 0, SIDE, SIDE);
    seen.getContext("2d").clearRect(0, 0, seen.width, seen.height);
    answers.replaceChildren();
  };
  const look = () => {
    waiting = false;
    const image = prepare(greyOf(context), network.framing);
    if (!image) return clear();
    showSeen(seen, image, network.framing.frame, network.framing.ground.length);
    const shares = answer(network, Float32Array.from(image, (value) => value / 255));
    const order = Array.from(shares.keys()).sort((a, b) => shares[b] - shares[a]).slice(0, MOST);
    return answers.replaceChildren(...order.map((number) => {
      const line = document.createElement("li");
      const name = document.createElement("b");
      name.textContent = network.labels[number];
      line.append(name, ` ${(100 * shares[number]).toFixed(1)} %`);
      return line;
    }));
  };
  const at = (event) => {
    const { left, top, width } = paper.getBoundingClientRect();
    return [(event.clientX - left) * (SIDE / width), (event.clientY - top) * (SIDE / width)];
  };
  const stroke = (event) => {
    if (!last) return;
    const next = at(event);
    context.strokeStyle = "black";
    context.lineWidth = 20;
    context.lineCap = "round";
    context.beginPath();
    context.moveTo(...last);
    context.lineTo(...next);
    context.stroke();
    last = next;
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(look);
  };
  paper.addEventListener("pointerdown", (event) => {
    paper.setPointerCapture(event.pointerId);
    last = at(event);
    stroke(event);
  });
  paper.addEventListener("pointermove", stroke);
  for (const end of ["pointerup", "pointercancel"]) paper.addEventListener(end, () => (last = null));
  section.querySelector("button").addEventListener("click", clear);
  clear();
  section.hidden = false;
}

setUp();
