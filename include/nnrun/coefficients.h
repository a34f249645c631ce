/* SPDX-License-Identifier: MIT */
/* Coefficients of the polynomials in real.h, lowest first, as scripts/minimax prints them. */
#ifndef NNRUN_COEFFICIENTS_H
#define NNRUN_COEFFICIENTS_H

#if NN_REAL_BITS == 32
#define NN__Q_EXP                                                                                  \
    0x1p-1f, 0x1.555556p-3f, 0x1.5554aep-5f, 0x1.11109p-7f, 0x1.6d7486p-10f, 0x1.a1a1c4p-13f
#define NN__Q_LOG                                                                                  \
    0x1.555554p-1f, 0x1.999a7ap-2f, 0x1.2438c4p-2f, 0x1.e2f97ep-3f
#define NN__Q_ERF                                                                                  \
    0x1.06eba8p-3f, -0x1.812746p-2f, 0x1.ce2f08p-4f, -0x1.b829a8p-6f, 0x1.5628eep-8f,              \
        -0x1.bcbe9cp-11f, 0x1.d8269ep-14f, -0x1.438422p-17f
#define NN__Q_ERFC                                                                                 \
    0x1.46e80ep0f, -0x1.7bf5eep-4f, -0x1.5407aap-3f, 0x1.4ffa4ap-3f, -0x1.bc3802p-5f,              \
        -0x1.07463p-7f, 0x1.204488p-7f, 0x1.37b774p-10f, -0x1.c83da8p-10f, 0x1.28b50cp-13f
#define NN__ERFC_MIDDLE 2.0f
#else
#define NN__Q_EXP                                                                                  \
    0x1p-1, 0x1.5555555555559p-3, 0x1.555555555555ap-5, 0x1.111111110f6afp-7,                      \
        0x1.6c16c16c1444p-10, 0x1.a01a01afe521fp-13, 0x1.a01a01b0b8e43p-16, 0x1.71ddf853a467bp-19, \
        0x1.27e4c5a11658dp-22, 0x1.af5ebf092b1c5p-26, 0x1.1f955ef9e967p-29
#define NN__Q_LOG                                                                                  \
    0x1.5555555555593p-1, 0x1.999999997fca4p-2, 0x1.2492494201a23p-2, 0x1.c71c51fb00694p-3,        \
        0x1.7466420aba5c7p-3, 0x1.39a1653aeb43cp-3, 0x1.2f08ed9090f1cp-3
#define NN__Q_ERF                                                                                  \
    0x1.06eba8214db69p-3, -0x1.812746b0379e6p-2, 0x1.ce2f21a042b2p-4, -0x1.b82ce3128499cp-6,       \
        0x1.565bcd0db02c7p-8, -0x1.c02db3d8ecdbep-11, 0x1.f9a321a116d34p-14,                       \
        -0x1.f4d1df38db4aep-17, 0x1.b9def1995c1e6p-20, -0x1.5f1d36a3432d6p-23,                     \
        0x1.f7a4112daf135p-27, -0x1.386abe81bc097p-30, 0x1.0579a69d4bb26p-34
#define NN__Q_ERFC                                                                                 \
    0x1.3ba5916e9fd7fp0, -0x1.1df1ad154a28ep-3, 0x1.f7f5df66fd819p-7, 0x1.16ecefcfa533cp-4,        \
        -0x1.9ddb23c3e94fbp-4, 0x1.7fee004e138fp-4, -0x1.0fb06dfe40556p-4, 0x1.3079edf641f0cp-5,   \
        -0x1.096238877e596p-6, 0x1.49c672a3fb4cep-8, -0x1.8d4a96edb2b74p-11,                       \
        -0x1.a1df46f0bc996p-13, 0x1.3bdff735b70adp-13, -0x1.99534909ecb4ap-16,                     \
        -0x1.7875314ecf8d3p-17, 0x1.7ed13f1f4b681p-18, 0x1.35b3be39c067p-22,                       \
        -0x1.b4d64ed2d0721p-21, 0x1.5725b5bee232dp-24, 0x1.975adf7da06a4p-24,                      \
        -0x1.407ba1c7fa82cp-26, -0x1.43157db11cef1p-28
#define NN__ERFC_MIDDLE 4.0
#endif

#endif
