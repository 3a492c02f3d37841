# Debian packages by CPack, with -DSLUICE_PACKAGES=ON, -DBUILD_SHARED_LIBS=ON and -DCMAKE_INSTALL_PREFIX=/usr:
#   sluice            the gateway: program, unit, configuration, documentation   component gateway
#   libsluice<ABI>    the library                                                component runtime
#   libsluice-dev     headers, find_package(sluice CONFIG), pkg-config           component library
# scripts/prove-packages.sh builds them, installs them in a Debian of their own and uses them.
if(NOT BUILD_SHARED_LIBS OR NOT CMAKE_INSTALL_PREFIX STREQUAL "/usr")
  message(FATAL_ERROR "SLUICE_PACKAGES wants -DBUILD_SHARED_LIBS=ON -DCMAKE_INSTALL_PREFIX=/usr")
endif()
set(debian ${PROJECT_SOURCE_DIR}/deploy/debian)
set(made ${CMAKE_CURRENT_BINARY_DIR}/debian)
set(library_package libsluice${SLUICE_ABI_VERSION})
set(release 1)
string(TIMESTAMP SLUICE_DATE "%a, %d %b %Y %H:%M:%S +0000" UTC)
set(SLUICE_MAINTAINER "The Sluice authors <sluice@localhost>" CACHE STRING "Who maintains the packages")

# What every package has in its folder of /usr/share/doc: the licences and a list of changes.
function(sluice_documents package component licences)
  set(SLUICE_PACKAGE_VERSION ${PROJECT_VERSION}-${release})
  configure_file(${debian}/changelog.in ${made}/${package}/changelog.Debian @ONLY)
  execute_process(COMMAND gzip -9nf changelog.Debian WORKING_DIRECTORY ${made}/${package} COMMAND_ERROR_IS_FATAL ANY)
  file(READ ${PROJECT_SOURCE_DIR}/LICENSE copyright)
  foreach(file IN LISTS licences)
    file(READ ${file} others)
    string(APPEND copyright "\n${others}")
  endforeach()
  file(WRITE ${made}/${package}/copyright "${copyright}")
  install(FILES ${made}/${package}/changelog.Debian.gz ${made}/${package}/copyright
          DESTINATION ${CMAKE_INSTALL_DATAROOTDIR}/doc/${package} COMPONENT ${component})
  configure_file(${debian}/${component}.lintian-overrides ${made}/overrides/${package} COPYONLY)
  install(FILES ${made}/overrides/${package} DESTINATION ${CMAKE_INSTALL_DATAROOTDIR}/lintian/overrides
          COMPONENT ${component})
endfunction()
sluice_documents(sluice gateway
                 "${PROJECT_SOURCE_DIR}/web/dist/licences.txt;${PROJECT_SOURCE_DIR}/web/dist/docs/licences.txt")
sluice_documents(${library_package} runtime "")
sluice_documents(libsluice-dev library "")

install(FILES config/sluice.yaml DESTINATION ${CMAKE_INSTALL_FULL_SYSCONFDIR}/sluice
        PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ COMPONENT gateway)
install(FILES deploy/systemd/sluice.service DESTINATION /lib/systemd/system COMPONENT gateway)
file(GLOB pages docs/*.md)
install(FILES ${pages} DESTINATION ${CMAKE_INSTALL_DATAROOTDIR}/doc/sluice COMPONENT gateway)
install(DIRECTORY config/profiles deploy/prometheus deploy/grafana
        DESTINATION ${CMAKE_INSTALL_DATAROOTDIR}/doc/sluice/examples COMPONENT gateway)

# Debian's pages of the manual are compressed; these rules come after those that install them.
foreach(page man1/sluice.1 man5/sluice.yaml.5)
  install(CODE "execute_process(COMMAND gzip -9nf \"\$ENV{DESTDIR}${CMAKE_INSTALL_FULL_MANDIR}/${page}\"
                                COMMAND_ERROR_IS_FATAL ANY)" COMPONENT gateway)
endforeach()

set(CPACK_GENERATOR DEB)
set(CPACK_SET_DESTDIR ON)
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_ALL gateway runtime library)
set(CPACK_PACKAGE_CONTACT "${SLUICE_MAINTAINER}")
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE ${release})
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "")  # each package has its own
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${CMAKE_CURRENT_BINARY_DIR}/src)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS_POLICY ">=")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

set(CPACK_DEBIAN_GATEWAY_PACKAGE_NAME sluice)
set(CPACK_DEBIAN_GATEWAY_PACKAGE_SECTION database)
set(CPACK_DEBIAN_GATEWAY_PACKAGE_DEPENDS "adduser, init-system-helpers (>= 1.54)")
set(CPACK_DEBIAN_GATEWAY_PACKAGE_SUGGESTS "postgresql, prometheus")
set(CPACK_COMPONENT_GATEWAY_DESCRIPTION "query gateway for many PostgreSQL databases
Programs and people talk to it over HTTP and JSON. It keeps every database
behind a connection pool and a circuit breaker of its own, so that one sick
database never hurts the others, and asks many of them with one query.")
set(CPACK_DEBIAN_GATEWAY_PACKAGE_CONTROL_EXTRA
    "${debian}/conffiles;${debian}/postinst;${debian}/prerm;${debian}/postrm")

set(CPACK_DEBIAN_RUNTIME_PACKAGE_NAME ${library_package})
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SECTION libs)
set(CPACK_COMPONENT_RUNTIME_DESCRIPTION "pools and circuit breakers for many PostgreSQL databases
The library that the query gateway Sluice is made of: connection pools,
circuit breakers, queries to many databases at once, for C++ programs.")
file(WRITE ${made}/triggers "activate-noawait ldconfig\n")
set(CPACK_DEBIAN_RUNTIME_PACKAGE_CONTROL_EXTRA "${made}/triggers")

set(CPACK_DEBIAN_LIBRARY_PACKAGE_NAME libsluice-dev)
set(CPACK_DEBIAN_LIBRARY_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_LIBRARY_PACKAGE_DEPENDS
    "${library_package} (= ${PROJECT_VERSION}-${release}), libpqxx-dev, libpq-dev, libexpected-dev")
set(CPACK_COMPONENT_LIBRARY_DESCRIPTION "pools and circuit breakers for PostgreSQL: headers
What C++ programs need to be built with libsluice: headers, and what CMake
and pkg-config want to know.")
include(CPack)
