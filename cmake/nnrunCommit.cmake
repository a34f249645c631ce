# nnrun_commit(TARGET): gives the target a source with nn_commit(), the commit it is built from.  It is asked for in
# every build and written only where it has changed, so that a new commit compiles this one file.
#
#   cmake -DSOURCE=TREE -DOUTPUT=FILE.c -P nnrunCommit.cmake     is what the build calls
cmake_policy(VERSION 3.22)

function(nnrun_commit target)
  set(output ${PROJECT_BINARY_DIR}/commit.c)
  add_custom_target(${target}_commit BYPRODUCTS ${output} COMMENT "Asking which commit this is"
    COMMAND ${CMAKE_COMMAND} -DSOURCE=${PROJECT_SOURCE_DIR} -DOUTPUT=${output} -P ${CMAKE_CURRENT_FUNCTION_LIST_FILE})
  target_sources(${target} PRIVATE ${output})
  add_dependencies(${target} ${target}_commit)
endfunction()

# A work tree says it with "-dirty" behind it where a file differs from the commit; a tree made by `git archive` has it
# in commit.txt; another one does not know.
function(nnrun_find_commit source out)
  file(STRINGS ${source}/cmake/commit.txt found LIMIT_COUNT 1)
  find_program(NNRUN_GIT git)
  if(EXISTS ${source}/.git AND NNRUN_GIT)
    execute_process(COMMAND ${NNRUN_GIT} describe --always --dirty --exclude=* --abbrev=40
      WORKING_DIRECTORY ${source} OUTPUT_VARIABLE found ERROR_QUIET OUTPUT_STRIP_TRAILING_WHITESPACE)
  endif()
  if(NOT found MATCHES "^[0-9a-f]+(-dirty)?$")
    set(found unknown)
  endif()
  set(${out} ${found} PARENT_SCOPE)
endfunction()

if(CMAKE_SCRIPT_MODE_FILE)
  nnrun_find_commit(${SOURCE} commit)
  file(CONFIGURE OUTPUT ${OUTPUT} @ONLY CONTENT
    "#include \"store/commit.h\"\n\nconst char *nn_commit(void)\n{\n    return \"@commit@\";\n}\n")
endif()
