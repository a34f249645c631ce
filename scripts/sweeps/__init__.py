# SPDX-License-Identifier: MIT
"""Sweeps: many trials of one experiment, from a plan to a table.  docs/SWEEPS.md is the manual.

spec and source read a sweep file, values and plan make points of it, check asks nnrun about each;
folder, claim and outcome are what lies on the disk; methods say what comes next, sweeper runs it;
table and plot show what came out; outside lets another program choose, slurm a cluster run.  commands ties them to the words of the command line.
"""
