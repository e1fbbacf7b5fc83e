// Draws the faces of the avatars' presets, on white, with DiceBear.
//
//     npm install @dicebear/core @dicebear/collection @resvg/resvg-js
//     node tools/draw_avatars.mjs 12000 pixel_avatars
//     node tools/draw_avatars.mjs 8000 micah_avatars
//
// pixel_avatars: DiceBear's Pixel Art, CC0 1.0, 32x32, in a folder for each
// colour of hair. micah_avatars: Micah Lanier's "Avatar Illustration System",
// CC BY 4.0, 64x64. In FOLDER/train and FOLDER/test, to which every sixth face
// goes; face number n is always the same one.

import fs from "node:fs";
import path from "node:path";
import { createRequire } from "node:module";

// Where npm put them: below the folder that this is started in.
const require = createRequire(path.join(process.cwd(), "package.json"));
const load = (name) => import(require.resolve(name));
const { createAvatar } = await load("@dicebear/core");
const { micah, pixelArt } = await load("@dicebear/collection");
const { Resvg } = await load("@resvg/resvg-js");

// DiceBear's own eleven colours of hair, by the names that one can tell apart.
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

// By the name of the folder: a style, the options of Resvg, and the folder
// within FOLDER/train of a face.
const STYLES = {
  pixel_avatars: {
    style: pixelArt,
    // Crisp edges: a pixel of the art is 2x2 of ours.
    options: { fitTo: { mode: "width", value: 32 }, shapeRendering: 1 },
    place: (avatar) => names[avatar.toJson().extra.hairColor],
  },
  micah_avatars: {
    style: micah,
    options: { fitTo: { mode: "width", value: 64 } },
    place: () => "",
  },
};

const [count, folder] = process.argv.slice(2);
const drawn = folder && STYLES[path.basename(folder)];
if (!(count > 0) || !drawn) {
  const known = Object.keys(STYLES).join("|");
  console.error(`usage: node tools/draw_avatars.mjs COUNT [.../]${known}`);
  process.exit(2);
}

for (let n = 0; n < count; n++) {
  const avatar = createAvatar(drawn.style, {
    seed: String(n),
    backgroundColor: ["ffffff"],
  });
  const group = drawn.place(avatar);
  if (group === undefined) {
    throw new Error(`a colour of hair that is not known: face ${n}`);
  }
  const image = new Resvg(avatar.toString(), drawn.options).render();
  const place = path.join(folder, n % 6 ? "train" : "test", group);
  fs.mkdirSync(place, { recursive: true });
  const file = `${String(n).padStart(5, "0")}.png`;
  fs.writeFileSync(path.join(place, file), image.asPng());
}
