# NNRUN_STATIC_PLUGINS: the catalogue is part of the program, under paths built-in:<kind>/<name>, so that a debugger, a
# fuzzer or gcov sees one program; there are then no .so files of it.  What tests build for themselves stays outside.
option(NNRUN_STATIC_PLUGINS "Build the catalogue into the program" OFF)

# As nnrun_add_plugin(), for a component of the catalogue.
function(nnrun_add_static_plugin kind name links)
  set(target nnrun_${kind}_${name})
  nnrun_variants(${target} variants ${PROJECT_SOURCE_DIR}/plugins/${kind}/${name}.c)
  foreach(variant IN LISTS variants)
    target_compile_definitions(${variant} PRIVATE NN_STATIC_PLUGIN NN_PLUGIN_ID=${kind}_${name})
    target_link_libraries(${variant} PRIVATE nnrun::plugin nnrun::warnings ${links})
    # As objects: an archive would leave out what only weak references lead to.
    target_link_libraries(nnrun_plugin INTERFACE $<TARGET_OBJECTS:${variant}>)
  endforeach()
  target_link_libraries(nnrun_plugin INTERFACE ${links} m)
  set_property(GLOBAL APPEND PROPERTY NNRUN_BUILTINS ${kind}/${name})
endfunction()

# Gives the plugin room its table of them, empty without NNRUN_STATIC_PLUGINS.  Called once all are known.
function(nnrun_write_builtins)
  get_property(builtins GLOBAL PROPERTY NNRUN_BUILTINS)
  set(functions "")
  set(rows "")
  foreach(builtin IN LISTS builtins)
    string(REPLACE "/" ";" parts ${builtin})
    list(GET parts 0 kind)
    string(TOUPPER ${kind} KIND)
    string(REPLACE "/" "_" id ${builtin})
    string(APPEND functions "nn_plugin_function nnrun_plugin_${id};\n")
    string(APPEND rows "    {NN_BUILTIN \"${builtin}\", NN_KIND_${KIND}, nnrun_plugin_${id}},\n")
  endforeach()
  file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/builtins.c @ONLY CONTENT
    "#include \"plugin/builtin.h\"\n\n@functions@\nconst nn__builtin nn__builtins[] = {\n@rows@    {0},\n};\n")
  target_sources(nnrun_plugin PRIVATE ${PROJECT_BINARY_DIR}/builtins.c)
endfunction()
