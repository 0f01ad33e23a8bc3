/**
 * Makes QR codes (ISO/IEC 18004) of short texts: bytes as UTF-8, error correction M, versions 1 to 10, which hold 213 bytes.
 * The standard's names: a codeword is a byte of the code, a module is one of its squares.
 */

/** Of each version: all codewords, those that correct errors in each block, the blocks, and the centres of the alignment patterns. */
const VERSIONS = [
  { codewords: 26, correcting: 10, blocks: 1, centres: [] },
  { codewords: 44, correcting: 16, blocks: 1, centres: [6, 18] },
  { codewords: 70, correcting: 26, blocks: 1, centres: [6, 22] },
  { codewords: 100, correcting: 18, blocks: 2, centres: [6, 26] },
  { codewords: 134, correcting: 24, blocks: 2, centres: [6, 30] },
  { codewords: 172, correcting: 16, blocks: 4, centres: [6, 34] },
  { codewords: 196, correcting: 18, blocks: 4, centres: [6, 22, 38] },
  { codewords: 242, correcting: 22, blocks: 4, centres: [6, 24, 42] },
  { codewords: 292, correcting: 22, blocks: 5, centres: [6, 26, 46] },
  { codewords: 346, correcting: 26, blocks: 5, centres: [6, 28, 50] },
];

/** Which modules a mask turns over. @type {((row: number, column: number) => boolean)[]} */
const MASKS = [
  (row, column) => (row + column) % 2 === 0,
  (row) => row % 2 === 0,
  (_, column) => column % 3 === 0,
  (row, column) => (row + column) % 3 === 0,
  (row, column) => (Math.floor(row / 2) + Math.floor(column / 3)) % 2 === 0,
  (row, column) => ((row * column) % 2) + ((row * column) % 3) === 0,
  (row, column) => (((row * column) % 2) + ((row * column) % 3)) % 2 === 0,
  (row, column) => (((row + column) % 2) + ((row * column) % 3)) % 2 === 0,
];

/**
 * The QR code of a text.
 * @param {string} text at most 213 bytes; RangeError past that
 * @returns {boolean[][]} its rows, true for a dark module, without the quiet zone around it
 */
export function qrCode(text) {
  const bytes = new TextEncoder().encode(text);
  const version = VERSIONS.findIndex((_, index) => bytes.length + (index < 9 ? 2 : 3) <= dataLength(index)) + 1;
  if (version === 0) throw new RangeError(`${bytes.length} bytes are too many for a QR code of this page`);
  const canvas = blank(version);
  draw(canvas, interleave(encode(bytes, version), version));
  const candidates = MASKS.map((_, mask) => finish(canvas, mask));
  const penalties = candidates.map(penalty);
  return candidates[penalties.indexOf(Math.min(...penalties))];
}

/** @param {number} index of the version */
function dataLength(index) {
  const { codewords, correcting, blocks } = VERSIONS[index];
  return codewords - correcting * blocks;
}

/**
 * The data codewords: mode, length, bytes, end, and padding.
 * @param {Uint8Array} bytes
 * @param {number} version
 */
function encode(bytes, version) {
  const lengthBits = version < 10 ? 8 : 16;
  const bits = `0100${bytes.length.toString(2).padStart(lengthBits, "0")}${[...bytes].map((it) => it.toString(2).padStart(8, "0")).join("")}0000`;
  const codewords = (bits.match(/.{1,8}/g) ?? []).map((it) => Number.parseInt(it.padEnd(8, "0"), 2));
  const length = dataLength(version - 1);
  for (let pad = 0xec; codewords.length < length; pad ^= 0xec ^ 0x11) codewords.push(pad);
  return codewords.slice(0, length);
}

/**
 * Splits the data into blocks, corrects each, and deals all codewords out in turn.
 * @param {number[]} data
 * @param {number} version
 */
function interleave(data, version) {
  const { correcting, blocks } = VERSIONS[version - 1];
  const generator = generatorOf(correcting);
  const long = data.length % blocks;
  const short = Math.floor(data.length / blocks);
  const parts = Array.from({ length: blocks }, (_, index) => {
    const start = index * short + Math.max(0, index - (blocks - long));
    return data.slice(start, start + short + (index >= blocks - long ? 1 : 0));
  });
  const corrections = parts.map((part) => remainder(part, generator));
  const dealt = (/** @type {number[][]} */ piles) =>
    Array.from({ length: Math.max(...piles.map((it) => it.length)) }, (_, at) => piles.flatMap((it) => it.slice(at, at + 1))).flat();
  return [...dealt(parts), ...dealt(corrections)];
}

/**
 * A product in the field of 256 elements that the standard uses.
 * @param {number} a
 * @param {number} b
 */
function product(a, b) {
  let result = 0;
  for (let bit = 7; bit >= 0; bit -= 1) {
    result = (result << 1) ^ (result & 0x80 ? 0x11d : 0);
    if ((b >> bit) & 1) result ^= a;
  }
  return result;
}

/** @param {number} degree its coefficients after the leading one: of (x − 1)(x − 2)(x − 4)… */
function generatorOf(degree) {
  let coefficients = [1];
  let root = 1;
  for (let count = 0; count < degree; count += 1) {
    const shifted = [0, ...coefficients.map((it) => product(it, root))];
    coefficients = shifted.map((it, index) => it ^ (coefficients[index] ?? 0));
    root = product(root, 2);
  }
  return coefficients.slice(1);
}

/**
 * @param {number[]} data
 * @param {number[]} generator
 */
function remainder(data, generator) {
  let rest = generator.map(() => 0);
  for (const codeword of data) {
    const factor = codeword ^ rest[0];
    rest = [...rest.slice(1), 0].map((it, index) => it ^ product(generator[index], factor));
  }
  return rest;
}

