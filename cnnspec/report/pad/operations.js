// Runs a network for one image: a program of primitive operations, as the interpreter in Python
// does. Values are {data: Float32Array, dims: [h, w, c] or [n]}, weights the same by role.

const span = (size, dilation) => (size - 1) * dilation + 1;
const count = (dims) => dims.reduce((all, side) => all * side, 1);
const empty = (dims, value = 0) => ({ data: new Float32Array(count(dims)).fill(value), dims });
const map = (x, change) => ({ data: x.data.map(change), dims: x.dims });

const sigmoid = (x) => 1 / (1 + Math.exp(-x));
const softplus = (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
const hardSigmoid = (x) => Math.min(Math.max(x / 6 + 0.5, 0), 1);
// Abramowitz and Stegun, "Handbook of Mathematical Functions", 7.1.26 is good to 1.5e-7.
function erf(x) {
  const t = 1 / (1 + 0.3275911 * Math.abs(x));
  const series = ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t
    + 0.254829592) * t;
  return Math.sign(x) * (1 - series * Math.exp(-x * x));
}
const FUNCTIONS = {
  linear: () => (x) => x,
  relu: ({ slope, ceiling }) => (x) =>
    Math.min(Math.max(x, 0), ceiling ?? Infinity) + slope * Math.min(x, 0),
  elu: ({ alpha }) => (x) => (x > 0 ? x : alpha * Math.expm1(x)),
  selu: () => (x) =>
    1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * Math.expm1(x)),
  gelu: () => (x) => x * (0.5 + 0.5 * erf(x / Math.SQRT2)),
  silu: () => (x) => x * sigmoid(x),
  mish: () => (x) => x * Math.tanh(softplus(x)),
  tanh: () => Math.tanh,
  sigmoid: () => sigmoid,
  hard_sigmoid: () => hardSigmoid,
  hard_silu: () => (x) => x * hardSigmoid(x),
  softplus: () => softplus,
  softsign: () => (x) => x / (1 + Math.abs(x)),
  exponential: () => Math.exp,
};

// An image with cells of a value around it; `amounts` is [[top, bottom], [left, right]], and a
// number below zero cuts instead.
function framed(x, [[top, bottom], [left, right]], value = 0) {
  const [height, width, channels] = x.dims;
  const out = empty([height + top + bottom, width + left + right, channels], value);
  const [rows, columns] = out.dims;
  const first = Math.max(-left, 0);
  const last = Math.min(width, columns - left);
  for (let i = Math.max(-top, 0); i < Math.min(height, rows - top); i += 1) {
    const row = x.data.subarray((i * width + first) * channels, (i * width + last) * channels);
    out.data.set(row, ((i + top) * columns + first + left) * channels);
  }
  return out;
}

// Calls `look(i, j, first)` for every place of a window, which begins at the cell `first`.
function slide(x, { size, stride, dilation = [1, 1] }, look) {
  const [height, width] = x.dims;
  const rows = Math.floor((height - span(size[0], dilation[0])) / stride[0]) + 1;
  const columns = Math.floor((width - span(size[1], dilation[1])) / stride[1]) + 1;
  for (let i = 0; i < rows; i += 1)
    for (let j = 0; j < columns; j += 1) look(i * columns + j, i * stride[0] * width + j * stride[1]);
  return [rows, columns];
}

function convolution(op, { kernel, bias }, x) {
  x = framed(x, op.padding);
  const [, width, channels] = x.dims;
  const { filters, groups, size, dilation } = op;
  const [inside, outside] = [channels / groups, filters / groups];
  const sums = new Float64Array(filters);
  const found = [];
  const [rows, columns] = slide(x, op, (place, first) => {
    if (bias) sums.set(bias.data);
    else sums.fill(0);
    for (let r = 0; r < size[0]; r += 1)
      for (let s = 0; s < size[1]; s += 1) {
        const cell = (first + r * dilation[0] * width + s * dilation[1]) * channels;
        for (let c = 0; c < channels; c += 1) {
          const value = x.data[cell + c];
          const begin = Math.floor(c / inside) * outside;
          const at = ((r * size[1] + s) * inside + (c % inside)) * filters;
          for (let f = begin; f < begin + outside; f += 1) sums[f] += value * kernel.data[at + f];
        }
      }
    found.push(Float32Array.from(sums));
  });
  const out = empty([rows, columns, filters]);
  found.forEach((values, place) => out.data.set(values, place * filters));
  return out;
}

function pooledConvolution(op, weights, x) {
  const before = convolution(op, weights, x);
  const more = [0, 1].map((axis) => [0, op.window[axis] * op.pooled[axis] - before.dims[axis]]);
  return largest(framed(before, more, -Infinity), { size: op.window, stride: op.window });
}

