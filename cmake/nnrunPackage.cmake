# `cpack` in the build folder: a .deb for the system it runs on and a .tar.gz that may be unpacked anywhere.
set(doc_dir ${CMAKE_INSTALL_DATADIR}/doc/nnrun)
set(contact "the nnrun authors <authors@nnrun.invalid>") # whoever hands packages on puts an address here
string(TIMESTAMP now "%a, %d %b %Y %H:%M:%S +0000" UTC)
file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/package/changelog @ONLY CONTENT "nnrun (@PROJECT_VERSION@) unstable; urgency=medium

  * CHANGELOG.md beside this file says what has changed.

 -- @contact@  @now@
")
# A component is opened by nnrun, which has libc already; most need nothing but it.
file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/package/nnrun @ONLY CONTENT
"nnrun: library-not-linked-against-libc [usr/@CMAKE_INSTALL_LIBDIR@/nnrun/plugins/*]
nnrun: shared-library-lacks-prerequisites [usr/@CMAKE_INSTALL_LIBDIR@/nnrun/plugins/*]
")
install(FILES ${PROJECT_BINARY_DIR}/package/nnrun DESTINATION ${CMAKE_INSTALL_DATADIR}/lintian/overrides)
find_program(NNRUN_GZIP gzip)
if(NNRUN_GZIP)
  execute_process(COMMAND ${NNRUN_GZIP} -9nf ${PROJECT_BINARY_DIR}/package/changelog)
  install(FILES ${PROJECT_BINARY_DIR}/package/changelog.gz DESTINATION ${doc_dir})
endif()
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${doc_dir} RENAME copyright)
configure_file(${PROJECT_SOURCE_DIR}/cmake/nnrunDocs.cmake.in ${PROJECT_BINARY_DIR}/nnrunDocs.cmake @ONLY)
install(SCRIPT ${PROJECT_BINARY_DIR}/nnrunDocs.cmake)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/docs/images DESTINATION ${doc_dir}/docs)

set(CPACK_GENERATOR DEB TGZ)
set(CPACK_PACKAGE_VENDOR "the nnrun authors")
set(CPACK_PACKAGE_CONTACT ${contact})
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "experiments with fully connected neural networks")
set(CPACK_PACKAGE_DESCRIPTION "A YAML file says what to learn from, with which layers, cost and optimizer.
nnrun trains the network and leaves a folder behind with everything needed
to look at the result and to get it again, bit by bit.
.
Every component is a plugin of one C file; headers, templates and a CMake
package to write more of them come along.")
set(CPACK_PACKAGE_FILE_NAME nnrun-${PROJECT_VERSION}-${CMAKE_SYSTEM_NAME}-${CMAKE_SYSTEM_PROCESSOR})
set(CPACK_RESOURCE_FILE_LICENSE ${PROJECT_SOURCE_DIR}/LICENSE)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "gcc | c-compiler, libc6-dev | libc-dev") # what `plugins build` calls
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "cmake, pkg-config, python3-h5py")
include(CPack)
