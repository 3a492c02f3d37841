# cmake --install BUILD [--prefix P] [--component library|gateway]
#   library   headers, libsluice, find_package(sluice CONFIG), pkg-config sluice
#   gateway   bin/sluice and a sample of its configuration
# What is installed may be moved: nothing in it names the prefix.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/sluice)
set(generated ${CMAKE_CURRENT_BINARY_DIR}/package)

# Debian has what running needs in a package of its own.
set(runtime library)
if(SLUICE_PACKAGES)
  set(runtime runtime)
endif()
get_target_property(library sluice::sluice ALIASED_TARGET)
install(TARGETS ${library} EXPORT sluice
        ARCHIVE COMPONENT library
        LIBRARY COMPONENT ${runtime} NAMELINK_COMPONENT library
        INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(DIRECTORY include/sluice DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT library)
install(EXPORT sluice NAMESPACE sluice:: FILE sluiceTargets.cmake DESTINATION ${package_dir} COMPONENT library)

configure_package_config_file(cmake/sluiceConfig.cmake.in ${generated}/sluiceConfig.cmake
                              INSTALL_DESTINATION ${package_dir} NO_SET_AND_CHECK_MACRO)
if(PROJECT_VERSION_MAJOR EQUAL 0)
  set(compatibility SameMinorVersion)
else()
  set(compatibility SameMajorVersion)
endif()
write_basic_package_version_file(${generated}/sluiceConfigVersion.cmake COMPATIBILITY ${compatibility})
install(FILES ${generated}/sluiceConfig.cmake ${generated}/sluiceConfigVersion.cmake
        DESTINATION ${package_dir} COMPONENT library)

# pkg-config does not search for tl/expected.hpp, so its folder is named if compilers do not look there anyway. A
# static libsluice leaves it to its user to link libpq.
set(SLUICE_PC_CFLAGS "-I\${includedir} -pthread")
get_target_property(expected_include tl::expected INTERFACE_INCLUDE_DIRECTORIES)
list(REMOVE_ITEM expected_include ${CMAKE_CXX_IMPLICIT_INCLUDE_DIRECTORIES})
foreach(directory ${expected_include})
  string(APPEND SLUICE_PC_CFLAGS " -I${directory}")
endforeach()
if(BUILD_SHARED_LIBS)
  set(SLUICE_PC_REQUIRES "Requires: libpqxx\nRequires.private: libpq")
else()
  set(SLUICE_PC_REQUIRES "Requires: libpqxx, libpq")
endif()
cmake_path(RELATIVE_PATH CMAKE_INSTALL_FULL_LIBDIR BASE_DIRECTORY ${CMAKE_INSTALL_PREFIX} OUTPUT_VARIABLE libdir)
cmake_path(RELATIVE_PATH CMAKE_INSTALL_PREFIX BASE_DIRECTORY ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig
           OUTPUT_VARIABLE prefix_from_pc)
configure_file(cmake/sluice.pc.in ${generated}/sluice.pc @ONLY)
install(FILES ${generated}/sluice.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT library)

if(SLUICE_BUILD_GATEWAY)
  install(TARGETS sluice COMPONENT gateway)
  # Under a name of its own: an installation never overwrites a configuration that somebody has edited. dpkg asks.
  if(NOT SLUICE_PACKAGES)
    install(FILES config/sluice.yaml DESTINATION ${CMAKE_INSTALL_SYSCONFDIR}/sluice RENAME sluice.sample.yaml
            COMPONENT gateway)
  endif()
  install(FILES ${SLUICE_TEXTS}/sluice.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT gateway)
  install(FILES ${SLUICE_TEXTS}/sluice.yaml.5 DESTINATION ${CMAKE_INSTALL_MANDIR}/man5 COMPONENT gateway)
  install(FILES ${SLUICE_TEXTS}/completion.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions
          RENAME sluice COMPONENT gateway)
  install(FILES ${SLUICE_TEXTS}/completion.zsh DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions
          RENAME _sluice COMPONENT gateway)
  install(FILES ${SLUICE_TEXTS}/completion.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d
          RENAME sluice.fish COMPONENT gateway)
endif()
if(SLUICE_PACKAGES)
  include(SluicePackages)
endif()
