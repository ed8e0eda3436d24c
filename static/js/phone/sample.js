// A sample form for practice, drawn on the phone: a different one each time, and nothing to download.

import { say } from "./ui.js";

const WIDTH = 1200;
const HEIGHT = 1600;

const random = (most) => Math.floor(Math.random() * (most + 1));

/** A photo-like picture of a filled-in form of `contest`, as a file. */
export async function sample(contest) {
  const canvas = document.createElement("canvas");
  canvas.width = WIDTH;
  canvas.height = HEIGHT;
  const pen = canvas.getContext("2d");
  pen.fillStyle = "#f7f4ea";
  pen.fillRect(0, 0, WIDTH, HEIGHT);
  write(pen, say("sample_title"), 110, 170, 44, "bold");
  write(pen, contest.title, 110, 230, 30);
  const votes = contest.pairs.map(() => random(140));
  const valid = votes.reduce((sum, one) => sum + one, 0);
  const spoiled = random(9);
  const rows = [
    ...contest.pairs.map((pair, at) => [`${pair.number}. ${pair.name}`, votes[at]]),
    [say("sample_valid"), valid], [say("sample_invalid"), spoiled], [say("sample_total"), valid + spoiled],
  ];
  rows.forEach(([label, value], at) => row(pen, label, value, 330 + at * 120));
  return new Promise((resolve) => {
    canvas.toBlob((blob) => resolve(new File([blob], "contoh.jpg", { type: "image/jpeg" })), "image/jpeg", 0.85);
  });
}

function write(pen, text, x, y, size, weight = "normal") {
  pen.fillStyle = "#1c1c1c";
  pen.font = [weight, `${size}px`, "sans-serif"].join(" ");
  pen.fillText(text, x, y, 680);
}

function row(pen, label, value, y) {
  write(pen, label, 110, y + 60, 34);
  const digits = String(value).padStart(3, "X");
  for (const [at, digit] of [...digits].entries()) {
    pen.lineWidth = 3;
    pen.strokeRect(800 + at * 90, y, 84, 92);
    write(pen, digit, 822 + at * 90, y + 72, 70, "italic");
  }
}
