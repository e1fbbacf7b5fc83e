"""Facts about data: names, licences, where they come from, their floor."""

MNIST = {
    "name": "MNIST, 60,000 training images of 28x28",
    "license": "CC BY-SA 3.0 (Yann LeCun and Corinna Cortes)",
}
FASHION = {
    "name": "Fashion-MNIST, 60,000 training images of 28x28",
    "license": "MIT (Zalando Research)",
}
CIFAR10 = {
    "name": "CIFAR-10, 50,000 training images of 32x32",
    "license": "no formal licence (Alex Krizhevsky, for research)",
}
CELEBA = {
    "name": "CelebA, 162,770 training images, cropped and resized to 64x64",
    "license": "non-commercial research only (CUHK)",
}
RING = {
    "name": "eight Gaussians on the unit circle, generated",
    "license": "none needed",
}
GRID = {
    "name": "25 Gaussians on a grid, generated",
    "license": "none needed",
}
PIXEL_AVATARS = {
    "name": "DiceBear's Pixel Art, 10,000 training and 2,000 test images of "
    "faces, 32x32 (16x16 in blocks of 2x2)",
    "license": "CC0 1.0 (DiceBear)",
    "download": "DiceBear, https://www.dicebear.com/styles/pixel-art: draw "
    "these, or as many as you like, with `npm install @dicebear/core "
    "@dicebear/collection @resvg/resvg-js` and `node tools/draw_avatars.mjs "
    "12000 pixel_avatars`",
}
MICAH_AVATARS = {
    "name": "Micah Lanier's Avatar Illustration System, drawn with DiceBear: "
    "6,666 training and 1,334 test images of faces, 64x64",
    "license": "CC BY 4.0 (Micah Lanier; drawn with DiceBear, MIT)",
    "download": "DiceBear, https://www.dicebear.com/styles/micah: draw "
    "these, or as many as you like, with `npm install @dicebear/core "
    "@dicebear/collection @resvg/resvg-js` and `node tools/draw_avatars.mjs "
    "8000 micah_avatars`",
}
# What training images score in the place of samples, by the protocol.
FLOORS = {
    "mnist_classifier v1, 10,000/10,000, mnist test": {"FID": 0.079},
    "cifar10_classifier v1, 10,000/10,000, cifar10 test": {
        "FID": 0.028,
        "recall": 0.80,
    },
    "cifar10_classifier v1, 2,000/2,000, pixel_avatars test": {"FID": 0.076},
}
PIXEL_AVATARS_FLOOR = (
    "By the measure of the scores above, which sees photographs' features in "
    "drawings, 2,000 training images have a FID of 0.076 against the test "
    "images; without mouths it is 1.6."
)
AVATARS_ON_A_CPU = (
    "On two CPU cores `--steps 8400` was twelve minutes once, and gave faces."
)
EMOJI_SOURCE = (
    "EmojiTwo, https://github.com/EmojiTwo/emojitwo: its images in colour and "
    "in black and white, 64x64 on white, under the same names in the folders "
    "{part}"
)
EMOJI_PAIRS = {
    "name": "EmojiTwo, 1,200 training pairs of line art and colour, 64x64",
    "license": "CC BY 4.0 (the contributors of EmojiTwo)",
    "download": EMOJI_SOURCE.format(
        part="train/outline and train/color (and test/...) of one folder"
    ),
}
EMOJI_STYLES = {
    "name": "EmojiTwo, 1,200 training images in colour, and Noto Emoji, 3,157 "
    "of 3,508 images, resized to 64x64",
    "license": "CC BY 4.0 (the contributors of EmojiTwo) and Apache-2.0 "
    "(Google, Noto Emoji)",
    "download": EMOJI_SOURCE.format(part="train/color and test/color")
    + "; and the PNG images of https://github.com/googlefonts/noto-emoji",
}
EMOJI_GROUPS = {
    "name": "Noto Emoji and EmojiTwo in colour, training images of 64x64 in "
    "nine groups",
    "license": "Apache-2.0 (Noto Emoji) and CC BY 4.0 (EmojiTwo)",
}
BSDS = {
    "name": "BSDS500, 400 photographs of 481x321 (training and test images; "
    "its validation images, the BSD100 of super-resolution, are left out)",
    "license": "for research and education (UC Berkeley)",
    "download": "https://www2.eecs.berkeley.edu/Research/Projects/CS/vision/"
    "grouping/resources.html (the train and test images in one folder)",
}
DIV2K = {
    "name": "DIV2K, 800 photographs of about 2040x1400",
    "license": "for research (ETH Zurich)",
}
MNIST_FLOOR = (
    "By the measure of the scores above, 10,000 training images have a FID of "
    "0.079 against the test images."
)
CIFAR10_FLOOR = (
    "By the measure of the scores above, 10,000 training images have a FID of "
    "0.028 and a recall of 0.80 against the test images."
)
