from cases import Case, tiny_inpainting_gan

import keras_gans

CASE = Case(
    keras_gans.InpaintingGAN,
    tiny_inpainting_gan,
    logs=("d_loss", "g_loss", "l1_loss"),
    turns=("generator", "discriminator"),
)
