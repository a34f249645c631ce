# The variants one source is compiled for: precision x instruction set.
# NNRUN_ISAS lists instruction sets as <name in code>:<compiler flag>.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$")
  set(NNRUN_ISAS v2:-march=x86-64-v2 v3:-march=x86-64-v3 v4:-march=x86-64-v4)
else()
  set(NNRUN_ISAS any:)
endif()
# No contraction but where the source says fma, no errno: the same bits from loop body and tail.
# -O3 whatever the build type but Debug: at -O2 gcc 12 leaves most loops scalar.
set(NNRUN_REAL_FLAGS $<$<NOT:$<CONFIG:Debug>>:-O3> -ffp-contract=off -fno-math-errno -fno-trapping-math -fvisibility=hidden
  $<$<C_COMPILER_ID:Clang>:-Wno-pass-failed>) # where sanitizers keep loops scalar; tests/plugins looks

# nnrun_variants(PREFIX OUT SOURCE...): object libraries PREFIX_f32_v2, ... of the same sources; their
# names in OUT.  The first (32 bits, first instruction set) gets NN_MANIFEST=1.
function(nnrun_variants prefix out)
  set(names "")
  set(manifest 1)
  foreach(bits 32 64)
    foreach(isa IN LISTS NNRUN_ISAS)
      string(REGEX MATCH "^[^:]*" name "${isa}")
      string(REGEX REPLACE "^[^:]*:" "" flag "${isa}")
      set(target ${prefix}_f${bits}_${name})
      add_library(${target} OBJECT ${ARGN})
      set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE ON)
      target_compile_definitions(${target} PRIVATE
        NN_REAL_BITS=${bits} NN_ISA=${name} NN_MANIFEST=${manifest})
      target_compile_options(${target} PRIVATE ${NNRUN_REAL_FLAGS} ${flag})
      list(APPEND names ${target})
      set(manifest 0)
    endforeach()
  endforeach()
  set(${out} ${names} PARENT_SCOPE)
endfunction()
