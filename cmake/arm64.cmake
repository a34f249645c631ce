# Toolchain of the preset arm64: Debian's cross-compiler over a folder with Debian's arm64 libraries, which
# scripts/portable makes and names in NNRUN_SYSROOT; its programs run under qemu-user.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
find_program(NNRUN_ARM64_CXX aarch64-linux-gnu-g++)
set(CMAKE_CXX_COMPILER ${NNRUN_ARM64_CXX}) # where it is missing there is no C++ test
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES NNRUN_SYSROOT)
if(NOT NNRUN_SYSROOT)
  set(NNRUN_SYSROOT $ENV{NNRUN_SYSROOT} CACHE PATH "folder with the arm64 libraries")
endif()
set(CMAKE_SYSROOT ${NNRUN_SYSROOT})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-aarch64 -L ${NNRUN_SYSROOT})
set(ENV{PKG_CONFIG_SYSROOT_DIR} ${NNRUN_SYSROOT})
set(ENV{PKG_CONFIG_LIBDIR} ${NNRUN_SYSROOT}/usr/lib/aarch64-linux-gnu/pkgconfig:${NNRUN_SYSROOT}/usr/share/pkgconfig)
