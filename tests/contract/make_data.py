# SPDX-License-Identifier: MIT
"""Writes small sources for the checks of loaders: IDX, PNG and, where h5py is there, HDF5.

    make_data.py FOLDER
"""
import os
import struct
import sys
import zlib

COUNT, SIDE = 40, 8


def pixel(index, row, col):
    return (index * 37 + row * 11 + col * 5) % 256


def image(index):
    return bytes(pixel(index, row, col) for row in range(SIDE) for col in range(SIDE))


def write(path, data):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(data)


def idx(folder):
    write(f"{folder}/idx/images", struct.pack(">IIII", 0x803, COUNT, SIDE, SIDE)
          + b"".join(image(i) for i in range(COUNT)))
    write(f"{folder}/idx/labels", struct.pack(">II", 0x801, COUNT) + bytes(i % 4 for i in range(COUNT)))


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(folder):
    for index in range(COUNT):
        pixels = image(index)
        rows = b"".join(b"\0" + pixels[row * SIDE:(row + 1) * SIDE] for row in range(SIDE))
        write(f"{folder}/png/{index % 4}/{index:03d}.png", b"\x89PNG\r\n\x1a\n"
              + chunk(b"IHDR", struct.pack(">IIBBBBB", SIDE, SIDE, 8, 0, 0, 0, 0))
              + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def hdf5(folder):
    try:
        import h5py
        import numpy
    except ImportError:
        return
    images = numpy.frombuffer(b"".join(image(i) for i in range(COUNT)), dtype=numpy.uint8)
    with h5py.File(f"{folder}/data.h5", "w") as file:
        file["images"] = images.reshape(COUNT, SIDE, SIDE)
        file["labels"] = numpy.arange(COUNT, dtype=numpy.int32) % 4


for write_source in (idx, png, hdf5):
    write_source(sys.argv[1])