function transposedConvolution(op, { kernel, bias }, x) {
  const [height, width, channels] = x.dims;
  const { filters, size, stride, dilation } = op;
  const rows = (height - 1) * stride[0] + span(size[0], dilation[0]);
  const columns = (width - 1) * stride[1] + span(size[1], dilation[1]);
  const painted = empty([rows, columns, filters]);
  for (let i = 0; i < height; i += 1)
    for (let j = 0; j < width; j += 1)
      for (let r = 0; r < size[0]; r += 1)
        for (let s = 0; s < size[1]; s += 1) {
          const row = i * stride[0] + r * dilation[0];
          const to = (row * columns + j * stride[1] + s * dilation[1]) * filters;
          for (let f = 0; f < filters; f += 1) {
            const at = ((r * size[1] + s) * filters + f) * channels;
            let sum = 0;
            for (let c = 0; c < channels; c += 1)
              sum += x.data[(i * width + j) * channels + c] * kernel.data[at + c];
            painted.data[to + f] += sum;
          }
        }
  const out = framed(painted, op.cut.map((sides) => sides.map((side) => -side)));
  return bias ? map(out, (value, at) => value + bias.data[at % filters]) : out;
}

function matrixProduct({ units }, { kernel, bias }, x) {
  const sums = new Float64Array(units);
  if (bias) sums.set(bias.data);
  x.data.forEach((value, row) => {
    for (let unit = 0; unit < units; unit += 1) sums[unit] += value * kernel.data[row * units + unit];
  });
  return { data: Float32Array.from(sums), dims: [units] };
}

function largest(x, op) {
  const [, width, channels] = x.dims;
  const found = [];
  const [rows, columns] = slide(x, op, (place, first) => {
    for (let c = 0; c < channels; c += 1) {
      let most = -Infinity;
      for (let r = 0; r < op.size[0]; r += 1)
        for (let s = 0; s < op.size[1]; s += 1)
          most = Math.max(most, x.data[(first + r * width + s) * channels + c]);
      found.push(most);
    }
  });
  return { data: Float32Array.from(found), dims: [rows, columns, channels] };
}

function pool(op, _, x) {
  if (op.function === "max") return largest(framed(x, op.padding, -Infinity), op);
  const inside = framed(empty([x.dims[0], x.dims[1], 1], 1), op.padding);
  x = framed(x, op.padding);
  const [, width, channels] = x.dims;
  const found = [];
  const [rows, columns] = slide(x, op, (place, first) => {
    for (let c = 0; c < channels; c += 1) {
      let sum = 0;
      let cells = 0;
      for (let r = 0; r < op.size[0]; r += 1)
        for (let s = 0; s < op.size[1]; s += 1) {
          sum += x.data[(first + r * width + s) * channels + c];
          cells += inside.data[first + r * width + s];
        }
      found.push(sum / cells);
    }
  });
  return { data: Float32Array.from(found), dims: [rows, columns, channels] };
}

function reduce(op, _, x) {
  const channels = x.dims[2];
  const positions = x.dims[0] * x.dims[1];
  const found = new Float64Array(channels).fill(op.function === "max" ? -Infinity : 0);
  x.data.forEach((value, at) => {
    const c = at % channels;
    found[c] = op.function === "max" ? Math.max(found[c], value) : found[c] + value / positions;
  });
  return { data: Float32Array.from(found), dims: [channels] };
}

function softmax(op, _, x) {
  const units = x.dims.at(-1);
  const out = empty(x.dims);
  for (let start = 0; start < x.data.length; start += units) {
    const row = x.data.subarray(start, start + units);
    const most = Math.max(...row);
    const grown = Array.from(row, (value) => Math.exp(value - most));
    const sum = grown.reduce((a, b) => a + b, 0);
    grown.forEach((value, at) => (out.data[start + at] = value / sum));
  }
  return out;
}

// Each channel times its factor, plus its offset, where it has these weights.
function scaled(x, { scale, offset }) {
  const channels = x.dims.at(-1);
  return map(x, (value, at) =>
    value * (scale ? scale.data[at % channels] : 1) + (offset ? offset.data[at % channels] : 0));
}

function batchNormalization(op, weights, x) {
  const channels = x.dims.at(-1);
  const { mean, variance } = weights;
  const normal = map(x, (value, at) =>
    (value - mean.data[at % channels]) / Math.sqrt(variance.data[at % channels] + op.epsilon));
  return scaled(normal, weights);
}

function groupNormalization(op, weights, x) {
  const channels = x.dims.at(-1);
  const inGroup = channels / op.groups;
  const groupOf = (at) => {
    const group = Math.floor((at % channels) / inGroup);
    return op.over_positions ? group : Math.floor(at / channels) * op.groups + group;
  };
  const sums = [];
  const squares = [];
  const counts = [];
  x.data.forEach((value, at) => {
    const group = groupOf(at);
    sums[group] = (sums[group] ?? 0) + value;
    counts[group] = (counts[group] ?? 0) + 1;
  });
  const means = sums.map((sum, group) => sum / counts[group]);
  x.data.forEach((value, at) => {
    const group = groupOf(at);
    squares[group] = (squares[group] ?? 0) + (value - means[group]) ** 2;
  });
  const normal = map(x, (value, at) => {
    const group = groupOf(at);
    return (value - means[group]) / Math.sqrt(squares[group] / counts[group] + op.epsilon);
  });
  return scaled(normal, weights);
}

