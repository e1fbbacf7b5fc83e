# What `__init__.py` serves on first use, for editors and type
# checkers. Written by tools/stubs.py.

from keras_gans import augmentation as augmentation
from keras_gans import callbacks as callbacks
from keras_gans import checks as checks
from keras_gans import convert as convert
from keras_gans import datasets as datasets
from keras_gans import layers as layers
from keras_gans import losses as losses
from keras_gans import metrics as metrics
from keras_gans import penalties as penalties
from keras_gans import pictures as pictures
from keras_gans import presets as presets
from keras_gans import registry as registry
from keras_gans import resizing as resizing
from keras_gans import schedules as schedules
from keras_gans import tasks as tasks
from keras_gans.models.acgan import ACGAN as ACGAN
from keras_gans.models.adversarial_model import (
    AdversarialModel as AdversarialModel,
)
from keras_gans.models.conditional_gan import ConditionalGAN as ConditionalGAN
from keras_gans.models.cyclegan import CycleGAN as CycleGAN
from keras_gans.models.dcgan import DCGAN as DCGAN
from keras_gans.models.ebgan import EBGAN as EBGAN
from keras_gans.models.gan import GAN as GAN
from keras_gans.models.improved_gan.improved_gan import (
    ImprovedGAN as ImprovedGAN,
)
from keras_gans.models.infogan import InfoGAN as InfoGAN
from keras_gans.models.inpainting_gan import InpaintingGAN as InpaintingGAN
from keras_gans.models.pix2pix import Pix2Pix as Pix2Pix
from keras_gans.models.progressive_gan.progressive_gan import (
    ProgressiveGAN as ProgressiveGAN,
)
from keras_gans.models.r3gan import R3GAN as R3GAN
from keras_gans.models.rrdbnet import RRDBNet as RRDBNet
from keras_gans.models.sampling import SamplingModel as SamplingModel
from keras_gans.models.semantic_inpainting import (
    SemanticInpainting as SemanticInpainting,
)
from keras_gans.models.srgan.srgan import SRGAN as SRGAN
from keras_gans.models.srgan.srresnet import SRResNet as SRResNet
from keras_gans.models.srvggnet import SRVGGNetCompact as SRVGGNetCompact
from keras_gans.models.stylegan2.stylegan2 import StyleGAN2 as StyleGAN2
from keras_gans.models.unrolled_gan import UnrolledGAN as UnrolledGAN
from keras_gans.models.wgan import WGAN as WGAN
from keras_gans.models.wgan_gp import WGANGP as WGANGP
from keras_gans.presets.index import list_presets as list_presets
from keras_gans.presets.loading import from_preset as from_preset

__version__: str

def import_models() -> None: ...