/** @typedef {{version: number, dark: boolean[][], fixed: boolean[][]}} Canvas `fixed`: modules that carry no data */

/**
 * A code with its patterns and no data.
 * @param {number} version
 * @returns {Canvas}
 */
function blank(version) {
  const size = 17 + 4 * version;
  const grid = () => Array.from({ length: size }, () => Array(size).fill(false));
  const canvas = { version, dark: grid(), fixed: grid() };
  const { centres } = VERSIONS[version - 1];
  for (let at = 0; at < size; at += 1) for (const line of [[6, at], [at, 6]]) fix(canvas, line[0], line[1], at % 2 === 0);
  for (const [row, column] of [[3, 3], [3, size - 4], [size - 4, 3]]) square(canvas, row, column, 4);
  for (const row of centres) {
    for (const column of centres) {
      const inCorner = (row === 6 && (column === 6 || column === size - 7)) || (row === size - 7 && column === 6);
      if (!inCorner) square(canvas, row, column, 2);
    }
  }
  for (let at = 0; at < 15; at += 1) for (const [row, column] of formatPlaces(at, size)) fix(canvas, row, column, false);
  fix(canvas, size - 8, 8, true);
  if (version >= 7) {
    const code = (version << 12) | checksum(version << 12, 0x1f25);
    for (let at = 0; at < 18; at += 1) {
      const [near, far] = [Math.floor(at / 3), size - 11 + (at % 3)];
      for (const place of [[near, far], [far, near]]) fix(canvas, place[0], place[1], ((code >> at) & 1) === 1);
    }
  }
  return canvas;
}

/**
 * @param {Canvas} canvas
 * @param {number} row
 * @param {number} column
 * @param {boolean} dark
 */
function fix({ dark: modules, fixed }, row, column, dark) {
  modules[row][column] = dark;
  fixed[row][column] = true;
}

/**
 * A pattern of rings around a centre; the outermost and the second ring of a large one are light.
 * @param {Canvas} canvas
 * @param {number} row
 * @param {number} column
 * @param {number} reach
 */
function square(canvas, row, column, reach) {
  for (let y = -reach; y <= reach; y += 1) {
    for (let x = -reach; x <= reach; x += 1) {
      const ring = Math.max(Math.abs(x), Math.abs(y));
      if (canvas.dark[row + y]?.[column + x] === undefined) continue;
      fix(canvas, row + y, column + x, reach === 4 ? ring !== 2 && ring !== 4 : ring !== 1);
    }
  }
}

/**
 * What is left of a number, by a generator, in the checks of format and version.
 * @param {number} code
 * @param {number} generator
 */
function checksum(code, generator) {
  const width = (/** @type {number} */ it) => 32 - Math.clz32(it);
  let rest = code;
  while (width(rest) >= width(generator)) rest ^= generator << (width(rest) - width(generator));
  return rest;
}

/**
 * The two places of a bit of the format.
 * @param {number} bit
 * @param {number} size
 */
function formatPlaces(bit, size) {
  const down = bit < 6 ? bit : bit < 8 ? bit + 1 : size - 15 + bit;
  const back = bit < 8 ? size - 1 - bit : bit === 8 ? 7 : 14 - bit;
  return [[down, 8], [8, back]];
}

/**
 * Lays the codewords out, two columns at a time, up and down from the right.
 * @param {Canvas} canvas
 * @param {number[]} codewords
 */
function draw({ dark, fixed }, codewords) {
  const size = dark.length;
  let bit = 0;
  for (let right = size - 1, up = true; right > 0; right -= 2, up = !up) {
    if (right === 6) right = 5;
    for (let step = 0; step < size; step += 1) {
      const row = up ? size - 1 - step : step;
      for (const column of [right, right - 1]) {
        if (fixed[row][column]) continue;
        dark[row][column] = (((codewords[bit >> 3] ?? 0) >> (7 - (bit & 7))) & 1) === 1;
        bit += 1;
      }
    }
  }
}

/**
 * The code with one of the masks, and its format.
 * @param {Canvas} canvas
 * @param {number} mask
 */
function finish({ dark, fixed }, mask) {
  const modules = dark.map((row, y) => row.map((it, x) => (fixed[y][x] ? it : it !== MASKS[mask](y, x))));
  // Level M is 00.
  const format = ((mask << 10) | checksum(mask << 10, 0x537)) ^ 0x5412;
  for (let bit = 0; bit < 15; bit += 1) {
    for (const [row, column] of formatPlaces(bit, dark.length)) modules[row][column] = ((format >> bit) & 1) === 1;
  }
  return modules;
}

/** @param {boolean[][]} modules how hard they are to read, by the standard's four rules */
function penalty(modules) {
  const columns = modules.map((_, at) => modules.map((row) => row[at]));
  let sum = 0;
  for (const line of [...modules, ...columns].map((it) => it.map(Number).join(""))) {
    for (const { length } of line.match(/0{5,}|1{5,}/g) ?? []) sum += length - 2;
    sum += 40 * [...line.matchAll(/(?=00001011101|10111010000)/g)].length;
  }
  for (let y = 1; y < modules.length; y += 1) {
    for (let x = 1; x < modules.length; x += 1) {
      const it = modules[y][x];
      if (it === modules[y - 1][x] && it === modules[y][x - 1] && it === modules[y - 1][x - 1]) sum += 3;
    }
  }
  const share = modules.flat().filter(Boolean).length / modules.length ** 2;
  return sum + 10 * Math.floor(Math.abs(share * 100 - 50) / 5);
}
