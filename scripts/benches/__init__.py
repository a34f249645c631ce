# SPDX-License-Identifier: MIT
"""scripts/bench: nnrun beside what a user would take instead, each table in a module of its own.

A module has WHAT (a line of help), add_options(parser) and run(args), which returns an exit code.
common holds what they share; training measures, training_peers are those it measures;
loading, transforms, start and whole are the way from files to a trained network; torch_data reads for PyTorch.
"""
