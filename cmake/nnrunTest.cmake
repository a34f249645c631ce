# nnrun_add_test(NAME SOURCE... [USES room...] [LABELS label...] [LINK library...]): a cmocka program
# into ctest.  Tests find plugins in NNRUN_TEST_PLUGINS, the binary in NNRUN_TEST_BINARY and the
# source tree in NNRUN_TEST_SOURCE (environment).
function(nnrun_add_test name)
  cmake_parse_arguments(ARG "" "" "USES;LABELS;LINK" ${ARGN})
  add_executable(test_${name} ${ARG_UNPARSED_ARGUMENTS})
  target_compile_definitions(test_${name} PRIVATE _GNU_SOURCE)
  target_include_directories(test_${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests/support)
  foreach(room IN LISTS ARG_USES)
    target_link_libraries(test_${name} PRIVATE nnrun_${room})
  endforeach()
  target_link_libraries(test_${name} PRIVATE nnrun::warnings PkgConfig::cmocka ${ARG_LINK} m)
  add_test(NAME ${name} COMMAND test_${name})
  nnrun_test_environment(${name} ${ARG_LABELS})
endfunction()

# nnrun_add_script_test(NAME COMMAND... ): any program as a test, same environment.
function(nnrun_add_script_test name)
  cmake_parse_arguments(ARG "" "" "COMMAND;LABELS" ${ARGN})
  add_test(NAME ${name} COMMAND ${ARG_COMMAND})
  nnrun_test_environment(${name} ${ARG_LABELS})
endfunction()

set(NNRUN_TEST_PLUGINS ${CMAKE_BINARY_DIR}/plugins)
if(NNRUN_STATIC_PLUGINS)
  set(NNRUN_TEST_PLUGINS built-in:)
endif()

# Running out of memory is an error we answer, under ASan too.
function(nnrun_test_environment name)
  set_tests_properties(${name} PROPERTIES TIMEOUT 900 LABELS "${ARGN}" ENVIRONMENT
    "NNRUN_TEST_PLUGINS=${NNRUN_TEST_PLUGINS};NNRUN_TEST_BINARY=${CMAKE_BINARY_DIR}/nnrun;NNRUN_TEST_SOURCE=${PROJECT_SOURCE_DIR};NNRUN_TEST_BUILD=${CMAKE_BINARY_DIR};ASAN_OPTIONS=allocator_may_return_null=1;LSAN_OPTIONS=suppressions=${PROJECT_SOURCE_DIR}/tests/support/lsan.supp:print_suppressions=0")
endfunction()
