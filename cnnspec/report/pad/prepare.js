// Turns a drawing on a plain ground into an image like those a network was trained on, by the
// steps of `cnnspec/datasets/prepare.py`. A plane is {data, height, width} of numbers from 0 to 1.

const plane = (height, width, data = new Float64Array(height * width)) => ({ data, height, width });
const median = (numbers) => {
  const sorted = Float64Array.from(numbers).sort();
  const half = sorted.length >> 1;
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
};
const quantile = (numbers, share) => {
  const sorted = Float64Array.from(numbers).sort();
  const at = share * (sorted.length - 1);
  const low = Math.floor(at);
  return sorted[low] + (at - low) * ((sorted[low + 1] ?? sorted[low]) - sorted[low]);
};
const FAINT = 0.06;
const SPECK = 0.03;
const FAINTER = 0.7;
const LEAST = 1e-4;

// The highest within so many pixels, in about a disc.
function grown({ data, height, width }, by) {
  for (let step = 0; step < by; step += 1) {
    const before = data;
    data = new Float64Array(before.length);
    for (let i = 0; i < height; i += 1)
      for (let j = 0; j < width; j += 1) {
        let most = -Infinity;
        for (let r = -1; r <= 1; r += 1)
          for (let s = -1; s <= 1; s += 1) {
            if (r && s && step % 2 === 0) continue;
            const row = Math.min(Math.max(i + r, 0), height - 1);
            const column = Math.min(Math.max(j + s, 0), width - 1);
            most = Math.max(most, before[row * width + column]);
          }
        data[i * width + j] = most;
      }
  }
  return plane(height, width, data);
}

// The parts of what is above a limit, connected by sides or corners, as lists of places.
function parts({ data, height, width }, limit) {
  const seen = new Uint8Array(data.length);
  const found = [];
  for (let start = 0; start < data.length; start += 1) {
    if (seen[start] || !(data[start] > limit)) continue;
    const part = [start];
    seen[start] = 1;
    for (let next = 0; next < part.length; next += 1) {
      const [i, j] = [Math.floor(part[next] / width), part[next] % width];
      for (let row = Math.max(i - 1, 0); row <= Math.min(i + 1, height - 1); row += 1)
        for (let column = Math.max(j - 1, 0); column <= Math.min(j + 1, width - 1); column += 1) {
          const place = row * width + column;
          if (seen[place] || !(data[place] > limit)) continue;
          seen[place] = 1;
          part.push(place);
        }
    }
    found.push(part);
  }
  return found;
}

// Where the contrast is above a limit and belongs to the drawing: no specks, nothing much fainter
// than the largest part, nothing at the border where other parts are not.
function drawing(contrast, limit) {
  const { data, height, width } = contrast;
  const outside = (place) => {
    const [i, j] = [Math.floor(place / width), place % width];
    return !i || !j || i === height - 1 || j === width - 1;
  };
  const all = parts(contrast, limit).map((places) => ({
    places,
    faint: places.reduce((sum, place) => sum + data[place], 0) / places.length,
  }));
  const within = all.filter(({ places }) => !places.some(outside));
  let kept = within.some(({ places }) => places.length > LEAST * data.length) ? within : all;
  if (kept.length) {
    const first = kept.reduce((a, b) => (b.places.length > a.places.length ? b : a));
    kept = kept.filter(({ places, faint }) =>
      places.length >= SPECK * first.places.length && faint >= FAINTER * first.faint);
  }
  const mask = plane(height, width);
  kept.forEach(({ places }) => places.forEach((place) => (mask.data[place] = 1)));
  return mask;
}

// Dark ink on a white ground, grey from 0 to 255: its contrast and where it is; null for a blank.
function findInk(grey, shades) {
  const { height, width } = grey;
  const contrast = plane(height, width, grey.data.map((v) => Math.min(Math.max(1 - v / 255, 0), 1)));
  const seen = contrast.data.filter((value) => value > FAINT);
  if (!seen.length) return null;
  const limit = shades ? FAINT : Math.max(FAINT, 0.45 * quantile(seen, 0.95));
  const mask = drawing(contrast, limit);
  const inked = contrast.data.filter((_, place) => mask.data[place]);
  if (!inked.length) return null;
  const full = median(inked);
  const floor = 0.5 * limit;
  const near = grown(mask, 2).data;
  const scaled = contrast.data.map((value, place) =>
    near[place] * Math.min(Math.max((value - floor) / Math.max(full - floor, 1e-6), 0), 1));
  return { contrast: plane(height, width, scaled), mask };
}

function cut({ data, width }, [top, left, bottom, right]) {
  const found = plane(bottom - top, right - left);
  for (let i = top; i < bottom; i += 1)
    for (let j = left; j < right; j += 1)
      found.data[(i - top) * found.width + j - left] = data[i * width + j];
  return found;
}

function box({ data, height, width }) {
  let [top, left, bottom, right] = [height, width, 0, 0];
  data.forEach((value, place) => {
    if (!value) return;
    const [i, j] = [Math.floor(place / width), place % width];
    [top, left] = [Math.min(top, i), Math.min(left, j)];
    [bottom, right] = [Math.max(bottom, i + 1), Math.max(right, j + 1)];
  });
  return [top, left, bottom, right];
}

