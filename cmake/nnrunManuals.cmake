# What the built program says of itself, as it is installed: spec.schema.json, manual pages, shell completions.
# The program has to run for that: where it is built for another machine there are none.
if(CMAKE_CROSSCOMPILING)
  return()
endif()
set(manuals ${PROJECT_BINARY_DIR}/manuals)
set(schema ${PROJECT_BINARY_DIR}/spec.schema.json)
get_property(targets GLOBAL PROPERTY NNRUN_PLUGIN_TARGETS)
set(alone ${CMAKE_COMMAND} -E env --unset=NNRUN_PLUGIN_PATH --unset=NNRUN_ISA)
add_custom_command(OUTPUT ${schema} DEPENDS nnrun ${targets} VERBATIM
  COMMAND ${alone} $<TARGET_FILE:nnrun> schema > ${schema} COMMENT "Writing spec.schema.json")
add_custom_target(nnrun_schema ALL DEPENDS ${schema})
install(FILES ${schema} DESTINATION ${CMAKE_INSTALL_DATADIR}/nnrun)

find_program(NNRUN_PYTHON python3 PATHS /usr/bin NO_DEFAULT_PATH)
find_program(NNRUN_PYTHON python3)
if(NOT NNRUN_PYTHON)
  message(STATUS "no python3: manual pages and shell completions are left out")
  return()
endif()
set(script ${PROJECT_SOURCE_DIR}/scripts/manuals)
add_custom_command(OUTPUT ${manuals}/completions/nnrun.bash DEPENDS nnrun ${schema} ${script} VERBATIM
  COMMAND ${CMAKE_COMMAND} -E rm -rf ${manuals}
  COMMAND ${alone} ${NNRUN_PYTHON} ${script} --compress --binary $<TARGET_FILE:nnrun> ${manuals}
  COMMENT "Writing manual pages and shell completions")
add_custom_target(nnrun_manuals ALL DEPENDS ${manuals}/completions/nnrun.bash)
install(DIRECTORY ${manuals}/man/ DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES ${manuals}/completions/nnrun.bash RENAME nnrun
  DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
install(FILES ${manuals}/completions/nnrun.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
# zsh looks into site-functions; Debian's own, below /usr, into vendor-completions.
install(CODE "if(CMAKE_INSTALL_PREFIX MATCHES \"^(.*/)?usr$\" AND EXISTS /etc/debian_version)
    set(folder vendor-completions)
  else()
    set(folder site-functions)
  endif()
  file(INSTALL ${manuals}/completions/_nnrun DESTINATION
    \${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_DATADIR}/zsh/\${folder})")
