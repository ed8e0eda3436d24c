// A photo on the phone: upright, small enough for a bad line, looked at for blur, and named by its hash.

const LONGEST_SIDE = 2000;
const MOST_BYTES = 350 * 1024;
/** Side and quality, tried until the photo is small enough. */
const TRIES = [[LONGEST_SIDE, 0.82], [LONGEST_SIDE, 0.7], [1600, 0.6], [1600, 0.45]];
/** The sharpness is measured on a picture of this width, so that it means the same for every camera. */
const MEASURED_WIDTH = 800;
/** Below it, writing can hardly be read: see docs/decisions/0018. */
export const BLURRED_BELOW = 60;

/** Make what is sent of a picked `file`: {blob, sha256, sharpness, blurred}. Throws when it is no picture. */
export async function prepare(file) {
  // Whoever types meanwhile would type into a draft that is about to be written over.
  document.body.inert = true;
  let picture;
  try {
    picture = await createImageBitmap(file, { imageOrientation: "from-image" });
    const taken = await exifOf(file);
    let blob;
    for (const [side, quality] of TRIES) {
      blob = await drawn(picture, side, quality);
      if (blob.size <= MOST_BYTES) break;
    }
    if (taken) blob = new Blob([blob.slice(0, 2), taken, blob.slice(2)], { type: "image/jpeg" });
    const sharpness = sharpnessOf(picture);
    return { blob, sha256: await hashOf(blob), sharpness, blurred: sharpness < BLURRED_BELOW };
  } finally {
    document.body.inert = false;
    picture?.close();
  }
}

function canvasFor(picture, longest) {
  const scale = Math.min(1, longest / Math.max(picture.width, picture.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(picture.width * scale));
  canvas.height = Math.max(1, Math.round(picture.height * scale));
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.imageSmoothingQuality = "high";
  // A transparent picture is seen on paper, not on black.
  context.fillStyle = "#fff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(picture, 0, 0, canvas.width, canvas.height);
  return canvas;
}

const drawn = (picture, longest, quality) => new Promise((resolve, reject) => {
  canvasFor(picture, longest).toBlob((blob) => (blob ? resolve(blob) : reject(new Error("jpeg"))), "image/jpeg", quality);
});

export async function hashOf(blob) {
  const digest = await crypto.subtle.digest("SHA-256", await blob.arrayBuffer());
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

// Blur

/** Variance of the Laplacian of the brightness: low where no edge is sharp. */
export function laplacianVariance(grey, width, height) {
  let sum = 0;
  let squares = 0;
  for (let y = 1; y < height - 1; y += 1) {
    for (let x = 1, at = y * width + 1; x < width - 1; x += 1, at += 1) {
      const value = grey[at - 1] + grey[at + 1] + grey[at - width] + grey[at + width] - 4 * grey[at];
      sum += value;
      squares += value * value;
    }
  }
  const count = Math.max(1, (width - 2) * (height - 2));
  return squares / count - (sum / count) ** 2;
}

function sharpnessOf(picture) {
  const canvas = canvasFor(picture, (MEASURED_WIDTH * Math.max(picture.width, picture.height)) / Math.min(picture.width, picture.height));
  const { data, width, height } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  const grey = new Float32Array(width * height);
  for (let at = 0; at < grey.length; at += 1) {
    grey[at] = 0.299 * data[4 * at] + 0.587 * data[4 * at + 1] + 0.114 * data[4 * at + 2];
  }
  return laplacianVariance(grey, width, height);
}

// The camera's own record (when, where, which phone) goes along as evidence

const EXIF = [0x45, 0x78, 0x69, 0x66, 0, 0];
const MOST_EXIF = 16 * 1024;
const ORIENTATION = 0x0112;

/** The EXIF segment of a JPEG, told that the picture is upright now and without its thumbnail; or undefined. */
async function exifOf(file) {
  const bytes = new Uint8Array(await file.slice(0, 128 * 1024).arrayBuffer());
  const view = new DataView(bytes.buffer);
  if (bytes.length < 4 || view.getUint16(0) !== 0xffd8) return undefined;
  for (let at = 2; at + 4 < bytes.length && bytes[at] === 0xff && bytes[at + 1] !== 0xda;) {
    const length = view.getUint16(at + 2);
    const isExif = bytes[at + 1] === 0xe1 && EXIF.every((byte, index) => bytes[at + 4 + index] === byte);
    if (isExif) return length <= MOST_EXIF && at + 2 + length <= bytes.length ? upright(bytes.slice(at, at + 2 + length)) : undefined;
    at += 2 + length;
  }
  return undefined;
}

function upright(segment) {
  const view = new DataView(segment.buffer);
  const start = 10;
  try {
    const little = view.getUint16(start) === 0x4949;
    const first = start + view.getUint32(start + 4, little);
    const count = view.getUint16(first, little);
    for (let entry = 0; entry < count; entry += 1) {
      const at = first + 2 + entry * 12;
      if (view.getUint16(at, little) === ORIENTATION) view.setUint16(at + 8, 1, little);
    }
    // The thumbnail's directory would show the picture as it lay before.
    view.setUint32(first + 2 + count * 12, 0, little);
    return segment;
  } catch {
    return undefined;
  }
}