// The weight of each old pixel in each new one.
function shares(before, after, scale, at) {
  const half = Math.max(0.5, 0.5 / scale);
  return Array.from({ length: after }, (_, row) => {
    const middle = (row + 0.5 - at) / scale;
    return Float64Array.from({ length: before }, (__, pixel) => {
      const overlap = Math.min(middle + half, pixel + 1) - Math.max(middle - half, pixel);
      return Math.max(overlap, 0) / (2 * half);
    });
  });
}

// Scaled, and placed in a frame of zeros.
function placed(values, [height, width], scale, [row, column]) {
  const down = shares(values.height, height, scale, row);
  const across = shares(values.width, width, scale, column);
  const found = plane(height, width);
  for (let i = 0; i < height; i += 1) {
    const line = new Float64Array(values.width);
    down[i].forEach((share, h) => {
      if (!share) return;
      for (let w = 0; w < values.width; w += 1) line[w] += share * values.data[h * values.width + w];
    });
    for (let j = 0; j < width; j += 1)
      found.data[i * width + j] = across[j].reduce((sum, share, w) => sum + share * line[w], 0);
  }
  return found;
}

function massCentre({ data, width }) {
  let [sum, row, column] = [0, 0, 0];
  data.forEach((value, place) => {
    const mass = Math.abs(value);
    sum += mass;
    row += mass * (Math.floor(place / width) + 0.5);
    column += mass * ((place % width) + 0.5);
  });
  return [row / sum, column / sum];
}

function fitted(things, framing) {
  const size = [things.height, things.width];
  const scale = framing.fitted === null
    ? Math.min(framing.frame[0] / size[0], framing.frame[1] / size[1])
    : framing.fitted / Math.max(...size);
  let middle = framing.frame.map((side) => side / 2);
  if (framing.centred) middle = framing[framing.centred].slice(0, 2);
  const at = middle.map((place, axis) => place - (size[axis] * scale) / 2);
  const image = placed(things, framing.frame, scale, at);
  if (framing.centred !== "mass") return image;
  const now = massCentre(image);
  return placed(things, framing.frame, scale, at.map((each, axis) => each + middle[axis] - now[axis]));
}

// Twice the area of the strokes by the length of their outline.
function strokeWidth({ data, height, width }) {
  let [area, edge] = [0, 0];
  data.forEach((value, place) => {
    area += value;
    if (place % width < width - 1) edge += Math.abs(data[place + 1] - value);
    if (place < (height - 1) * width) edge += Math.abs(data[place + width] - value);
  });
  return (2 * area) / Math.max(edge, 1e-9);
}

function thickened(contrast, framing) {
  const [thinnest, usual] = framing.stroke;
  let image = fitted(contrast, framing);
  let stroke = strokeWidth(image);
  if (stroke >= thinnest) return image;
  const most = Math.floor(Math.max(contrast.height, contrast.width) / 8);
  let by = 0;
  while (stroke < usual && by < most) {
    const missing = ((usual - stroke) / 4) * Math.max(contrast.height, contrast.width)
      / Math.max(...framing.frame);
    by = Math.min(most, by + Math.max(1, Math.floor(missing)));
    const around = plane(contrast.height + 2 * by, contrast.width + 2 * by);
    contrast.data.forEach((value, place) => {
      const row = Math.floor(place / contrast.width) + by;
      around.data[row * around.width + (place % contrast.width) + by] = value;
    });
    image = fitted(grown(around, by), framing);
    stroke = strokeWidth(image);
  }
  return image;
}

const roundHalfEven = (x) => {
  const near = Math.round(x);
  return Math.abs(x % 1) === 0.5 && near % 2 ? near - 1 : near;
};
const bytes = (values) =>
  Uint8Array.from(values, (value) => Math.min(Math.max(roundHalfEven(value), 0), 255));

// A drawing in grey levels, dark on white, as the bytes of an image (height, width, channels) of
// the frame; null for a blank one.
function prepare(grey, framing) {
  const channels = framing.ground.length;
  const drawn = framing.drawn && channels === 1;
  const ink = findInk(grey, !framing.drawn);
  if (!ink) return null;
  const area = framing.fitted === null ? [0, 0, grey.height, grey.width] : box(ink.mask);
  if (drawn) {
    const image = thickened(cut(ink.contrast, area), framing).data;
    const most = Math.max(image.reduce((a, b) => Math.max(a, b), 0), 1e-6);
    const [ground] = framing.ground;
    return bytes(image.map((value) => ground + ((framing.ink - ground) * value) / most));
  }
  // White is the ground; on a dark one it is swapped.
  const dark = framing.ground.reduce((a, b) => a + b, 0) / channels <= framing.ink;
  const things = plane(grey.height, grey.width, grey.data.map((v) => (dark ? 255 - v : v - 255)));
  const image = fitted(cut(things, area), framing).data;
  const all = Array.from(image).flatMap((value) => framing.ground.map((ground) => ground + value));
  return bytes(all);
}
