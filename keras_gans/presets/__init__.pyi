# What `__init__.py` serves on first use, for editors and type checkers.

from keras_gans.presets.files import CONFIG as CONFIG
from keras_gans.presets.files import EXTRAS as EXTRAS
from keras_gans.presets.files import FILES as FILES
from keras_gans.presets.files import FORMAT_VERSION as FORMAT_VERSION
from keras_gans.presets.files import INDEX as INDEX
from keras_gans.presets.files import METADATA as METADATA
from keras_gans.presets.files import TASK as TASK
from keras_gans.presets.files import TASK_WEIGHTS as TASK_WEIGHTS
from keras_gans.presets.files import TRAINING as TRAINING
from keras_gans.presets.files import WEIGHTS as WEIGHTS
from keras_gans.presets.files import Folder as Folder
from keras_gans.presets.index import class_name as class_name
from keras_gans.presets.index import info as info
from keras_gans.presets.index import list_presets as list_presets
from keras_gans.presets.index import locate as locate
from keras_gans.presets.index import names as names
from keras_gans.presets.index import recipe as recipe
from keras_gans.presets.index import resolve as resolve
from keras_gans.presets.index import task_name as task_name
from keras_gans.presets.index import zoo_path as zoo_path
from keras_gans.presets.loading import from_preset as from_preset
from keras_gans.presets.loading import load as load
from keras_gans.presets.networks import load_network as load_network
from keras_gans.presets.networks import save_network as save_network
from keras_gans.presets.saving import save as save
from keras_gans.presets.saving import update as update
