"""Datasets: published ones of images and sound, and your own images and arrays.

Each keeps the published split where there is one, and no test sample is also a training sample.
"""

from samplebench import Register, hookimpl
from samplebench_datasets.arrays import Arrays
from samplebench_datasets.celeba import CelebA
from samplebench_datasets.cifar10 import CIFAR10
from samplebench_datasets.clocks import AnalogueClocks
from samplebench_datasets.digits import Digits
from samplebench_datasets.fashion_mnist import FashionMNIST
from samplebench_datasets.image_folder import ImageFolder
from samplebench_datasets.kmnist import KMNIST
from samplebench_datasets.mnist import MNIST
from samplebench_datasets.spoken_digit_numbers import SpokenDigitNumbers
from samplebench_datasets.spoken_digits import SpokenDigits
from samplebench_datasets.svhn import SVHN


@hookimpl
def register_datasets(register: Register) -> None:
    register("digits", Digits)
    register("mnist", MNIST)
    register("fashion-mnist", FashionMNIST)
    register("kmnist", KMNIST)
    register("cifar10", CIFAR10)
    register("svhn", SVHN)
    register("celeba", CelebA)
    register("image-folder", ImageFolder)
    register("spoken-digits", SpokenDigits)
    register("spoken-digit-numbers", SpokenDigitNumbers)
    register("clocks", AnalogueClocks)
    register("arrays", Arrays)
