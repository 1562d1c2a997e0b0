#!/usr/bin/env node
// Images for the demo: scripts/made-up-images.mjs DIR. Twenty grey pictures, drawn from numbers alone, of nobody: the names are those that
// db/population/observations.sql refers to. A file that is there stays.
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';

const SIZE = 512;
const MODALITIES = ['xray', 'fluorography', 'mammography', 'ct', 'mri'];
const VARIANTS = 4;

/** Node 18 has no zlib.crc32. */
const crc32 = zlib.crc32 ?? ((bytes) => {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let i = 0; i < 8; i++) crc = (crc >>> 1) ^ (crc & 1 ? 0xEDB88320 : 0);
  }
  return ~crc >>> 0;
});

function chunk(type, data) {
  const whole = Buffer.alloc(data.length + 12);
  whole.writeUInt32BE(data.length, 0);
  whole.write(type, 4, 'latin1');
  data.copy(whole, 8);
  whole.writeUInt32BE(crc32(whole.subarray(4, data.length + 8)), data.length + 8);
  return whole;
}

/** A PNG of 8 bits of grey; `shade(x, y)` from 0 to 1, both from -1 to 1. */
function png(shade) {
  const rows = Buffer.alloc(SIZE * (SIZE + 1)); // each begins with its filter: none
  for (let y = 0; y < SIZE; y++) {
    for (let x = 0; x < SIZE; x++) rows[y * (SIZE + 1) + 1 + x] = Math.round(255 * Math.min(1, Math.max(0, shade(x / SIZE * 2 - 1, y / SIZE * 2 - 1))));
  }
  const head = Buffer.alloc(13);
  head.writeUInt32BE(SIZE, 0);
  head.writeUInt32BE(SIZE, 4);
  head[8] = 8;
  return Buffer.concat([Buffer.from([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]), chunk('IHDR', head), chunk('IDAT', zlib.deflateSync(rows)), chunk('IEND', Buffer.alloc(0))]);
}

const soft = (value, border, width) => 1 / (1 + Math.exp((value - border) / width));
const ellipse = (x, y, cx, cy, rx, ry) => Math.hypot((x - cx) / rx, (y - cy) / ry);

/** Two dark fields with bright bows across for a chest, a half disc, a disc with rings: enough to tell kinds apart. */
function shadeOf(modality, variant) {
  let seed = MODALITIES.indexOf(modality) * 97 + variant * 31 + 1;
  const random = () => ((seed = (seed * 1103515245 + 12345) % 2147483648) / 2147483648);
  const spots = Array.from({ length: 5 + variant * 3 }, () => [random() * 1.2 - 0.6, random() * 1.4 - 0.7, 0.03 + random() * 0.08, random() * 0.25]);
  const spotted = (x, y) => spots.reduce((sum, [cx, cy, r, bright]) => sum + bright * soft(ellipse(x, y, cx, cy, r, r), 1, 0.3), 0);
  if (modality === 'xray' || modality === 'fluorography') {
    return (x, y) => {
      const body = 0.75 * soft(ellipse(x, y, 0, 0.15, 0.92, 1.15), 1, 0.05);
      const lungs = Math.max(soft(ellipse(x, y, -0.42, 0, 0.33, 0.68), 1, 0.06), soft(ellipse(x, y, 0.42, 0, 0.33, 0.68), 1, 0.06));
      const ribs = 0.12 * Math.max(0, Math.sin((y + x * x * 0.5) * 22));
      return body * (1 - 0.7 * lungs) + lungs * ribs + spotted(x, y) * body + 0.02 * random();
    };
  }
  if (modality === 'mammography') return (x, y) => 0.65 * soft(Math.hypot(x + 1, y * 0.9), 1.25 + variant * 0.08, 0.04) * (0.6 + spotted(x + 0.4, y)) + 0.02 * random();
  return (x, y) => {
    const r = ellipse(x, y, 0, 0, 0.75, 0.88);
    return soft(r, 1, 0.02) * (0.9 * soft(Math.abs(r - 0.95), 0.05, 0.02) + 0.4 + 0.08 * Math.sin(14 * r + variant) + spotted(x, y)) * 0.8 + 0.02 * random();
  };
}

const [dir] = process.argv.slice(2);
if (!dir) {
  console.error('made-up-images: it needs the folder to draw into');
  process.exit(2);
}
mkdirSync(path.join(dir, 'made-up'), { recursive: true });
for (const modality of MODALITIES) {
  for (let variant = 1; variant <= VARIANTS; variant++) {
    const file = path.join(dir, 'made-up', `${modality}-${variant}.png`);
    if (existsSync(file)) continue;
    writeFileSync(`${file}.new`, png(shadeOf(modality, variant)));
    renameSync(`${file}.new`, file);
  }
}
