/* SPDX-License-Identifier: MIT */
/* Version numbers of the project and of the plugin ABI.  CMake reads the project's version here.
 *
 * A host accepts plugins of its own ABI major with a minor no newer than its own.  The minor grows
 * when a kind or an optional operation is added; the major when anything a plugin already relies
 * on changes.  An author who wants a plugin to load into older hosts defines NN_ABI_MINOR_TARGET
 * before the first include; entries newer than the target are then not available.
 *
 *   1.0  activation, cost, optimizer, loader, initializer
 */
#ifndef NNRUN_VERSION_H
#define NNRUN_VERSION_H

#define NNRUN_VERSION_MAJOR 0
#define NNRUN_VERSION_MINOR 0
#define NNRUN_VERSION_PATCH 0
#define NNRUN_VERSION "0.0.0"

#define NN_ABI_MAJOR 1
#define NN_ABI_MINOR 0

#ifndef NN_ABI_MINOR_TARGET
#define NN_ABI_MINOR_TARGET NN_ABI_MINOR
#endif

#endif
