# toolpost_add_plugin(NAME SOURCES file... [MANIFEST plugin.toml] [LINK_LIBRARIES lib...])
#
# Builds one plugin library: hidden visibility, the single exported symbol, no library path of its own, and the manifest
# embedded in section .toolpost.manifest. Where the toolpost program is known (TOOLPOST_PROGRAM or the target
# toolpost), the finished file is checked with `toolpost inspect`, so a wrong manifest fails the build.


function(toolpost_add_plugin name)
  cmake_parse_arguments(ARG "" "MANIFEST" "SOURCES;LINK_LIBRARIES" ${ARGN})
  if(NOT ARG_MANIFEST)
    set(ARG_MANIFEST plugin.toml)
  endif()
  get_filename_component(manifest ${ARG_MANIFEST} ABSOLUTE)
  # Through the compiler that is there anyway: C if the project has it, else C++.
  get_property(languages GLOBAL PROPERTY ENABLED_LANGUAGES)
  set(suffix cpp)
  if("C" IN_LIST languages)
    set(suffix c)
  endif()
  set(embedded ${CMAKE_CURRENT_BINARY_DIR}/${name}_manifest.${suffix})
  file(CONFIGURE OUTPUT ${embedded} @ONLY CONTENT [[
__asm__(".pushsection .toolpost.manifest, \"a\", %progbits\n.incbin \"@manifest@\"\n.popsection\n");
]])
  # Alone, or a unity build would not see that the manifest has changed.
  set_source_files_properties(${embedded} PROPERTIES OBJECT_DEPENDS ${manifest} SKIP_UNITY_BUILD_INCLUSION ON)

  add_library(${name} MODULE ${ARG_SOURCES} ${embedded})
  target_link_libraries(${name} PRIVATE toolpost::sdk ${ARG_LINK_LIBRARIES})
  set_target_properties(${name} PROPERTIES PREFIX "" SUFFIX ".so" DEFINE_SYMBOL ""
    C_VISIBILITY_PRESET hidden CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON
    SKIP_BUILD_RPATH ON BUILD_WITH_INSTALL_RPATH ON INSTALL_RPATH ""
    LINK_DEPENDS ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/plugin.version)
  target_link_options(${name} PRIVATE -Wl,--version-script=${CMAKE_CURRENT_FUNCTION_LIST_DIR}/plugin.version -Wl,-z,now -Wl,-z,relro)

  set(checker ${TOOLPOST_PROGRAM})
  if(TARGET toolpost)
    set(checker $<TARGET_FILE:toolpost>)
    add_dependencies(${name} toolpost)
  endif()
  if(checker)
    add_custom_command(TARGET ${name} POST_BUILD COMMAND ${checker} inspect --quiet $<TARGET_FILE:${name}> VERBATIM)
  endif()
endfunction()