const JOINS = {
  multiply: (a, b) => a * b,
  maximum: (a, b) => Math.max(a, b),
  add: (a, b) => a + b,
  average: (a, b) => a + b,
};

// Value by value; a side of one is used everywhere.
function join(op, _, ...inputs) {
  const dims = inputs[0].dims.map((__, axis) => Math.max(...inputs.map((x) => x.dims[axis])));
  const wide = inputs.map((x) => {
    if (x.data.length === count(dims)) return x.data;
    const [rows, columns, channels] = dims;
    return Float32Array.from({ length: count(dims) }, (__, at) => {
      const place = [Math.floor(at / (columns * channels)), Math.floor(at / channels) % columns, at % channels];
      const [i, j, c] = place.map((index, axis) => Math.min(index, x.dims[axis] - 1));
      return x.data[(i * x.dims[1] + j) * x.dims[2] + c];
    });
  });
  const found = wide.reduce((a, b) => a.map((value, at) => JOINS[op.function](value, b[at])));
  const share = op.function === "average" ? inputs.length : 1;
  return { data: Float32Array.from(found, (value) => value / share), dims };
}

function concatenate(op, _, ...inputs) {
  const channels = inputs.map((x) => x.dims.at(-1));
  const all = channels.reduce((a, b) => a + b, 0);
  const out = empty([...inputs[0].dims.slice(0, -1), all]);
  let before = 0;
  inputs.forEach((x, number) => {
    const own = channels[number];
    x.data.forEach((value, at) => {
      out.data[Math.floor(at / own) * all + before + (at % own)] = value;
    });
    before += own;
  });
  return out;
}

// `taken(c)` is the channel of x that comes to be channel c.
function channelwise(x, channels, taken) {
  const before = x.dims.at(-1);
  const dims = [...x.dims.slice(0, -1), channels];
  const data = Float32Array.from({ length: count(dims) }, (__, at) =>
    x.data[Math.floor(at / channels) * before + taken(at % channels)]);
  return { data, dims };
}

// Each axis by a matrix (after, before) of shares.
function resize(op, { rows, columns }, x) {
  const [height, width, channels] = x.dims;
  const [down, across] = op.size;
  const out = empty([down, across, channels]);
  for (let i = 0; i < down; i += 1)
    for (let j = 0; j < across; j += 1)
      for (let h = 0; h < height; h += 1) {
        const share = rows.data[i * height + h];
        if (!share) continue;
        for (let w = 0; w < width; w += 1) {
          const by = share * columns.data[j * width + w];
          if (!by) continue;
          for (let c = 0; c < channels; c += 1)
            out.data[(i * across + j) * channels + c] += by * x.data[(h * width + w) * channels + c];
        }
      }
  return out;
}

const OPERATIONS = {
  Convolution: convolution,
  PooledConvolution: pooledConvolution,
  TransposedConvolution: transposedConvolution,
  MatrixProduct: matrixProduct,
  Pool: pool,
  Reduce: reduce,
  Map: (op, _, x) => map(x, FUNCTIONS[op.function.name](op.function)),
  LearnedSlope: (op, { alpha }, x) =>
    map(x, (v, at) => Math.max(v, 0) + alpha.data[at % alpha.data.length] * Math.min(v, 0)),
  Softmax: softmax,
  BatchNormalization: batchNormalization,
  Affine: (op, weights, x) => scaled(x, weights),
  GroupNormalization: groupNormalization,
  Join: join,
  Concatenate: concatenate,
  Dropout: (op, _, x) => x,
  Noise: (op, _, x) => x,
  Pad: (op, _, x) => framed(x, op.amounts),
  Crop: (op, _, x) => framed(x, op.amounts.map((sides) => sides.map((side) => -side))),
  Resize: resize,
  Reshape: (op, _, x) => ({ data: x.data, dims: op.dims }),
  Slice: (op, _, x) => channelwise(x, op.channels, (c) => op.start + c),
  Shuffle: (op, _, x) => {
    const channels = x.dims.at(-1);
    return channelwise(x, channels, (c) =>
      (c % op.groups) * (channels / op.groups) + Math.floor(c / op.groups));
  },
};

// The outputs for one image, numbers from 0 to 1.
function answer(network, pixels) {
  const found = [];
  network.steps.forEach(({ name, op, inputs, dims, weights }) => {
    if (name === "Input") return found.push({ data: Float32Array.from(pixels), dims });
    const read = {};
    for (const [role, { at, dims: shape }] of Object.entries(weights))
      read[role] = { data: network.numbers.subarray(at, at + count(shape)), dims: shape };
    const made = OPERATIONS[name](op, read, ...inputs.map((source) => found[source]));
    return found.push(op.then ? map(made, FUNCTIONS[op.then.name](op.then)) : made);
  });
  return found[network.output].data;
}
