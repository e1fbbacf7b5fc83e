"""Weights that were published for PyTorch, as models and presets.

The checkpoints of https://github.com/junyanz/pytorch-CycleGAN-and-pix2pix, the
PyTorch code of pix2pix's and CycleGAN's authors, and of models trained with
it: `latest_net_G.pth` and `latest_net_D.pth`.

- generators: residual networks (`resnet_9blocks`, `resnet_6blocks`) and U-Nets
  (`unet_256`, `unet_128`), of either model;
- discriminators: of patches (`basic`, `n_layers`) and of pixels (`pixel`);
- instance and batch normalization.

And MSRResNet, a super-resolution network, as BasicSR and MMagic save it
(`conv_first`, `body.0.conv1`, ..., `conv_last`), which becomes an `SRResNet`.

And RRDBNet, the generator of ESRGAN and Real-ESRGAN, under the names of today
(`body.0.rdb1.conv1`), of ESRGAN's own code (`RRDB_trunk.0.RDB1.conv1`) and of
the code before (`model.1.sub.0.RDB1.conv1.0`), which becomes an `RRDBNet`; and
Real-ESRGAN's small SRVGGNetCompact (`body.0`, `body.1`, ...). Of an average and
the weights that it is of (`params_ema`, `params`), the average is taken.
Networks that enlarge are read from ncnn's `.param` and `.bin` as well, and all
of these from `.safetensors`, without PyTorch.

And StyleGAN2's generator as rosinality's code saves it (`g_ema`), the form in
which most of its weights are passed on, with the mean style where the file has
one.

What a checkpoint holds is read from the names and shapes of its tensors, down
to the number of filters, and every tensor must have its place. It is read by
PyTorch, on whichever backend Keras runs, and as tensors only: code that a
pickle asks for is never run.

What differs from the authors' networks, none of it weights:

- Batch normalization always uses the statistics of the batch at hand, as the
  authors' test script does. A checkpoint's moving averages are left out; those
  that old ones hold for instance normalization were never used.
- The authors' U-Net has dropout in the second to the fourth layer of its
  decoder (of `unet_256`; `unet_128` in the second and the third), where the
  paper has it in the first three. Converted ones have the authors'. Nothing in
  a checkpoint says whether it was on in training (`--no_dropout`).
- The dropout that residual blocks can have (pix2pix with `resnet_9blocks`) is
  left out, in training as at test.
"""

from keras_gans.convert.assembling import (
    check_numbers,
    load_pytorch,
    pytorch_to_preset,
)
from keras_gans.convert.basicsr import SOURCE as UPSCALING_SOURCE
from keras_gans.convert.card import LICENSE, WARNINGS
from keras_gans.convert.junyanz import SOURCE
from keras_gans.names import CONVERT_TARGETS as TARGETS

__all__ = [
    "LICENSE",
    "SOURCE",
    "TARGETS",
    "UPSCALING_SOURCE",
    "WARNINGS",
    "check_numbers",
    "load_pytorch",
    "pytorch_to_preset",
]
