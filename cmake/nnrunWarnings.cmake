# nnrun::warnings: what every target of the tree is compiled with; never exported.
add_library(nnrun_warnings INTERFACE)
add_library(nnrun::warnings ALIAS nnrun_warnings)
target_compile_options(nnrun_warnings INTERFACE
  $<$<COMPILE_LANGUAGE:C>:-Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes
    -Wpointer-arith -Wcast-qual -Wwrite-strings -Wundef -Wvla>)
if(NNRUN_WERROR)
  target_compile_options(nnrun_warnings INTERFACE -Werror)
endif()
