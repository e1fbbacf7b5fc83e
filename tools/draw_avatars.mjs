// Draws the faces of the *_pixel_avatars presets: DiceBear's Pixel Art, CC0 1.0.
//
//     npm install @dicebear/core @dicebear/collection @resvg/resvg-js
//     node tools/draw_avatars.mjs 12000 pixel_avatars
//
// Writes FOLDER/train/COLOUR/NNNNN.png and FOLDER/test/..., 32x32 on white, by
// the colour of the hair; every sixth face is a test image. Face number n is
// always the same one.

import fs from "node:fs";
import path from "node:path";
import { createRequire } from "node:module";

// Where npm put them: below the folder that this is started in.
const require = createRequire(path.join(process.cwd(), "package.json"));
const load = (name) => import(require.resolve(name));
const { createAvatar } = await load("@dicebear/core");
const { pixelArt } = await load("@dicebear/collection");
const { Resvg } = await load("@resvg/resvg-js");

const [count, folder] = process.argv.slice(2);
if (!(count > 0) || !folder) {
  console.error("usage: node tools/draw_avatars.mjs COUNT FOLDER");
  process.exit(2);
}

// DiceBear's own eleven colours, by the names that one can tell apart.
const COLOURS = {
  black: ["28150a"],
  blond: ["cab188", "a78961"],
  blue: ["009bbd"],
  brown: ["603a14", "83623b", "611c17", "603015", "612616"],
  green: ["91cb15"],
  red: ["bd1700"],
};
const names = {};
for (const [name, values] of Object.entries(COLOURS)) {
  for (const value of values) names[`#${value}`] = name;
}

for (let n = 0; n < count; n++) {
  const avatar = createAvatar(pixelArt, {
    seed: String(n),
    backgroundColor: ["ffffff"],
  });
  const hair = names[avatar.toJson().extra.hairColor];
  if (!hair) throw new Error(`a colour of hair that is not known: face ${n}`);
  const image = new Resvg(avatar.toString(), {
    fitTo: { mode: "width", value: 32 },
    shapeRendering: 1, // Crisp edges: a pixel of the art is 2x2 of ours.
  }).render();
  const place = path.join(folder, n % 6 ? "train" : "test", hair);
  fs.mkdirSync(place, { recursive: true });
  const file = `${String(n).padStart(5, "0")}.png`;
  fs.writeFileSync(path.join(place, file), image.asPng());
}
