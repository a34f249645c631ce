# What `cmake --install` lays down; a prefix may be moved as a whole.
#   bin/nnrun   lib/nnrun/plugins/<kind>/<name>.so   include/nnrun   share/nnrun/{template,experiments}
#   lib/cmake/nnrun (find_package)   lib/pkgconfig/nnrun.pc
# nnrunManuals.cmake adds manual pages, completions and the schema, nnrunPackage.cmake the documentation.
include(CMakePackageConfigHelpers)
set(plugin_dir ${CMAKE_INSTALL_LIBDIR}/nnrun/plugins)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/nnrun)
set(template_dir ${CMAKE_INSTALL_DATADIR}/nnrun/template)

install(TARGETS nnrun RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/nnrun DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/plugins/template/ DESTINATION ${template_dir}
  FILES_MATCHING PATTERN "*.c" PATTERN "*.csv")
install(DIRECTORY ${PROJECT_SOURCE_DIR}/experiments DESTINATION ${CMAKE_INSTALL_DATADIR}/nnrun
  PATTERN README.md EXCLUDE) # nnrunDocs.cmake.in
# Where experiments/sample.yaml looks for it.
install(DIRECTORY ${PROJECT_SOURCE_DIR}/tests/data/mnist-sample DESTINATION ${CMAKE_INSTALL_DATADIR}/nnrun/tests/data)

get_property(targets GLOBAL PROPERTY NNRUN_PLUGIN_TARGETS)
foreach(target IN LISTS targets)
  string(REGEX REPLACE "^nnrun_([a-z]+)_.*$" "\\1" kind ${target})
  install(TARGETS ${target} LIBRARY DESTINATION ${plugin_dir}/${kind})
endforeach()

configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/nnrunConfig.cmake.in
  ${PROJECT_BINARY_DIR}/nnrunConfig.cmake INSTALL_DESTINATION ${package_dir}
  PATH_VARS plugin_dir CMAKE_INSTALL_INCLUDEDIR)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/nnrunConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/nnrunConfig.cmake ${PROJECT_BINARY_DIR}/nnrunConfigVersion.cmake
  ${PROJECT_SOURCE_DIR}/cmake/nnrunPlugin.cmake ${PROJECT_SOURCE_DIR}/cmake/nnrunPlugin.map
  ${PROJECT_SOURCE_DIR}/cmake/nnrunVariants.cmake DESTINATION ${package_dir})

file(RELATIVE_PATH pc_prefix /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
configure_file(${PROJECT_SOURCE_DIR}/cmake/nnrun.pc.in ${PROJECT_BINARY_DIR}/nnrun.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/nnrun.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
